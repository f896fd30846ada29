"""Engine benchmark: work at equal error against other simulators, threads, compile times, memory of a million patients.

    python benchmarks/engine.py [--peers [NAME ...]] [--quick] [--million] [--json FILE]

Each simulator runs at its cheapest tolerance whose largest |error|/(0.01 + |reference|) over outputs is at most 1e-3.
The reference is the fifth-order method at 1e-11. Times are of one core, in milliseconds a patient; ratios are of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from engine_peers import PEERS, Skipped
from engine_workloads import Workload, axis_workloads, rest_states, toy, twin

from baxis import engine

SCALE, GOAL = 0.01, 1e-3
TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7, 1e-8)
MOST, REST_BUDGET = 5.0, 2.0  # cost of the axis over that of the toy; seconds for the rest of 1000 patients
COMPILE = {"cold": 4.0, "cached": 0.3}  # seconds
COMPARED = 8  # patients on which errors are read and peers are timed


def error_of(values: np.ndarray, reference: np.ndarray) -> float:
    return float((np.abs(values - reference) / (SCALE + np.abs(reference))).max())


def solve(work: Workload, kernel: engine.Kernel, rtol: float, threads: int = 1) -> tuple[engine.Ensemble, float]:
    options = engine.Options(rtol=rtol, atol=rtol * 1e-2, threads=threads, max_steps=10_000_000)
    watch = time.process_time if threads == 1 else time.perf_counter  # one core: what others do on it does not count
    clock = watch()
    run = engine.simulate(
        kernel,
        work.parameters,
        work.initial,
        times=work.times,
        events=work.events,
        outputs=work.outputs,
        options=options,
    )
    return run, watch() - clock


def reference_of(work: Workload) -> np.ndarray:
    run, _ = solve(work.first(COMPARED), engine.compile(work.system, method="rodas5p"), 1e-11, os.cpu_count() or 1)
    if run.failures:
        raise SystemExit(f"reference of {work.name}: {run.failures[0]}")
    return run.values


def own(work: Workload, reference: np.ndarray, repeats: int) -> dict[str, Any]:
    """The engine's time at its cheapest good tolerance, the whole population, one core."""
    kernel = engine.compile(work.system)
    table = []
    for rtol in TOLERANCES:
        error = error_of(solve(work.first(COMPARED), kernel, rtol)[0].values, reference)
        seconds, steps = [], 0.0
        for _ in range(repeats):
            run, spent = solve(work, kernel, rtol)
            seconds.append(spent)
            steps = float(run.steps.mean())
        table.append({"rtol": rtol, "error": error, "ms": 1e3 * min(seconds) / len(work.parameters), "steps": steps})
        if error <= GOAL / 10:
            break
    return chosen(table)


def chosen(table: list[dict[str, Any]]) -> dict[str, Any]:
    good = [row for row in table if row["error"] <= GOAL]
    return {"best": min(good, key=lambda row: row["ms"]) if good else None, "table": table}


def peer(adapter: Any, work: Workload, reference: np.ndarray) -> dict[str, Any]:
    """A peer's time at its cheapest good tolerance, on the compared patients."""
    some, table = work.first(COMPARED), []
    for rtol in TOLERANCES:
        try:
            values, spent = adapter.run(some, rtol)
        except RuntimeError as error:  # a simulator may give up at one tolerance and not at the next
            table.append({"rtol": rtol, "error": float("inf"), "ms": float("inf"), "failed": str(error)[:200]})
            continue
        table.append({"rtol": rtol, "error": error_of(values, reference), "ms": 1e3 * spent / COMPARED})
        if table[-1]["error"] <= GOAL / 3:
            break
    return chosen(table)


def compare(work: Workload, adapters: list[Any], repeats: int) -> dict[str, Any]:
    reference = reference_of(work)
    mine = own(work, reference, repeats)
    best = mine["best"]
    print(f"{work.name}: {len(work.system.states)} states, {len(work.parameters)} patients")
    print(
        f"  {'baxis':15s}{best['ms']:9.3f} ms  error {best['error']:.1e} at rtol {best['rtol']:.0e}, {best['steps']:.0f} steps"
    )
    result: dict[str, Any] = {"baxis": mine}
    for adapter in adapters:
        try:
            found = peer(adapter, work, reference)
        except Skipped as reason:
            print(f"  {adapter.name:15s} skipped: {reason}")
            result[adapter.name] = {"skipped": str(reason)}
            continue
        except Exception as error:  # a peer's own breakdown is a result of the benchmark, not its end
            print(f"  {adapter.name:15s} failed: {type(error).__name__}: {str(error)[:120]}")
            result[adapter.name] = {"failed": str(error)}
            continue
        result[adapter.name] = found
        if found["best"] is None:
            print(f"  {adapter.name:15s} no tolerance reached {GOAL:g}")
            continue
        row = found["best"]
        found["ratio"] = row["ms"] / best["ms"]
        print(
            f"  {adapter.name:15s}{row['ms']:9.3f} ms  error {row['error']:.1e} at rtol {row['rtol']:.0e}, x {found['ratio']:.0f}"
        )
    return result


