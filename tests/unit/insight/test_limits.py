"""What lasts after a drug is stopped: limits, directions, known answers, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.statistics.survival import Times
from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.insight.bench.sample import median
from baxis.insight.bench.scenario import scenario
from baxis.insight.limits import Limits, limits
from baxis.insight.limits.measures import against_never, first_after

SMALL = Settings(patients=40, threads=1)
COURSE = "1000 mg iv days 1,15"


@pytest.fixture(scope="module")
def course() -> Limits:
    return limits("rituximab", "RA", dose=COURSE, settings=SMALL)


def value(result: Limits, measure: str, arm: str = "stopped") -> float:
    table = result.table
    return float(table.loc[(table["measure"] == measure) & (table["arm"] == arm), "value"].iloc[0])


def test_b_cells_return_six_to_twelve_months_after_a_course(course: Limits) -> None:
    assert value(course, "B cells: depleted below 10 per uL") == 100
    assert 180 <= value(course, "B cells back: median time") <= 365
    assert value(course, "B cells back: median time to half of baseline") > value(course, "B cells back: median time")


def test_everything_comes_back_in_the_long_run() -> None:
    """Eight years after the drug is gone the patients are where they would be without it."""
    long = limits("rituximab", "RA", (52, 420), dose=COURSE, settings=SMALL)
    for name in ("infl", "bcount", "igg"):
        assert np.median(against_never(long.runs, "stopped", name)[:, -1]) == pytest.approx(1.0, abs=0.05)


def test_a_single_course_has_nothing_to_continue(course: Limits) -> None:
    assert course.recipe["last_dose_day"] == 14
    for name, stopped in course.runs.outputs["stopped"].items():
        assert np.array_equal(stopped, course.runs.outputs["continued"][name])


def test_zero_dose_is_never() -> None:
    result = limits("rituximab", "RA", (12, 24), dose="0 mg iv days 1,15", settings=SMALL)
    for name in axis.outputs():
        assert np.array_equal(result.runs.outputs["stopped"][name], result.runs.outputs["never"][name])
    assert value(result, "benefit: had it") == 0
    assert np.isnan(value(result, "benefit: median time kept"))


def test_oral_drug_is_washed_out_and_its_benefit_goes_within_months() -> None:
    result = limits("tofacitinib", "RA", (12, 36), settings=SMALL)
    runs = result.runs
    assert runs.last_dose == pytest.approx(83.5)
    on = runs.days < 84
    assert np.allclose(runs.outputs["stopped"]["infl"][:, on], runs.outputs["continued"]["infl"][:, on], rtol=1e-6)
    assert value(result, "benefit: kept to the end", "continued") > 90
    assert value(result, "benefit: kept to the end") < 10
    assert value(result, "benefit: median time kept") < 168
    assert value(result, "remission: at the end", "continued") >= value(result, "remission: at the end", "never")


@pytest.mark.parametrize("disease", ["SLE", "LN", "AAV", "IgG4-RD", "SjD"])
def test_every_disease_gives_finite_measures(disease: str) -> None:
    result = limits("rituximab", disease, (24, 48), dose=COURSE, settings=SMALL)
    assert result.runs.failures == 0
    shares = result.table[(result.table["unit"] == "%") & (result.table["patients"] >= 10)]
    assert shares[["value", "low", "high"]].notna().all(axis=None)
    assert (shares["low"] <= shares["value"] + 1e-9).all()
    assert (shares["value"] <= shares["high"] + 1e-9).all()
    json.dumps(result.to_dict(), allow_nan=False)


def test_same_recipe_same_numbers_whatever_the_threads(course: Limits) -> None:
    again = limits("rituximab", "RA", dose=COURSE, patients=40, threads=2)
    assert again.to_dict() == course.to_dict()


def test_published_numbers_stand_beside_the_simulated_ones(course: Limits) -> None:
    row = course.published.set_index("measure").loc["B cells back: median time"]
    assert row["value"] == value(course, "B cells back: median time") + 14
    assert limits("tofacitinib", "RA", (12, 24), settings=SMALL).published.empty
    for entry in library.read_table("limits/published"):
        assert entry["source"]
        assert entry["rationale"]
        assert entry["kind"] in {"measured", "recalled"}
        assert entry["measure"] in {*course.table["measure"], "event: median time", "event: share"}


def test_first_after_and_median_by_hand() -> None:
    seen = np.array([[True, False, True, True], [True, False, False, False], [False, True, False, True]])
    times = first_after(seen, np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.0, 0.0, 10.0]), 5.0)
    assert times.time.tolist() == [15, 25, 25]
    assert times.event.tolist() == [True, False, True]
    assert median(Times(np.array([1.0, 2, 3, 4]), np.array([True, True, True, True]))) == 2
    assert median(Times(np.array([1.0, 2, 3, 4]), np.array([True, False, False, False]))) == np.inf


def test_saved_over_its_own_earlier_result_and_over_nothing_else(course: Limits, tmp_path: Path) -> None:
    for _ in range(2):
        course.save(tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"limits.json", "limits.png", "baxis-files.json"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "result.json").write_text("{}")
    with pytest.raises(InvalidValue, match=r"holds result\.json, which baxis does not know"):
        course.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "result.json").read_text() == "{}"


def test_refusals() -> None:
    with pytest.raises(UnknownName, match="disease"):
        limits("rituximab", "gout")
    with pytest.raises(InvalidValue, match="at least 4"):
        limits("rituximab", "RA", (1, 24))
    with pytest.raises(InvalidValue, match="patients"):
        limits("rituximab", "RA", patients=5)
    with pytest.raises(Unsupported, match="background drug"):
        limits("methotrexate", "RA", dose="15 mg po qw", patients=20)


def test_the_figure_shows_four_panels(course: Limits) -> None:
    assert len(course.plot().axes) == 4
    assert course.scenario.regimen == scenario("rituximab", "RA", COURSE).regimen
