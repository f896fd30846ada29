"""A network of a thousand states and twenty thousand reactions: seconds to load, compile and run, memory, and accuracy.

    python benchmarks/large_network.py [--sites 10] [--patients 8] [--peer] [--json FILE]

The network is that of rule_network.py, its rate constants spread by 10 % (lognormal). --peer: libRoadRunner on the same model (it
takes minutes to load the largest), for its time and for the largest difference. Times are processor time of this process.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from rule_network import sbml_of_receptor

from baxis import engine
from baxis.engine.tables.cost import peak_memory

TIMES = np.linspace(0.0, 50.0, 51)
RTOL, ATOL, SCALE = 1e-6, 1e-9, 1e-6


class Stages:
    """Prints and keeps processor seconds of each stage."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}
        self.last = time.process_time()

    def lap(self, name: str) -> None:
        now = time.process_time()
        self.told[name], self.last = now - self.last, now
        memory = "".join(f", {k} {v:.0f}" for k, v in peak_memory().items())
        print(f"{name:28s}{self.told[name]:9.2f} s{memory}", flush=True)


def peer(text: str, names: tuple[str, ...], stages: Stages) -> np.ndarray:
    """libRoadRunner's course at a hundredth of our tolerances; its time at our tolerances is a stage too."""
    import roadrunner

    runner = roadrunner.RoadRunner(text)
    stages.lap("libRoadRunner load")
    runner.timeCourseSelections = [f"[{n}]" for n in names]
    found = np.empty(0)
    for tighter, stage in ((1.0, "libRoadRunner, one"), (0.01, "libRoadRunner, one, 0.01 tol")):
        runner.reset()
        runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = RTOL * tighter, ATOL * tighter
        found = np.asarray(runner.simulate(times=TIMES.tolist()))
        stages.lap(stage)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=10)
    parser.add_argument("--patients", type=int, default=8)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    text = sbml_of_receptor(given.sites)
    stages = Stages()
    system = engine.load_sbml(text)
    stages.lap("load")
    kernel = engine.compile(system)
    stages.lap("compile" + (" (cached)" if kernel.from_cache else ""))
    print(f"{len(system.states)} states, {len(system.assignments) - 1} reactions: {kernel.code}")
    print(f"{kernel.shape.factors} factor entries; {kernel.scratch_bytes / 2**20:.1f} MiB a thread")
    typical = np.array([system.defaults[n] for n in system.parameters])
    rows = typical * np.exp(0.1 * np.random.default_rng(1).standard_normal((given.patients, len(typical))))
    rows[0] = typical
    options = engine.Options(rtol=RTOL, atol=ATOL)
    run = engine.simulate(kernel, rows, times=TIMES, options=options)
    stages.lap(f"simulate {given.patients}")
    each = stages.told[f"simulate {given.patients}"] / given.patients
    print(f"{each:.3f} s a trajectory, {run.steps.mean():.0f} steps, {int((~run.ok).sum())} failed")
    told: dict[str, Any] = {"stages": stages.told, "seconds a trajectory": each, "memory": peak_memory()}
    if given.peer:
        course = peer(text, system.states, stages)
        worst = float((np.abs(run.values[0] - course) / (SCALE + np.abs(course))).max())
        ratio = stages.told["libRoadRunner, one"] / each
        print(f"largest difference {worst:.1e} of |value| + {SCALE:g}; libRoadRunner takes {ratio:.1f} times as long")
        told |= {"largest difference": worst, "ratio": ratio}
    if given.json:
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