def threads(work: Workload) -> dict[str, float]:
    """Speed-up of two threads over one, and what their processor time is beside that of one (1: nothing is lost)."""
    kernel, many = engine.compile(work.system), 16
    wide = replace(work, parameters=np.tile(work.parameters, (many, 1)), initial=np.tile(work.initial, (many, 1)))
    wall: dict[int, float] = {}
    busy: dict[int, float] = {}
    for count in (1, 2):
        for _ in range(3):
            clocks = time.perf_counter(), time.process_time()
            solve(wide, kernel, 1e-4, count)
            wall[count] = min(wall.get(count, np.inf), time.perf_counter() - clocks[0])
            busy[count] = min(busy.get(count, np.inf), time.process_time() - clocks[1])
    out = {"speedup": wall[1] / wall[2], "processor time": busy[2] / busy[1]}
    print(f"two threads: x {out['speedup']:.2f}, processor time x {out['processor time']:.2f} ({os.cpu_count()} cores)")
    return out


def costs(workloads: list[Workload], results: dict[str, Any], repeats: int) -> dict[str, Any]:
    """Cost of the axis model a patient-year beside the toy under the same protocol, both at their cheapest good tolerance."""
    out: dict[str, Any] = {}
    for work in workloads:
        small = twin(work)
        row = own(small, reference_of(small), repeats)["best"]
        best, years = results[work.name]["baxis"]["best"], work.times[-1] / 365.25
        ratio = best["ms"] / row["ms"]
        out[work.name] = {"axis ms/year": best["ms"] / years, "toy ms/year": row["ms"] / years, "ratio": ratio}
        print(
            f"{work.name}: axis {best['ms'] / years:.3f}, toy {row['ms'] / years:.3f} ms a patient-year, "
            f"x {ratio:.1f} (at most {MOST:g}: {'yes' if ratio <= MOST else 'NO'})"
        )
    return out


def rests(patients: int = 1000, threads: int = 2) -> dict[str, float]:
    """Time to the rest states of a thousand patients on two cores."""
    found = rest_states(patients, threads)
    print(
        f"rest states of {patients} patients, {threads} threads: {found['wall s']:.2f} s, processor time "
        f"{found['processor s']:.2f} s (budget {REST_BUDGET:g} s), {found['failures']:.0f} failures"
    )
    return found


STARTUP = """
import time; clock = time.perf_counter()
from baxis import axis
kernel = axis.kernel()
print(time.perf_counter() - clock, time.process_time())
"""


def startup() -> dict[str, float]:
    """Seconds from nothing to a kernel of the axis model in a fresh process: cold cache, then warm."""
    import tempfile

    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, limit in COMPILE.items():
            environment = {**os.environ, "BAXIS_CACHE": folder}
            text = subprocess.run(
                [sys.executable, "-c", STARTUP], env=environment, capture_output=True, text=True, check=True
            )
            out[kind], busy = map(float, text.stdout.split())
            out[f"{kind}, processor"] = busy
            print(
                f"axis kernel, {kind}: {out[kind]:.2f} s, processor time {busy:.2f} s with Python's start (budget {limit:g} s)"
            )
    return out


def million(work: Workload, patients: int) -> dict[str, float]:
    """Stream of `patients` patients over 52 weeks with endpoint reductions: rate and peak memory of the process."""
    import resource

    kernel, base = engine.compile(work.system), work.parameters

    def source(first: int, count: int) -> tuple[np.ndarray, np.ndarray, engine.Events | None]:
        rows = np.arange(first, first + count) % len(base)
        return base[rows], work.initial[rows], work.events

    out = {}
    for size in (min(10_000, patients), patients):
        reductions = {
            "mean": engine.Mean(),
            "quantiles": engine.Quantiles(),
            "visits": engine.Snapshots([work.times[-1]]),
        }
        clock = time.perf_counter()
        engine.stream(
            kernel, engine.Source(size, source), times=work.times, outputs=["infl", "igg"], reductions=reductions
        )
        out[f"patients per second at {size}"] = size / (time.perf_counter() - clock)
    out["peak GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for name, value in out.items():
        print(f"{name}: {value:.3g}")
    return out


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", nargs="*", default=None, help="names of peers (default: all that are installed)")
    parser.add_argument("--patients", type=int, default=256)
    parser.add_argument("--quick", action="store_true", help="the toy and the run-in only, one repeat")
    parser.add_argument("--million", type=int, nargs="?", const=1_000_000, help="also stream so many patients")
    parser.add_argument("--json", type=Path, help="write all numbers here")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    adapters = []
    for kind in PEERS:
        if given.peers is not None and kind.name.lower() not in [p.lower() for p in given.peers]:
            continue
        try:
            adapters.append(kind())
        except Skipped as reason:
            print(f"{kind.name}: {reason}, skipped")
    workloads = [toy(given.patients), *axis_workloads(given.patients)]
    shown = workloads[:2] if given.quick else workloads
    results: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }
    results["peers"] = {a.name: a.version for a in adapters}
    results["workloads"] = {w.name: compare(w, adapters, 1 if given.quick else 3) for w in shown}
    results["costs"] = costs(shown[1:], results["workloads"], 1 if given.quick else 3)
    results["rest"] = rests()
    results["threads"] = threads(workloads[2])
    results["startup"] = startup()
    if given.million:
        results["million"] = million(workloads[2], given.million)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
