"""Access to what each lane holds in a thread's memory; the base of the code writers that act lane by lane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.layout import Layout, context

NO_PATIENT = -1


class LaneAccess:
    """Reads and writes of per-lane control values; holds no code of its own."""

    def __init__(self, layout: Layout, fused: bool) -> None:
        self.layout, self.fused = layout, fused

    def per_lane(self, name: str, *extra: str) -> Function:
        arguments = ["ptr %ctx", "ptr %s", "i64 %lane", *extra]
        return Function(name, arguments, self.layout.lanes, self.fused)

    def whole(self, name: str, result: str = "void") -> Function:
        return Function(name, ["ptr %ctx", "ptr %s"], self.layout.lanes, self.fused, result)

    def get(self, f: Function, name: str, lane: str = "%lane", kind: str = "double") -> str:
        return f.load(kind, self.layout.buffer(f, name), lane)

    def put(self, f: Function, name: str, value: str | int, lane: str = "%lane", kind: str = "double") -> None:
        f.store(kind, str(value), self.layout.buffer(f, name), lane)

    def geti(self, f: Function, name: str, lane: str = "%lane") -> str:
        return self.get(f, name, lane, "i64")

    def puti(self, f: Function, name: str, value: str | int, lane: str = "%lane") -> None:
        self.put(f, name, value, lane, "i64")

    def in_lane(self, f: Function, index: str, lane: str = "%lane") -> str:
        """Position of a vector's lane within a buffer of doubles."""
        return f.integer("add", f.integer("mul", index, self.layout.stride), lane)

    @contextmanager
    def listed(self, f: Function) -> Iterator[None]:
        """Every patient of the list `who`, as many at a time as there are lanes: the body acts on those just taken.

        A lane for which no patient is left holds NO_PATIENT.
        """
        with f.forever() as (_, out):
            first = f.emit(f"atomicrmw add ptr {context(f, 'counter')}, i64 {f.lanes} monotonic")
            f.leave_if(f.icmp("sge", first, context(f, "n_who")), out)
            with f.loop(f.lanes) as lane:
                place = f.integer("add", first, lane)
                self.puti(f, "patient", NO_PATIENT, lane)
                with f.when(f.icmp("slt", place, context(f, "n_who"))):
                    who = f.load("i64", context(f, "who"), place)
                    f.do(f"call void @take(ptr %ctx, ptr %s, i64 {lane}, i64 {who})")
            yield

    def active(self, f: Function, lane: str) -> str:
        return f.icmp("ne", self.geti(f, "patient", lane), NO_PATIENT)
