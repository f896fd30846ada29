"""Gains of the model's feedback loops at a disease's rest: how strongly each amplifies, and that none runs away.

The gain of an edge x -> y is the elasticity of y's steady value to x with the other slow states held: minus the ratio
of the Jacobian entries times x/y. Fast signalling states are eliminated first (they follow the slow ones within hours).
The gain of a loop is the product of its edges; below 1 it dies out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from baxis.axis.assembly import model, resting, vector

LOOPS: dict[str, tuple[str, ...]] = {
    "germinal centre - memory": ("gcA", "mtA"),
    "B cells - T help": ("gcA", "tfh"),
    "memory - T help": ("mtA", "tfh", "gcA"),
    "tissue B cells - structures": ("tb", "els"),
    "tissue B cells - T help": ("tb", "tfh", "gcA"),
    "T cells - macrophage - IL-6": ("teff", "mac", "il6"),
    "complex - interferon - DN2 cells": ("ic", "ifn", "abc", "pbA", "aas"),
    "complex - TLR - plasmablast": ("ic", "pbA", "aas"),
    "inflammation - antigen": ("infl", "gcA", "mtA", "pbA", "aas", "ic", "fcs", "fcb", "mac"),
    "inflammation - complexes": ("infl", "ic", "fcs", "fcb", "mac"),
    "complement - complexes": ("ic", "c4"),
    "BAFF - B cells": ("baff", "nvtB"),
}
_STEP = 1e-6


@lru_cache(maxsize=1)
def rates() -> object:
    """Right-hand side f(t, y, p) of the model in plain Python."""
    from baxis.engine.single.plain import lambdified

    return lambdified(model.system())[0]


def whole(disease: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(state names, Jacobian (N, N) by central differences, rest (N,)) of a disease; drug-free."""
    f, p, y = rates(), vector.vector(disease), resting.rest(disease)
    names = list(model.system().states)
    full = np.empty((len(y), len(y)))
    for j in range(len(y)):
        h = _STEP * max(1.0, abs(y[j]))
        up, down = y.copy(), y.copy()
        up[j] += h
        down[j] -= h
        full[:, j] = (f(0.0, up, p) - f(0.0, down, p)) / (2 * h)  # type: ignore[operator]
    return names, full, y


def jacobian(disease: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(slow state names, their reduced Jacobian (n, n), their rest (n,)) of a disease; drug-free."""
    names, full, y = whole(disease)
    fast = [i for i, n in enumerate(names) if n[:2] in ("A_", "R_", "N_")]
    dead = [i for i, n in enumerate(names) if (n.startswith("P") and n[1].isdigit()) or n in ("car", "carm", "dam")]
    slow = [i for i in range(len(names)) if i not in {*fast, *dead}]
    coupling = np.linalg.solve(full[np.ix_(fast, fast)], full[np.ix_(fast, slow)])
    return [names[i] for i in slow], full[np.ix_(slow, slow)] - full[np.ix_(slow, fast)] @ coupling, y[slow]


def elasticity(disease: str) -> tuple[list[str], np.ndarray]:
    """Elasticity matrix (n, n): row y, column x, change of log y per change of log x; the diagonal is 0."""
    names, j, y = jacobian(disease)
    own = np.diag(j)
    out = -j / own[:, None] * y[None, :] / y[:, None]
    np.fill_diagonal(out, 0.0)
    return names, out


def gains(disease: str) -> dict[str, float]:
    """Gain of each named loop at the disease's rest."""
    names, e = elasticity(disease)
    at = {n: i for i, n in enumerate(names)}

    def product(path: Sequence[str]) -> float:
        ends = [*path[1:], path[0]]
        return float(np.prod([e[at[b], at[a]] for a, b in zip(path, ends, strict=True)]))

    return {label: product(path) for label, path in LOOPS.items()}


def spectral_radius(disease: str) -> float:
    """Largest eigenvalue of the elasticity matrix in absolute value: below 1 every loop together dies out."""
    return float(np.abs(np.linalg.eigvals(elasticity(disease)[1])).max())


def markdown(diseases: Sequence[str]) -> str:
    """Page: the gain of each loop in each disease, and the largest eigenvalue of all loops together."""
    lines = [
        "# Feedback loops",
        "",
        "Written by `python -m baxis.axis.study.loops FILE`. Gain of each loop at the rest of a disease (product of",
    ]
    lines += [
        "elasticities; a loop below 1 dies out). The last row is the largest eigenvalue of all loops together.",
        "",
    ]
    lines += ["| loop | " + " | ".join(diseases) + " |", "|" + "---|" * (len(diseases) + 1)]
    table = {d: gains(d) for d in diseases}
    lines += [f"| {label} | " + " | ".join(f"{table[d][label]:.3f}" for d in diseases) + " |" for label in LOOPS]
    lines.append("| all together | " + " | ".join(f"{spectral_radius(d):.2f}" for d in diseases) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys
    from pathlib import Path

    from baxis.axis.tables.disease_table import codes

    Path(sys.argv[1]).write_text(markdown(codes()), encoding="utf-8")
