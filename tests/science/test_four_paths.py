"""Every way through the engine gives the same numbers: random models, beside each other and libRoadRunner."""

from __future__ import annotations

import runpy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("petab")
pytest.importorskip("roadrunner")
SCRIPTS = Path(__file__).parents[2] / "scripts"
SWEEP = runpy.run_path(str(SCRIPTS / "four_paths.py"))
PUT_BACK = runpy.run_path(str(SCRIPTS / "put_back.py"))


def wrong(model: Any) -> list[tuple[str, str, str]]:
    """What differs, fails, or is refused by the command that should hand it to the way that has it."""
    return [f for f in SWEEP["compared"](model) if f[1] in SWEEP["WRONG"]]


HELD = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "print_blob": True}


@settings(max_examples=50, **HELD)
@given(st.integers(0, 2**40))
def test_four_ways_and_libroadrunner_agree_on_random_models(number: int) -> None:
    """By number: what hypothesis draws itself leans to a few parts (half of the models had one, six parts none)."""
    model = SWEEP["random_model"](Random(number))
    assert wrong(model) == [], model.parts


@pytest.mark.nightly
def test_four_ways_agree_on_two_thousand_models() -> None:
    assert SWEEP["swept"](range(2000), processes=2).wrong == []


def test_the_comparison_sees_a_difference() -> None:
    """One per mille at one of eleven moments is seen; half of that is not."""
    model = SWEEP["random_model"](Random(0))
    course = {n: SWEEP["np"].linspace(1.0, 2.0, SWEEP["POINTS"]) for n in model.watched}
    for factor, seen in ((1.003, True), (1.0005, False)):
        other = {n: v.copy() for n, v in course.items()}
        other[model.watched[0]][-1] *= factor
        assert bool(SWEEP["differences"](model, course, other, False)) is seen


@pytest.mark.parametrize("fault", PUT_BACK["listed"](), ids=lambda f: f["name"])
def test_every_mended_fault_can_be_put_back(fault: dict[str, Any], tmp_path: Path) -> None:
    """The texts that the sweep's faults replace stand in the sources; one that moved is put right, not dropped."""
    for patch in fault["patch"]:
        file = tmp_path / patch["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((PUT_BACK["PACKAGE"] / patch["file"]).read_text(encoding="utf-8"), encoding="utf-8")
    PUT_BACK["patched"](fault, tmp_path)
    for patch in fault["patch"]:
        compile((tmp_path / patch["file"]).read_text(encoding="utf-8"), patch["file"], "exec")
    assert set(fault["parts"]) <= {*SWEEP["BY_NAME"]}
    first = fault["patch"][0]
    (tmp_path / first["file"]).write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match=fault["name"]):
        PUT_BACK["patched"](fault, tmp_path)
