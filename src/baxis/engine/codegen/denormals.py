"""Numbers below 1e-308 count as 0 inside compiled code: a state that has decayed so far must not slow every step."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager

from baxis.engine.codegen.ir import Function

FLUSH = 0x8040  # flush-to-zero and denormals-are-zero in the x86 control register MXCSR


@contextmanager
def flushed(f: Function, on_host: bool = True) -> Iterator[None]:
    """Body of a function that flushes on x86 (host code only) and restores the caller's setting; elsewhere such numbers cost nothing."""
    if not on_host or platform.machine().lower() not in ("x86_64", "amd64"):
        yield
        return
    store = f.intrinsic("llvm.x86.sse.stmxcsr", "void", ["ptr"])
    load = f.intrinsic("llvm.x86.sse.ldmxcsr", "void", ["ptr"])
    before, during = f.emit("alloca i32"), f.emit("alloca i32")
    f.do(f"call void @{store}(ptr {before})")
    value = f.emit(f"load i32, ptr {before}")
    f.do(f"store i32 {f.emit(f'or i32 {value}, {FLUSH}')}, ptr {during}")
    f.do(f"call void @{load}(ptr {during})")
    yield
    f.do(f"call void @{load}(ptr {before})")
