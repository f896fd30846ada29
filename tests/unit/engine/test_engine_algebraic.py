"""Algebraic rules: solved for the one variable that they determine, refused by name where there is not just one."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import Unsupported

HEAD = (
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m"><listOfParameters>'
)
PARAMETER = '<parameter id="{}" value="{}" constant="{}"/>'
DECAY = '<rateRule variable="x">{}</rateRule>'
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'


def apply(op: str, *terms: str) -> str:
    return f"<apply><{op}/>{''.join(terms)}</apply>"


X, Y, K, Z = (f"<ci>{n}</ci>" for n in "xykz")
TIMES = np.linspace(0, 2, 5)


def model(*rules: str) -> str:
    body = "".join(PARAMETER.format(n, v, str(n in "k").lower()) for n, v in (("x", 4), ("y", 0), ("z", 0), ("k", 2)))
    parts = [DECAY.format(MATH.format(apply("minus", X)))] + [
        f"<algebraicRule>{MATH.format(r)}</algebraicRule>" for r in rules
    ]
    return HEAD + body + "</listOfParameters><listOfRules>" + "".join(parts) + "</listOfRules></model></sbml>"


def test_a_linear_rule_gives_its_free_variable_on_both_paths() -> None:
    text = model(apply("minus", apply("times", K, Y), apply("plus", X, "<cn>1</cn>")), apply("plus", Z, Y))
    exact = (4 * np.exp(-TIMES) + 1) / 2
    single = engine.trajectory(engine.load_network(text), TIMES)
    np.testing.assert_allclose(single["y"], exact, rtol=1e-6)
    np.testing.assert_allclose(single["z"], -exact, rtol=1e-6)
    options = engine.Options(rtol=1e-9, atol=1e-12)
    fast = engine.simulate(
        engine.compile(engine.load_model(text)), {"k": [2.0, 4.0]}, times=TIMES, outputs=["y"], options=options
    )
    np.testing.assert_allclose(fast["y"], [exact, exact / 2], rtol=1e-7)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (apply("minus", apply("times", Y, Y), X), "not linear in 'y'"),
        (apply("minus", apply("exp", Y), X), "not linear in 'y'"),
        (apply("plus", Y, apply("floor", Y)), "not linear in 'y'"),
        (apply("plus", Y, Z), "more than one: y, z"),
        (apply("minus", X, K), "no variable"),
    ],
)
def test_what_is_not_solved_is_refused_by_name(rule: str, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        engine.load_network(model(rule))


def test_rules_that_hang_on_one_another_in_a_circle_are_refused() -> None:
    rules = apply("minus", Y, apply("times", K, Z)), apply("minus", Z, apply("plus", Y, X))
    with pytest.raises(Unsupported, match="more than one"):
        engine.load_network(model(*rules))
