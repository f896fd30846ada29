"""IR of the integrator's main loop: fill lanes with patients, step, accept or refuse, record, until all are done."""

from __future__ import annotations

import math

from baxis.engine.denormals import flushed
from baxis.engine.driver_lanes import NO_PATIENT, LaneCode
from baxis.engine.ir import Function, bits
from baxis.engine.layout import CANCELLED, NEGATIVE, NOT_FINITE, STEP_LIMIT, UNDERFLOW, Layout, context

LEAST_STEP = 1e-15  # of |t|: below it time would stand still
STRIKES = 50  # refusals for a negative state with no step in between that was free of one: it will not get better
RETRY = 0.9  # extra caution when a step is tried again
NEARLY = 1.001  # a step this close to the next stop goes all the way


class MainCode(LaneCode):
    """Functions that loop over lanes around the vector step."""

    def functions(self) -> list[Function]:
        parts = [
            self._plan(),
            self._judge(),
            self._check_floors(),
            self._scatter(),
            self._record(),
            self._record_start(),
        ]
        return [*super().functions(), *parts, self._restart(), self._fill(), self._advance(), self._run()]

    def _whole(self, name: str, result: str = "void") -> Function:
        return Function(name, ["ptr %ctx", "ptr %s"], self.layout.lanes, self.fused, result)

    def _active(self, f: Function, lane: str) -> str:
        return f.icmp("ne", self.geti(f, "patient", lane), NO_PATIENT)

    def _plan(self) -> Function:
        """Step size of each lane: to the next stop if near, half the way if that evens out, else the wanted one."""
        f = self._whole("plan")
        with f.loop(f.lanes) as lane, f.when(self._active(f, lane)):
            want, cap = self.get(f, "h", lane), context(f, "max_step")
            want = f.pick(f.fcmp("olt", cap, want), "double", cap, want)
            left = f.real("fsub", self.get(f, "stop", lane), self.get(f, "t", lane))
            hit = f.fcmp("oge", f.real("fmul", want, bits(NEARLY)), left)
            half = f.real("fmul", left, bits(0.5))
            step = f.pick(f.fcmp("ogt", want, half), "double", half, want)
            step = f.pick(hit, "double", left, step)
            self.put(f, "step", step, lane)
            self.puti(f, "hit", f.emit(f"zext i1 {hit} to i64"), lane)
            self.put(f, "inverse", f.real("fdiv", bits(1.0), step), lane)
        f.do("ret void")
        return f

    def _check_floors(self) -> Function:
        """theta = 1 in lanes where some state fell below its floor, else 0; what is negative within it becomes 0."""
        f = self._whole("check_floors")
        below = self.layout.buffer(f, "theta")
        clipped = self.layout.buffer(f, "clipped")
        f.vstore(f.splat(0.0), below)
        floors, new = context(f, "floors"), self.layout.buffer(f, "new")
        with f.loop(self.layout.shape.states) as i:
            one = f.emit(f"insertelement {f.vt} poison, double {f.load('double', floors, i)}, i64 0")
            floor = f.emit(f"shufflevector {f.vt} {one}, {f.vt} poison, <{f.lanes} x i32> zeroinitializer")
            value = f.vload(new, i)
            f.vstore(f.select(f.compare("olt", value, floor), f.splat(1.0), f.vload(below)), below)
            watched = f.compare("ogt", floor, f.splat(-math.inf))
            rounding = f.mask("and", watched, f.compare("olt", value, f.splat(0.0)))
            f.vstore(f.select(rounding, f.splat(0.0), value), new, i)
            f.vstore(f.select(rounding, f.splat(1.0), f.vload(clipped)), clipped)
        f.do("ret void")
        return f

    def _judge(self) -> Function:
        """Accept or refuse each lane's step and set its next step size; a hopeless lane fails with its cause."""
        f = self._whole("judge")
        for name in ("theta", "clipped"):
            f.vstore(f.splat(0.0), self.layout.buffer(f, name))
        with f.when(f.icmp("ne", context(f, "check_floor"), 0)):
            f.do("call void @check_floors(ptr %ctx, ptr %s)")
        with f.loop(f.lanes) as lane:
            self.put(f, "accepted", bits(0.0), lane)
            with f.when(self._active(f, lane)):
                used = f.integer("add", self.geti(f, "used", lane), 1)
                self.puti(f, "used", used, lane)
                ok = self._cause(f, lane)
                self._resize(f, lane, ok)
                self.put(f, "accepted", f.pick(ok, "double", bits(1.0), bits(0.0)), lane)
                self._give_up(f, lane, used, ok)
        f.do("ret void")
        return f

    def _cause(self, f: Function, lane: str) -> str:
        """i1 accepted; keeps why not in `cause`."""
        error = self.get(f, "error", lane)
        small = f.fcmp("ole", error, bits(1.0))
        sound = f.fcmp("oeq", self.get(f, "bad", lane), bits(0.0))
        above = f.fcmp("oeq", self.get(f, "theta", lane), bits(0.0))
        ok = f.emit(f"and i1 {small}, {sound}")
        finite = f.fcmp("olt", error, bits(float("inf")))
        why = f.pick(finite, "i64", UNDERFLOW, NOT_FINITE)
        negative = f.emit(f"xor i1 {above}, true")
        negative = f.emit(f"and i1 {negative}, {ok}")
        why = f.pick(negative, "i64", NEGATIVE, why)
        ok = f.emit(f"and i1 {ok}, {above}")
        self.puti(f, "cause", f.pick(ok, "i64", 0, why), lane)
        return ok

    def _resize(self, f: Function, lane: str, ok: str) -> None:
        step, factor = self.get(f, "step", lane), self.get(f, "factor", lane)
        over_one = f.fcmp("ogt", factor, bits(1.0))
        calm = f.pick(over_one, "double", bits(1.0), factor)
        after_refusal = f.icmp("ne", self.geti(f, "rejected", lane), 0)
        grown = f.pick(after_refusal, "double", calm, factor)
        cut = f.pick(
            f.fcmp("olt", self.get(f, "error", lane), bits(1.0)),
            "double",
            bits(0.25),
            f.real("fmul", calm, bits(RETRY)),
        )
        scale = f.pick(ok, "double", grown, cut)
        wanted = f.real("fmul", step, scale)
        held = self.get(f, "h", lane)
        clipped = f.fcmp("olt", step, f.real("fmul", held, bits(0.999)))
        keep = f.emit(f"and i1 {clipped}, {f.fcmp('ogt', held, wanted)}")
        keep = f.emit(f"and i1 {keep}, {over_one}")
        keep = f.emit(f"and i1 {keep}, {ok}")
        self.put(f, "h", f.pick(keep, "double", held, wanted), lane)
        self.puti(f, "rejected", f.pick(ok, "i64", 0, 1), lane)
        self._learn(f, lane, f.real("fmul", step, self.get(f, "bold", lane)), ok)

    def _learn(self, f: Function, lane: str, good: str, ok: str) -> None:
        """After a dose or a change of input, remember which first step would have been right."""
        for code, name in ((1, "learned_dose"), (2, "learned_set")):
            with f.when(f.icmp("eq", self.geti(f, "probe", lane), code)):
                self.put(f, name, good, lane)
                self.puti(f, "probe", f.pick(ok, "i64", 0, code), lane)

    def _give_up(self, f: Function, lane: str, used: str, ok: str) -> None:
        refused = f.emit(f"xor i1 {ok}, true")
        f.intrinsic("llvm.fabs.f64", "double", ["double"])
        size = f.emit(f"call double @llvm.fabs.f64(double {self.get(f, 't', lane)})")
        least = f.real("fadd", f.real("fmul", size, bits(LEAST_STEP)), bits(1e-100))
        tiny = f.emit(f"and i1 {refused}, {f.fcmp('ule', self.get(f, 'h', lane), least)}")
        cause = self.geti(f, "cause", lane)
        strikes = self.geti(f, "strikes", lane)
        strikes = f.pick(f.icmp("eq", cause, NEGATIVE), "i64", f.integer("add", strikes, 1), strikes)
        sound = f.emit(f"and i1 {ok}, {f.fcmp('oeq', self.get(f, 'clipped', lane), bits(0.0))}")
        self.puti(f, "strikes", f.pick(sound, "i64", 0, strikes), lane)
        out = f.emit(f"and i1 {refused}, {f.icmp('sge', strikes, STRIKES)}")
        with f.when(f.emit(f"or i1 {tiny}, {out}")):
            f.do(f"call void @blame(ptr %ctx, ptr %s, i64 {lane}, i64 {cause})")
        spent = f.icmp("sge", used, context(f, "max_steps"))
        spent = f.emit(f"and i1 {spent}, {f.emit(f'and i1 {refused}, {self._active(f, lane)}')}")
        with f.when(spent):
            f.do(f"call void @blame(ptr %ctx, ptr %s, i64 {lane}, i64 {STEP_LIMIT})")

    def _scatter(self) -> Function:
        """Copy the chosen outputs of lane `%lane` from `seen` to its row, and move on to its next output."""
        f = self._function("scatter")
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
        f = self._whole("record")
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
        f = self._whole("record_start")
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

    def _restart(self) -> Function:
        """Step size after a start, a dose or a change of input: what was learned from the last one, else a guess."""
        f = self._whole("restart")
        f.do("call void @guess(ptr %ctx, ptr %s)")
        with f.loop(f.lanes) as lane, f.when(self._active(f, lane)):
            held, guess = self.get(f, "h", lane), self.get(f, "factor", lane)
            usable = f.fcmp("ogt", guess, bits(0.0))
            guess = f.pick(usable, "double", guess, bits(1e-6))
            with f.when(f.fcmp("ole", held, bits(0.0))):
                self.put(f, "h", guess, lane)
            asked = self.geti(f, "restart", lane)
            dosed = f.icmp("eq", asked, 1)
            learned = f.pick(dosed, "double", self.get(f, "learned_dose", lane), self.get(f, "learned_set", lane))
            first = f.pick(f.fcmp("ogt", learned, bits(0.0)), "double", learned, guess)
            with f.when(f.icmp("ne", asked, 0)):
                now = self.get(f, "h", lane)
                self.put(f, "h", f.pick(f.fcmp("olt", first, now), "double", first, now), lane)
                self.puti(f, "probe", asked, lane)
                self.puti(f, "rejected", 0, lane)
            self.puti(f, "restart", 0, lane)
        f.do("ret void")
        return f

    def _fill(self) -> Function:
        """Give every free lane the next patient; returns how many lanes are at work."""
        f, b = self._whole("fill", "i64"), self.layout.buffer
        some, active = f.emit("alloca i64"), f.emit("alloca i64")
        prepare = f"call void @prepare(ptr {b(f, 'p')}, ptr {b(f, 'c')})"
        with f.forever() as (_, out):
            f.store("i64", "0", some)
            with f.loop(f.lanes) as lane:
                self.puti(f, "fresh", 0, lane)
                with f.when(f.emit(f"xor i1 {self._active(f, lane)}, true")):
                    k = f.emit(f"atomicrmw add ptr {context(f, 'counter')}, i64 1 monotonic")
                    with f.when(f.icmp("slt", k, context(f, "n_who"))):
                        who = f.load("i64", context(f, "who"), k)
                        f.do(f"call void @take(ptr %ctx, ptr %s, i64 {lane}, i64 {who})")
                        f.store("i64", "1", some)
            f.leave_if(f.icmp("eq", f.load("i64", some), 0), out)
            f.do(prepare)
            f.do("call void @record_start(ptr %ctx, ptr %s)")
            with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "fresh", lane), 0)):
                f.do(f"call void @settle(ptr %ctx, ptr %s, i64 {lane})")
            f.store("i64", "1", b(f, "flags"))
        with f.when(f.icmp("ne", f.load("i64", b(f, "flags")), 0)):
            f.do(prepare)
            f.store("i64", "0", b(f, "flags"))
            f.do("call void @restart(ptr %ctx, ptr %s)")
        f.store("i64", "0", active)
        with f.loop(f.lanes) as lane:
            one = f.emit(f"zext i1 {self._active(f, lane)} to i64")
            f.store("i64", f.integer("add", f.load("i64", active), one), active)
        f.do(f"ret i64 {f.load('i64', active)}")
        return f

    def _advance(self) -> Function:
        """One step of all lanes, outputs, and the move to the new state where it was accepted."""
        f, b = self._whole("advance"), self.layout.buffer
        for name in ("plan", "stages", "measure", "judge"):
            f.do(f"call void @{name}(ptr %ctx, ptr %s)")
        taken = f.compare("oeq", f.vload(b(f, "accepted")), f.splat(1.0))
        with f.when(f.any(taken)):
            f.do("call void @record(ptr %ctx, ptr %s)")
            y, new = b(f, "y"), b(f, "new")
            with f.loop(self.layout.shape.states) as i:
                f.vstore(f.select(taken, f.vload(new, i), f.vload(y, i)), y, i)
            with f.loop(f.lanes) as lane:
                with f.when(f.fcmp("oeq", self.get(f, "accepted", lane), bits(1.0))):
                    hit = f.icmp("ne", self.geti(f, "hit", lane), 0)
                    end = f.real("fadd", self.get(f, "t", lane), self.get(f, "step", lane))
                    self.put(f, "t", f.pick(hit, "double", self.get(f, "stop", lane), end), lane)
                    with f.when(hit):
                        f.do(f"call void @settle(ptr %ctx, ptr %s, i64 {lane})")
                spent = f.icmp("sge", self.geti(f, "used", lane), context(f, "max_steps"))
                with f.when(f.emit(f"and i1 {spent}, {self._active(f, lane)}")):
                    f.do(f"call void @blame(ptr %ctx, ptr %s, i64 {lane}, i64 {STEP_LIMIT})")
        f.do("ret void")
        return f

    def _run(self) -> Function:
        """The entry: works through the shared list of patients until it is empty or the caller cancels."""
        f = self._whole("run")
        with flushed(f):
            self._work(f)
        f.do("ret void")
        return f

    def _work(self, f: Function) -> None:
        with f.loop(f.lanes) as lane:
            self.puti(f, "patient", NO_PATIENT, lane)
        f.store("i64", "0", self.layout.buffer(f, "flags"))
        cancel = context(f, "cancel")
        with f.forever() as (_, out):
            active = f.emit("call i64 @fill(ptr %ctx, ptr %s)")
            f.leave_if(f.icmp("eq", active, 0), out)
            f.do("call void @advance(ptr %ctx, ptr %s)")
            flag = f.emit(f"load volatile i64, ptr {cancel}, align 8")
            with f.when(f.icmp("ne", flag, 0)):
                with f.loop(f.lanes) as lane, f.when(self._active(f, lane)):
                    f.do(f"call void @finish(ptr %ctx, ptr %s, i64 {lane}, i64 {CANCELLED})")
                f.branch(out)
                f.start(f.label("unreached"))


__all__ = ["Layout", "MainCode"]
