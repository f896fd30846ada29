"""Vector functions of one model: rates, rates with Jacobian, observations, per-patient table, factorisation, solve."""

from __future__ import annotations

from dataclasses import dataclass, replace

from baxis.engine.codegen.emit import Hoisted, Writer
from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.loop_code import LoopCode
from baxis.engine.codegen.program import Program
from baxis.engine.codegen.table_code import TableCode
from baxis.engine.formula.graph import MOVING, Node

PIVOT_LOSS = 1e-11  # a pivot this small beside its diagonal entry has lost too many digits: the step is refused
ROWS = 8  # matrix rows a basic block
MOST_OPERATIONS = (
    20_000  # of rates and Jacobian as straight-line code (about 5 s to compile); more are a table and loops
)
MOST_MULTIPLICATIONS = 30_000  # of a factorisation as straight-line code; more are loops over index arrays


@dataclass(frozen=True)
class Shape:
    """Sizes that the driver needs: states, parameters, rules, table slots, stored Jacobian entries, factor entries.

    `tabled` and `looped` say that expressions, or the factorisation, are loops over tables, not straight-line code;
    `steep` that a slope may be infinite where the rate is not (see `Program.steep`).
    """

    states: int
    parameters: int
    rules: int
    table: int
    jacobian: int
    factors: int
    time_slopes: bool
    uses_time: bool
    watched: int = 0
    surveyed: int = 0
    tabled: bool = False
    looped: bool = False
    steep: bool = False


