"""IR of state triggers: looks inside accepted steps, bisection of the first jump to the last bit, pause of the lane.

Only a model with events has this code. What is watched are numbers that stay the same between jumps (truth values of
triggers and comparisons, floors). A lane pauses at a jump; the caller executes events and takes the lane up again.
"""

from __future__ import annotations

from baxis.engine.codegen.denormals import flushed
from baxis.engine.codegen.ir import Function, bits
from baxis.engine.codegen.layout import PAUSED, context
from baxis.engine.driver.access import NO_PATIENT
from baxis.engine.driver.record import RecordCode

PARTS = 8  # looks for a jump inside one step
SNAP = 1e-10  # a jump this close before an output time (relative) is taken to fall on it


class WatchCode(RecordCode):
    """Writes the functions of a model that watches something."""

    def functions(self) -> list[Function]:
        return [
            *super().functions(),
            self._mark(),
            self._check(),
            self._watch(),
            self._locate(),
            self._pause(),
            self._entry(),
        ]

    def _monitor(self, f: Function, state: str, moment: str) -> None:
        """looks = what is watched; differs = 1 in the lanes where something jumped against `before`."""
        b, pointers = self.layout.buffer, [state, "p", "c", "looks"]
        text = ", ".join(f"ptr {b(f, p)}" for p in pointers)
        f.do(f"call void @monitor({text}, {f.vt} {moment})")
        f.vstore(f.splat(0.0), b(f, "differs"))
        with f.loop(self.layout.shape.watched) as i:
            was, now = f.vload(b(f, "before"), i), f.vload(b(f, "looks"), i)
            numbers = f.mask("or", f.compare("ord", was, was), f.compare("ord", now, now))
            jumped = f.mask("and", f.compare("une", was, now), numbers)
            f.vstore(f.select(jumped, f.splat(1.0), f.vload(b(f, "differs"))), b(f, "differs"))

    def _mark(self) -> Function:
        """`before` of the lanes that were just filled."""
        f, b = self.whole("mark"), self.layout.buffer
        self._monitor(f, "y", f.vload(b(f, "t")))
        with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "fresh", lane), 0)):
            looks, before = b(f, "looks"), b(f, "before")
            with f.loop(self.layout.shape.watched) as i:
                place = self.in_lane(f, i, lane)
                f.store("double", f.load("double", looks, place), before, place)
        f.do("ret void")
        return f

    def _check(self) -> Function:
        """Pauses the lanes where a dose made something jump; returns how many."""
        f, b = self.whole("check", "i64"), self.layout.buffer
        count = f.emit("alloca i64")
        f.store("i64", "0", count)
        self._monitor(f, "y", f.vload(b(f, "t")))
        with f.loop(f.lanes) as lane:
            dosed = f.icmp("ne", self.geti(f, "dosed", lane), 0)
            jumped = f.fcmp("oeq", self.get(f, "differs", lane), bits(1.0))
            jumped = f.emit(f"and i1 {dosed}, {f.emit(f'and i1 {jumped}, {self.active(f, lane)}')}")
            self.puti(f, "dosed", 0, lane)
            with f.when(jumped):
                f.store("i64", f.integer("add", f.load("i64", count), 1), count)
                f.do(f"call void @finish(ptr %ctx, ptr %s, i64 {lane}, i64 {PAUSED})")
        f.do(f"ret i64 {f.load('i64', count)}")
        return f

    def _watch(self) -> Function:
        """Outputs and looks inside the accepted steps, in order of time, up to the first jump of each lane."""
        f = self.whole("watch")
        some = f.emit("alloca i64")
        f.do("call void @interpolants(ptr %ctx, ptr %s)")
        with f.loop(f.lanes) as lane:
            self.put(f, "low", bits(0.0), lane)
            for name in ("part", "found"):
                self.puti(f, name, 0, lane)
        with f.forever() as (_, out):
            f.store("i64", "0", some)
            with f.loop(f.lanes) as lane:
                self._next_look(f, lane)
                with f.when(f.icmp("ne", self.geti(f, "look", lane), 0)):
                    f.store("i64", "1", some)
            f.leave_if(f.icmp("eq", f.load("i64", some), 0), out)
            f.do("call void @interpolate(ptr %ctx, ptr %s)")
            self._monitor(f, "seen", f.vload(self.layout.buffer(f, "factor")))
            with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "look", lane), 0)):
                self._judge_look(f, lane)
            self._see(f)
        f.do("call void @locate(ptr %ctx, ptr %s)")
        f.do("ret void")
        return f

    def _next_look(self, f: Function, lane: str) -> None:
        """theta and moment (in `factor`) of the next look: an output that is due, else the end of the next part."""
        t, step, part = self.get(f, "t", lane), self.get(f, "step", lane), self.geti(f, "part", lane)
        end, following = self._step_end(f, lane), f.integer("add", part, 1)
        last = f.icmp("eq", following, PARTS)
        share = f.real("fmul", f.emit(f"sitofp i64 {following} to double"), bits(1.0 / PARTS))
        bound = f.pick(last, "double", end, f.real("fadd", t, f.real("fmul", share, step)))
        there, when = self._next_output(f, lane)
        taken = f.fcmp("oeq", self.get(f, "accepted", lane), bits(1.0))
        live = f.emit(f"and i1 {taken}, {f.icmp('slt', part, PARTS)}")
        who = f.pick(live, "i64", self.geti(f, "patient", lane), 0)
        within = f.emit(f"and i1 {last}, {f.fcmp('ole', when, bound)}")
        within = f.emit(f"or i1 {within}, {f.fcmp('olt', when, bound)}")
        before = f.fcmp("olt", when, f.load("double", context(f, "pending"), who))
        due = f.emit(f"and i1 {there}, {f.emit(f'and i1 {before}, {within}')}")
        due = f.emit(f"and i1 {due}, {live}")
        x = f.real("fdiv", f.real("fsub", when, t), step)
        x = f.pick(f.fcmp("olt", when, end), "double", x, bits(1.0))
        x = f.pick(f.fcmp("ogt", x, bits(1.0)), "double", bits(1.0), x)
        theta, moment = f.pick(due, "double", x, share), f.pick(due, "double", when, bound)
        self.put(f, "theta", f.pick(live, "double", theta, bits(1.0)), lane)
        self.put(f, "factor", f.pick(live, "double", moment, t), lane)
        self.puti(f, "due", f.emit(f"zext i1 {due} to i64"), lane)
        self.puti(f, "look", f.pick(due, "i64", 2, f.emit(f"zext i1 {live} to i64")), lane)

    def _step_end(self, f: Function, lane: str) -> str:
        end = f.real("fadd", self.get(f, "t", lane), self.get(f, "step", lane))
        return f.pick(f.icmp("ne", self.geti(f, "hit", lane), 0), "double", self.get(f, "stop", lane), end)

    def _judge_look(self, f: Function, lane: str) -> None:
        theta, part = self.get(f, "theta", lane), self.geti(f, "part", lane)
        jumped = f.fcmp("oeq", self.get(f, "differs", lane), bits(1.0))
        onward = f.integer("add", part, f.emit(f"zext i1 {f.icmp('eq', self.geti(f, 'look', lane), 1)} to i64"))
        self.puti(f, "part", f.pick(jumped, "i64", PARTS, onward), lane)
        self.put(f, "low", f.pick(jumped, "double", self.get(f, "low", lane), theta), lane)
        with f.when(jumped):
            self.puti(f, "found", 1, lane)
            self.puti(f, "due", 0, lane)
            self.put(f, "high", theta, lane)
            self.put(f, "moment", self.get(f, "factor", lane), lane)

    def _locate(self) -> Function:
        """Halves [low, high] of every lane that found a jump until nothing lies between; its state there is `new`."""
        f, b = self.whole("locate"), self.layout.buffer
        some = f.emit("alloca i64")
        with f.forever() as (_, out):
            f.store("i64", "0", some)
            with f.loop(f.lanes) as lane:
                self._halve(f, lane, some)
            f.do("call void @interpolate(ptr %ctx, ptr %s)")
            f.leave_if(f.icmp("eq", f.load("i64", some), 0), out)
            self._monitor(f, "seen", f.vload(b(f, "factor")))
            with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "look", lane), 0)):
                jumped = f.fcmp("oeq", self.get(f, "differs", lane), bits(1.0))
                for name, source, when in (("high", "theta", 1), ("moment", "factor", 1), ("low", "theta", 0)):
                    held, new = self.get(f, name, lane), self.get(f, source, lane)
                    self.put(f, name, f.pick(jumped, "double", new if when else held, held if when else new), lane)
        with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "found", lane), 0)):
            seen, new = b(f, "seen"), b(f, "new")
            with f.loop(self.layout.shape.states) as i:
                place = self.in_lane(f, i, lane)
                f.store("double", f.load("double", seen, place), new, place)
        f.do("ret void")
        return f

    def _halve(self, f: Function, lane: str, some: str) -> None:
        """theta = the middle and look = 1 while there is a middle; else theta = high."""
        low, high = self.get(f, "low", lane), self.get(f, "high", lane)
        middle = f.real("fmul", bits(0.5), f.real("fadd", low, high))
        between = f.emit(f"and i1 {f.fcmp('olt', low, middle)}, {f.fcmp('olt', middle, high)}")
        found = f.icmp("ne", self.geti(f, "found", lane), 0)
        between = f.emit(f"and i1 {found}, {between}")
        moment = f.real("fadd", self.get(f, "t", lane), f.real("fmul", middle, self.get(f, "step", lane)))
        latest = self.get(f, "moment", lane)
        moment = f.pick(f.fcmp("olt", latest, moment), "double", latest, moment)
        at = f.pick(found, "double", f.pick(between, "double", middle, high), bits(1.0))
        self.put(f, "theta", at, lane)
        self.put(f, "factor", f.pick(found, "double", moment, self.get(f, "t", lane)), lane)
        self.puti(f, "look", f.emit(f"zext i1 {between} to i64"), lane)
        with f.when(between):
            f.store("i64", "1", some)

    def _pause(self) -> Function:
        """Stops the lane at the jump that it found, if any."""
        f = self.per_lane("pause")
        f.intrinsic("llvm.fabs.f64", "double", ["double"])
        found = f.emit(f"and i1 {f.icmp('ne', self.geti(f, 'found'), 0)}, {self.active(f, '%lane')}")
        found = f.emit(f"and i1 {found}, {f.fcmp('oeq', self.get(f, 'accepted'), bits(1.0))}")
        with f.when(found):
            moment = self.get(f, "moment")
            there, when = self._next_output(f, "%lane")
            reach = f.real("fmul", f.emit(f"call double @llvm.fabs.f64(double {when})"), bits(SNAP))
            near = f.emit(f"and i1 {f.fcmp('ole', moment, when)}, {f.fcmp('ole', f.real('fsub', when, moment), reach)}")
            near = f.emit(f"and i1 {near}, {there}")
            self.put(f, "t", f.pick(near, "double", when, moment))
            self.put(f, "accepted", bits(0.0))
            f.do(f"call void @finish(ptr %ctx, ptr %s, i64 %lane, i64 {PAUSED})")
        f.do("ret void")
        return f

    def _entry(self) -> Function:
        """Entry `look`: what is watched, then what is surveyed, of every listed patient at its clock, into `marks`."""
        f = Function("look", ["ptr %ctx", "ptr %s"], self.layout.lanes, self.fused)
        with flushed(f), self.listed(f):
            self._write_marks(f)
        f.do("ret void")
        return f

    def _write_marks(self, f: Function) -> None:
        b, shape = self.layout.buffer, self.layout.shape
        f.do(f"call void @prepare(ptr {b(f, 'p')}, ptr {b(f, 'c')})")
        for name, place in (("monitor", 0), ("survey", shape.watched)):
            pointers = ", ".join(f"ptr {p}" for p in (b(f, "y"), b(f, "p"), b(f, "c"), b(f, "looks", place)))
            f.do(f"call void @{name}({pointers}, {f.vt} {f.vload(b(f, 't'))})")
        count = shape.watched + shape.surveyed
        looks = b(f, "looks")
        with f.loop(f.lanes) as lane, f.when(self.active(f, lane)):
            who = self.geti(f, "patient", lane)
            row = f.at(context(f, "marks"), f.integer("mul", who, count), "double")
            with f.loop(count) as i:
                f.store("double", f.load("double", looks, self.in_lane(f, i, lane)), row, i)
            self.puti(f, "patient", NO_PATIENT, lane)
