"""From a System to what the code writers need: graph nodes, sparse Jacobian, elimination."""

from __future__ import annotations

from dataclasses import dataclass

from baxis.engine.formula.derivatives import TIME, Differentiator
from baxis.engine.formula.elimination import Elimination, eliminate
from baxis.engine.formula.graph import MOVING, Graph, Node
from baxis.engine.formula.mathml import as_number, to_graph
from baxis.engine.model.system import System

STEEP = ("sqrt", "asin", "acos", "acosh")


@dataclass(frozen=True)
class Program:
    """Nodes of a model. `jacobian` maps (row, column) to a node, `slopes` a row to its partial derivative by time.

    `watched` and `surveyed` are the quantities of events, see `System.watched`.
    """

    graph: Graph
    rates: tuple[Node, ...]
    rules: tuple[Node, ...]
    jacobian: dict[tuple[int, int], Node]
    slopes: dict[int, Node]
    elimination: Elimination
    watched: tuple[Node, ...] = ()
    surveyed: tuple[Node, ...] = ()

    @property
    def size(self) -> int:
        return len(self.rates)

    @property
    def steep(self) -> bool:
        """May a slope of the rates be infinite, or nearly, where the rate is not: a root, a power that may be below 1?"""
        g, seen, stack = self.graph, set[Node](), list(self.rates)
        while stack:
            node = stack.pop()
            if node in seen or g.level[node] != MOVING:
                continue
            seen.add(node)
            op, *rest = g.keys[node]
            exponent = g.value(rest[1]) if op == "pow" else None
            if op in STEEP or (op == "pow" and (exponent is None or exponent < 1.0)):
                return True
            stack += g.children(node)
        return False

    @property
    def operations(self) -> int:
        """Moving operations of rates, rules and Jacobian: what straight-line code would have to write out."""
        return sum(level == MOVING for level in self.graph.level)


def build_program(system: System) -> Program:
    """Expression graph, Jacobian by the chain rule over assignment rules, and elimination order of a system."""
    graph = Graph()
    names: dict[str, Node] = {n: graph.state(i) for i, n in enumerate(system.states)}
    names |= {n: graph.parameter(i) for i, n in enumerate(system.parameters)}
    equations = system.equations
    for name, tree in equations.rules.items():
        names[name] = as_number(graph, to_graph(tree, graph, names))
    rules = tuple(names[n] for n in system.assignments)
    rates = tuple(as_number(graph, to_graph(equations.rates[n], graph, names)) for n in system.states)
    differentiator = Differentiator(graph, rules)
    jacobian: dict[tuple[int, int], Node] = {}
    slopes: dict[int, Node] = {}
    for i, rate in enumerate(rates):
        for j, node in differentiator.row(rate).items():
            if j == TIME:
                slopes[i] = node
            else:
                jacobian[i, j] = node
    watched, surveyed = (
        tuple(as_number(graph, to_graph(t, graph, names)) for t in trees) for trees in (system.watched, system.surveyed)
    )
    return Program(
        graph=graph,
        rates=rates,
        rules=rules,
        jacobian=jacobian,
        slopes=slopes,
        elimination=eliminate(len(rates), jacobian),
        watched=watched,
        surveyed=surveyed,
    )
