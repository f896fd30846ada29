"""Published models of 8 to 1028 states against libRoadRunner: one trajectory, a hundred from cache, ten thousand cold.

    python benchmarks/published.py [--large] [--only NAME] [--json FILE]

Each simulator runs at its cheapest tolerance whose largest error is at most 1e-3 of (0.01 of a state's largest value,
or of 1e-3 of the model's largest, + |value|), over all states and the compared trajectories; the reference is the
fifth-order method at 1e-11. Parameters are spread by 10 % (lognormal). Times are processor time of one core. `from cache`: loading and a cached kernel, then 100 trajectories;
`cold`: loading and compiling, then 10,000. --large adds the network of 1028 states (libRoadRunner loads it in minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from engine import chosen

from baxis import engine
from baxis.engine.kernel import kernel as kernels
from baxis.engine.reading.antimony import antimony_to_sbml

TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7)
COMPARED, GOAL, SCALE, RARE = 4, 1e-3, 0.01, 1e-3
FOLDER = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Model:
    """SBML text, output times, and first values of states that differ from the model's own."""

    name: str
    sbml: str
    times: np.ndarray
    settings: dict[str, float]
    rows: int


def models(large: bool) -> list[Model]:
    from fceri import sbml_of_fceri
    from rule_network import sbml_of_receptor

    def text(name: str) -> str:
        return antimony_to_sbml((FOLDER / f"{name}.ant").read_text(encoding="utf-8"))

    out = [
        Model("Kholodenko 2000, MAPK", text("kholodenko2000"), np.linspace(0, 9000, 151), {}, 256),
        Model("Lipniacki 2004, NF-kB", text("lipniacki2004"), np.linspace(0, 36000, 121), {"TNF_R": 1.0}, 256),
        Model("Huang-Ferrell 1996, MAPK", text("huang_ferrell1996"), np.linspace(0, 300, 61), {}, 256),
        Model("receptor, 6 sites", sbml_of_receptor(6), np.linspace(0, 50, 51), {}, 64),
        Model("receptor, 8 sites", sbml_of_receptor(8), np.linspace(0, 50, 51), {}, 16),
        Model("Faeder 2003, FceRI", sbml_of_fceri(), np.linspace(0, 600, 61), {}, 16),
    ]
    if large:
        out.append(Model("receptor, 10 sites", sbml_of_receptor(10), np.linspace(0, 50, 51), {}, 8))
    return out


def spread(system: engine.System, model: Model) -> np.ndarray:
    typical = np.array([model.settings.get(n, system.defaults[n]) for n in system.parameters])
    rows = typical * np.exp(0.1 * np.random.default_rng(5).standard_normal((model.rows, len(typical))))
    homes = {"cell", "two"}  # sizes and statistical factors are not spread
    for k, name in enumerate(system.parameters):
        if name in homes:
            rows[:, k] = typical[k]
    return rows


def solve(kernel: engine.Kernel, rows: np.ndarray, times: np.ndarray, rtol: float) -> tuple[engine.Ensemble, float]:
    atol = rtol * 1e-2 * scale_of(kernel.system)
    options = engine.Options(rtol=rtol, atol=atol, threads=1, max_steps=1_000_000)
    clock = time.process_time()
    run = engine.simulate(kernel, rows, times=times, options=options)
    return run, time.process_time() - clock


def scale_of(system: engine.System) -> float:
    """A size of the model's states: the geometric mean of its first values above 0."""
    values = np.array([v for v in system.initial.values() if v > 0])
    return float(np.exp(np.log(values).mean()))


def error_of(values: np.ndarray, reference: np.ndarray) -> float:
    largest = np.abs(reference).max(axis=(0, 1), keepdims=True)
    floor = SCALE * np.maximum(largest, RARE * largest.max())
    return float((np.abs(values - reference) / (floor + np.abs(reference))).max())


