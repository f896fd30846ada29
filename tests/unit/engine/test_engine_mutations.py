"""Seeded faults: the comparison with the plain reference catches a fault in nearly every part that makes the numbers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import BaxisError
from baxis.engine.codegen import emit, layout, tableau
from baxis.engine.formula import derivatives, mathml
from baxis.engine.kernel import kernel
from baxis.engine.model import events, inputs
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.run import event_batch, event_run, schedule, simulation

TIMES = np.arange(0, 11.0)
MODEL = """
model m()
  depot' = -ka*depot
  drug' = rate + ka*depot - vmax*drug/(km + drug)
  effect' = kin*exp(-drug/ic50) - kout*max(effect - 0.2, 0)^1.5
  conc := drug/2
  depot = 0; drug = 0; effect = 1; rate = 0; ka = 1.1; vmax = 4; km = 3; ic50 = 3; kin = 0.5; kout = 0.6
end
"""
EVENTS = """y' = 1; y = 0.01; z' = -0.3*z; z = 4; a = 1; b = 0
at 1.5 after y > 2.2, persistent=false: b = b + 1
at y >= 3.3, priority=1, fromTrigger=false: a = a*10
at y >= 3.3, priority=5: a = a + z
at 2 after (y > 5.1) && (y < 6), persistent=false: b = b + 10"""
OPTIONS = engine.Options(rtol=1e-6, atol=1e-8)


def doses() -> engine.Events:
    return engine.concat(
        engine.bolus("depot", [0.5, 4.0], [20.0, 10.0], lag=0.3), engine.infusion("rate", [2.0], [3.0], [12.0])
    )


def measured() -> tuple[np.ndarray, int]:
    """Endpoints of both kinds of model, and how many steps they took."""
    plain = engine.simulate(
        engine.compile(engine.load_antimony(MODEL)), {"ka": [1.1, 1.4]}, times=TIMES, events=doses(),
        outputs=["drug", "effect", "conc"], options=OPTIONS,
    )  # fmt: skip
    system = engine.load_model(antimony_to_sbml(EVENTS))
    jumps = engine.simulate(engine.compile(system), times=TIMES, outputs=["a", "b", "z"], options=OPTIONS)
    return np.concatenate([plain.values.ravel(), jumps.values.ravel()]), int(plain.steps.sum() + jumps.steps.sum())


def exact() -> np.ndarray:
    system = engine.load_antimony(MODEL)
    shown = [(*system.states, *system.assignments).index(n) for n in ("drug", "effect", "conc")]
    plain = engine.reference(system, {"ka": [1.1, 1.4]}, times=TIMES, events=doses(), rtol=1e-10)
    jumps = engine.trajectory(engine.load_network(antimony_to_sbml(EVENTS)), TIMES)
    return np.concatenate([plain[:, :, shown].ravel(), np.stack([jumps[n] for n in "abz"], axis=1).ravel()])


def changed(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *args, **rest: change(function(*args, **rest))


def bent(name: str) -> tableau.Tableau:
    rows = [list(r) for r in getattr(tableau.METHODS["rodas4"], name)]
    rows[-1][0] *= 1.01
    return replace(tableau.METHODS["rodas4"], **{name: tuple(tuple(r) for r in rows)})


class Early(event_batch.EventBatch):
    """Delays are forgotten."""

    def _wait(self, rows: np.ndarray, k: int, seen: np.ndarray) -> None:
        super()._wait(rows, k, np.where(np.arange(seen.shape[1]) == self.system.survey.delays[k], 0.0, seen))


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "infusions give one per cent more": (schedule, "_levels", changed(schedule._levels, lambda r: (r[0], 1.01 * r[1]))),
    "a dose replaces the state": (
        schedule, "_plain_target", changed(schedule._plain_target, lambda r: (layout.SET_STATE, r[1]))),
    "the lag of a dose is forgotten": (events, "_later", lambda times, lag: np.asarray(times, float)),
    "doses come in the order of the table": (
        simulation, "lower", changed(schedule.lower, lambda s: replace(s, order=np.sort(s.order, axis=1)))),
    "given parameters are ignored": (
        inputs, "parameter_table", lambda system, given, n, keep=inputs.parameter_table: keep(system, None, n)),
    "a quotient is turned over": (mathml._BUILD, "div", lambda g, a, b: g.mul(b, g.inv(a))),
    "a sign is lost": (mathml._BUILD, "neg", lambda g, a: a),
    "max is min": (emit.OPERATIONS, "max", emit.OPERATIONS["min"]),
    "a half power is lost": (mathml._BUILD, "power", lambda g, a, b: a),
    "the slope of exp is forgotten": (
        derivatives, "_unary_partial",
        lambda g, node, op, a, keep=derivatives._unary_partial: g.const(0.0) if op == "exp" else keep(g, node, op, a)),
    "a product has one slope": (
        derivatives, "partials",
        lambda g, node, keep=derivatives.partials: keep(g, node)[: 1 if g.keys[node][0] == "mul" else None]),
    "a stage is bent": (tableau.METHODS, "rodas4", bent("a")),
    "a coupling is bent": (tableau.METHODS, "rodas4", bent("c")),
    "continuous output is bent": (tableau.METHODS, "rodas4", bent("dense")),
    "delays are forgotten": (event_run, "EventBatch", Early),
    "the lowest priority goes first": (
        event_batch.EventBatch, "_first",
        lambda self, rows, due, seen, keep=event_batch.EventBatch._first: keep(self, rows, due, -seen)),
}  # fmt: skip


def caught(found: Callable[[], tuple[np.ndarray, int]], expected: np.ndarray, steps: int) -> bool:
    """Endpoints differ from the reference, or the method needs many more steps, or the run is refused."""
    try:
        values, taken = found()
    except (BaxisError, RuntimeError):
        return True
    with np.errstate(invalid="ignore"):
        good = np.abs(values - expected) <= 1e-4 * (0.01 + np.abs(expected))
    return not good.all() or taken > 1.2 * steps


def test_nine_of_ten_seeded_faults_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_MEMORY", OrderedDict())
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path / "clean"))
    expected = exact()
    _, steps = measured()
    assert not caught(measured, expected, steps)
    missed = []
    for k, (name, (owner, attribute, fault)) in enumerate(FAULTS.items()):
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "_MEMORY", OrderedDict())
            patch.setenv("BAXIS_CACHE", str(tmp_path / str(k)))
            if isinstance(owner, dict):
                patch.setitem(owner, attribute, fault)
            else:
                patch.setattr(owner, attribute, fault)
            missed += [] if caught(measured, expected, steps) else [name]
    assert len(missed) <= 0.1 * len(FAULTS), missed
