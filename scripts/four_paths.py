"""Holds the engine's four ways through a model together: plain, with events, single and PEtab, beside libRoadRunner.

python scripts/four_paths.py --models 2000 [--first 0] [--processes 2] [--parts chain,rests] [--page FILE]
python scripts/four_paths.py --faults [--models 40] [--only W1,F2] [--page FILE]

Each random model (see random_models) is simulated by every way; a model that a way may refuse, and does in words, counts
as told. Printed: how many agree, are told or differ, by part, and each model that differs with its number (`--first N
--models 1` runs it again). With --faults each mended fault (four_paths_faults.toml) is put back, and the sweep looks for it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))  # beside this file, also when a test runs it
from random_models import random_model
from random_parts import BY_NAME
from random_sbml import sbml
from random_shapes import Event, Model

from baxis.core.errors import BaxisError
from baxis.engine import Simulated, simulate_model

POINTS = 11
CLOSE = 1e-3  # of a variable's largest value, at the ways' own defaults
NOTHING = 1e-6  # of a state's typical value: less is not told from zero
LONG = 1e7  # a run after which a model of `rests` has come to rest
Courses = dict[str, np.ndarray]  # state -> (T,)


class Refused(Exception):
    """A way that refuses the model in words."""


def times(model: Model) -> np.ndarray:
    return np.linspace(0.0, model.end, POINTS)


def _ensemble(model: Model, path: str) -> Courses:
    values, text = dict(model.values), sbml(model)
    if model.rests:
        start = _simulated(text, np.array([0.0, LONG]), model, values, ())
        values |= _from_rest(model, start)
        text = sbml(model, begun=True)
    return _simulated(text, times(model), model, values, tuple(model.doses), path)


def _from_rest(model: Model, course: Courses) -> dict[str, float]:
    """What a second run starts with that goes on where a long one ended."""
    return {n: float(course[n][-1]) for n in model.watched} | model.later


def _simulated(
    text: str, at: np.ndarray, model: Model, values: dict[str, float], doses: tuple, path: str = ""
) -> Courses:
    found = simulate_model(text, at, values=values, doses=doses, outputs=model.watched)
    if path and found.path != path:
        raise Refused(f"by the {found.path} path: {found.why}")
    if found.failures:
        raise RuntimeError(found.failures[0])
    _check_table(found)
    return {n: found.values[0, :, k] for k, n in enumerate(found.outputs)}


def _check_table(found: Simulated) -> None:
    """Every output has a column of its own, beside the row and the time."""
    table = found.to_frame().to_numpy(float)
    right = np.column_stack([np.zeros(len(found.times)), found.times, found.values[0]])
    if table.shape != right.shape or not np.array_equal(table, right, equal_nan=True):
        raise RuntimeError(f"the table of {', '.join(found.outputs)} is not what was simulated")


def plain(model: Model) -> Courses:
    """`simulate_model` on the model as it is: the compiled ensemble, with events where the model has some."""
    return _ensemble(model, "")


def events(model: Model) -> Courses:
    """The same beside an event that never acts."""
    idle = Event("time >= 1e15", {"idle": "2"})
    more = Model(**{**vars(model), "events": [*model.events, idle], "parameters": {**model.parameters, "idle": 1.0}})
    return _ensemble(more, "compiled ensemble with events")


def single(model: Model) -> Courses:
    """`engine.trajectory`, doses as events of the model."""
    from baxis.engine import load_network, trajectory
    from baxis.engine.tables.user_model import with_values

    values = dict(model.values)
    if model.rests:
        found = trajectory(with_values(load_network(sbml(model)), values), np.array([LONG]))
        values |= _from_rest(model, found)
    text = sbml(model, doses=True, begun=model.rests)
    found = trajectory(with_values(load_network(text), values), times(model))
    return {n: found[n] for n in model.watched}


def petab(model: Model) -> Courses:
    """A PEtab problem of version 2: what is set is its condition, a start from rest its preequilibration."""
    from baxis.engine.petab.problem import simulate_petab

    with tempfile.TemporaryDirectory() as folder:
        simulations = simulate_petab(_problem(model, Path(folder))).simulations
    at = simulations["time"].to_numpy(float)
    named = simulations["observableId"].to_numpy(str)
    column = simulations["simulation"].to_numpy(float)
    return {n: column[named == f"o_{n}"][np.argsort(at[named == f"o_{n}"])] for n in model.watched}


def _problem(model: Model, folder: Path) -> Path:
    first = {n: model.conditions.get(n, f"{v:.17g}") for n, v in model.values.items()}
    later = {n: f"{v:.17g}" for n, v in model.later.items()}
    (folder / "model.xml").write_text(sbml(model, doses=True), encoding="utf-8")
    rows = {
        "conditions": [("conditionId", "targetId", "targetValue"), *(("c0", *kv) for kv in first.items()),
                       *(("c1", *kv) for kv in later.items())],
        "experiments": [("experimentId", "time", "conditionId")],
        "observables": [("observableId", "observableFormula", "noiseFormula"),
                        *((f"o_{n}", n, "noise") for n in model.watched)],
        "measurements": [("observableId", "experimentId", "time", "measurement"),
                         *((f"o_{n}", "e", f"{t:.17g}", "1") for n in model.watched for t in times(model))],
        "parameters": [("parameterId", "lowerBound", "upperBound", "nominalValue", "estimate"),
                       ("noise", "0", "1", "1", "false")],
    }  # fmt: skip
    if model.rests:
        rows["experiments"] += [("e", "-inf", "c0" if first else ""), ("e", "0", "c1")]
    else:
        rows["experiments"] += [("e", "0", "c0" if first else "")]
    for name, lines in rows.items():
        (folder / f"{name}.tsv").write_text("\n".join("\t".join(r) for r in lines) + "\n", encoding="utf-8")
    listed = "\n".join(f"{name[:-1]}_files: [{name}.tsv]" for name in rows)
    text = f"format_version: 2.0.0\nmodel_files:\n  m:\n    location: model.xml\n    language: sbml\n{listed}\n"
    (folder / "problem.yaml").write_text(text, encoding="utf-8")
    return folder / "problem.yaml"


def roadrunner(model: Model) -> Courses:
    """libRoadRunner at tight tolerances with a bounded step; what is set is written into the model."""
    values = dict(model.values)
    if model.rests:
        start = _roadrunner(model, sbml(model, values=values, plain=True), np.array([0.0, LONG]), LONG / 2_000)
        values |= _from_rest(model, start)
    text = sbml(model, doses=True, values=values, begun=model.rests, plain=True)
    return _roadrunner(model, text, times(model), model.end / 20_000)


def _roadrunner(model: Model, text: str, at: np.ndarray, step: float) -> Courses:
    """No step longer than `step`: a longer one that ends past an output is read between its ends, and 0.4 % off."""
    import roadrunner

    wanted = [f"[{n}]" if n in model.species and not model.species[n].amount else n for n in model.watched]
    with _unheard():
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
        rr = roadrunner.RoadRunner(text)
        integrator = rr.getIntegrator()
        integrator.setValue("relative_tolerance", 1e-11)
        integrator.setValue("maximum_num_steps", 200_000)
        integrator.setValue("maximum_time_step", step)
        for name in (n for n in model.watched if n not in model.counters):
            kind = model.species.get(name)
            size = model.sizes[kind.home] if kind and not kind.amount else 1.0
            integrator.setIndividualTolerance(name, 1e-13 * size * model.scale(name))
        rr.timeCourseSelections = ["time", *wanted]
        table = np.asarray(rr.simulate(times=[float(t) for t in at]))
    return {n: table[:, k + 1] for k, n in enumerate(model.watched)}


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What a compiled library prints is dropped, with what its buffers still hold: its verdict is in the values."""
    flush, nowhere = ctypes.CDLL(None).fflush, os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    flush(None)
    kept = {fd: os.dup(fd) for fd in (1, 2)}
    for fd in kept:
        os.dup2(nowhere, fd)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        flush(None)
        for fd, copy in kept.items():
            os.dup2(copy, fd)
            os.close(copy)
        os.close(nowhere)


