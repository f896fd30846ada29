"""IR of the decisions after a step: how far to go, whether to accept, what step to try next, when to give up."""

from __future__ import annotations

import math

from baxis.engine.codegen.ir import Function, bits
from baxis.engine.codegen.layout import NEGATIVE, NOT_FINITE, STEP_LIMIT, UNDERFLOW, context
from baxis.engine.driver.access import LaneAccess

LEAST_STEP = 1e-15  # of |t|: below it time would stand still
STRIKES = 50  # refusals for a negative state with no step in between that was free of one: it will not get better
RETRY = 0.9  # extra caution when a step is tried again
NEARLY = 1.001  # a step this close to the next stop goes all the way


class JudgeCode(LaneAccess):
    """Writes the functions that plan and judge a step of all lanes."""

    def functions(self) -> list[Function]:
        return [self._plan(), self._judge(), self._check_floors()]

    def _plan(self) -> Function:
        """Step size of each lane: to the next stop if near, half the way if that evens out, else the wanted one."""
        f = self.whole("plan")
        with f.loop(f.lanes) as lane, f.when(self.active(f, lane)):
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
        f = self.whole("check_floors")
        below = self.layout.buffer(f, "theta")
        clipped = self.layout.buffer(f, "clipped")
        f.vstore(f.splat(0.0), below)
        floors, new = context(f, "floors"), self.layout.buffer(f, "new")
        with f.loop(self.layout.shape.states) as i:
            floor = f.op(
                "fmul", f.neg(f.vload(self.layout.buffer(f, "atol"), i)), f.broadcast(f.load("double", floors, i))
            )
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
        f = self.whole("judge")
        for name in ("theta", "clipped"):
            f.vstore(f.splat(0.0), self.layout.buffer(f, name))
        with f.when(f.icmp("ne", context(f, "check_floor"), 0)):
            f.do("call void @check_floors(ptr %ctx, ptr %s)")
        with f.loop(f.lanes) as lane:
            self.put(f, "accepted", bits(0.0), lane)
            with f.when(self.active(f, lane)):
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
        spoilt = f.emit(f"and i1 {sound}, {finite}")
        with f.when(f.emit(f"xor i1 {spoilt}, true")):  # the next try looks at the slopes
            self.put(f, "doubt", f.real("fadd", self.get(f, "doubt", lane), bits(1.0)), lane)
        negative = f.emit(f"xor i1 {above}, true")
        negative = f.emit(f"and i1 {negative}, {ok}")
        why = f.pick(negative, "i64", NEGATIVE, why)
        ok = f.emit(f"and i1 {ok}, {above}")
        held = self.get(f, "doubt", lane)
        looked = f.fcmp("ogt", held, bits(0.0))
        stays = f.pick(looked, "double", f.real("fmul", self.get(f, "mended", lane), bits(0.5)), bits(0.0))
        self.put(f, "doubt", f.pick(ok, "double", stays, held), lane)
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
        spent = f.emit(f"and i1 {spent}, {f.emit(f'and i1 {refused}, {self.active(f, lane)}')}")
        with f.when(spent):
            f.do(f"call void @blame(ptr %ctx, ptr %s, i64 {lane}, i64 {STEP_LIMIT})")
