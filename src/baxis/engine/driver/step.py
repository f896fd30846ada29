"""IR of one vector step of a Rosenbrock method: stages, error norm, dense output, initial step size."""

from __future__ import annotations

from collections.abc import Sequence

from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.layout import Layout, context
from baxis.engine.codegen.tableau import Tableau
from baxis.engine.driver.mend import between_switches

SAFETY, SHRINK, GROW = 0.95, 0.2, 8.0
BOLD = 1000.0  # most that one step may teach about the first step after the next dose
FLOOR = 1e-24  # added to the squared error before its root is taken


class StepCode:
    """Writes functions over whole vectors; nothing in them depends on what another lane holds."""

    def __init__(self, layout: Layout, tableau: Tableau, fused: bool) -> None:
        self.layout, self.tableau, self.fused = layout, tableau, fused
        self.n = layout.shape.states

    def functions(self) -> list[Function]:
        return [self._stages(), self._measure(), self._interpolants(), self._interpolate(), self._first_step()]

    def _function(self, name: str) -> Function:
        return Function(name, ["ptr %ctx", "ptr %s"], self.layout.lanes, self.fused)

    def _vector(self, f: Function, name: str) -> str:
        return f.vload(self.layout.buffer(f, name))

    def _stage(self, f: Function, k: int) -> str:
        return self.layout.buffer(f, "stages", k * self.n)

    def _call(self, f: Function, name: str, pointers: Sequence[str], vector: str) -> None:
        args = ", ".join([*(f"ptr {p}" for p in pointers), f"{f.vt} {vector}"])
        f.do(f"call void @{name}({args})")

    def _stages(self) -> Function:
        """Linearise, factorise, and solve every stage; leaves the trial state in `new`, the error in the last stage."""
        f, b = self._function("stages"), self.layout.buffer
        y, p, c, rate, mix, slope = (b(f, k) for k in ("y", "p", "c", "rate", "mix", "slope"))
        jac, lu = b(f, "jac"), b(f, "lu")
        t, step, inverse = (self._vector(f, k) for k in ("t", "step", "inverse"))
        f.do("call void @linearise(ptr %ctx, ptr %s)")
        self._call(f, "factor", [jac, p, c, lu, b(f, "bad")], f.op("fmul", inverse, f.splat(1.0 / self.tableau.gamma)))
        new = b(f, "new")
        for k in range(self.tableau.stages):
            self._combine(f, k, y, new, mix, slope)
            if k > 0:
                moment = f.fma(f.splat(self.tableau.alpha[k]), step, t)
                if k == 1 and self.layout.shape.steep:
                    self._copy(f, rate, b(f, "seen"))
                self._call(f, "rates", [new, p, c, rate], between_switches(f, self.layout, moment))
                if k == 1 and self.layout.shape.steep:
                    f.do("call void @surprise(ptr %ctx, ptr %s)")
            self._call(f, "solve", [lu, rate, mix, self._stage(f, k)], inverse)
        last = self._stage(f, self.tableau.stages - 1)
        with f.loop(self.n) as i:
            f.vstore(f.op("fadd", f.vload(new, i), f.vload(last, i)), new, i)
        f.do("ret void")
        return f

    def _copy(self, f: Function, source: str, target: str) -> None:
        with f.loop(self.n) as i:
            f.vstore(f.vload(source, i), target, i)

    def _combine(self, f: Function, k: int, y: str, new: str, mix: str, slope: str) -> None:
        """new = y + sum a_kj U_j and mix = sum c_kj U_j (+ gamma_k h^2 df/dt), in one pass over the stages."""
        a, c = list(self.tableau.a[k]), list(self.tableau.c[k])
        before = list(self.tableau.a[k - 1]) if k else []
        goes_on = k > 1 and a[:-1] == before  # this row repeats the last one: add to it
        weight = self.tableau.gammas[k] if self.layout.shape.time_slopes else 0.0
        step = self._vector(f, "step")
        square = f.op("fmul", f.op("fmul", step, step), f.splat(weight)) if weight else ""
        with f.loop(self.n) as i:
            u = [f.vload(self._stage(f, j), i) if a[j] or c[j] else "" for j in range(k)]
            if k:
                value = f.vload(new if goes_on else y, i)
                for j in [k - 1] if goes_on else range(k):
                    if a[j]:
                        value = f.fma(f.splat(a[j]), u[j], value)
                f.vstore(value, new, i)
            total = f.op("fmul", square, f.vload(slope, i)) if weight else f.splat(0.0)
            for j in range(k):
                if c[j]:
                    total = f.fma(f.splat(c[j]), u[j], total)
            f.vstore(total, mix, i)

    def _measure(self) -> Function:
        """Scaled error and the factor for the next step size, a vector each; a negative state counts as an error."""
        f = self._function("measure")
        y, new = self.layout.buffer(f, "y"), self.layout.buffer(f, "new")
        last = self._stage(f, self.tableau.stages - 1)
        error = self.layout.buffer(f, "error")
        atol, rtol = self.layout.buffer(f, "atol"), f.broadcast(context(f, "rtol"))
        f.vstore(f.splat(0.0), error)
        with f.loop(self.n) as i:
            size = self._larger(f, f.unary("fabs", f.vload(y, i)), f.unary("fabs", f.vload(new, i)))
            scale = f.fma(rtol, size, f.vload(atol, i))
            part = f.op("fdiv", f.vload(last, i), scale)
            f.vstore(f.fma(part, part, f.vload(error)), error)
        mean = f.op("fmul", f.vload(error), f.splat(1.0 / max(self.n, 1)))
        f.vstore(mean, error)
        raw = self._wish(f, mean)
        for name, most in (("factor", GROW), ("bold", BOLD)):
            low = f.select(f.compare("ogt", raw, f.splat(SHRINK)), raw, f.splat(SHRINK))
            f.vstore(f.select(f.compare("olt", low, f.splat(most)), low, f.splat(most)), self.layout.buffer(f, name))
        f.do("ret void")
        return f

    def _wish(self, f: Function, mean: str) -> str:
        """safety * error^(-1/order); the mean square enters, hence half the exponent."""
        x = f.op("fadd", mean, f.splat(FLOOR))
        if self.tableau.order == 4:
            root = f.unary("sqrt", f.unary("sqrt", f.unary("sqrt", x)))
            return f.op("fdiv", f.splat(SAFETY), root)
        return f.op("fmul", f.splat(SAFETY), f.call("vpow", x, f.splat(-0.5 / self.tableau.order)))

    def _larger(self, f: Function, a: str, b: str) -> str:
        return f.select(f.compare("ogt", a, b), a, b)

    def _interpolants(self) -> Function:
        """The extra vectors of the continuous output of the last step."""
        f = self._function("interpolants")
        with f.loop(self.n) as i:
            u = [f.vload(self._stage(f, j), i) for j in range(self.tableau.stages)]
            for k, row in enumerate(self.tableau.dense):
                total = f.splat(0.0)
                for weight, stage in zip(row, u, strict=True):
                    if weight:
                        total = f.fma(f.splat(weight), stage, total)
                f.vstore(total, self.layout.buffer(f, "dense", k * self.n), i)
        f.do("ret void")
        return f

    def _interpolate(self) -> Function:
        """seen = state at t + theta*step, theta in [0, 1] a lane: y(1-x) + x(new + (1-x)(d1 + x(d2 + ...)))."""
        f = self._function("interpolate")
        x = self._vector(f, "theta")
        rest = f.op("fsub", f.splat(1.0), x)
        y, new, seen = (self.layout.buffer(f, k) for k in ("y", "new", "seen"))
        dense = [self.layout.buffer(f, "dense", k * self.n) for k in range(len(self.tableau.dense))]
        with f.loop(self.n) as i:
            bend = f.vload(dense[-1], i)
            for d in reversed(dense[:-1]):
                bend = f.fma(x, bend, f.vload(d, i))
            inner = f.fma(rest, bend, f.vload(new, i))
            f.vstore(f.fma(x, inner, f.op("fmul", rest, f.vload(y, i))), seen, i)
        f.do("ret void")
        return f

    def _first_step(self) -> Function:
        """factor = 0.01 |y|/|f| in the scaled norm: a step size to begin with, a vector."""
        f, b = self._function("guess"), self.layout.buffer
        y, rate = b(f, "y"), b(f, "rate")
        self._call(f, "rates", [y, b(f, "p"), b(f, "c"), rate], self._vector(f, "t"))
        atol, rtol = b(f, "atol"), f.broadcast(context(f, "rtol"))
        size, speed = b(f, "error"), b(f, "factor")
        f.vstore(f.splat(1.0), size)
        f.vstore(f.splat(0.0), speed)
        with f.loop(self.n) as i:
            value = f.vload(y, i)
            scale = f.fma(rtol, f.unary("fabs", value), f.vload(atol, i))
            for x, total in ((value, size), (f.vload(rate, i), speed)):
                part = f.op("fdiv", x, scale)
                f.vstore(f.fma(part, part, f.vload(total)), total)
        ratio = f.unary("sqrt", f.op("fdiv", f.vload(size), f.vload(speed)))
        f.vstore(f.op("fmul", f.splat(0.01), ratio), speed)
        f.do("ret void")
        return f