class ModelCode:
    """Writes a model's functions at one lane width. Moving Jacobian entries are stored; others are read in place."""

    def __init__(self, program: Program, parameters: int, lanes: int, fused: bool) -> None:
        self.program, self.lanes, self.fused, self.n_parameters = program, lanes, fused, parameters
        self.hoisted = Hoisted()
        graph = program.graph
        self.loops: LoopCode | None = None
        looped = program.elimination.multiplications > MOST_MULTIPLICATIONS
        moving = [k for k in sorted(program.jacobian) if looped or graph.level[program.jacobian[k]] == MOVING]
        self.jacobian_slots = {k: i for i, k in enumerate(moving)}
        if looped:
            self.loops = LoopCode(program.elimination, self.jacobian_slots, PIVOT_LOSS)
        self.work = 0
        if program.operations > MOST_OPERATIONS:
            self.functions = [self._factor(), self._solve(), *self._tables()]
        else:
            self.functions = [self._rates(), self._linearised(), self._factor(), self._solve()]
            self.functions += [self._values(name, nodes) for name, nodes in self.seen().items()]
            self.functions.append(self._prepare())

    def seen(self) -> dict[str, tuple[Node, ...]]:
        """What is evaluated beside the rates: rules, and what events watch."""
        p = self.program
        events = {"monitor": p.watched, "survey": p.surveyed} if p.watched else {}
        return {"observe": p.rules, **events}

    def _tables(self) -> list[Function]:
        tables = TableCode(self)
        self.work = tables.work
        return tables.functions()

    @property
    def shape(self) -> Shape:
        p = self.program
        factors = self.loops.p.total if self.loops else len(p.elimination.slots)
        sizes = (len(self.hoisted.slots) + self.work, len(self.jacobian_slots), factors)
        uses_time = any(key[0] == "time" for key in p.graph.keys)
        shape = Shape(p.size, self.n_parameters, len(p.rules), *sizes, bool(p.slopes), uses_time)
        shape = replace(shape, watched=len(p.watched), surveyed=len(p.surveyed))
        return replace(shape, tabled=self.work > 0, looped=self.loops is not None, steep=p.steep)

    def function(self, name: str, *pointers: str, vectors: tuple[str, ...] = ()) -> Function:
        f = Function(name, [], self.lanes, self.fused)
        f.arguments = [*(f"ptr noalias %{p}" for p in pointers), *(f"{f.vt} %{v}" for v in vectors)]
        return f

    def _writer(self, f: Function) -> Writer:
        sources = {"state": "%y", "parameter": "%p", "table": "%c", "time": "%time"}
        return Writer(f, self.program.graph, self.hoisted, sources)

    def _store(self, f: Function, outputs: list[tuple[str, int, Node]]) -> Function:
        """Write each (pointer, slot, node); what is listed together shares values that are still in registers."""
        w = self._writer(f)
        w.count_uses(node for _, _, node in outputs)
        for pointer, slot, node in outputs:
            f.vstore(w.value(node), pointer, slot)
        f.do("ret void")
        return f

    def _rates(self) -> Function:
        f = self.function("rates", "y", "p", "c", "out", vectors=("time",))
        return self._store(f, [("%out", i, node) for i, node in enumerate(self.program.rates)])

    def _linearised(self) -> Function:
        """Rates, moving Jacobian entries and time slopes, row by row."""
        f = self.function("linearised", "y", "p", "c", "out", "jac", "slope", vectors=("time",))
        return self._store(f, self.linearised_outputs())

    def linearised_outputs(self) -> list[tuple[str, int, Node]]:
        """(pointer, slot, node) of everything that `linearised` gives."""
        p = self.program
        zero = p.graph.const(0.0)
        outputs: list[tuple[str, int, Node]] = []
        entries: dict[int, list[tuple[str, int, Node]]] = {i: [] for i in range(p.size)}
        for (i, j), slot in self.jacobian_slots.items():
            entries[i].append(("%jac", slot, p.jacobian[i, j]))
        for i, node in enumerate(p.rates):
            outputs += [("%out", i, node), *entries[i]]
            if p.slopes:
                outputs.append(("%slope", i, p.slopes.get(i, zero)))
        return outputs

    def _values(self, name: str, nodes: tuple[Node, ...]) -> Function:
        f = self.function(name, "y", "p", "c", "out", vectors=("time",))
        return self._store(f, [("%out", i, node) for i, node in enumerate(nodes)])

    def _prepare(self) -> Function:
        """Fills the per-patient table; written last, when every slot is known."""
        f = self.function("prepare", "p", "c")
        w = Writer(f, self.program.graph, None, {"parameter": "%p"})
        w.count_uses(self.hoisted.slots)
        for node, slot in self.hoisted.slots.items():
            value = w.value(node)
            if self.program.graph.is_boolean(node):  # kept as a number
                value = f.select(value, f.splat(1.0), f.splat(0.0))
            f.vstore(value, "%c", slot)
        f.do("ret void")
        return f

    def _factor(self) -> Function:
        """LU of J - ig*I without pivoting: L, U and 1/diagonal; `%bad` marks lanes that lost a pivot.

        A pivot that is not finite is lost as well: its inverse would be 0, and the stages of its state with it.
        """
        f = self.function("factor", "jac", "p", "c", "lu", "bad", vectors=("ig",))
        if self.loops:
            return self.loops.factor(f)
        e, w = self.program.elimination, self._writer(f)
        lost = f.compare("une", "%ig", "%ig")
        sound = f.splat(0.0)  # 0 times every pivot, summed: not 0 once one is infinite or no number
        for i, row in enumerate(e.rows):
            m = {j: self._entry(f, w, i, j) for j in row}
            diagonal = m[i]
            for k in (k for k in row if k < i):
                m[k] = f.op("fmul", m[k], f.vload("%lu", e.slots[k, k]))
                less = f.neg(m[k])
                for j in (j for j in e.rows[k] if j > k):  # read back from memory: held in registers they would spill
                    m[j] = f.fma(less, f.vload("%lu", e.slots[k, j]), m[j])
            if m[i] != diagonal:
                limit = f.op("fmul", f.unary("fabs", diagonal), f.splat(PIVOT_LOSS))
                lost = f.mask("or", lost, f.compare("ule", f.unary("fabs", m[i]), limit))
            sound = f.fma(m[i], f.splat(0.0), sound)
            m[i] = f.op("fdiv", f.splat(1.0), m[i])
            for j in row:
                f.vstore(m[j], "%lu", e.slots[i, j])
            if i % ROWS == ROWS - 1:
                self._cut(f)
        lost = f.mask("or", lost, f.compare("une", sound, f.splat(0.0)))
        f.vstore(f.select(lost, f.splat(1.0), f.splat(0.0)), "%bad")
        f.do("ret void")
        return f

    def _cut(self, f: Function) -> None:
        label = f.label("row")
        f.branch(label)
        f.start(label)

    def _entry(self, f: Function, w: Writer, i: int, j: int) -> str:
        """Entry of J - ig*I at row i, column j of the elimination order."""
        order = self.program.elimination.order
        key = (order[i], order[j])
        node = self.program.jacobian.get(key)
        if node is None:
            return f.neg("%ig") if i == j else f.splat(0.0)
        slot = self.jacobian_slots.get(key)
        value = w.value(node) if slot is None else f.vload("%jac", slot)
        return f.op("fsub", value, "%ig") if i == j else value

    def _solve(self) -> Function:
        """out = (ig*I - J)^-1 (f + ih*b), by the factors of J - ig*I."""
        f = self.function("solve", "lu", "f", "b", "out", vectors=("ih",))
        if self.loops:
            return self.loops.solve(f)
        e = self.program.elimination
        z: list[str] = []
        for i, row in enumerate(e.rows):
            v = f.fma(f.neg("%ih"), f.vload("%b", e.order[i]), f.neg(f.vload("%f", e.order[i])))
            for k in (k for k in row if k < i):
                v = f.fma(f.neg(f.vload("%lu", e.slots[i, k])), z[k], v)
            z.append(v)
            f.vstore(v, "%out", e.order[i])
            if i % ROWS == ROWS - 1:
                self._cut(f)
        for i in reversed(range(len(e.rows))):
            v = z[i]
            for j in (j for j in e.rows[i] if j > i):
                v = f.fma(f.neg(f.vload("%lu", e.slots[i, j])), z[j], v)
            z[i] = f.op("fmul", v, f.vload("%lu", e.slots[i, i]))
            f.vstore(z[i], "%out", e.order[i])
            if i % ROWS == 0:
                self._cut(f)
        f.do("ret void")
        return f
