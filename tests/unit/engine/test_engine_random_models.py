"""Random models against plain scipy, Jacobians against sympy, sparse LU against dense LU."""

from __future__ import annotations

import numpy as np
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baxis import engine
from baxis.engine.codegen.program import build_program
from baxis.engine.formula.elimination import eliminate
from baxis.engine.formula.numeric import evaluate

TERMS = [
    "{k}*{x}", "{k}*{x}/(1 + {y})", "{k}*{x}^2/(1 + {x}^2 + {y}^2)", "{k}*exp(-{x}^2)", "{k}*{x}*{z}/(2 + {x}*{z})",
    "{k}*tanh({x} - {y})", "{k}*ln(1 + {x}^2)", "{k}*sqrt(1 + {y}^2)", "{k}*(1 + {x}^2)^1.7/(3 + {x}^4)", "{k}",
    "{k}*min({x}, {y})", "{k}*abs({x} - 0.3)", "{k}*sin(time)*{x}/(1 + {x}^2)", "{k}*piecewise({x}, {y} > 0.5, {z})/4",
]  # fmt: skip
SMOOTH = [t for t in TERMS if not any(word in t for word in ("min(", "abs(", "piecewise("))]


@st.composite
def models(draw: st.DrawFn, smooth: bool = False) -> str:
    size = draw(st.integers(1, 6))
    names = [f"x{i}" for i in range(size)]
    pick = st.sampled_from(names)
    number = st.floats(0.1, 2.0).map(lambda v: round(v, 3))

    def term(operands: st.SearchStrategy[str]) -> str:
        form = draw(st.sampled_from(SMOOTH if smooth else TERMS))
        return form.format(k="p" + str(draw(st.integers(0, 2))), x=draw(operands), y=draw(operands), z=draw(operands))

    lines = [f"p{i} = {draw(number)}" for i in range(3)]
    rules = [f"a{i}" for i in range(draw(st.integers(0, 3)))]
    for i, rule in enumerate(rules):
        lines.append(f"{rule} := {term(st.sampled_from([*names, *rules[:i]]))}")
    for name in names:
        lines.append(f"{name}' = {term(st.sampled_from([*names, *rules]))} + {term(pick)} - 3*{name} - {name}^3")
        lines.append(f"{name} = {draw(number)}")
    return "model random()\n  " + "\n  ".join(lines) + "\nend"


RELAXED = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@RELAXED
@given(models())
def test_random_models_agree_with_scipy(text: str) -> None:
    system = engine.load_antimony(text)
    times = [0.0, 0.3, 1.1, 2.5]
    outputs = [*system.states, *system.assignments]
    events = engine.concat(engine.bolus("x0", [0.5, 1.7], [0.4, 0.2]), engine.setting("p0", [0.9], [0.7]))
    options = engine.Options(rtol=1e-9, atol=1e-11)
    fast = engine.simulate(engine.compile(system), times=times, events=events, outputs=outputs, options=options)
    plain = engine.reference(system, times=times, events=events, rtol=1e-10)
    assert fast.failures == []
    np.testing.assert_allclose(fast.values, plain, rtol=2e-6, atol=1e-7)


@RELAXED
@given(models(smooth=True))
def test_jacobian_agrees_with_sympy(text: str) -> None:
    system = engine.load_antimony(text)
    program = build_program(system)
    point = {n: 0.37 + 0.21 * i for i, n in enumerate((*system.states, *system.parameters))} | {"time": 0.8}
    full: dict = {}
    for name, rule in system.rules.items():
        full[sp.Symbol(name)] = rule.subs(full)
    for i, rate in enumerate(system.rates.values()):
        for j, state in enumerate(system.states):
            exact = float(sp.diff(rate.subs(full), sp.Symbol(state)).subs(point))
            node = program.jacobian.get((i, j))
            got = 0.0 if node is None else value_of(program, system, node, point)
            np.testing.assert_allclose(got, exact, rtol=1e-9, atol=1e-12)


def value_of(program, system: engine.System, root: int, point: dict[str, float]) -> float:
    """Plain evaluation of a graph node."""
    names = {"inv": lambda a: ("div", ("num", 1.0), a), "log": lambda a: ("ln", a), "pow": lambda a, b: ("power", a, b)}
    names["sqrt"] = lambda a: ("power", a, ("num", 0.5))

    def tree(node: int) -> tuple:
        op, *args = program.graph.keys[node]
        if op in ("const", "bool"):
            return ("num", float(args[0]))
        if op == "state":
            return ("num", point[system.states[args[0]]])
        if op == "parameter":
            return ("num", point[system.parameters[args[0]]])
        if op == "time":
            return ("num", point["time"])
        below = [tree(a) for a in args]
        return names[op](*below) if op in names else ("ceiling" if op == "ceil" else op, *below)

    return float(evaluate(tree(root), {}))


def test_sparse_lu_agrees_with_dense_lu() -> None:
    """Rest of x' = A x + b is -A^-1 b: order, fill, factors and solve on random sparse patterns."""
    rng = np.random.default_rng(11)
    for size, share in ((1, 1.0), (5, 0.4), (17, 0.2), (40, 0.06)):
        a = np.where(rng.random((size, size)) < share, rng.normal(size=(size, size)), 0.0)
        a -= np.diag(np.abs(a).sum(1) + rng.uniform(0.5, 1.5, size))
        lines = []
        for i in range(size):
            terms = [f"({float(a[i, j])!r})*x{j}" for j in range(size) if a[i, j] != 0]
            lines += [f"x{i}' = {' + '.join(terms)} + b{i}", f"x{i} = 0", f"b{i} = {rng.normal()!r}"]
        system = engine.load_antimony("model m()\n" + "\n".join(lines) + "\nend")
        order = [int(n[1:]) for n in system.states]
        b = np.array([system.defaults[f"b{i}"] for i in range(size)])
        rest = engine.rest(engine.compile(system), horizon=1e6)
        assert rest.ok.all()
        np.testing.assert_allclose(rest.state[0], -np.linalg.solve(a, b)[order], rtol=1e-9, atol=1e-12)


def test_fill_of_an_arrow_matrix() -> None:
    """The dense row and column go last, so that nothing fills in."""
    size = 12
    entries = [(0, j) for j in range(size)] + [(i, 0) for i in range(size)]
    found = eliminate(size, entries)
    assert sorted(found.order) == list(range(size))
    assert sum(len(r) for r in found.rows) == 3 * size - 2
    assert found.order[0] != 0
