"""What GPU code will cost, told without a GPU: registers, local memory, and memory traffic of a step."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ASIDE = {"check_floors", "blame", "settle", "finish", "interpolate", "observe", "scatter"}  # not part of a usual step
_SIZES = {"double": 8, "i64": 8, "ptr": 8, "<1 x double>": 8, "i32": 4}
_ACCESS = re.compile(r"(?:= load (?:volatile )?|\bstore )(<1 x double>|double|i64|ptr|i32)[ ,]")
_CALL = re.compile(r"call (?:void|i64) @(\w+)\(")


@dataclass(frozen=True)
class Usage:
    """One function: registers of a thread (None where only PTX was read), bytes of stack, spills stored and loaded."""

    function: str
    registers: int | None
    stack: int
    spill_stores: int
    spill_loads: int


def find_ptxas() -> str | None:
    """Path of NVIDIA's assembler: the pip package nvidia-cuda-nvcc-cu12, else the search path."""
    try:
        spec = find_spec("nvidia.cuda_nvcc")
    except ModuleNotFoundError:
        spec = None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "bin" / "ptxas"
        if file.is_file() and os.access(file, os.X_OK):
            return str(file)
    return shutil.which("ptxas")


def usage(ptx: str, architecture: str) -> list[Usage]:
    """Registers and local memory by function, from ptxas where it is installed, else from the PTX's own declarations."""
    program = find_ptxas()
    return _assembled(program, ptx, architecture) if program else declared(ptx)


def _assembled(program: str, ptx: str, architecture: str) -> list[Usage]:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.ptx"
        source.write_text(ptx, encoding="utf-8")
        words = [program, "-v", "-arch", architecture, str(source), "-o", str(Path(folder) / "model.cubin")]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ptxas refused the code: {(done.stderr or done.stdout)[:500]}")
    return told_by_ptxas(done.stderr + done.stdout)


def told_by_ptxas(text: str) -> list[Usage]:
    """Usage of each function in what `ptxas -v` prints."""
    pattern = re.compile(
        r"Function properties for (\w+)\s+(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
        r"(?:\s+ptxas info\s*: Used (\d+) registers)?"
    )
    return [
        Usage(name, int(registers) if registers else None, int(stack), int(stores), int(loads))
        for name, stack, stores, loads, registers in pattern.findall(text)
    ]


def declared(ptx: str) -> list[Usage]:
    """Bytes of `.local` memory by function as the PTX declares them; registers are virtual there, hence None."""
    out, name = [], ""
    for line in ptx.splitlines():
        start = re.match(r"(?:\.visible )?\.(?:entry|func)\s+(?:\([^)]*\)\s*)?(\w+)", line)
        name = start.group(1) if start else name
        local = re.search(r"\.local \.align \d+ \.b8\s+\w+\[(\d+)\]", line)
        if local:
            out.append(Usage(name, None, int(local.group(1)), 0, 0))
    return out


def step_traffic(text: str, states: int, start: str = "advance") -> int:
    """Bytes that a thread's loads and stores name in one step, before registers and caches save any (an upper bound)."""
    bodies = dict(re.findall(r"define \w+ [^@]*@(\w+)\([^)]*\)[^{]*\{\n(.*?)\n\}\n", text, re.S))
    known: dict[str, int] = {}

    def total(name: str) -> int:
        if name not in known:
            own, calls = _own_traffic(bodies.get(name, ""), states)
            known[name] = own + sum(n * total(called) for called, n in calls if called not in ASIDE)
        return known[name]

    return total(start)


def _own_traffic(body: str, states: int) -> tuple[int, list[tuple[str, int]]]:
    """(bytes, [(function called, how often)]) of one function; a loop over states counts as often as there are states."""
    own, calls, loops = 0, list[tuple[str, int]](), list[tuple[int, int]]()
    bound = 1
    for line in body.splitlines():
        line = line.strip()
        limit = re.match(r"%\w+ = icmp slt i64 %i\w+, (\w+|%\w+)$", line)
        if limit:
            bound = int(limit.group(1)) if limit.group(1).isdigit() else 1
        label = re.match(r"(body|after)(\d+):$", line)
        if label and label.group(1) == "body":
            loops.append((int(label.group(2)), bound if bound == states else 1))
        elif label and loops and int(label.group(2)) == loops[-1][0] + 1:
            loops.pop()
        times = 1
        for _, count in loops:
            times *= count
        access = _ACCESS.search(line)
        own += times * _SIZES[access.group(1)] if access else 0
        called = _CALL.search(line)
        if called:
            calls.append((called.group(1), times))
    return own, calls
