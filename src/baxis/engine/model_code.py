"""Vector functions of one model: rates, rates with Jacobian, observations, per-patient table, factorisation, solve."""

from __future__ import annotations

from dataclasses import dataclass

from baxis.engine.emit import Hoisted, Writer
from baxis.engine.graph import MOVING, Node
from baxis.engine.ir import Function
from baxis.engine.program import Program

PIVOT_LOSS = 1e-11  # a pivot this small beside its diagonal entry has lost too many digits: the step is refused


@dataclass(frozen=True)
class Shape:
    """Sizes that the driver needs: states, parameters, rules, table slots, stored Jacobian entries, factor entries."""

    states: int
    parameters: int
    rules: int
    table: int
    jacobian: int
    factors: int
    time_slopes: bool


class ModelCode:
    """Writes the model's functions at one lane width. Moving Jacobian entries are stored; the others are read in place."""

    def __init__(self, program: Program, parameters: int, lanes: int, fused: bool) -> None:
        self.program, self.lanes, self.fused, self.n_parameters = program, lanes, fused, parameters
        self.hoisted = Hoisted()
        graph = program.graph
        moving = [k for k in sorted(program.jacobian) if graph.level[program.jacobian[k]] == MOVING]
        self.jacobian_slots = {k: i for i, k in enumerate(moving)}
        self.functions = [self._rates(), self._linearised(), self._factor(), self._solve(), self._observe()]
        self.functions.append(self._prepare())

    @property
    def shape(self) -> Shape:
        p = self.program
        sizes = (len(self.hoisted.slots), len(self.jacobian_slots), len(p.elimination.slots))
        return Shape(p.size, self.n_parameters, len(p.rules), *sizes, bool(p.slopes))

    def _function(self, name: str, *pointers: str, vectors: tuple[str, ...] = ()) -> Function:
        f = Function(name, [], self.lanes, self.fused)
        f.arguments = [*(f"ptr noalias %{p}" for p in pointers), *(f"{f.vt} %{v}" for v in vectors)]
        return f

    def _writer(self, f: Function) -> Writer:
        sources = {"state": "%y", "parameter": "%p", "table": "%c", "time": "%time"}
        return Writer(f, self.program.graph, self.hoisted, sources)

    def _store(self, f: Function, outputs: dict[str, list[tuple[int, Node]]]) -> Function:
        w = self._writer(f)
        w.count_uses(n for items in outputs.values() for _, n in items)
        for pointer, items in outputs.items():
            for slot, node in items:
                f.vstore(w.value(node), pointer, slot)
        f.do("ret void")
        return f

    def _rates(self) -> Function:
        f = self._function("rates", "y", "p", "c", "out", vectors=("time",))
        return self._store(f, {"%out": list(enumerate(self.program.rates))})

    def _linearised(self) -> Function:
        f = self._function("linearised", "y", "p", "c", "out", "jac", "slope", vectors=("time",))
        p = self.program
        zero = p.graph.const(0.0)
        jacobian = [(slot, p.jacobian[k]) for k, slot in self.jacobian_slots.items()]
        slopes = [(i, p.slopes.get(i, zero)) for i in range(p.size)] if p.slopes else []
        return self._store(f, {"%out": list(enumerate(p.rates)), "%jac": jacobian, "%slope": slopes})

    def _observe(self) -> Function:
        f = self._function("observe", "y", "p", "c", "out", vectors=("time",))
        return self._store(f, {"%out": list(enumerate(self.program.rules))})

    def _prepare(self) -> Function:
        """Fills the per-patient table; written last, when every slot is known."""
        f = self._function("prepare", "p", "c")
        w = Writer(f, self.program.graph, None, {"parameter": "%p"})
        w.count_uses(self.hoisted.slots)
        for node, slot in self.hoisted.slots.items():
            f.vstore(w.value(node), "%c", slot)
        f.do("ret void")
        return f

    def _factor(self) -> Function:
        """LU of ig*I - J without pivoting. Stores -L, U and 1/diagonal; `%bad` counts lanes with a lost pivot."""
        f = self._function("factor", "jac", "p", "c", "lu", "bad", vectors=("ig",))
        e, w = self.program.elimination, self._writer(f)
        m: dict[tuple[int, int], str] = {}
        inverse: dict[int, str] = {}
        lost = f.compare("une", "%ig", "%ig")
        for i, row in enumerate(e.rows):
            for j in row:
                m[i, j] = self._entry(f, w, i, j)
            diagonal = m[i, i]
            for k in row:
                if k >= i:
                    break
                m[i, k] = f.op("fmul", m[i, k], f.neg(inverse[k]))
                for j in e.rows[k]:
                    if j > k:
                        m[i, j] = f.fma(m[i, k], m[k, j], m[i, j])
            if m[i, i] != diagonal:
                limit = f.op("fmul", f.unary("fabs", diagonal), f.splat(PIVOT_LOSS))
                lost = f.mask("or", lost, f.compare("ule", f.unary("fabs", m[i, i]), limit))
            inverse[i] = f.op("fdiv", f.splat(1.0), m[i, i])
            for j in row:
                f.vstore(inverse[i] if i == j else m[i, j], "%lu", e.slots[i, j])
            if i % 8 == 7:
                label = f.label("row")
                f.branch(label)
                f.start(label)
        f.vstore(f.select(lost, f.splat(1.0), f.splat(0.0)), "%bad")
        f.do("ret void")
        return f

    def _entry(self, f: Function, w: Writer, i: int, j: int) -> str:
        """-J (with ig on the diagonal) at row i, column j of the elimination order."""
        order = self.program.elimination.order
        key = (order[i], order[j])
        node = self.program.jacobian.get(key)
        if node is None:
            return "%ig" if i == j else f.splat(0.0)
        slot = self.jacobian_slots.get(key)
        value = w.value(node) if slot is None else f.vload("%jac", slot)
        return f.op("fsub", "%ig", value) if i == j else f.neg(value)

    def _solve(self) -> Function:
        """out = (LU)^-1 (f + ih*b)."""
        f = self._function("solve", "lu", "f", "b", "out", vectors=("ih",))
        e = self.program.elimination
        z: list[str] = []
        for i, row in enumerate(e.rows):
            v = f.fma("%ih", f.vload("%b", e.order[i]), f.vload("%f", e.order[i]))
            for k in row:
                if k < i:
                    v = f.fma(f.vload("%lu", e.slots[i, k]), z[k], v)
            z.append(v)
        label = f.label("back")
        f.branch(label)
        f.start(label)
        for i in reversed(range(len(e.rows))):
            v = z[i]
            for j in e.rows[i]:
                if j > i:
                    v = f.fma(f.neg(f.vload("%lu", e.slots[i, j])), z[j], v)
            z[i] = f.op("fmul", v, f.vload("%lu", e.slots[i, i]))
            f.vstore(z[i], "%out", e.order[i])
        f.do("ret void")
        return f
