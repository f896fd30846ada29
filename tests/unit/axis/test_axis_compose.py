"""The assembler: shared parameters stay global, instances get prefixes, equations hold no numbers, units agree."""

import pytest

from baxis.axis.assembly import compose, dimensions, model
from baxis.core.errors import Faults, InvalidValue


def test_no_numeric_literals_but_0_1_2() -> None:
    assert {m: compose.literals(m) for m in (*compose.MODULES, "axis", "functions") if compose.literals(m)} == {}


def test_literal_finder_sees_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "source", lambda name: "module x()\n a := 0.5*k_3 + 2*b; // 7\nend")
    assert compose.literals("x") == ["0.5"]


def test_shared_rate_constants_are_one_parameter() -> None:
    names = compose.free_names(compose.statements())
    assert "k_it" in names
    assert not any(n.endswith("_k_it") for n in names)
    assert {"P1_CL", "P2_CL", "P3_CL"} <= set(names)


def test_three_signalling_instances_and_size() -> None:
    states = [n for n, op, _ in compose.statements() if op == "'"]
    assert {"A_syk", "R_syk", "N_syk"} <= set(states)
    assert 130 <= len(states) <= 160


def test_system_has_the_assembled_names() -> None:
    system = model.system()
    assert set(system.parameters) == set(compose.free_names(compose.statements()))
    assert set(system.states) == set(model.initial())


def test_wrong_number_of_wires_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"instance of pk: got 1.*15 wires"):
        compose.expand(compose.module("pk"), "P9_", ("x",))


def test_units_of_every_equation_agree() -> None:
    assert dimensions.check() == []


@pytest.mark.parametrize(
    ("name", "unit"), [("k_gc", "1/min"), ("P1_V1", "mg"), ("gc_50", "mg/week"), ("k_ik", "1/day")]
)
def test_a_wrong_unit_is_found(monkeypatch: pytest.MonkeyPatch, name: str, unit: str) -> None:
    wrong = {**dimensions.units(), name: unit}
    monkeypatch.setattr(dimensions, "units", lambda: wrong)
    faults = dimensions.check()
    assert faults
    with pytest.raises(Faults, match="equations"):
        dimensions.require()


def test_every_state_is_described_once() -> None:
    from baxis.core import library

    rows = [(r["module"], r["name"]) for r in library.read_table("states")]
    assert len(rows) == len(set(rows))
    for name in compose.MODULES:
        states = {n for n, op, _ in compose.module(name).statements if op == "'"}
        assert {n for m, n in rows if m == name} == states


def test_libsbml_finds_no_unit_fault_and_every_name_has_a_unit() -> None:
    from baxis import engine

    system = model.system()
    assert set(system.units) >= {*system.states, *system.parameters, *system.assignments}
    assert engine.check_units(system) == []
