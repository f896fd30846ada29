"""Kernel: a System compiled for this machine at one lane width. Compilation is cached on disk by content."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine import cache
from baxis.engine.codegen.model_code import Shape
from baxis.engine.codegen.tableau import METHODS, Tableau
from baxis.engine.kernel.machine import Loaded, choose_lanes, host, to_object
from baxis.engine.model.system import System

_MEMORY: OrderedDict[str, Kernel] = OrderedDict()
_MEMORY_LIMIT = 16
_LOCK = threading.Lock()


@dataclass(frozen=True, eq=False)
class Kernel:
    """Compiled integrator of one system. Use it with `simulate`, `start`, `rest` and `stream`; it holds no state."""

    system: System
    lanes: int
    shape: Shape
    method: str
    scratch_bytes: int
    from_cache: bool
    _loaded: Loaded = field(repr=False)

    @property
    def code(self) -> str:
        """How the model is written: straight-line code where it pays, loops over tables where it would be too long."""
        kinds = {True: "loops over tables", False: "straight-line code"}
        tabled, looped = kinds[self.shape.tabled], kinds[self.shape.looped]
        return tabled if tabled == looped else f"{tabled}, factors by {looped}"

    def function(self, name: str, pointers: int = 2) -> Any:
        return self._loaded.function(name, pointers)

    def scratch(self) -> np.ndarray:
        """Zeroed memory for one thread, aligned to a cache line."""
        raw = np.zeros(self.scratch_bytes + 64, np.uint8)
        first = -raw.ctypes.data % 64
        return raw[first : first + self.scratch_bytes]


def compile(system: System, *, lanes: int | None = None, method: str = "rodas4") -> Kernel:
    """Kernel of a system, from memory, from the disk cache, or compiled now.

    `lanes` is the number of patients in a vector (1, 2, 4, 8; default: this machine's width) and changes no result.
    `method` is one of `METHODS`. The disk cache lies in the user's cache directory, or in BAXIS_CACHE.
    """
    if not isinstance(system, System):
        raise InvalidValue("compile", type(system).__name__, "a System from load_antimony or load_sbml")
    if method not in METHODS:
        raise InvalidValue("method", method, ", ".join(METHODS))
    width = choose_lanes(lanes)
    name = cache.key("kernel", system.digest, method, str(width), host().key)
    with _LOCK:
        if name in _MEMORY:
            _MEMORY.move_to_end(name)
            return _MEMORY[name]
        kernel = _from_disk(system, width, method, name) or _compiled(system, width, METHODS[method], name)
        _MEMORY[name] = kernel
        if len(_MEMORY) > _MEMORY_LIMIT:
            _MEMORY.popitem(last=False)
        return kernel


def _from_disk(system: System, lanes: int, method: str, name: str) -> Kernel | None:
    body = cache.load(name)
    if body is None:
        return None
    try:
        size = int.from_bytes(body[:8], "little")
        head = json.loads(body[8 : 8 + size])
        loaded = Loaded(body[8 + size :])
        return Kernel(
            system=system,
            lanes=lanes,
            shape=Shape(**head["shape"]),
            method=method,
            scratch_bytes=head["scratch_bytes"],
            from_cache=True,
            _loaded=loaded,
        )
    except (ValueError, KeyError, TypeError, RuntimeError):
        return None


def _compiled(system: System, lanes: int, tableau: Tableau, name: str) -> Kernel:
    from baxis.engine.codegen.program import build_program
    from baxis.engine.kernel.module_text import write_module

    program = build_program(system)
    text, shape, scratch = write_module(program, len(system.parameters), lanes, host().fused, tableau)
    code = to_object(text)
    head = json.dumps({"shape": asdict(shape), "scratch_bytes": scratch}).encode()
    cache.store(name, len(head).to_bytes(8, "little") + head + code)
    return Kernel(
        system=system,
        lanes=lanes,
        shape=shape,
        method=tableau.name,
        scratch_bytes=scratch,
        from_cache=False,
        _loaded=Loaded(code),
    )
