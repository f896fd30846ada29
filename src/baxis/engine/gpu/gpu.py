"""A System on a GPU (experimental): one patient a thread, threads take patients from one list until it is empty.

Use the kernel of `compile_for_gpu` with `simulate` and `stream` as any other. Decision points and rest states run on the
processor. Results agree with the processor's to rounding (a GPU keeps numbers below 1e-308 that x86 flushes to zero).
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine import cache
from baxis.engine.codegen.model_code import Shape
from baxis.engine.codegen.tableau import METHODS
from baxis.engine.gpu.device import CudaDevice, Device
from baxis.engine.gpu.text import ENTRY, WARP, to_ptx, write_gpu_module
from baxis.engine.model.event_system import refuse_events
from baxis.engine.model.system import System
from baxis.engine.run.execute import Done, Job, collected, context_words, job_arrays

BLOCK = 64  # threads a block: with up to 255 registers a thread, small blocks fill a multiprocessor better
RESIDENT = 512  # threads wanted a multiprocessor; more would only take memory
SPARE = 0.9  # share of free device memory that may be used
RETURNED = ("out", "final", "status", "reached", "steps", "culprit", "carry")


@dataclass(frozen=True, eq=False)
class GpuKernel:
    """PTX of one system for one architecture, loaded on a device. scratch_bytes: memory of a thread."""

    system: System
    shape: Shape
    method: str
    scratch_bytes: int
    ptx: str = field(repr=False)
    device: Device = field(repr=False)
    lanes: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def code(self) -> str:
        return f"code for {self.device.name}"

    def run_job(self, job: Job) -> Done:
        """Copy a job to the device, run it there, and copy its results back. InvalidValue where memory is short."""
        arrays = job_arrays(job)
        with self._lock:
            self._run(job, arrays)
        return collected(arrays)

    def _run(self, job: Job, arrays: dict[str, np.ndarray]) -> None:
        device, held = self.device, dict[str, int]()
        threads = self._threads(job, arrays)
        try:
            for name, data in arrays.items():
                held[name] = device.take(data.nbytes)
                device.upload(held[name], np.ascontiguousarray(data))
            words = context_words(job, arrays, held)
            held["context"] = device.take(words.nbytes)
            device.upload(held["context"], words)
            held["scratch"] = device.take(threads * self.scratch_bytes)
            function = device.load(self.ptx, ENTRY)
            device.launch(function, threads // BLOCK, BLOCK, (held["context"], held["scratch"]))
            for name in RETURNED:
                device.download(arrays[name], held[name])
        finally:
            for address in held.values():
                device.release(address)

    def _threads(self, job: Job, arrays: dict[str, np.ndarray]) -> int:
        """As many threads as patients, multiprocessors and memory allow, in whole blocks."""
        free = SPARE * self.device.free_bytes() - sum(a.nbytes for a in arrays.values())
        room = int(free // (self.scratch_bytes * BLOCK))
        if room < 1:
            raise InvalidValue(
                "patients", len(job.parameters), f"a batch whose arrays leave {self.scratch_bytes * BLOCK} bytes of the "
                "device's memory free", "simulate fewer patients at a time, by engine.stream",
            )  # fmt: skip
        wanted = -(-len(arrays["who"]) // BLOCK)
        return BLOCK * max(1, min(room, wanted, self.device.processors * RESIDENT // BLOCK))


def compile_for_gpu(system: System, *, method: str = "rodas4", device: Device | None = None) -> GpuKernel:
    """Kernel of a system for the GPU of this machine (or another Device); PTX is cached on disk.

    Raises NoGpu where there is none, Unsupported for a model with sine or cosine, or with events.
    """
    if method not in METHODS:
        raise InvalidValue("method", method, ", ".join(METHODS))
    refuse_events(system, "the GPU path")
    where = device or CudaDevice()
    ptx, shape, size = ptx_of(system, where.architecture, method)
    return GpuKernel(system, shape, method, size, ptx, where)


def ptx_of(system: System, architecture: str, method: str = "rodas4") -> tuple[str, Shape, int]:
    """(PTX, sizes, bytes of scratch memory a thread), from the disk cache or made now; needs no GPU."""
    from baxis.engine.codegen.program import build_program

    name = cache.key("gpu", system.digest, method, architecture, str(WARP))
    record = cache.load_record(name)
    if record is not None:
        return record["ptx"], Shape(**record["shape"]), record["scratch_bytes"]
    program = build_program(system)
    text, shape, size = write_gpu_module(program, len(system.parameters), METHODS[method])
    ptx = to_ptx(text, architecture)
    cache.store_record(name, json.loads(json.dumps({"ptx": ptx, "shape": asdict(shape), "scratch_bytes": size})))
    return ptx, shape, size
