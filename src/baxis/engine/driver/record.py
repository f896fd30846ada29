"""IR of the outputs: dense output inside accepted steps, values at the start, rules where they are asked for."""

from __future__ import annotations

from baxis.engine.codegen.ir import Function, bits
from baxis.engine.codegen.layout import context
from baxis.engine.driver.access import LaneAccess


class RecordCode(LaneAccess):
    """Writes the functions that record outputs."""

    def functions(self) -> list[Function]:
        return [self._scatter(), self._record(), self._record_start()]

    def _scatter(self) -> Function:
        """Copy the chosen outputs of lane `%lane` from `seen` to its row, and move on to its next output."""
        f = self.per_lane("scatter")
        k, count = self.geti(f, "next_out"), context(f, "n_select")
        row = f.integer("add", f.integer("mul", self.geti(f, "patient"), context(f, "n_times")), k)
        out = f.at(context(f, "out"), f.integer("mul", row, count), "double")
        chosen, seen = context(f, "select"), self.layout.buffer(f, "seen")
        with f.loop(count) as j:
            f.store("double", f.load("double", seen, self.in_lane(f, f.load("i64", chosen, j))), out, j)
        self.puti(f, "next_out", f.integer("add", k, 1))
        self.puti(f, "due", 0)
        f.do("ret void")
        return f

    def _see(self, f: Function) -> None:
        """Evaluate the rules at `seen` if any is asked for, then write out every lane that is due."""
        b = self.layout.buffer
        with f.when(f.icmp("ne", context(f, "observe"), 0)):
            pointers = [b(f, "seen"), b(f, "p"), b(f, "c"), b(f, "seen", self.layout.shape.states)]
            moment = f.vload(b(f, "factor"))
            f.do(f"call void @observe({', '.join(f'ptr {p}' for p in pointers)}, {f.vt} {moment})")
        with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "due", lane), 0)):
            f.do(f"call void @scatter(ptr %ctx, ptr %s, i64 {lane})")

    def _next_output(self, f: Function, lane: str) -> tuple[str, str]:
        """(i1 there is one, its time or NaN)."""
        k, count = self.geti(f, "next_out", lane), context(f, "n_times")
        there = f.icmp("slt", k, count)
        return there, f.load("double", context(f, "times"), f.pick(there, "i64", k, 0))

    def _record(self) -> Function:
        """Outputs inside the accepted steps, by dense output; several rounds if a step spans several outputs."""
        f = self.whole("record")
        some = f.emit("alloca i64")
        f.do("call void @interpolants(ptr %ctx, ptr %s)")
        with f.forever() as (_, out):
            f.store("i64", "0", some)
            with f.loop(f.lanes) as lane:
                t, step = self.get(f, "t", lane), self.get(f, "step", lane)
                end = f.real("fadd", t, step)
                end = f.pick(f.icmp("ne", self.geti(f, "hit", lane), 0), "double", self.get(f, "stop", lane), end)
                there, when = self._next_output(f, lane)
                taken = f.fcmp("oeq", self.get(f, "accepted", lane), bits(1.0))
                due = f.emit(f"and i1 {f.emit(f'and i1 {there}, {taken}')}, {f.fcmp('ole', when, end)}")
                x = f.real("fdiv", f.real("fsub", when, t), step)
                x = f.pick(f.fcmp("ogt", x, bits(1.0)), "double", bits(1.0), x)
                inside = f.emit(f"and i1 {due}, {f.fcmp('olt', when, end)}")
                self.put(f, "theta", f.pick(inside, "double", x, bits(1.0)), lane)
                self.put(f, "factor", f.pick(due, "double", when, t), lane)
                self.puti(f, "due", f.emit(f"zext i1 {due} to i64"), lane)
                with f.when(due):
                    f.store("i64", "1", some)
            f.leave_if(f.icmp("eq", f.load("i64", some), 0), out)
            f.do("call void @interpolate(ptr %ctx, ptr %s)")
            self._see(f)
        f.do("ret void")
        return f

    def _record_start(self) -> Function:
        """Outputs at the start time, before any event at that time."""
        f = self.whole("record_start")
        y, seen = self.layout.buffer(f, "y"), self.layout.buffer(f, "seen")
        f.vstore(f.vload(self.layout.buffer(f, "t")), self.layout.buffer(f, "factor"))
        with f.loop(f.lanes) as lane:
            there, when = self._next_output(f, lane)
            due = f.emit(f"and i1 {there}, {f.fcmp('ole', when, self.get(f, 't', lane))}")
            due = f.emit(f"and i1 {due}, {f.icmp('ne', self.geti(f, 'fresh', lane), 0)}")
            self.puti(f, "due", f.emit(f"zext i1 {due} to i64"), lane)
        with f.loop(self.layout.shape.states) as i:
            f.vstore(f.vload(y, i), seen, i)
        self._see(f)
        f.do("ret void")
        return f