VERDICTS = ("agrees", "told", "refuses", "differs", "fails")
WRONG = ("refuses", "differs", "fails")
WAYS: dict[str, Callable[[Model], Courses]] = {"plain": plain, "events": events, "single": single, "petab": petab}
ALWAYS = ("plain", "petab")  # what a user calls: it hands a model to the way that has it, and refuses none
OUTSIDE = "libRoadRunner"


def compared(model: Model, outside: bool = True) -> Iterator[tuple[str, str, str]]:
    """Way, verdict and words, each way beside libRoadRunner (if asked) and beside the first of ours that agrees with it."""
    right: dict[str, Courses] = {}
    for name, way in {**({OUTSIDE: roadrunner} if outside else {}), **WAYS}.items():
        try:
            course = way(model)
        except (BaxisError, Refused) as e:
            yield name, "refuses" if name in ALWAYS and not model.valueless else "told", str(e)
        except Exception as e:
            yield name, "told" if name == OUTSIDE else "fails", f"{type(e).__name__}: {e}"
        else:
            apart = _apart(model, right, course)
            if not apart and len(right) < 2:
                right[name] = course
            if name != OUTSIDE:
                yield name, "differs" if apart else "agrees", apart


def _apart(model: Model, right: dict[str, Courses], course: Courses) -> str:
    for other, theirs in right.items():
        apart = differences(model, theirs, course, other == OUTSIDE)
        if apart:
            return f"from {other}: {apart}"
    return ""


