"""What a result says beside its endpoints: uncertainty by source, conduct of the trial, survival curves and their figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import baxis
from baxis.clinic.result import trial_figures as figures
from baxis.clinic.statistics.intervals import PARTS, apart, sampling
from baxis.clinic.statistics.survival import Times, kaplan_meier
from baxis.core.errors import Faults, InvalidValue

VASCULITIS = {
    "trial_id": "aav",
    "disease": "AAV",
    "weeks": 104,
    "entry": [{"measure": "BVAS", "min": 3}],
    "arms": [
        {"arm_id": "once", "n": 60, "role": "comparator", "treatments": [
            {"drug": "rituximab", "dose": 1000, "route": "iv", "schedule": "days 1,15"}]},
        {"arm_id": "again", "n": 60, "role": "active", "treatments": [
            {"drug": "rituximab", "dose": 1000, "route": "iv", "schedule": "days 1,15 then q24w"}]},
    ],
    "endpoints": [{"name": "relapse_HR", "week": 104, "primary": True}, {"name": "BVAS_remission", "week": 24}],
}  # fmt: skip


@pytest.fixture(scope="module")
def vasculitis():
    return baxis.run_trial(baxis.clinic.design.design.build(VASCULITIS, "test"), patients=200, seed=2)


@pytest.fixture(scope="module")
def arthritis():
    return baxis.run_trial("rituximab-reflex", patients=640, seed=2)


def width(pair) -> float:
    return float(pair[1] - pair[0])


def test_each_source_is_the_interval_it_would_give_alone() -> None:
    y = (np.arange(400) < 100).astype(float)
    one = sampling(y, True)
    assert one == pytest.approx(np.sqrt(0.25 * 0.75), rel=0.01)
    found = apart(0.25, (0.0, one / np.sqrt(400), one / np.sqrt(100)), (0.0, 1.0))
    assert found["pi90_parameters"] == [0.25, 0.25]
    assert width(found["pi90_trial"]) == pytest.approx(2 * width(found["pi90_patients"]))
    rng = np.random.default_rng(1)
    seen = np.quantile(rng.binomial(100, 0.25, 100_000) / 100, [0.05, 0.95])
    assert found["pi90_trial"] == pytest.approx(seen, abs=0.011)
    assert apart(0.02, (0.1, 0.0, 0.0), (0.0, 1.0))["pi90_parameters"][0] == 0.0


def test_the_sources_make_up_the_whole(arthritis, vasculitis) -> None:
    for table in (arthritis.arms, arthritis.contrasts, vasculitis.contrasts):
        for r in table.to_dict("records"):
            together = np.sqrt(sum(width(r[p]) ** 2 for p in PARTS))
            assert width(r["pi90"]) == pytest.approx(together, rel=0.15), r["endpoint"]


def test_more_patients_and_larger_trials_narrow_their_own_part_only(arthritis) -> None:
    design = arthritis.design
    larger = design.replace(arms=[a.model_dump() | {"n": 4 * a.n} for a in design.arms])
    found = baxis.run_trial(larger, patients=640, seed=2)
    one, two = arthritis.arms.iloc[0], found.arms.iloc[0]
    assert width(two["pi90_trial"]) == pytest.approx(width(one["pi90_trial"]) / 2, rel=0.01)
    assert two["pi90_patients"] == one["pi90_patients"]
    assert two["pi90_parameters"] == one["pi90_parameters"]


def test_conduct_by_arm(arthritis) -> None:
    table = arthritis.conduct.set_index(["event", "arm_id"])["share"]
    weekly = 1 - np.exp(-24 * baxis.clinic.instruments.instrument("RA").number("dropout"))
    assert table["dropped out", "pbo"] == pytest.approx(weekly, abs=0.04)
    assert table["dropped out", "pbo"] == table["dropped out", "1000x2"]  # the same patients, one hazard
    assert table["rescued", "pbo"] > table["rescued", "1000x2"] > 0


def test_curves_are_kaplan_meiers_and_count_who_is_left(vasculitis) -> None:
    curve = vasculitis.survival
    assert set(curve["endpoint"]) == {"relapse_HR"}
    once = curve[curve.arm_id == "once"]
    assert once["at_risk"].iloc[0] == 200
    assert once["at_risk"].is_monotonic_decreasing
    assert once["survival"].is_monotonic_decreasing
    assert ((once["low"] <= once["survival"]) & (once["survival"] <= once["high"])).all()
    last = curve.groupby("arm_id")["survival"].min()
    assert last["again"] > last["once"]
    assert vasculitis.arms.set_index(["arm_id", "endpoint"]).loc[("once", "relapse_HR"), "value"] < 1 - last["once"]


def test_survival_figure(vasculitis, arthritis, tmp_path: Path) -> None:
    figure = figures.survival(vasculitis)
    shown = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert shown[0] == "once"
    assert "HR 0." in shown[1]
    assert "90 % PI" in shown[1]
    vasculitis.save(tmp_path / "out")
    assert (tmp_path / "out" / "survival.png").stat().st_size > 10_000
    assert len(pd.read_parquet(tmp_path / "out" / "survival.parquet")) == len(vasculitis.survival)
    with pytest.raises(InvalidValue, match="hazard-ratio endpoint"):
        figures.survival(arthritis)


def test_a_curve_without_events_stays_at_one() -> None:
    curve = kaplan_meier(Times(np.array([3.0, 5.0]), np.array([False, False])))
    assert curve.at(10.0) == 1.0


def test_the_scope_is_stated_and_children_are_refused(arthritis) -> None:
    assert "children" in arthritis.recipe["scope"]
    design = arthritis.design.replace(entry=[{"measure": "age_y", "max": 17}])
    with pytest.raises(Faults, match="covers no children"):
        baxis.run_trial(design, patients=5)
