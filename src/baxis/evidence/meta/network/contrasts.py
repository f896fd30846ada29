"""Studies of a network from published contrasts: a study of several arms must agree with itself.

In one study the contrasts of t arms are differences of t numbers, so they add up around every loop; their variances
are sums of two arms' variances, none of which is negative. What is missing is derived where that determines it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.evidence.meta.effects import check_scale
from baxis.evidence.meta.network.study import NetworkData, StudyContrasts, Vector

TOLERANCE = 0.1  # of the smallest standard error: by how much contrasts may miss each other through rounding
SLACK = 0.2  # of a variance: by how much it may miss the sum of its two arms' (adjusted analyses, rounding)


@dataclass(frozen=True)
class Contrast:
    """One published comparison: treatment - versus, with its standard error."""

    study: str
    treatment: str
    versus: str
    y: float
    se: float


def from_contrasts(contrasts: Iterable[Contrast], scale: str = "MD", tolerance: float = TOLERANCE) -> NetworkData:
    """Published comparisons as studies; the order of rows does not matter.

    A study of t arms gives its t (t - 1) / 2 comparisons, because the variances of the pairs determine the
    covariance: cov(b - a, c - a) = (v_ab + v_ac - v_bc) / 2. From four arms on, fewer may do. Raises `InvalidValue`
    for contrasts of a study that do not add up (by more than `tolerance` times the smallest standard error), for
    variances that no such study can have, and for what is missing and cannot be derived.
    """
    if not 0 <= tolerance < np.inf:
        raise InvalidValue("tolerance", tolerance, "a share of the smallest standard error, 0 or more")
    grouped: dict[str, list[Contrast]] = {}
    for c in contrasts:
        grouped.setdefault(c.study, []).append(c)
    studies = tuple(_from_pairs(label, pairs, tolerance) for label, pairs in grouped.items())
    return NetworkData(studies, check_scale(scale))


def _from_pairs(label: str, pairs: Sequence[Contrast], tolerance: float) -> StudyContrasts:
    _check_pairs(label, pairs)
    names = tuple(sorted({x for c in pairs for x in (c.versus, c.treatment)}))
    level = _levels(label, pairs, names, tolerance)
    v = _variances(label, pairs, names)
    cov = (v[1:, [0]] + v[[0], 1:] - v[1:, 1:]) / 2
    return StudyContrasts(label, names, level[1:] - level[0], cov)


def _check_pairs(label: str, pairs: Sequence[Contrast]) -> None:
    """Each comparison once, of two treatments, with a usable standard error."""
    seen: set[frozenset[str]] = set()
    for c in pairs:
        said = f"{c.treatment} - {c.versus}"
        pair = frozenset((c.treatment, c.versus))
        if len(pair) < 2:
            raise InvalidValue(label, said, "two different treatments")
        if pair in seen:
            raise InvalidValue(label, f"{said} twice", "each comparison once")
        seen.add(pair)
        if not np.isfinite(c.y):
            raise InvalidValue(f"{label}, {said}", c.y, "a finite contrast")
        if not 0 < c.se < np.inf:
            raise InvalidValue(f"{label}, {said}, standard error", c.se, "a finite number above 0")


def _levels(label: str, pairs: Sequence[Contrast], names: tuple[str, ...], tolerance: float) -> Vector:
    """Level of each treatment (t,), the first 0, by least squares over the contrasts, which must add up."""
    x = _signs(pairs, names, -1.0)
    if np.linalg.matrix_rank(x) < len(names) - 1:
        listed = "; ".join(f"{c.treatment} - {c.versus}" for c in pairs)
        raise InvalidValue(label, listed, "comparisons that connect all its treatments")
    y = np.array([c.y for c in pairs])
    level, *_ = np.linalg.lstsq(x[:, 1:], y, rcond=None)
    full = np.concatenate([[0.0], level])
    for loop in _loops(pairs, names):
        around = sum(sign * c.y for sign, c in loop)
        allowed = tolerance * min(c.se for _, c in loop) + 1e-9 * max(abs(c.y) for _, c in loop)
        if abs(around) > allowed:
            (_, last), *rest = loop[::-1]
            wanted = last.y - loop[-1][0] * around
            others = " and ".join(f"{c.treatment} - {c.versus} {c.y:g}" for _, c in rest[::-1])
            got = f"{others}, {last.treatment} - {last.versus} {last.y:g}"
            raise InvalidValue(
                label, got, "contrasts that add up within one study",
                f"the others make {last.treatment} - {last.versus} {wanted:g}",
            )  # fmt: skip
    return full


def _signs(pairs: Sequence[Contrast], names: tuple[str, ...], versus: float) -> Vector:
    """Matrix (pairs, treatments): 1 at the treatment, `versus` at the other one."""
    at = {name: i for i, name in enumerate(names)}
    x = np.zeros((len(pairs), len(names)))
    for row, c in enumerate(pairs):
        x[row, at[c.treatment]], x[row, at[c.versus]] = 1.0, versus
    return x


def _loops(pairs: Sequence[Contrast], names: tuple[str, ...]) -> list[list[tuple[float, Contrast]]]:
    """Every loop of a basis of the study's comparisons, triangles first: signed contrasts that must sum to 0."""
    import networkx as nx

    by_pair = {frozenset((c.treatment, c.versus)): c for c in pairs}
    nodes = [t for t in combinations(names, 3) if all(frozenset(p) in by_pair for p in combinations(t, 2))]
    graph = nx.Graph([tuple(sorted(p)) for p in sorted(map(sorted, by_pair))])
    loops = []
    for cycle in [*map(list, nodes), *(sorted_cycle for sorted_cycle in nx.minimum_cycle_basis(graph))]:
        ring = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
        loops.append([(1.0 if by_pair[frozenset(p)].treatment == p[0] else -1.0, by_pair[frozenset(p)]) for p in ring])
    return loops


