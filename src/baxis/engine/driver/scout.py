"""IR of a look at the rates: f(t, y) of every listed patient, written where a run leaves its end state."""

from __future__ import annotations

from baxis.engine.codegen.denormals import flushed
from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.layout import OK, Layout
from baxis.engine.driver.access import LaneAccess


def scout(layout: Layout, fused: bool) -> Function:
    """Entry `scout`: the rates of every listed patient at its state and time, into `final`."""
    code = LaneAccess(layout, fused)
    f = Function("scout", ["ptr %ctx", "ptr %s"], layout.lanes, fused)
    with flushed(f, layout.warp == 1), code.listed(f):
        _look(f, layout)
        with f.loop(f.lanes) as lane, f.when(code.active(f, lane)):
            f.do(f"call void @finish(ptr %ctx, ptr %s, i64 {lane}, i64 {OK})")
    f.do("ret void")
    return f


def _look(f: Function, layout: Layout) -> None:
    """y = f(t, y) in every lane."""
    y, p, c, rate = (layout.buffer(f, k) for k in ("y", "p", "c", "rate"))
    f.do(f"call void @prepare(ptr {p}, ptr {c})")
    f.do(f"call void @rates(ptr {y}, ptr {p}, ptr {c}, ptr {rate}, {f.vt} {f.vload(layout.buffer(f, 't'))})")
    with f.loop(layout.shape.states) as i:
        f.vstore(f.vload(rate, i), y, i)
