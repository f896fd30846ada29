"""Patients matched to a published baseline: weights by their definition, the draw, the table, and what a user sees."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import baxis
from baxis import evidence
from baxis.clinic.people import baseline, matching
from baxis.clinic.people.matched import Characteristic
from baxis.clinic.questions.large import run_large
from baxis.core.errors import InvalidValue
from baxis.faces.cli.app import build

TRIAL = "tabalumab-ra-ph2-tnfir"


def target(measure: str, mean: float, sd: float = float("nan"), share: bool = False) -> Characteristic:
    return Characteristic(measure, measure, "1", mean, sd, 100.0, share, "")


def test_weights_reach_the_moments_and_are_the_nearest_to_equal() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    weights = matching.balance(np.column_stack([x - 0.4]), np.zeros(1))
    assert weights is not None
    assert weights @ x == pytest.approx(0.4, abs=2e-3)
    # entropy balancing of a mean is an exponential tilt: log weights are linear in x
    slope, level = np.polyfit(x, np.log(weights), 1)
    assert np.log(weights) == pytest.approx(level + slope * x, abs=1e-6)
    assert matching.effective_size(weights) == pytest.approx(4000 * np.exp(-(0.4**2)), rel=0.05)  # normal theory


def test_what_cannot_be_reached_is_left_out_not_forced() -> None:
    rng = np.random.default_rng(2)
    values = {"a": rng.normal(size=2000), "b": rng.normal(size=2000)}
    weights, done, out = matching.weigh(values, [target("a", 0.3, 1.0), target("b", 9.0, 1.0), target("c", 0.0, 1.0)])
    assert done == ("a", "sd of a")
    assert out[:2] == ("b", "c")
    assert matching.effective_size(weights) > 300
    assert matching.balance((values["b"] - 9.0)[:, None], np.zeros(1)) is None


def test_the_draw_takes_each_patient_once_in_proportion() -> None:
    rng = np.random.default_rng(3)
    weights = rng.gamma(2.0, size=3000)
    hits = np.zeros(3000)
    for seed in range(200):
        chosen = matching.choose(weights, 500, seed)
        assert len(set(chosen.tolist())) == 500
        hits[chosen] += 1
    expected = np.minimum(weights / weights.sum() * 500, 1) * 200
    assert np.corrcoef(hits, expected)[0, 1] > 0.9
    everybody = matching.choose(np.array([1e6, 1, 1, 1.0]), 4, 1)
    assert everybody.tolist() == [0, 1, 2, 3]


def test_published_medians_and_pooled_arms() -> None:
    rows = pd.DataFrame(
        [
            {"trial_id": "t", "arm_id": "a", "characteristic": "age_y", "value": 50.0, "statistic": "median",
             "spread": np.nan, "spread_kind": "iqr", "low": 43.26, "high": 56.74, "detail": np.nan, "source": "s"},
            {"trial_id": "t", "arm_id": "b", "characteristic": "age_y", "value": 60.0, "statistic": "mean",
             "spread": 1.0, "spread_kind": "se", "low": np.nan, "high": np.nan, "detail": np.nan, "source": "s"},
            {"trial_id": "t", "arm_id": "b", "characteristic": "SLEDAI", "value": 9.0, "statistic": "mean",
             "spread": 1.0, "spread_kind": "sd", "low": np.nan, "high": np.nan, "detail": "renal subset", "source": "s"},
        ]
    )  # fmt: skip
    arms = [SimpleNamespace(arm_id="a", n=300), SimpleNamespace(arm_id="b", n=100)]
    (found,) = baseline.targets(SimpleNamespace(trial_id="t", arms=arms), SimpleNamespace(baseline=rows))
    assert found.mean == pytest.approx((300 * 50 + 100 * 60) / 400)
    within = (300 * 10.0**2 + 100 * 10.0**2) / 400  # quartiles 13.48 apart, and 1 times the root of 100
    assert found.sd == pytest.approx(np.sqrt(within + 0.25 * 0.75 * 100), rel=0.01)


@pytest.fixture(scope="module")
def pair():
    return [baxis.run_trial(TRIAL, patients=300, match=m) for m in (False, True)]


def test_a_matched_trial_meets_the_published_baseline(pair) -> None:
    plain, matched = pair
    assert plain.matched is None
    assert (plain.baseline["flag"] != "").any()
    assert (matched.baseline["flag"] == "").all()
    assert matched.baseline["difference"].abs().max() < baseline.LARGEST
    assert matched.matched.enough
    assert matched.matched.effective >= 300
    assert 0 < matched.screen_failure_share < 1
    assert matched.screened > plain.screened
    assert len(set(matched.patients["patient"])) == 300
    assert matched.recipe["match"] is True
    assert "match" not in plain.recipe
    assert pair[1].to_dict()["matched"]["candidates"] == 900


def test_matching_is_off_unless_asked_for_and_the_same_from_a_design(pair) -> None:
    design = baxis.read_design(TRIAL)
    assert not design.match
    own = baxis.run_trial(design.replace(match=True), patients=300, threads=1)
    assert np.array_equal(own.patients["patient"], pair[1].patients["patient"])
    assert own.arms.drop(columns="pi90").to_dict() == pair[1].arms.drop(columns="pi90").to_dict()


def test_no_outcome_is_read(pair, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = evidence.load()
    poisoned = tables.outcomes.assign(value=-1e9, n=7)
    design = baxis.read_design(TRIAL)
    seen = SimpleNamespace(baseline=tables.baseline, outcomes=poisoned)
    assert baseline.targets(design, seen) == baseline.targets(design, tables)


def test_bad_uses_say_what_to_do(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidValue, match="no published baseline"):
        baxis.run_trial("tulip-1", patients=20, match=True)
    with pytest.raises(InvalidValue, match="True or False"):
        baxis.run_trial(TRIAL, patients=20, match="yes")
    with pytest.raises(InvalidValue, match="without --stream"):
        run_large(TRIAL, tmp_path / "x", patients=20, match=True)
    assert not (tmp_path / "x").exists()


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["trial", TRIAL, "--patients", "60", "--match"]
    build(command)(command, standalone_mode=False)
    text = " ".join(capsys.readouterr().out.split())
    assert "effective sample size" in text
    assert "Baseline: mean (sd)" in text
    assert "dropped out" in text
    assert "by source of uncertainty" in text
    command = ["trial", TRIAL, "--patients", "60", "--json", "-"]
    build(command)(command, standalone_mode=False)
    data = json.loads(capsys.readouterr().out)
    assert data["matched"] is None
    assert {r["characteristic"] for r in data["baseline"]} >= {"age_y", "DAS28_CRP"}
