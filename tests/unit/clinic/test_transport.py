"""Transport: one element at a time, the same patients, and what cannot be swapped."""

from __future__ import annotations

import json
import sys

import pytest

from baxis.clinic.design.read import read_design
from baxis.clinic.questions.transport import ORIGINAL, TOGETHER, Swap, steps, tapered, transport
from baxis.core.errors import InvalidValue, UnknownName
from baxis.faces.cli import main


def test_each_step_alters_its_element_only() -> None:
    own = read_design("explorer")
    swap = Swap(population_of="bliss-52", background_of="bliss-52", endpoint="SRI-4")
    found, _ = steps(own, swap)
    assert list(found) == [
        ORIGINAL, "population of bliss-52", "background of bliss-52", "endpoint SRI-4 week 52", TOGETHER,
    ]  # fmt: skip
    other = read_design("bliss-52")
    background = found["background of bliss-52"]
    assert background.background_therapy == other.background_therapy
    assert background.entry == own.entry
    assert all(d.arms == own.arms for d in found.values())
    assert found[TOGETHER].background_therapy == other.background_therapy
    assert found[TOGETHER].primary.name == "SRI-4"
    assert found[ORIGINAL].background_therapy == own.background_therapy


def test_a_steroid_rule_lies_over_the_background_that_is_taken_too() -> None:
    found, _ = steps(read_design("explorer"), Swap(background_of="bliss-52", steroid_rule_of="fenebrutinib-sle-ph2"))
    steroid = next(b for b in found[TOGETHER].background_therapy if b.drug == "prednisone")
    rule = next(b for b in read_design("fenebrutinib-sle-ph2").background_therapy if b.drug == "prednisone")
    assert steroid.taper == rule.taper
    assert steroid.dose == read_design("bliss-52").background_therapy[0].dose


def test_a_rule_without_taper_takes_the_taper_away() -> None:
    own = read_design("fenebrutinib-sle-ph2")
    bare = own.replace(background_therapy=[])
    assert any(b.taper for b in own.background_therapy)
    assert not any(b.taper for b in tapered(own.background_therapy, bare))
    assert tapered(bare.background_therapy, own) == ()


def test_the_same_design_gives_no_shift() -> None:
    found = transport("bliss-52", Swap(background_of="bliss-52"), patients=60)
    assert (found.table["shift"] == 0).all()
    assert len(found.table) == 4
    again = transport("bliss-52", Swap(background_of="bliss-52"), patients=60, threads=1)
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())


def test_what_cannot_be_swapped_is_said() -> None:
    own = read_design("explorer")
    with pytest.raises(InvalidValue, match="nothing to swap"):
        steps(own, Swap())
    with pytest.raises(InvalidValue, match="a trial in SLE"):
        steps(own, Swap(population_of="rituximab-reflex"))
    with pytest.raises(UnknownName, match="SRI-4"):
        steps(own, Swap(endpoint="SRI4"))
    with pytest.raises(InvalidValue, match="week"):
        steps(own, Swap(week=-3.0))


def test_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["trial", "explorer", "--population-of", "bliss-52", "--endpoint", "SRI-4", "--patients", "40"]
    monkeypatch.setattr(sys, "argv", ["baxis", *words, "--json", "-"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    found = json.loads(capsys.readouterr().out)
    assert {r["step"] for r in found["steps"]} >= {ORIGINAL, TOGETHER}
    assert "esearch use only" in found["recipe"]["notice"]
    monkeypatch.setattr(sys, "argv", ["baxis", "trial", "explorer", "--population-of", "bliss-25"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert "bliss-52" in capsys.readouterr().err
