"""Power, assurance and the chance of a significant result on the wrong side, against their closed forms."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from baxis.clinic.design.design import build
from baxis.clinic.questions import replicates
from baxis.clinic.questions.replicates import Replication, _judge_size, _Question, _replicates, _sizes
from baxis.core import streams


def question(active: float, control: float, between: float = 0.0) -> _Question:
    pool = np.arange(1000) / 1000
    return _Question("a", (pool < active).astype(float), (pool < control).astype(float), True, between, 1)


def scores(effect: float, between: float = 0.0) -> _Question:
    y = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    return _Question("a", y + effect, y, False, between, 1)


def expected(effect: float, se: float, between: float) -> tuple[float, float, float]:
    """Power, assurance and opposite of a two-sided test at 5 % whose estimate is normal about a normal truth."""
    line, wide, side = 1.959964 * se, np.hypot(se, between), np.sign(effect)
    power = stats.norm.sf((line - side * effect) / se)
    return power, stats.norm.sf((line - side * effect) / wide), stats.norm.cdf((-line - side * effect) / wide)


@pytest.mark.parametrize("effect", [0.3, -0.3])
@pytest.mark.parametrize("between", [0.0, 0.5])
def test_power_assurance_and_opposite_are_those_of_a_normal_estimate(effect, between) -> None:
    """Between draws the truth may lie on the other side: then a trial can be significant against the prediction."""
    row, estimates, p = _judge_size(scores(effect, between), (100, 100), Replication(replicates=8000))
    power, assurance, opposite = expected(effect, np.sqrt(2 / 100), between)
    assert row["power"] == pytest.approx(power, abs=0.02)
    assert row["assurance"] == pytest.approx(assurance, abs=0.02)
    assert row["opposite"] == pytest.approx(opposite, abs=0.015)
    assert row["assurance"] + row["opposite"] == pytest.approx(np.mean(p < 0.05), abs=1e-12)
    assert row["predicted"] == pytest.approx(effect)
    assert row["mean"] == pytest.approx(effect, abs=0.02)
    assert row["sd"] == pytest.approx(np.hypot(np.sqrt(2 / 100), between), rel=0.03)
    assert row["pi90"] == pytest.approx(np.quantile(estimates, [0.05, 0.95]))
    assert row["scale"] == "mean_difference"


def test_of_two_proportions_too() -> None:
    row, _, _ = _judge_size(question(0.5, 0.4, 0.1), (400, 300), Replication(replicates=8000))
    se = np.sqrt(0.25 / 400 + 0.24 / 300)
    power, assurance, opposite = expected(0.1, se, 0.1)
    assert row["power"] == pytest.approx(power, abs=0.02)
    assert row["assurance"] == pytest.approx(assurance, abs=0.02)
    assert row["opposite"] == pytest.approx(opposite, abs=0.01)
    assert row["opposite"] > 0.005
    assert (row["n_active"], row["n_control"], row["scale"]) == (400, 300, "risk_difference")


def test_the_level_of_the_test_is_the_plans() -> None:
    strict, _, _ = _judge_size(scores(0.0), (60, 60), Replication(replicates=4000, alpha=0.01))
    assert strict["assurance"] == strict["power"] == strict["opposite"] == 0  # no direction is predicted
    _, p = _replicates(scores(0.0), (60, 60), 8000, 0.0)
    assert np.mean(p < 0.01) == pytest.approx(0.01, abs=0.004)
    one, _, p = _judge_size(scores(0.3), (60, 60), Replication(replicates=4000, alpha=0.2))
    assert one["assurance"] + one["opposite"] == pytest.approx(np.mean(p < 0.2))
    assert np.isnan(_judge_size(scores(0.3), (60, 60), Replication(replicates=1))[0]["sd"])


def test_p_values_of_proportions_are_those_of_the_pooled_z_test() -> None:
    q = question(0.6, 0.4, 0.1)
    estimates, p = _replicates(q, (50, 80), 300, 0.1)
    random = streams.generator(1, "replicates a 50 80 draws")
    shift = 0.1 * random.standard_normal(300)
    active = random.binomial(50, np.clip(0.6 + shift, 0, 1)) / 50
    control = random.binomial(80, np.full(300, 0.4)) / 80
    assert estimates == pytest.approx(active - control)
    for a, c, found in zip(active, control, p, strict=True):
        pooled = (50 * a + 80 * c) / 130
        z = (a - c) / np.sqrt(pooled * (1 - pooled) * (1 / 50 + 1 / 80))
        assert found == pytest.approx(2 * stats.norm.sf(abs(z)))


def test_p_values_of_scores_are_those_of_welchs_t_test() -> None:
    q = scores(0.4, 0.2)
    estimates, p = _replicates(q, (12, 30), 50, 0.2)
    random = streams.generator(1, "replicates a 12 30 draws")
    shift = 0.2 * random.standard_normal(50)
    active, control = (
        [v[random.integers(2000, size=n)] for _ in range(50)] for v, n in ((q.active, 12), (q.control, 30))
    )
    for k in range(50):
        t = stats.ttest_ind(active[k] + shift[k], control[k], equal_var=False)
        assert p[k] == pytest.approx(t.pvalue)
        assert estimates[k] == pytest.approx(np.mean(active[k]) + shift[k] - np.mean(control[k]))


def test_a_trial_without_any_spread_says_nothing() -> None:
    nobody = question(0.0, 0.0)
    estimates, p = _replicates(nobody, (20, 20), 10, 0.0)
    assert estimates.tolist() == [0] * 10
    assert p.tolist() == [1] * 10
    flat = _Question("a", np.ones(5), np.ones(5), False, 0.0, 1)
    assert _replicates(flat, (20, 20), 10, 0.0)[1].tolist() == [1] * 10
    certain = question(1.0, 1.0, 0.3)  # a rate above one or below none does not exist
    estimates, _ = _replicates(certain, (20, 20), 200, 0.3)
    assert estimates.max() == 0


def test_bounds_of_a_plan() -> None:
    for good in ({"replicates": 1}, {"replicates": replicates.MOST}, {"sizes": (2,)}, {"alpha": 0.499}):
        Replication(**good)
    for bad in (
        {"replicates": replicates.MOST + 1},
        {"replicates": 0},
        {"sizes": (50, 1)},
        {"alpha": 0.0},
        {"alpha": 0.5},
    ):
        name = next(iter(bad))
        with pytest.raises(replicates.InvalidValue, match=name):
            Replication(**bad)
    assert replicates.MOST == 100_000
    assert (Replication().replicates, Replication().alpha) == (1000, 0.05)


def test_sizes_are_the_plans_or_the_published_ones() -> None:
    class Arm:
        def __init__(self, n: int) -> None:
            self.n = n

    assert _sizes(Replication(), Arm(40), Arm(60)) == [(40, 60)]
    assert _sizes(Replication(sizes=(10, 20)), Arm(40), Arm(60)) == [(10, 10), (20, 20)]


@pytest.fixture
def told(monkeypatch):
    """Trials of told values; what the draws were asked about is kept."""
    asked = []

    def between(values, ids, disease):
        asked.append((values.tolist(), ids.tolist(), disease))
        return 0.25

    monkeypatch.setattr(replicates, "between_draws", between)
    monkeypatch.setattr(replicates, "judge_arms", lambda done, endpoint: done.values)

    def run(values, plan, names=()):
        people = SimpleNamespace(ids=np.array([5, 6, 7, 8]), disease="RA")
        done = SimpleNamespace(
            people=people,
            tool=SimpleNamespace(continuous=set(names)),
            values={arm: np.array(y) for arm, y in values.items()},
        )
        monkeypatch.setattr(replicates, "simulate", lambda design, settings: done)
        return replicates.replicate_trials(design(), plan)

    return run, asked


def design():
    arms = [
        {"arm_id": "b", "n": 50, "role": "active"}, {"arm_id": "a", "n": 40, "role": "placebo"},
        {"arm_id": "c", "n": 30, "role": "active"},
    ]  # fmt: skip
    endpoints = [
        {"name": "ACR20", "week": 12}, {"name": "ACR20", "week": 24, "primary": True}, {"name": "ACR50", "week": 24},
        {"name": "DAS28_change", "week": 12},
    ]  # fmt: skip
    return build({"trial_id": "t", "disease": "RA", "weeks": 24, "arms": arms, "endpoints": endpoints}, "t")


VALUES = {"b": [1.0, 1.0, 0.0, np.nan], "a": [0.0, 1.0, 0.0, 1.0], "c": [np.nan, 1.0, 1.0, 1.0]}


def test_arms_are_compared_on_the_patients_that_both_have(told) -> None:
    run, asked = told
    found = run(VALUES, Replication(replicates=3))
    assert asked == [([1, 0, 0], [5, 6, 7], "RA"), ([0, 1, 0], [6, 7, 8], "RA")]
    assert found.table["arm_id"].tolist() == ["b", "c"]
    assert found.table["predicted"].tolist() == pytest.approx([2 / 3 - 1 / 3, 1 - 2 / 3])
    assert found.table[["n_active", "n_control"]].to_numpy().tolist() == [[50, 40], [30, 40]]
    assert found.trials[["n_active", "n_control"]].drop_duplicates().to_numpy().tolist() == [[50, 40], [30, 40]]
    assert set(found.table["scale"]) == {"risk_difference"}
    question = _Question("b", np.array([1.0, 1, 0]), np.array([0.0, 1, 0]), True, 0.25, 1)
    estimates, _ = _replicates(question, (50, 40), 3, 0.25)
    assert found.recipe["seed"] == 1
    assert found.trials["estimate"][:3].tolist() == estimates.tolist()
    assert found.trials["replicate"].tolist() == [0, 1, 2] * 2
    continuous = run(VALUES, Replication(replicates=3), ("ACR20",))
    assert set(continuous.table["scale"]) == {"mean_difference"}


def test_the_endpoint_is_the_primary_one_unless_another_is_asked_for(told) -> None:
    run, _ = told
    for plan, name, week in (
        (Replication(2), "ACR20", 24),
        (Replication(2, week=12), "ACR20", 12),
        (Replication(2, endpoint="ACR20"), "ACR20", 24),
        (Replication(2, endpoint="ACR50"), "ACR50", 24),
        (Replication(2, endpoint="DAS28_change"), "DAS28_change", 12),
        (Replication(2, endpoint="ACR20", week=12), "ACR20", 12),
    ):
        found = run(VALUES, plan)
        assert (found.endpoint.name, found.endpoint.week) == (name, week), plan
    with pytest.raises(replicates.UnknownName, match="week 48"):
        run(VALUES, Replication(2, week=48))
    with pytest.raises(replicates.UnknownName, match="ACR51"):
        run(VALUES, Replication(2, endpoint="ACR51"))
    assert found.to_dict()["alpha"] == 0.05
    assert len(replicates.replicate_trials(design()).trials) == 2000  # a plan of its own: a thousand for each arm


def test_the_spread_of_few_replicates_is_that_of_a_sample() -> None:
    row, estimates, _ = _judge_size(scores(0.3), (60, 60), Replication(replicates=2))
    assert row["sd"] == pytest.approx(abs(estimates[0] - estimates[1]) / np.sqrt(2))
