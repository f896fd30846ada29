"""IR of the per-lane control: take a patient, apply events, find the next stop, finish or fail."""

from __future__ import annotations

from baxis.engine.codegen.ir import Function, bits
from baxis.engine.codegen.layout import ADD, CARRY, OFFSET, OK, PAUSED, SET_STATE, STOP, context
from baxis.engine.driver.access import NO_PATIENT, LaneAccess

SMALL_CHANGE = 1e-3  # a relative change of an input below this does not restart the step size


class LaneCode(LaneAccess):
    """Writes the functions that act on one lane; `%lane` is its number."""

    def functions(self) -> list[Function]:
        return [self._take(), self._finish(), self._blame(), self._apply(), self._settle()]

    def _copy_in(self, f: Function, source: str, target: str, count: int, patient: str) -> None:
        row = f.at(context(f, source), f.integer("mul", patient, count), "double")
        buffer = self.layout.buffer(f, target)
        with f.loop(count) as i:
            f.store("double", f.load("double", row, i), buffer, self.in_lane(f, i))

    def _take(self) -> Function:
        """Put patient `%who` into the lane, at the start time, with the step sizes it brings along."""
        f = self.per_lane("take", "i64 %who")
        watched = self.layout.shape.watched
        self._copy_in(f, "live" if watched else "parameters", "p", self.layout.shape.parameters, "%who")
        self._copy_in(f, "initial", "y", self.layout.shape.states, "%who")
        self._tolerances(f)
        self.put(f, "t", f.load("double", context(f, "clocks"), "%who") if watched else context(f, "t_start"))
        kept = f.at(context(f, "carry"), f.integer("mul", "%who", len(CARRY)), "double")
        for k, name in enumerate(CARRY):
            self.put(f, name, f.load("double", kept, k))
        for name in ("next_out", "next_event", "used", "strikes", "hit", "rejected", "due", "cause", "restart"):
            self.puti(f, name, 0)
        if watched:
            self._resume(f)
        self.puti(f, "probe", 0)
        self.puti(f, "patient", "%who")
        self.puti(f, "fresh", 1)
        f.do("ret void")
        return f

    def _tolerances(self, f: Function) -> None:
        """The patient's absolute tolerances; its first step checks its slopes."""
        row = f.at(context(f, "atol"), f.integer("mul", "%who", context(f, "atol_stride")), "double")
        buffer = self.layout.buffer(f, "atol")
        with f.loop(self.layout.shape.states) as i:
            f.store("double", f.load("double", row, i), buffer, self.in_lane(f, i))
        self.put(f, "doubt", bits(0.5))

    def _resume(self, f: Function) -> None:
        """Outputs and events that were done before the lane paused stay done."""
        place = f.at(context(f, "places"), f.integer("mul", "%who", 2), "i64")
        for k, name in enumerate(("next_out", "next_event")):
            self.puti(f, name, f.load("i64", place, k))
        for name in ("found", "dosed"):
            self.puti(f, name, 0)

    def _keep(self, f: Function, who: str) -> None:
        """What a paused lane needs to be taken up again."""
        f.store("double", self.get(f, "t"), context(f, "clocks"), who)
        place = f.at(context(f, "places"), f.integer("mul", who, 2), "i64")
        for k, name in enumerate(("next_out", "next_event")):
            f.store("i64", self.geti(f, name), place, k)
        row = f.at(context(f, "live"), f.integer("mul", who, self.layout.shape.parameters), "double")
        buffer = self.layout.buffer(f, "p")
        with f.loop(self.layout.shape.parameters) as i:
            f.store("double", f.load("double", buffer, self.in_lane(f, i)), row, i)

    def _finish(self) -> Function:
        """Write the lane's end state, status, time and step count, and free the lane."""
        f = self.per_lane("finish", "i64 %code")
        who = self.geti(f, "patient")
        row = f.at(context(f, "final"), f.integer("mul", who, self.layout.shape.states), "double")
        buffer = self.layout.buffer(f, "y")
        with f.loop(self.layout.shape.states) as i:
            f.store("double", f.load("double", buffer, self.in_lane(f, i)), row, i)
        f.store("i64", "%code", context(f, "status"), who)
        f.store("double", self.get(f, "t"), context(f, "reached"), who)
        f.store("i64", self.geti(f, "used"), context(f, "steps"), who)
        kept = f.at(context(f, "carry"), f.integer("mul", who, len(CARRY)), "double")
        for k, name in enumerate(CARRY):
            f.store("double", self.get(f, name), kept, k)
        if self.layout.shape.watched:
            self._keep(f, who)
        self.puti(f, "patient", NO_PATIENT)
        f.do("ret void")
        return f

    def _blame(self) -> Function:
        """State with the largest scaled error (or the first that is not finite, or below its floor) of the last try."""
        f = self.per_lane("blame", "i64 %code")
        worst, where = f.emit("alloca double"), f.emit("alloca i64")
        f.store("double", bits(-1.0), worst)
        f.store("i64", "0", where)
        new, error = self.layout.buffer(f, "new"), self.layout.buffer(f, "stages")
        last = f.at(error, (self.layout_stages - 1) * self.layout.shape.states * self.layout.stride, "double")
        atol, floors, rtol = self.layout.buffer(f, "atol"), context(f, "floors"), context(f, "rtol")
        f.intrinsic("llvm.fabs.f64", "double", ["double"])
        with f.loop(self.layout.shape.states) as i:
            place = self.in_lane(f, i)
            value = f.load("double", new, place)
            size = f.emit(f"call double @llvm.fabs.f64(double {value})")
            scale = f.real("fadd", f.load("double", atol, place), f.real("fmul", rtol, size))
            part = f.emit(f"call double @llvm.fabs.f64(double {f.load('double', last, place)})")
            score = f.real("fdiv", part, scale)
            score = f.pick(f.fcmp("uno", score, size), "double", bits(1e300), score)
            floor = f.real("fmul", f.emit(f"fneg double {f.load('double', atol, place)}"), f.load("double", floors, i))
            below = f.emit(f"and i1 {f.icmp('eq', '%code', 4)}, {f.fcmp('olt', value, floor)}")
            score = f.pick(below, "double", bits(1e301), score)
            with f.when(f.fcmp("ogt", score, f.load("double", worst))):
                f.store("double", score, worst)
                f.store("i64", i, where)
        f.store("i64", f.load("i64", where), context(f, "culprit"), self.geti(f, "patient"))
        f.do("call void @finish(ptr %ctx, ptr %s, i64 %lane, i64 %code)")
        f.do("ret void")
        return f

    @property
    def layout_stages(self) -> int:
        n = max(self.layout.shape.states, 1)
        return (self.layout.offset["dense"] - self.layout.offset["stages"]) // n

    def _event(self, f: Function) -> tuple[str, str, str]:
        """(column, time, amount) of the lane's next event."""
        who, place = self.geti(f, "patient"), self.geti(f, "next_event")
        orders = f.at(context(f, "event_order"), f.integer("mul", who, context(f, "order_stride")), "i64")
        column = f.load("i64", orders, place)
        times = f.at(context(f, "event_times"), f.integer("mul", who, context(f, "time_stride")), "double")
        amounts = f.at(context(f, "event_amounts"), f.integer("mul", who, context(f, "amount_stride")), "double")
        return column, f.load("double", times, column), f.load("double", amounts, column)

    def _current(self, f: Function, column: str, amount: str) -> tuple[str, str, str]:
        """(pointer to the target in the lane, its value now, its value after the event)."""
        kind = f.load("i64", context(f, "event_kinds"), column)
        target = f.load("i64", context(f, "event_targets"), column)
        on_state = f.emit(f"or i1 {f.icmp('eq', kind, ADD)}, {f.icmp('eq', kind, SET_STATE)}")
        base = f.pick(on_state, "ptr", self.layout.buffer(f, "y"), self.layout.buffer(f, "p"))
        pointer = f.at(base, self.in_lane(f, target), "double")
        now = f.load("double", pointer)
        own = f.at(
            context(f, "parameters"), f.integer("mul", self.geti(f, "patient"), self.layout.shape.parameters), "double"
        )
        safe = f.pick(on_state, "i64", 0, target)
        offset = f.real("fadd", f.load("double", own, safe), amount) if self.layout.shape.parameters else amount
        after = f.pick(f.icmp("eq", kind, ADD), "double", f.real("fadd", now, amount), amount)
        after = f.pick(f.icmp("eq", kind, OFFSET), "double", offset, after)
        after = f.pick(f.icmp("eq", kind, STOP), "double", now, after)
        return pointer, now, after

    def _idle(self, f: Function, column: str, amount: str) -> str:
        """i1: has the next event no effect whenever it comes (a dose of nothing, an input set to what it is)?"""
        kind = f.load("i64", context(f, "event_kinds"), column)
        _, value, after = self._current(f, column, amount)
        nothing = f.fcmp("oeq", amount, bits(0.0))
        fixed = f.emit(f"and i1 {f.icmp('ne', kind, SET_STATE)}, {f.icmp('ne', kind, STOP)}")
        same = f.emit(f"and i1 {fixed}, {f.fcmp('oeq', value, after)}")
        return f.pick(f.icmp("eq", kind, ADD), "i1", nothing, same)

    def _apply(self) -> Function:
        """Apply the next event; a change big enough to matter asks for a new step size (1 dose, 2 input)."""
        f = self.per_lane("apply")
        column, _, amount = self._event(f)
        pointer, now, after = self._current(f, column, amount)
        f.store("double", after, pointer)
        kind = f.load("i64", context(f, "event_kinds"), column)
        f.intrinsic("llvm.fabs.f64", "double", ["double"])
        change = f.emit(f"call double @llvm.fabs.f64(double {f.real('fsub', after, now)})")
        limit = f.real("fmul", bits(SMALL_CHANGE), f.emit(f"call double @llvm.fabs.f64(double {now})"))
        on_state = f.emit(f"or i1 {f.icmp('eq', kind, ADD)}, {f.icmp('eq', kind, SET_STATE)}")
        big = f.emit(f"or i1 {on_state}, {f.fcmp('ogt', change, limit)}")
        big = f.emit(f"or i1 {big}, {f.icmp('eq', kind, STOP)}")
        with f.when(big):
            asked = f.pick(on_state, "i64", 1, 2)
            held = self.geti(f, "restart")
            first = f.emit(f"or i1 {f.icmp('eq', held, 0)}, {f.icmp('eq', asked, 1)}")
            self.puti(f, "restart", f.pick(first, "i64", asked, held))
        flags = self.layout.buffer(f, "flags")
        f.store("i64", "1", flags)
        if self.layout.shape.watched:
            self.puti(f, "dosed", 1)
        f.do("ret void")
        return f

    def _settle(self) -> Function:
        """Apply what is due at the lane's time, skip events without effect, set the next stop; finish at the end."""
        f = self.per_lane("settle")
        now, end, count = self.get(f, "t"), context(f, "t_end"), context(f, "n_events")
        self.put(f, "stop", end)
        with f.forever() as (again, out):
            place = self.geti(f, "next_event")
            f.leave_if(f.icmp("sge", place, count), out)
            column, when, amount = self._event(f)
            f.leave_if(f.fcmp("oge", when, end), out)
            self.puti(f, "next_event", f.integer("add", place, 1))
            f.leave_if(self._idle(f, column, amount), again)
            self.puti(f, "next_event", place)
            later = f.label("later")
            f.leave_if(f.fcmp("ogt", when, now), later)
            f.do("call void @apply(ptr %ctx, ptr %s, i64 %lane)")
            self.puti(f, "next_event", f.integer("add", place, 1))
            f.branch(again)
            f.start(later)
            self.put(f, "stop", when)
            f.branch(out)
            f.start(f.label("unreached"))
        done = f.fcmp("oge", now, end)
        code: str | int = OK
        if self.layout.shape.watched:  # a delayed event that is due comes before the end
            due = f.load("double", context(f, "pending"), self.geti(f, "patient"))
            stop, late = self.get(f, "stop"), f.fcmp("oge", now, due)
            self.put(f, "stop", f.pick(f.fcmp("olt", due, stop), "double", due, stop))
            code, done = f.pick(late, "i64", PAUSED, OK), f.emit(f"or i1 {done}, {late}")
        with f.when(done):
            f.do(f"call void @finish(ptr %ctx, ptr %s, i64 %lane, i64 {code})")
        f.do("ret void")
        return f