def _variances(label: str, pairs: Sequence[Contrast], names: tuple[str, ...]) -> Vector:
    """Variances of all pairs (t, t): those given, the missing ones from the arms' variances."""
    t = len(names)
    sums = _signs(pairs, names, 1.0)
    given = np.array([c.se**2 for c in pairs])
    v = np.zeros((t, t))
    if t > 2:
        arms, *_ = np.linalg.lstsq(sums, given, rcond=None)
        determined = np.linalg.matrix_rank(sums) == t
        absent = _absent(pairs, names)
        if absent and not determined:
            raise InvalidValue(
                label, f"{len(pairs)} comparisons of {t} treatments", f"all {t * (t - 1) // 2} of them",
                f"give {absent[0][1]} - {absent[0][0]}: its standard error does not follow from the others",
            )  # fmt: skip
        _check_variances(label, pairs, names, arms)
        v = arms[:, None] + arms[None, :]
        np.fill_diagonal(v, 0.0)
    at = {name: i for i, name in enumerate(names)}
    for c in pairs:
        i, j = at[c.treatment], at[c.versus]
        v[i, j] = v[j, i] = c.se**2
    return v


def _absent(pairs: Sequence[Contrast], names: tuple[str, ...]) -> list[tuple[str, str]]:
    have = {frozenset((c.treatment, c.versus)) for c in pairs}
    return [p for p in combinations(names, 2) if frozenset(p) not in have]


def _check_variances(label: str, pairs: Sequence[Contrast], names: tuple[str, ...], arms: Vector) -> None:
    """The variance of each contrast is the sum of two arms' variances, none of which is negative."""
    said = "; ".join(f"{c.treatment} - {c.versus} {c.se:g}" for c in pairs)
    where = f"{label}, standard errors"
    worst = int(np.argmin(arms))
    if arms[worst] < -1e-9 * max(c.se**2 for c in pairs):
        allowed = "errors that arms of one study can have"
        raise InvalidValue(where, said, allowed, f"these give {names[worst]} a negative variance ({arms[worst]:g})")
    at = {name: i for i, name in enumerate(names)}
    for c in pairs:
        fits = float(arms[at[c.treatment]] + arms[at[c.versus]])
        if abs(c.se**2 - fits) > SLACK * max(c.se**2, fits):
            hint = f"the others make {c.treatment} - {c.versus} about {np.sqrt(max(fits, 0.0)):.3g}"
            raise InvalidValue(where, said, "errors that arms of one study can have", hint)
