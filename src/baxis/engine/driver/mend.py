"""IR of what is done where a slope is infinite or no number although the rate is finite: sqrt(x), x^0.8, (K/x)^n at 0.

A lane is in doubt (a number: tries spoilt in a row, half a one for a mere look) when its factors or its error were spoilt. Entries of its Jacobian that are not finite are then taken
from a point close by, on the way that the rates point (or an absolute tolerance further, where they vanish); what is not
finite there either counts as 0. The method stays consistent with any Jacobian, and the error of the step is measured as
ever. `surprise` holds all of this honest: a slope that is finite but says nothing about the step refuses it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.layout import Layout, context
from baxis.engine.codegen.tableau import Tableau

OFF = 2.0**-46
NEGLIGIBLE = 100.0  # absolute tolerances below 0 that a state without a rate may lie, to be set to 0
NOTHING = 0.01  # absolute tolerances that a state may lie from 0, on its way there, to be set to 0
SOON = 10.0  # steps of the size now tried, within which it gets there
DEEP = 3.0  # tries in a row that were spoilt
VAST = 1e10  # times 1/step
MUCH = 1e3  # times its neighbour that an entry may be, where no step succeeds
SOME = 0.01
WRONG_BY = 0.5  # share of the foreseen change of a rate by which it may differ from what came


def between_switches(f: Function, layout: Layout, moment: str) -> str:
    """A time (vector) within a step, kept off its two ends by some roundings: what the clock switches has switched
    after the start of a step, and not before its end. Only for models that read the clock."""
    if not layout.shape.uses_time:
        return moment
    t, stop = (f.vload(layout.buffer(f, k)) for k in ("t", "stop"))
    first = f.op("fadd", f.fma(f.unary("fabs", t), f.splat(OFF), t), f.splat(1e-300))
    last = f.fma(f.unary("fabs", stop), f.splat(-OFF), stop)
    moment = f.select(f.compare("olt", last, moment), last, moment)
    return f.select(f.compare("olt", moment, first), first, moment)


class MendCode:
    """Writes functions over whole vectors; lanes that are not in doubt keep every bit."""

    def __init__(self, layout: Layout, tableau: Tableau, fused: bool) -> None:
        self.layout, self.tableau, self.fused = layout, tableau, fused
        self.n, self.entries = layout.shape.states, layout.shape.jacobian

    def functions(self) -> list[Function]:
        steep = [self._surprise()] if self.layout.shape.steep and self.n else []
        return [self._linearise(), self._mend(), self._shifted(), *steep]

    def _function(self, name: str) -> Function:
        return Function(name, ["ptr %ctx", "ptr %s"], self.layout.lanes, self.fused)

    def _call_model(self, f: Function, pointers: Sequence[str], moment: str) -> None:
        b = self.layout.buffer
        y, rate, jac, slope = pointers
        places = ", ".join(f"ptr {p}" for p in (y, b(f, "p"), b(f, "c"), rate, jac, slope))
        f.do(f"call void @linearised({places}, {f.vt} {moment})")

    def _linearise(self) -> Function:
        """Rates, Jacobian and time slopes at the lanes' states, mended in the lanes that are in doubt."""
        f, b = self._function("linearise"), self.layout.buffer
        self._call_model(
            f, [b(f, k) for k in ("y", "rate", "jac", "slope")], between_switches(f, self.layout, f.vload(b(f, "t")))
        )
        with f.when(f.any(f.compare("une", f.vload(b(f, "doubt")), f.splat(0.0)))):
            f.do("call void @mend(ptr %ctx, ptr %s)")
        f.do("ret void")
        return f

    def _spoilt(self, f: Function, *buffers: tuple[str, int]) -> str:
        """Mask of the lanes in doubt in which some number of the buffers is not finite."""
        total = f.splat(0.0)
        for name, size in buffers:
            pointer = self.layout.buffer(f, name)
            total = f.running(size, 0, total, lambda i, t, p=pointer: f.fma(f.vload(p, i), f.splat(0.0), t))  # type: ignore[misc]
        doubted = f.compare("une", f.vload(self.layout.buffer(f, "doubt")), f.splat(0.0))
        return f.mask("and", doubted, f.compare("une", total, f.splat(0.0)))

    def _mend(self) -> Function:
        """First the states that leave the rates without a value, then the slopes; `mended` says where some were bad."""
        f, b = self._function("mend"), self.layout.buffer
        doubt = f.vload(b(f, "doubt"))
        spoilt, deep = (f.compare("ogt", doubt, f.splat(k)) for k in (1.0, DEEP))
        no_rate = self._spoilt(f, ("rate", self.n))
        with f.when(f.any(f.mask("or", no_rate, spoilt))):
            self._settle_at_zero(f, no_rate, spoilt)
            self._call_model(
                f,
                [b(f, k) for k in ("y", "rate", "jac", "slope")],
                between_switches(f, self.layout, f.vload(b(f, "t"))),
            )
        slopes = [("slope", self.n)] if self.layout.shape.time_slopes else []
        bad = f.mask("or", self._spoilt(f, ("jac", self.entries), *slopes), self._vast_lanes(f))
        f.vstore(f.select(bad, f.splat(1.0), f.splat(0.0)), b(f, "mended"))
        with f.when(f.any(f.mask("or", bad, deep))):
            f.do("call void @shifted(ptr %ctx, ptr %s)")
            self._replace(f, bad, deep, ("jac", "lu", self.entries))
            if slopes:
                self._replace(f, bad, deep, ("slope", "stages", self.n))
        f.do("ret void")
        return f

    def _vast(self, f: Function, entry: str) -> str:
        """Mask: is the entry so large that it would hold its state still over the step to all digits?"""
        return f.compare("ogt", f.op("fmul", entry, f.vload(self.layout.buffer(f, "step"))), f.splat(VAST))

    def _vast_lanes(self, f: Function) -> str:
        jac = self.layout.buffer(f, "jac")

        def larger(i: str, top: str) -> str:
            size = f.unary("fabs", f.vload(jac, i))
            return f.select(f.compare("ogt", size, top), size, top)

        top = f.running(self.entries, 0, f.splat(0.0), larger)
        doubted = f.compare("une", f.vload(self.layout.buffer(f, "doubt")), f.splat(0.0))
        return f.mask("and", doubted, self._vast(f, top))

    def _settle_at_zero(self, f: Function, no_rate: str, spoilt: str) -> None:
        """0 for states that their tolerance does not tell from it: a little below where a rate has no value, or,
        where the last try was spoilt, on the way to 0 and there at once (a tank that runs empty)."""
        b, zero = self.layout.buffer, f.splat(0.0)
        with f.loop(self.n) as i:
            value, rate, atol = (f.vload(b(f, k), i) for k in ("y", "rate", "atol"))
            least = f.op("fmul", atol, f.splat(-NEGLIGIBLE))
            under = f.mask("and", f.compare("olt", value, zero), f.compare("oge", value, least))
            tiny = f.compare("olt", f.unary("fabs", value), f.op("fmul", atol, f.splat(NOTHING)))
            there = f.fma(f.op("fmul", f.splat(SOON), f.vload(b(f, "step"))), rate, value)
            falls = f.compare("olt", f.op("fmul", value, there), zero)
            gone = f.mask("and", spoilt, f.mask("and", tiny, falls))
            gone = f.mask("or", gone, f.mask("and", no_rate, under))
            f.vstore(f.select(gone, zero, value), b(f, "y"), i)

    def _replace(self, f: Function, bad: str, deep: str, what: tuple[str, str, int]) -> None:
        """In the bad lanes, entries that are not finite become those close by, or 0; vast ones, and where no step
        succeeds all, also if they are much larger than close by."""
        name, other, size = what
        here, there = self.layout.buffer(f, name), self.layout.buffer(f, other)
        with f.loop(size) as i:
            own, near = f.vload(here, i), f.vload(there, i)
            sound = f.select(self._finite(f, near), near, f.splat(0.0))
            wanted = f.mask("and", bad, f.compare("une", f.op("fmul", own, f.splat(0.0)), f.splat(0.0)))
            larger = f.op("fmul", f.splat(MUCH), f.unary("fabs", near))
            height = f.unary("fabs", own)
            steep = f.mask("and", f.mask("or", deep, self._vast(f, height)), f.compare("ogt", height, larger))
            steep = f.mask("and", steep, f.mask("or", deep, bad))
            f.vstore(f.select(f.mask("or", wanted, steep), sound, own), here, i)

    def _finite(self, f: Function, value: str) -> str:
        return f.compare("olt", f.unary("fabs", value), f.splat(math.inf))

    def _shifted(self) -> Function:
        """Jacobian (in `lu`) and time slopes (in the first stage) a little further on; both places are free before a step."""
        f, b = self._function("shifted"), self.layout.buffer
        y, rate, seen = b(f, "y"), b(f, "rate"), b(f, "seen")
        step, t = f.vload(b(f, "step")), f.vload(b(f, "t"))
        with f.loop(self.n) as i:
            value = f.vload(y, i)
            moved = f.fma(step, f.vload(rate, i), value)
            still = f.mask("or", f.compare("oeq", moved, value), f.compare("uno", moved, moved))
            f.vstore(f.select(still, f.op("fadd", value, f.vload(b(f, "atol"), i)), moved), seen, i)
        moment = f.op("fadd", t, f.op("fmul", f.splat(0.5), step))
        self._call_model(f, [seen, b(f, "new"), b(f, "lu"), b(f, "stages")], moment)
        f.do("ret void")
        return f

    def _surprise(self) -> Function:
        """After the second stage's rates: bad = 1 where a rate changed quite unlike what its slopes foresaw.

        Foreseen is a21 J U1 + alpha2 h df/dt, and J U1 = U1/(gamma h) - f - gamma1 h df/dt by the first stage; `seen`
        holds the first rates. It counts where the difference, kept up over the step, exceeds the tolerance, or a
        hundredth of it where the slopes turned the state back against its own rate (a huge positive slope).
        """
        f, b, tableau = self._function("surprise"), self.layout.buffer, self.tableau
        a, step = tableau.a[1][0], f.vload(b(f, "step"))
        per_step = f.op("fmul", f.vload(b(f, "inverse")), f.splat(1.0 / tableau.gamma))
        weight = f.op("fmul", step, f.splat(tableau.alpha[1] - a * tableau.gammas[0]))
        rtol = f.broadcast(context(f, "rtol"))
        f.vstore(f.splat(0.0), b(f, "theta"))
        with f.loop(self.n) as i:
            first, size = f.vload(b(f, "seen"), i), f.unary("fabs", f.vload(b(f, "y"), i))
            bend = f.op("fsub", f.op("fmul", per_step, f.vload(b(f, "stages"), i)), first)
            foreseen = f.op("fmul", f.splat(a), bend)
            if self.layout.shape.time_slopes:
                foreseen = f.fma(weight, f.vload(b(f, "slope"), i), foreseen)
            change = f.op("fsub", f.vload(b(f, "rate"), i), first)
            off = f.unary("fabs", f.op("fsub", change, foreseen))
            scale = f.fma(rtol, size, f.vload(b(f, "atol"), i))
            lasting = f.op("fmul", step, off)
            much, some = (f.compare("ogt", lasting, f.op("fmul", f.splat(s), scale)) for s in (1.0, SOME))
            against = f.compare("olt", f.op("fmul", first, f.vload(b(f, "stages"), i)), f.splat(0.0))
            backwards = f.mask("and", against, f.compare("ogt", f.unary("fabs", foreseen), f.unary("fabs", first)))
            wrong = f.compare("ogt", off, f.op("fmul", f.splat(WRONG_BY), f.unary("fabs", foreseen)))
            found = f.mask("and", wrong, f.mask("or", much, f.mask("and", some, backwards)))
            f.vstore(f.select(found, f.splat(1.0), f.vload(b(f, "theta"))), b(f, "theta"))
        surprised = f.compare("une", f.vload(b(f, "theta")), f.splat(0.0))
        f.vstore(f.select(surprised, f.splat(1.0), f.vload(b(f, "bad"))), b(f, "bad"))
        f.do("ret void")
        return f
