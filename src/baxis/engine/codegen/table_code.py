"""A large model's functions as loops over tables of operations, in the place of straight-line code."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from baxis.engine.codegen.emit import Hoisted
from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.op_table import OpTable, copy_out
from baxis.engine.codegen.program import Program
from baxis.engine.formula.graph import Node


class Written(Protocol):
    """The model whose functions are written (see `model_code`)."""

    program: Program
    hoisted: Hoisted
    n_parameters: int

    def function(self, name: str, *pointers: str, vectors: tuple[str, ...] = ()) -> Function: ...

    def seen(self) -> dict[str, tuple[Node, ...]]: ...

    def linearised_outputs(self) -> list[tuple[str, int, Node]]: ...


class TableCode:
    """Rates, Jacobian, rules and per-patient table of a large model, each as loops over a table of operations."""

    def __init__(self, model: Written) -> None:
        self.m, p = model, model.program
        self.outputs = {"rates": [("%out", i, n) for i, n in enumerate(p.rates)]}
        self.outputs["linearised"] = model.linearised_outputs()
        for name, nodes in model.seen().items():
            self.outputs[name] = [("%out", i, n) for i, n in enumerate(nodes)]
        self.tables = {k: self._table([n for _, _, n in v], model.hoisted) for k, v in self.outputs.items()}
        needed = [n for n in model.hoisted.slots if p.graph.value(n) is None]
        self.fill = self._table(needed, None)
        for node in self.fill.depth:
            if p.graph.value(node) is not None:
                model.hoisted.slot(node)
        self.filled = needed
        self.slots = model.hoisted.slots
        self.start = max(model.n_parameters, 1) + len(self.slots)
        self.work = max(t.work for t in (*self.tables.values(), self.fill))

    def _table(self, roots: list[Node], hoisted: Hoisted | None) -> OpTable:
        return OpTable(self.m.program.graph, roots, self.m.program.size, hoisted)

    def functions(self) -> list[Function]:
        more = {"linearised": ("out", "jac", "slope")}
        moving = [self._moving(name, *more.get(name, ("out",))) for name in self.outputs]
        return [*moving, self._prepare()]

    def _rows(self, table: OpTable) -> np.ndarray:
        return table.rows(self.slots, self.m.n_parameters, self.start)

    def _places(self, table: OpTable, nodes: list[Node]) -> list[int]:
        return [table.where(n, self.slots, self.m.n_parameters, self.start) for n in nodes]

    def _moving(self, name: str, *more: str) -> Function:
        f, table = self.m.function(name, "y", "p", "c", *more, vectors=("time",)), self.tables[name]
        with f.loop(self.m.program.size) as i:
            f.vstore(f.vload("%y", i), "%p", f.integer("add", i, self.start))
        f.vstore("%time", "%p", self.start + self.m.program.size)
        table.emit(f, self._rows(table))
        for pointer in dict.fromkeys(p for p, _, _ in self.outputs[name]):
            found = sorted((slot, node) for p, slot, node in self.outputs[name] if p == pointer)
            copy_out(f, pointer[1:], pointer, self._places(table, [n for _, n in found]))
        f.do("ret void")
        return f

    def _prepare(self) -> Function:
        """Constants, then what depends on parameters alone."""
        f, g = self.m.function("prepare", "p", "c"), self.m.program.graph
        known = {slot: g.value(n) for n, slot in self.slots.items() if g.value(n) is not None}
        numbers = f.constants("prepare_numbers", [v for v in known.values() if v is not None])
        first = max(self.m.n_parameters, 1)
        table = f.table("prepare_slots", [first + slot for slot in known])
        with f.loop(len(known)) as k:
            f.vstore(f.broadcast(f.load("double", numbers, k)), "%p", f.index(table, k))
        self.fill.emit(f, self._rows(self.fill))
        to = f.table("prepare_to", [first + self.slots[n] for n in self.filled])
        places = f.table("prepare_from", self._places(self.fill, self.filled))
        with f.loop(len(self.filled)) as k:
            f.vstore(f.vload("%p", f.index(places, k)), "%p", f.index(to, k))
        f.do("ret void")
        return f
