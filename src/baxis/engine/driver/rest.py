"""IR of the Newton polish at rest: y += (r I - J)^-1 f with a tiny r, the same sparse LU, one patient a lane."""

from __future__ import annotations

from baxis.engine.codegen.denormals import flushed
from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.layout import OK, Layout, context
from baxis.engine.driver.access import LaneAccess

ITERATIONS = 8


def polish(layout: Layout, fused: bool) -> Function:
    """Entry `polish`: ITERATIONS Newton steps for every listed patient; `reached` receives the size of the last one.

    The size is the largest |change|/(atol + |state|): about the relative distance still left to the rest state.
    """
    code = LaneAccess(layout, fused)
    f = Function("polish", ["ptr %ctx", "ptr %s"], layout.lanes, fused)
    with flushed(f, layout.warp == 1):
        _polish_all(f, code, layout)
    f.do("ret void")
    return f


def _polish_all(f: Function, code: LaneAccess, layout: Layout) -> None:
    with code.listed(f):
        f.do(f"call void @prepare(ptr {layout.buffer(f, 'p')}, ptr {layout.buffer(f, 'c')})")
        with f.loop(ITERATIONS):
            _newton(f, layout)
        with f.loop(f.lanes) as lane, f.when(code.active(f, lane)):
            who = code.geti(f, "patient", lane)
            culprit = f.emit(f"fptosi double {code.get(f, 'theta', lane)} to i64")
            f.store("i64", culprit, context(f, "culprit"), who)
            code.put(f, "t", code.get(f, "error", lane), lane)
            f.do(f"call void @finish(ptr %ctx, ptr %s, i64 {lane}, i64 {OK})")


def _newton(f: Function, layout: Layout) -> None:
    b = layout.buffer
    y, p, c, rate, mix, jac, lu = (b(f, k) for k in ("y", "p", "c", "rate", "mix", "jac", "lu"))
    f.vstore(f.splat(0.5), b(f, "doubt"))
    f.vstore(f.splat(0.0), b(f, "step"))
    change, largest, where = b(f, "stages"), b(f, "error"), b(f, "theta")
    f.do("call void @linearise(ptr %ctx, ptr %s)")
    r = f.broadcast(context(f, "pseudo_rate"))
    f.do(f"call void @factor(ptr {jac}, ptr {p}, ptr {c}, ptr {lu}, ptr {b(f, 'bad')}, {f.vt} {r})")
    with f.loop(layout.shape.states) as i:
        f.vstore(f.splat(0.0), mix, i)
    f.do(f"call void @solve(ptr {lu}, ptr {rate}, ptr {mix}, ptr {change}, {f.vt} {f.splat(0.0)})")
    f.vstore(f.splat(0.0), largest)
    f.vstore(f.splat(0.0), where)
    with f.loop(layout.shape.states) as i:
        step = f.vload(change, i)
        new = f.op("fadd", f.vload(y, i), step)
        f.vstore(new, y, i)
        scale = f.op("fadd", f.vload(b(f, "atol"), i), f.unary("fabs", new))
        part = f.op("fdiv", f.unary("fabs", step), scale)
        worse = f.compare("ugt", part, f.vload(largest))
        index = f.broadcast(f.emit(f"sitofp i64 {i} to double"))
        f.vstore(f.select(worse, part, f.vload(largest)), largest)
        f.vstore(f.select(worse, index, f.vload(where)), where)
