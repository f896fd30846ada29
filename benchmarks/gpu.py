"""GPU code of a model: registers, local memory and memory traffic; on a machine with a GPU its cost a patient.

    python benchmarks/gpu.py [--model FILE] [--architecture sm_80 sm_90] [--patients 100000] [--json FILE]

Without --model: the axis model, SLE, rituximab over 52 weeks. Registers and spills come from ptxas (pip package
nvidia-cuda-nvcc-cu12) where it is installed. Where no GPU can be reached the measured part is left out, in one line.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from engine_workloads import Workload, axis_workloads, spread

from baxis import engine
from baxis.engine.codegen.program import build_program
from baxis.engine.codegen.tableau import METHODS
from baxis.engine.gpu.gpu import ptx_of
from baxis.engine.gpu.gpu_report import find_ptxas, step_traffic, usage
from baxis.engine.gpu.text import write_gpu_module

COUNTED = 256  # patients on which steps are counted, on the processor


def own_model(file: Path, until: float) -> Workload:
    """A user's model with every parameter spread by 10 %."""
    system = engine.load_sbml(engine.read_model(file))
    typical = np.array([system.defaults[n] for n in system.parameters])
    start = np.tile([system.initial[n] for n in system.states], (COUNTED, 1))
    return Workload(file.stem, system, spread(typical, COUNTED, 0.1, 1), start, np.array([until]), (), system.states)


def code(work: Workload, architecture: str) -> dict[str, Any]:
    """What the compiler says of the code for one architecture."""
    clock = time.perf_counter()
    ptx, _, size = ptx_of(work.system, architecture)
    found = usage(ptx, architecture)
    print(f"{architecture}: {len(ptx) // 1024} KiB of PTX in {time.perf_counter() - clock:.1f} s, ptxas included")
    print(f"  {'function':14s}{'registers':>10s}{'stack':>8s}{'spilled':>9s}{'reloaded':>9s}   (bytes a thread)")
    for u in found:
        registers = "-" if u.registers is None else str(u.registers)
        print(f"  {u.function:14s}{registers:>10s}{u.stack:8d}{u.spill_stores:9d}{u.spill_loads:9d}")
    return {"ptx bytes": len(ptx), "scratch bytes": size, "functions": [vars(u) for u in found]}


def traffic(work: Workload) -> dict[str, float]:
    """Bytes a step and a patient, from the code and from the steps that patients take on the processor."""
    program = build_program(work.system)
    text, shape, size = write_gpu_module(program, len(work.system.parameters), METHODS["rodas4"])
    step = step_traffic(text, shape.states)
    run = engine.simulate(engine.compile(work.system), work.parameters, work.initial, **asked(work))
    steps = float(run.steps.mean())
    print(f"scratch memory {size / 1024:.1f} KiB a thread; at most {step / 1024:.1f} KiB of loads and stores a step")
    print(f"{steps:.0f} steps a patient at rtol 1e-4: at most {steps * step / 2**20:.1f} MiB a patient")
    return {"scratch bytes": size, "bytes a step": step, "steps a patient": steps, "bytes a patient": steps * step}


def asked(work: Workload) -> dict[str, Any]:
    return {"times": work.times, "events": work.events, "outputs": work.outputs, "options": engine.Options()}


def measured(work: Workload, patients: int, moved: float) -> dict[str, float] | None:
    """Seconds a patient on the GPU of this machine, bandwidth, and the largest difference from the processor."""
    try:
        kernel = engine.compile_for_gpu(work.system)
    except engine.NoGpu as why:
        print(why)
        return None
    rows = np.arange(patients) % len(work.parameters)
    events = work.events
    engine.simulate(kernel, work.parameters, work.initial, times=work.times, events=events, outputs=work.outputs)
    clock = time.perf_counter()
    found = engine.simulate(kernel, work.parameters[rows], work.initial[rows], **asked(work))
    seconds = time.perf_counter() - clock
    plain = engine.simulate(engine.compile(work.system), work.parameters, work.initial, **asked(work))
    a, b = found.values[: len(plain.values), -1], plain.values[:, -1]
    worst = float((np.abs(a - b) / (1e-2 + np.abs(b))).max())
    rate = patients * moved / seconds / 1e9
    print(
        f"{kernel.device.name}: {1e6 * seconds / patients:.2f} microseconds a patient, {patients / seconds:.0f} a second"
    )
    print(f"achieved bandwidth at most {rate:.0f} GB/s; endpoints differ by at most {worst:.1e} of themselves")
    return {"seconds a patient": seconds / patients, "GB/s": rate, "largest difference": worst}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="SBML, Antimony or COMBINE archive; default: the axis model")
    parser.add_argument("--until", type=float, default=100.0, help="last time of --model")
    parser.add_argument("--architecture", nargs="+", default=["sm_80", "sm_90"])
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    work = own_model(given.model, given.until) if given.model else axis_workloads(COUNTED)[1]
    print(f"{work.name}: {len(work.system.states)} states, {len(work.system.parameters)} parameters")
    if find_ptxas() is None:
        print("ptxas is not installed (pip install nvidia-cuda-nvcc-cu12): registers are not known, local memory is")
    told: dict[str, Any] = {"code": {a: code(work, a) for a in given.architecture}, "traffic": traffic(work)}
    told["measured"] = measured(work, given.patients, told["traffic"]["bytes a patient"])
    if given.json:
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
