"""A small writer of LLVM IR text over vectors of doubles: one patient a lane, structured loops and branches.

Nothing here allows reassociation or contraction: what is fused is written as `llvm.fma`, so that every lane width
gives the same bits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

ATTRIBUTES = '"prefer-vector-width"="512" "min-legal-vector-width"="512"'


def bits(value: float) -> str:
    """A double as LLVM writes it exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"


class Function:
    """One LLVM function under construction. Values are names such as `%12`; `v` in method names means vector."""

    def __init__(self, name: str, arguments: Sequence[str], lanes: int, fused: bool, result: str = "void") -> None:
        self.name, self.lanes, self.fused, self.result = name, lanes, fused, result
        self.arguments = arguments
        self.vt = f"<{lanes} x double>"
        self.mt = f"<{lanes} x i1>"
        self.it = f"<{lanes} x i64>"
        self.lines: list[str] = []
        self.block = "entry"
        self.intrinsics: dict[str, str] = {}
        self._count = 0

    # --- text -------------------------------------------------------------------------------------------
    def text(self, linkage: str = "internal") -> str:
        args = ", ".join(self.arguments)
        body = "\n  ".join(self.lines)
        return f"define {linkage} {self.result} @{self.name}({args}) nounwind {ATTRIBUTES} {{\nentry:\n  {body}\n}}\n"

    def emit(self, line: str) -> str:
        self._count += 1
        name = f"%t{self._count}"
        self.lines.append(f"{name} = {line}")
        return name

    def do(self, line: str) -> None:
        self.lines.append(line)

    def label(self, hint: str = "b") -> str:
        self._count += 1
        return f"{hint}{self._count}"

    def start(self, label: str) -> None:
        self.lines.append(f"{label}:")
        self.block = label

    def intrinsic(self, name: str, result: str, types: Sequence[str]) -> str:
        self.intrinsics[name] = f"declare {result} @{name}({', '.join(types)})"
        return name

    def table(self, name: str, values: Iterable[int]) -> str:
        """A constant array of 32-bit whole numbers beside the code; returns its name, for `index`."""
        cells = [f"i32 {v}" for v in values] or ["i32 0"]
        self.intrinsics[f"@{name}"] = f"@{name} = internal constant [{len(cells)} x i32] [{', '.join(cells)}]"
        return f"@{name}"

    def constants(self, name: str, values: Iterable[float]) -> str:
        """A constant array of doubles beside the code; returns its name."""
        cells = [f"double {bits(v)}" for v in values] or ["double 0.0"]
        self.intrinsics[f"@{name}"] = f"@{name} = internal constant [{len(cells)} x double] [{', '.join(cells)}]"
        return f"@{name}"

    def index(self, table: str, place: str | int) -> str:
        """Entry of a table, as i64."""
        cell = self.emit(f"getelementptr inbounds i32, ptr {table}, i64 {place}")
        return self.emit(f"zext i32 {self.emit(f'load i32, ptr {cell}, align 4')} to i64")

    # --- vectors of doubles -----------------------------------------------------------------------------
    def splat(self, value: float) -> str:
        return "<" + ", ".join([f"double {bits(value)}"] * self.lanes) + ">"

    def isplat(self, value: int) -> str:
        return "<" + ", ".join([f"i64 {value}"] * self.lanes) + ">"

    def op(self, op: str, a: str, b: str) -> str:
        return self.emit(f"{op} {self.vt} {a}, {b}")

    def neg(self, a: str) -> str:
        return self.emit(f"fneg {self.vt} {a}")

    def fma(self, a: str, b: str, c: str) -> str:
        """a*b + c, rounded once where the machine can."""
        if not self.fused:
            return self.op("fadd", self.op("fmul", a, b), c)
        name = self.intrinsic(f"llvm.fma.v{self.lanes}f64", self.vt, [self.vt] * 3)
        return self.emit(f"call {self.vt} @{name}({self.vt} {a}, {self.vt} {b}, {self.vt} {c})")

    def unary(self, name: str, a: str) -> str:
        """An LLVM intrinsic of one vector argument: fabs, sqrt, floor, ceil, rint."""
        full = self.intrinsic(f"llvm.{name}.v{self.lanes}f64", self.vt, [self.vt])
        return self.emit(f"call {self.vt} @{full}({self.vt} {a})")

    def call(self, function: str, *args: str) -> str:
        """An own vector function."""
        return self.emit(f"call {self.vt} @{function}({', '.join(f'{self.vt} {a}' for a in args)})")

    def compare(self, predicate: str, a: str, b: str) -> str:
        return self.emit(f"fcmp {predicate} {self.vt} {a}, {b}")

    def select(self, mask: str, yes: str, no: str) -> str:
        return self.emit(f"select {self.mt} {mask}, {self.vt} {yes}, {self.vt} {no}")

    def mask(self, op: str, a: str, b: str) -> str:
        return self.emit(f"{op} {self.mt} {a}, {b}")

    def any(self, mask: str) -> str:
        """i1: is any lane of the mask set?"""
        as_int = self.emit(f"bitcast {self.mt} {mask} to i{self.lanes}")
        return self.emit(f"icmp ne i{self.lanes} {as_int}, 0")

    def broadcast(self, scalar: str) -> str:
        """A double in every lane."""
        one = self.emit(f"insertelement {self.vt} poison, double {scalar}, i64 0")
        return self.emit(f"shufflevector {self.vt} {one}, {self.vt} poison, <{self.lanes} x i32> zeroinitializer")

    # --- memory -----------------------------------------------------------------------------------------
    def at(self, pointer: str, index: str | int, kind: str | None = None) -> str:
        return self.emit(f"getelementptr inbounds {kind or self.vt}, ptr {pointer}, i64 {index}")

    def vload(self, pointer: str, index: str | int = 0) -> str:
        return self.emit(f"load {self.vt}, ptr {self.at(pointer, index)}, align {8 * self.lanes}")

    def vstore(self, value: str, pointer: str, index: str | int = 0) -> None:
        self.do(f"store {self.vt} {value}, ptr {self.at(pointer, index)}, align {8 * self.lanes}")

    def load(self, kind: str, pointer: str, index: str | int = 0) -> str:
        return self.emit(f"load {kind}, ptr {self.at(pointer, index, kind)}, align {8}")

    def store(self, kind: str, value: str, pointer: str, index: str | int = 0) -> None:
        self.do(f"store {kind} {value}, ptr {self.at(pointer, index, kind)}, align 8")

    # --- scalars and control ----------------------------------------------------------------------------
    def integer(self, op: str, a: str | int, b: str | int) -> str:
        return self.emit(f"{op} i64 {a}, {b}")

    def icmp(self, predicate: str, a: str | int, b: str | int) -> str:
        return self.emit(f"icmp {predicate} i64 {a}, {b}")

    def real(self, op: str, a: str, b: str) -> str:
        return self.emit(f"{op} double {a}, {b}")

    def fcmp(self, predicate: str, a: str, b: str) -> str:
        return self.emit(f"fcmp {predicate} double {a}, {b}")

    def pick(self, condition: str, kind: str, yes: str | int, no: str | int) -> str:
        return self.emit(f"select i1 {condition}, {kind} {yes}, {kind} {no}")

    def branch(self, label: str) -> None:
        self.do(f"br label %{label}")

    def branch_if(self, condition: str, yes: str, no: str) -> None:
        self.do(f"br i1 {condition}, label %{yes}, label %{no}")

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Body runs only if the i1 holds."""
        yes, after = self.label("then"), self.label("after")
        self.branch_if(condition, yes, after)
        self.start(yes)
        yield
        self.branch(after)
        self.start(after)

    @contextmanager
    def loop(self, stop: str | int, start: str | int = 0) -> Iterator[str]:
        """`for i in range(start, stop)` on i64; yields the index value."""
        head, body, after = self.label("head"), self.label("body"), self.label("after")
        before, index, following = self.block, f"%i{self._count}", f"%n{self._count}"
        self.branch(head)
        self.start(head)
        patch = len(self.lines)
        self.do("")
        self.branch_if(self.icmp("slt", index, stop), body, after)
        self.start(body)
        yield index
        self.do(f"{following} = add i64 {index}, 1")
        self.lines[patch] = f"{index} = phi i64 [ {start}, %{before} ], [ {following}, %{self.block} ]"
        self.branch(head)
        self.start(after)

    def running(self, stop: str | int, start: str | int, first: str, following: Callable[[str, str], str]) -> str:
        """A vector carried in a register through `for i in range(start, stop)`: total = following(i, total)."""
        head, body, after = self.label("head"), self.label("body"), self.label("after")
        before, index, further, total = self.block, f"%i{self._count}", f"%n{self._count}", f"%s{self._count}"
        self.branch(head)
        self.start(head)
        patch = len(self.lines)
        self.lines += ["", ""]
        self.branch_if(self.icmp("slt", index, stop), body, after)
        self.start(body)
        value = following(index, total)
        self.do(f"{further} = add i64 {index}, 1")
        self.lines[patch] = f"{index} = phi i64 [ {start}, %{before} ], [ {further}, %{self.block} ]"
        self.lines[patch + 1] = f"{total} = phi {self.vt} [ {first}, %{before} ], [ {value}, %{self.block} ]"
        self.branch(head)
        self.start(after)
        return total

    @contextmanager
    def forever(self) -> Iterator[tuple[str, str]]:
        """Endless loop; yields the labels (again, out) to branch to from inside."""
        head, after = self.label("again"), self.label("out")
        self.branch(head)
        self.start(head)
        yield head, after
        self.branch(head)
        self.start(after)

    def leave_if(self, condition: str, label: str) -> None:
        """Branch to `label` if the i1 holds, else go on here."""
        stay = self.label("stay")
        self.branch_if(condition, label, stay)
        self.start(stay)