def differences(model: Model, a: Courses, b: Courses, outside: bool) -> str:
    """Where two runs of a model differ, in words, or nothing. Another simulator's values at a jump are not compared."""
    at = times(model)
    keep = np.array([not outside or all(abs(t - j) > 1e-9 * model.end for j in model.jumps) for t in at])
    for name in model.watched:
        one, two = a[name][keep], b[name][keep]
        size = np.nanmax(np.abs(a[name]), initial=0.0)  # a state may have died out wherever they are compared
        if not np.isfinite(one).all() and outside:
            continue
        gap = np.abs(one - two)
        if not np.isfinite(gap).all() or gap.max(initial=0.0) > CLOSE * max(size, NOTHING * model.scale(name)):
            k = int(np.nanargmax(np.where(np.isfinite(gap), gap, math.inf)))
            return f"{name} at {at[keep][k]:g}: {one[k]:.6g} and {two[k]:.6g}"
    return ""


def tried(number: int, only: tuple[str, ...] = ()) -> tuple[int, list[str], list[tuple[str, str, str]]]:
    """One model by its number, of the parts asked for."""
    model = random_model(Random(number), only)
    return number, model.parts, list(compared(model))


@dataclass
class Sweep:
    """Counts of (way, verdict), models by part, and a line for each way of a model that differs or fails."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Markdown: one row a way."""
        rows = [f"| {way} | " + " | ".join(str(self.counts[way, v]) for v in VERDICTS) + " |" for way in WAYS]
        return "\n".join([f"| way | {' | '.join(VERDICTS)} |", "|---|" + "---|" * len(VERDICTS), *rows])


def swept(
    numbers: Iterable[int],
    processes: int,
    tell: Callable[[str], None] = lambda line: None,
    only: tuple[str, ...] = (),
) -> Sweep:
    """The models of these numbers, each in words as soon as it goes wrong."""
    sweep = Sweep()
    with ProcessPoolExecutor(processes) as pool:
        for number, parts, found in pool.map(partial(tried, only=only), numbers):
            sweep.parts.update(parts)
            for way, verdict, words in found:
                sweep.counts[way, verdict] += 1
                if verdict in WRONG:
                    sweep.wrong.append(f"{number} ({', '.join(parts)}) {way} {verdict}: {words[:300]}")
                    tell(sweep.wrong[-1])
    return sweep


def main() -> int:
    """Run a row of models; exit code 1 where one differs, fails or is refused, or a fault put back is not found."""
    import put_back

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--parts", default="", help=f"models of one of these parts only: {', '.join(BY_NAME)}")
    parser.add_argument("--faults", action="store_true", help="put each mended fault back and look for it")
    parser.add_argument("--only", default="", help="with --faults: these")
    parser.add_argument("--until-wrong", action="store_true", help="stop at the first model that goes wrong; JSON")
    parser.add_argument("--page", type=Path, help="page whose block is to hold the table")
    asked = parser.parse_args()
    only = tuple(p for p in asked.parts.split(",") if p)
    if asked.until_wrong:
        print(json.dumps(put_back.until_wrong(partial(tried, only=only), asked.first, asked.models or 40)))
        return 0
    if asked.faults:
        table, good = put_back.faults(asked.models or 40, [f for f in asked.only.split(",") if f])
        told = f"{table}\n"
    else:
        sweep = swept(range(asked.first, asked.first + (asked.models or 50)), asked.processes, _say, only)
        good, parts = not sweep.wrong, ", ".join(f"{p} {n}" for p, n in sorted(sweep.parts.items()))
        told = f"`--models {asked.models or 50} --first {asked.first}`:\n\n{sweep.table()}\n\nParts of these models: {parts}.\n"
    print(told, end="")
    if asked.page:
        put_back.write_block(asked.page, "faults put back" if asked.faults else "sweep", told)
    return 0 if good else 1


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
