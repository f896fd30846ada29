"""IR of the integrator's main loop: fill lanes with patients, step, accept or refuse, record, until all are done."""

from __future__ import annotations

from baxis.engine.codegen.denormals import flushed
from baxis.engine.codegen.ir import Function, bits
from baxis.engine.codegen.layout import CANCELLED, STEP_LIMIT, context
from baxis.engine.driver.access import NO_PATIENT, LaneAccess


class MainCode(LaneAccess):
    """Writes the loop around the vector step; the last function is the entry `run`."""

    def functions(self) -> list[Function]:
        return [self._restart(), self._load(), self._fill(), self._advance(), self._run()]

    def _restart(self) -> Function:
        """Step size after a start, a dose or a change of input: what was learned from the last one, else a guess."""
        f = self.whole("restart")
        f.do("call void @guess(ptr %ctx, ptr %s)")
        with f.loop(f.lanes) as lane, f.when(self.active(f, lane)):
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

    def _load(self) -> Function:
        """Give every free lane the next patient; make ready what a new patient or an event has changed."""
        f, b = self.whole("load_lanes"), self.layout.buffer
        some = f.emit("alloca i64")
        prepare = f"call void @prepare(ptr {b(f, 'p')}, ptr {b(f, 'c')})"
        with f.forever() as (_, out):
            f.store("i64", "0", some)
            with f.loop(f.lanes) as lane:
                self.puti(f, "fresh", 0, lane)
                with f.when(f.emit(f"xor i1 {self.active(f, lane)}, true")):
                    k = f.emit(f"atomicrmw add ptr {context(f, 'counter')}, i64 1 monotonic")
                    with f.when(f.icmp("slt", k, context(f, "n_who"))):
                        who = f.load("i64", context(f, "who"), k)
                        f.do(f"call void @take(ptr %ctx, ptr %s, i64 {lane}, i64 {who})")
                        f.store("i64", "1", some)
            f.leave_if(f.icmp("eq", f.load("i64", some), 0), out)
            f.do(prepare)
            f.do("call void @record_start(ptr %ctx, ptr %s)")
            if self.layout.shape.watched:
                f.do("call void @mark(ptr %ctx, ptr %s)")
            with f.loop(f.lanes) as lane, f.when(f.icmp("ne", self.geti(f, "fresh", lane), 0)):
                f.do(f"call void @settle(ptr %ctx, ptr %s, i64 {lane})")
            f.store("i64", "1", b(f, "flags"))
        with f.when(f.icmp("ne", f.load("i64", b(f, "flags")), 0)):
            f.do(prepare)
            f.store("i64", "0", b(f, "flags"))
            f.do("call void @restart(ptr %ctx, ptr %s)")
        f.do("ret void")
        return f

    def _fill(self) -> Function:
        """Give every free lane the next patient; returns how many lanes are at work."""
        f = self.whole("fill", "i64")
        active = f.emit("alloca i64")
        if self.layout.shape.watched:
            with f.forever() as (_, out):
                f.do("call void @load_lanes(ptr %ctx, ptr %s)")
                f.leave_if(f.icmp("eq", f.emit("call i64 @check(ptr %ctx, ptr %s)"), 0), out)
        else:
            f.do("call void @load_lanes(ptr %ctx, ptr %s)")
        f.store("i64", "0", active)
        with f.loop(f.lanes) as lane:
            one = f.emit(f"zext i1 {self.active(f, lane)} to i64")
            f.store("i64", f.integer("add", f.load("i64", active), one), active)
        f.do(f"ret i64 {f.load('i64', active)}")
        return f

    def _advance(self) -> Function:
        """One step of all lanes, outputs, and the move to the new state where it was accepted."""
        f, b = self.whole("advance"), self.layout.buffer
        for name in ("plan", "stages", "measure", "judge"):
            f.do(f"call void @{name}(ptr %ctx, ptr %s)")
        taken = f.compare("oeq", f.vload(b(f, "accepted")), f.splat(1.0))
        with f.when(f.any(taken)):
            f.do(f"call void @{'watch' if self.layout.shape.watched else 'record'}(ptr %ctx, ptr %s)")
            y, new = b(f, "y"), b(f, "new")
            with f.loop(self.layout.shape.states) as i:
                f.vstore(f.select(taken, f.vload(new, i), f.vload(y, i)), y, i)
            with f.loop(f.lanes) as lane:
                if self.layout.shape.watched:
                    f.do(f"call void @pause(ptr %ctx, ptr %s, i64 {lane})")
                with f.when(f.fcmp("oeq", self.get(f, "accepted", lane), bits(1.0))):
                    hit = f.icmp("ne", self.geti(f, "hit", lane), 0)
                    end = f.real("fadd", self.get(f, "t", lane), self.get(f, "step", lane))
                    self.put(f, "t", f.pick(hit, "double", self.get(f, "stop", lane), end), lane)
                    with f.when(hit):
                        f.do(f"call void @settle(ptr %ctx, ptr %s, i64 {lane})")
                spent = f.icmp("sge", self.geti(f, "used", lane), context(f, "max_steps"))
                with f.when(f.emit(f"and i1 {spent}, {self.active(f, lane)}")):
                    f.do(f"call void @blame(ptr %ctx, ptr %s, i64 {lane}, i64 {STEP_LIMIT})")
        f.do("ret void")
        return f

    def _run(self) -> Function:
        """The entry: works through the shared list of patients until it is empty or the caller cancels."""
        f = self.whole("run")
        with flushed(f, self.layout.warp == 1):
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
                with f.loop(f.lanes) as lane, f.when(self.active(f, lane)):
                    f.do(f"call void @finish(ptr %ctx, ptr %s, i64 {lane}, i64 {CANCELLED})")
                f.branch(out)
                f.start(f.label("unreached"))