def own(model: Model) -> tuple[engine.System, np.ndarray, np.ndarray, dict[str, Any]]:
    """System, rows, reference of the first ones, and the engine's times."""
    with tempfile.TemporaryDirectory() as folder:
        kept = os.environ.get("BAXIS_CACHE")
        os.environ["BAXIS_CACHE"] = folder
        clocks = [time.process_time()]
        system = engine.load_sbml(model.sbml)
        engine.compile(system)
        clocks.append(time.process_time())
        kernels._MEMORY.clear()
        system = engine.load_sbml(model.sbml)
        kernel = engine.compile(system)
        clocks.append(time.process_time())
        best = engine.compile(system, method="rodas5p")
        os.environ.pop("BAXIS_CACHE") if kept is None else os.environ.update(BAXIS_CACHE=kept)
    rows = spread(system, model)
    reference, _ = solve(best, rows[:COMPARED], model.times, 1e-11)
    table = []
    for rtol in TOLERANCES:
        values = solve(kernel, rows[:COMPARED], model.times, rtol)[0].values
        _, spent = solve(kernel, rows, model.times, rtol)
        table.append({"rtol": rtol, "error": error_of(values, reference.values), "ms": 1e3 * spent / len(rows)})
        if table[-1]["error"] <= GOAL / 10:
            break
    found = {"cold s": clocks[1] - clocks[0], "cached s": clocks[2] - clocks[1], "code": kernel.code}
    return system, rows, reference.values, found | chosen(table)


def peer(model: Model, system: engine.System, rows: np.ndarray, reference: np.ndarray) -> dict[str, Any]:
    """libRoadRunner's times: loading, and a trajectory at its cheapest good tolerance, with reset and setting."""
    import roadrunner

    clock = time.process_time()
    runner = roadrunner.RoadRunner(model.sbml)
    load = time.process_time() - clock
    ids = runner.model.getGlobalParameterIds()
    there = [(ids.index(n), k) for k, n in enumerate(system.parameters) if n in ids]
    places, columns = [i for i, _ in there], [k for _, k in there]
    species = set(runner.model.getFloatingSpeciesIds())
    runner.timeCourseSelections = [f"[{n}]" if n in species else n for n in system.states]
    table = []
    for rtol in TOLERANCES:
        runner.integrator.relative_tolerance = rtol
        runner.integrator.absolute_tolerance = rtol * 1e-2 * scale_of(system)
        runner.integrator.maximum_num_steps = 1_000_000
        clock = time.process_time()
        try:
            values = []
            for row in rows[:COMPARED]:
                runner.reset()
                runner.model.setGlobalParameterValues(places, row[columns])
                values.append(np.asarray(runner.simulate(times=model.times.tolist())))
        except RuntimeError as why:
            table.append({"rtol": rtol, "error": float("inf"), "ms": float("inf"), "failed": str(why)[:120]})
            continue
        spent = 1e3 * (time.process_time() - clock) / COMPARED
        table.append({"rtol": rtol, "error": error_of(np.array(values), reference), "ms": spent})
        if table[-1]["error"] <= GOAL / 3:
            break
    return {"load s": load, "version": roadrunner.__version__} | chosen(table)


def ratios(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    a, b = mine["best"]["ms"] / 1e3, theirs["best"]["ms"] / 1e3
    return {
        "a trajectory": b / a,
        "100 from cache": (theirs["load s"] + 100 * b) / (mine["cached s"] + 100 * a),
        "10000 cold": (theirs["load s"] + 10_000 * b) / (mine["cold s"] + 10_000 * a),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--only", help="part of a model's name")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    told: dict[str, Any] = {}
    head = ("states", "baxis ms", "peer ms", "x", "x 100 cached", "x 10000 cold", "compile s", "peer load s")
    print(f"{'model':28s}" + "".join(f"{h:>14s}" for h in head), flush=True)
    for model in models(given.large):
        if given.only and given.only not in model.name:
            continue
        system, rows, reference, mine = own(model)
        theirs = peer(model, system, rows, reference)
        told[model.name] = {"states": len(system.states), "baxis": mine, "libRoadRunner": theirs}
        if mine["best"] is None or theirs["best"] is None:
            print(f"{model.name:28s} no tolerance reached {GOAL:g}: {mine['best']}, {theirs['best']}", flush=True)
            continue
        told[model.name]["ratios"] = r = ratios(mine, theirs)
        numbers = (mine["best"]["ms"], theirs["best"]["ms"], *r.values(), mine["cold s"], theirs["load s"])
        print(f"{model.name:28s}{len(system.states):14d}" + "".join(f"{v:14.3g}" for v in numbers), flush=True)
    every = [m["ratios"] for m in told.values() if "ratios" in m]
    for kind in every[0] if every else ():
        values = [r[kind] for r in every]
        print(f"{kind}: median x {np.median(values):.1f}, least x {min(values):.2f}")
    if given.json:
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
