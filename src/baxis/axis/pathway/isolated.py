"""The signalling module by itself: conditions as text, all of them run as one ensemble of cells.

A condition is `name=value` pairs over an unstimulated resting bystander cell, e.g. "ag=10 lyn_e=0". Names are inputs
(ag, tag, fcg_lig, tlr_in, baff_sig, cd40_in, il21_in, ifn_in), free shares of inhibited targets (btk_free, ...),
regulators and rate constants. `disease=SLE` takes the regulators of a disease; `rest` leaves the cell alone. The cell
first rests for 60 days with its genotype and inhibitors, then gets its stimulus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baxis.axis.assembly import model, references
from baxis.axis.tables import disease_table
from baxis.core.errors import InvalidValue, UnknownName

STIMULI = ("ag", "tag", "fcg_lig", "tlr_in", "baff_sig", "cd40_in", "il21_in", "ifn_in", "val")
ANTI_IGM = {"ag": 10.0}  # a saturating F(ab')2 anti-IgM, ten times half-maximal
MINUTES = (0.0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7, 10, 15, 20, 25, 30, 45, 60, 90, 120, 240, 480, 960, 1440, 2880)
_MINUTES_A_DAY = 1440.0
_REST_DAYS = 60.0


@dataclass(frozen=True, eq=False)
class Courses:
    """Time courses of several cells: values (n, T, K) at `minutes` (T,), the names of the K read-outs."""

    minutes: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray

    def of(self, cell: int, name: str) -> np.ndarray:
        """Course (T,) of one read-out in one cell."""
        return np.asarray(self.values[cell, :, self.names.index(name)])


def readouts() -> tuple[str, ...]:
    """Everything that can be read from a cell: states and rules of the signalling module."""
    system = model.signalling().system
    return (*system.states, *system.assignments)


def parse(text: str) -> dict[str, float | str]:
    """`name=value` pairs of a condition. InvalidValue names a pair that cannot be read."""
    out: dict[str, float | str] = {}
    for part in text.split():
        if part == "rest":
            out["ag"] = -1.0
            continue
        name, mark, value = part.partition("=")
        try:
            out[name] = value if name == "disease" else float(value)
        except ValueError:
            mark = ""
        if not mark:
            raise InvalidValue(f"condition {text!r}", part, "name=number, disease=CODE or rest")
    return out


def table(
    changes: Mapping[str, float | str], stimulus: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Parameters of the resting and of the stimulated cell for one condition."""
    code = str(changes.get("disease", disease_table.HEALTHY))
    base = {**disease_table.base(), **regulators(code)}
    base.update(references.signalling_inputs("N", base), val=base["val"])
    base.update({f"ref_{o}": references.instances()[f"N_ref_{o}"] for o in references.OUTPUTS})
    known = set(model.signalling().system.parameters)
    numbers = {k: float(v) for k, v in changes.items() if k != "disease"}
    for name in numbers:
        if name not in known:
            raise UnknownName("signalling parameter", name, known)
    resting = {**base, **{k: v for k, v in numbers.items() if k not in STIMULI}}
    unstimulated = numbers.get("ag", 0.0) < 0
    given = {k: v for k, v in numbers.items() if k in STIMULI and v >= 0}
    return resting, {**resting, **({} if unstimulated else stimulus), **given}


def regulators(code: str) -> dict[str, float]:
    """A disease's regulators as they act inside any B cell: its antigen and TLR load stay outside."""
    case = disease_table.load(code)
    return {k: p.value for k, p in case.regulators.items() if k.endswith("_e") or k.startswith("f_pt")}


def run(
    conditions: Sequence[str | Mapping[str, float | str]],
    stimulus: Mapping[str, float] | None = None,
    minutes: Sequence[float] = MINUTES,
    *,
    primed: Sequence[bool] | None = None,
) -> Courses:
    """Run every condition at once. `primed` cells meet their stimulus already while resting (chronic antigen)."""
    from baxis.engine import Options, simulate

    kernel = model.signalling()
    names = kernel.system.parameters
    cells = [parse(c) if isinstance(c, str) else dict(c) for c in conditions]
    pairs = [table(c, ANTI_IGM if stimulus is None else stimulus) for c in cells]
    rest = np.array([[a[n] for n in names] for a, _ in pairs])
    act = np.array([[b[n] for n in names] for _, b in pairs])
    if primed is not None:
        rest = np.where(np.asarray(primed)[:, None], act, rest)
        act = act.copy()
        act[np.asarray(primed), names.index("ag")] *= 2
    fine = Options(rtol=1e-7, atol=1e-10)
    before = simulate(kernel, rest, times=[_REST_DAYS], options=fine)
    grid = np.asarray(minutes, float) / _MINUTES_A_DAY
    after = simulate(kernel, act, before.final, times=grid, outputs=list(readouts()), options=fine)
    for part in (before, after):
        if part.failures:
            raise InvalidValue(
                "condition", conditions[part.failures[0].patient], f"one that can be run: {part.failures[0]}"
            )
    values = np.array(after.values)
    if primed is None or not any(primed):
        values[:, 0] = simulate(
            kernel, rest, before.final, times=[0.0, 1e-9], outputs=list(readouts()), options=fine
        ).values[:, 0]
    return Courses(np.asarray(minutes, float), readouts(), values)
