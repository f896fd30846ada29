"""Contrasts of arms: the difference and its parts in closed form, hazard ratios from event times, published values."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from baxis.clinic.design.design import Endpoint, build
from baxis.clinic.instruments import Visits, instrument
from baxis.clinic.result import contrasts as c
from baxis.clinic.result import published
from baxis.clinic.statistics.intervals import REPLICATES, Sample, newcombe, replicate, wilson
from baxis.clinic.statistics.survival import Times, replicate_log_hazard_ratio
from baxis.core import streams

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
Z = 1.6448536
PEOPLE = SimpleNamespace(ids=np.arange(200), seed=4, disease="RA")
ENDPOINT = Endpoint(name="ACR20", week=24)


def judged(arm: str, values, n: int = 80, **more) -> c.Judged:
    return c.Judged(arm, n, np.array(values, float), more.get("visits"), more.get("times"))


@pytest.fixture
def fixed(monkeypatch):
    """Parameter uncertainty of 0.04; the values that it was asked about are kept."""
    asked = []

    def between(values, ids, disease):
        asked.append((values, ids, disease))
        return 0.04

    monkeypatch.setattr(c, "between_draws", between)
    return asked


def share(k: int, failed: int = 0) -> list[float]:
    return [1.0] * k + [0.0] * (200 - k - failed) + [np.nan] * failed


def test_difference_of_proportions_and_its_parts(fixed) -> None:
    pair = judged("b", share(120, 10), 60), judged("a", share(60), 90)
    row = c._difference(PEOPLE, ENDPOINT, pair, True)
    p1, p0 = 120 / 190, 60 / 200
    assert row["predicted"] == pytest.approx(p1 - p0)
    assert row["scale"] == "risk_difference"
    (paired, ids, disease), *_ = fixed
    assert (len(paired), ids.tolist(), disease) == (190, list(range(190)), "RA")
    assert paired.mean() == pytest.approx((120 - 60) / 190)  # the same patients in both arms
    v1, v0 = (120.5 / 191) * (70.5 / 191), (60.5 / 201) * (140.5 / 201)
    sds = 0.04, np.sqrt(v1 / 190 + v0 / 200), np.sqrt(v1 / 60 + v0 / 90)
    for name, sd in zip(("pi90_parameters", "pi90_patients", "pi90_trial"), sds, strict=True):
        assert row[name] == pytest.approx([p1 - p0 - Z * sd, p1 - p0 + Z * sd], abs=1e-7)
    whole = np.sqrt(sum(sd**2 for sd in sds))
    assert row["pi90"] == pytest.approx([p1 - p0 - Z * whole, p1 - p0 + Z * whole], abs=0.02)
    arms = [
        replicate(Sample(a.finished, True), a.n_published, (4, f"contrast {a.arm_id} ACR20 24"), "none") for a in pair
    ]
    truth = ndtri(streams.uniform(4, "truth of b ACR20 24", np.arange(REPLICATES))[:, 0])
    draws = arms[0] - arms[1] + 0.04 * truth
    assert row["pi90"] == pytest.approx(np.quantile(draws, [0.05, 0.95]))
    assert row["pi50"] == pytest.approx(np.quantile(draws, [0.25, 0.75]))


def test_difference_of_means_has_no_bounds(fixed) -> None:
    y = np.linspace(-40, 0, 200)
    pair = judged("b", y - 5, 60), judged("a", y, 60)
    row = c._difference(PEOPLE, ENDPOINT, pair, False)
    assert (row["scale"], row["predicted"]) == ("mean_difference", pytest.approx(-5))
    sd = y.std(ddof=1) * np.sqrt(2 / 60)
    assert row["pi90_trial"] == pytest.approx([-5 - Z * sd, -5 + Z * sd], abs=1e-6)
    assert row["pi90_trial"][0] < -1
    wide = c._difference(PEOPLE, ENDPOINT, (judged("b", share(200), 2), judged("a", share(0), 2)), True)
    assert wide["pi90_trial"][1] == 1.0
    low = c._difference(PEOPLE, ENDPOINT, (judged("b", share(0), 2), judged("a", share(200), 2)), True)
    assert low["pi90_trial"][0] == -1.0
    one = c._difference(PEOPLE, ENDPOINT, (judged("b", share(0, 200), 2), judged("a", share(9), 2)), True)
    assert np.isnan(one["predicted"])


def times(rate: int, day: float, n: int = 200) -> Times:
    """`rate` of n patients have the event at `day`, day + 1, ...; the others are followed to day 168."""
    event = np.arange(n) < rate
    return Times(np.where(event, day + np.arange(n), 168.0), event)


def test_hazard_ratio_of_kept_times(fixed) -> None:
    of = SimpleNamespace()
    endpoint = Endpoint(name="relapse_HR", week=24)
    active, control = times(20, 40.0), times(60, 20.0)
    pair = (
        judged("b", np.zeros(200), 60, times={"relapse_HR": active}),
        judged("a", np.zeros(200), 90, times={"relapse_HR": control}),
    )
    row = c._hazard((of, instrument("AAV"), PEOPLE, endpoint), pair)
    draws = replicate_log_hazard_ratio(active, control, (60, 90), (4, "hazard b relapse_HR 24"), REPLICATES, 0.04)
    assert row["scale"] == "log_hazard_ratio"
    assert row["predicted"] == pytest.approx(np.median(draws))
    assert row["pi90"] == pytest.approx(np.quantile(draws, [0.05, 0.95]))
    assert row["pi50"] == pytest.approx(np.quantile(draws, [0.25, 0.75]))
    sds = 0.04, np.sqrt(1 / 20 + 1 / 60), np.sqrt(1 / (60 * 20 / 200) + 1 / (90 * 60 / 200))
    for name, sd in zip(("pi90_parameters", "pi90_patients", "pi90_trial"), sds, strict=True):
        assert row[name] == pytest.approx([row["predicted"] - Z * sd, row["predicted"] + Z * sd], abs=1e-6)
    (shown, ids, _), *_ = fixed
    people = [t.time.size * (t.event / t.event.sum() - t.time / t.time.sum()) for t in (active, control)]
    assert shown == pytest.approx(people[0] - people[1])  # influence on the log rate, active less control
    assert len(ids) == 200


def test_an_arm_without_events_counts_half_of_one(fixed) -> None:
    none = times(0, 1.0)
    pair = judged("b", np.zeros(200), 60, times={"x": none}), judged("a", np.zeros(200), 90, times={"x": none})
    endpoint = Endpoint(name="x", week=24)
    both = c._hazard(
        (None, None, PEOPLE, endpoint), (pair[0], judged("a", np.zeros(200), 90, times={"x": times(9, 5.0)}))
    )
    sd = np.sqrt(1 / 0.5 + 1 / 9)
    assert both["pi90_patients"][1] - both["predicted"] == pytest.approx(Z * sd, abs=1e-6)
    sd = np.sqrt(1 / 0.5 + 1 / (90 * 9 / 200))
    assert both["pi90_trial"][1] - both["predicted"] == pytest.approx(Z * sd, abs=1e-6)


def test_one_patient_in_an_arm_is_one(fixed) -> None:
    """Sd of the mean of one patient is that of a patient: (k + 1/2)/(n + 1) is 3/4 after one response of one."""
    row = c._difference(PEOPLE, ENDPOINT, (judged("b", share(1, 199), 60), judged("a", share(200), 90)), True)
    sd = np.sqrt(0.75 * 0.25 + (200.5 / 201) * (0.5 / 201) / 200)
    assert row["pi90_patients"][0] == pytest.approx(row["predicted"] - Z * sd, abs=1e-6)
    pair = (
        judged("b", [0.0] + [np.nan] * 199, 60, times={"x": Times(np.full(200, 40.0), np.ones(200, bool))}),
        judged("a", np.zeros(200), 90, times={"x": times(60, 20.0)}),
    )
    found = c._hazard((None, None, PEOPLE, Endpoint(name="x", week=24)), pair)
    planned = np.sqrt(1 / (60 * 1 / 1) + 1 / (90 * 60 / 200))
    assert found["pi90_trial"][1] - found["predicted"] == pytest.approx(Z * planned, abs=1e-6)


def design(**changes):
    arms = [
        {"arm_id": "b", "n": 50, "role": "active"},
        {"arm_id": "a", "n": 40, "role": "placebo"},
        {"arm_id": "c", "n": 50, "role": "active"},
    ]
    data = {"trial_id": "t", "disease": "IgG4-RD", "weeks": 24, "arms": arms,
            "endpoints": [{"name": "flare_HR", "week": 24}, {"name": "flare_free", "week": 24}]}  # fmt: skip
    return build(data | changes, "t")


def test_event_times_run_from_the_randomisation_and_end_at_drop_out(monkeypatch) -> None:
    tool = instrument("IgG4-RD")
    rows = np.array([[0, 0, 0, 1, 0], [0, 0, 1, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]], float)
    v = Visits(DAYS, {"flaring organs": rows, "RI": 9 - rows})
    people = SimpleNamespace(ids=np.arange(4), seed=1, disease="IgG4-RD")
    monkeypatch.setattr(c, "dropout_visit", lambda *_: np.array([5, 5, 4, 3]))
    endpoint = Endpoint(name="flare_HR", week=24)
    plain = c.event_times(design(), tool, people, endpoint, v)
    assert plain.time.tolist() == [84, 28, 84, 28]
    assert plain.event.tolist() == [True, True, False, False]
    later = c.event_times(design(randomisation={"week": 4, "endpoint": "clinical_response"}), tool, people, endpoint, v)
    assert later.time.tolist() == [56, 140, 56, 0]
    assert later.event.tolist() == [True, True, False, False]
    third = c.event_times(
        design(randomisation={"week": 4, "endpoint": "clinical_response"}),
        tool,
        people,
        Endpoint(name="flare_HR", week=12),
        v,
    )
    assert third.time.tolist() == [56, 56, 56, 0]  # week 12 of the trial is day 56 since the randomisation
    assert third.event.tolist() == [True, False, False, False]
    gone = Visits(DAYS[[0, 1, 2, 3]], {"flaring organs": rows[:1, :4], "RI": 9 - rows[:1, :4]})
    monkeypatch.setattr(c, "dropout_visit", lambda *_: np.array([2]))
    after = c.event_times(
        design(randomisation={"week": 4, "endpoint": "clinical_response"}), tool, people, endpoint, gone
    )
    assert (after.time.tolist(), after.event.tolist()) == ([0], [False])  # gone before it: no follow-up, no fault
    monkeypatch.setattr(c, "dropout_visit", lambda *_: np.array([5, 5, 4, 3]))
    between = Visits(DAYS - np.array([0, 0, 0, 0, 78]), v.measures)  # a visit at day 90, after week 12
    early = c.event_times(design(), tool, people, Endpoint(name="flare_HR", week=12), between)
    assert early.time.max() == 84
    staged = design(randomisation={"week": 4, "endpoint": "clinical_response"})
    soon = Visits(DAYS - np.array([0, 0, 0, 0, 70]), v.measures)  # day 98: day 70 since the randomisation
    assert c.event_times(staged, tool, people, Endpoint(name="flare_HR", week=12), soon).time.max() == 56
    short = c.event_times(design(), tool, people, Endpoint(name="flare_HR", week=12), v)
    assert short.time.tolist() == [84, 28, 84, 28]
    arm = judged("b", [0, np.nan, 0, 0], visits=v)
    kept = c.arm_times((design(), tool, people, endpoint), arm)
    assert kept.time.tolist() == [84, 84, 28]  # without the patient whose simulation failed


def test_curves_begin_at_one_and_count_who_is_at_risk() -> None:
    tool = instrument("IgG4-RD")
    kept = {"flare_HR": Times(np.array([28.0, 84.0, 84.0, 168.0]), np.array([True, True, False, False]))}
    endpoint, other = design().endpoints
    arm = judged("b", np.zeros(4), times=kept)
    table = c.curves(design(), tool, PEOPLE, {("b", endpoint): arm, ("b", other): arm})
    assert table["day"].tolist() == [0, 28, 84, 168]
    assert table["survival"].tolist() == pytest.approx([1, 0.75, 0.5, 0.5])
    assert table["at_risk"].tolist() == [4, 4, 3, 1]
    assert table["low"].iloc[0] == table["high"].iloc[0] == 1
    assert (table["low"] <= table["survival"]).all()
    assert (table["survival"] <= table["high"]).all()
    assert set(table["endpoint"]) == {"flare_HR"}


def test_every_arm_but_the_control_has_a_row_of_each_endpoint(fixed) -> None:
    tool, of = instrument("IgG4-RD"), design()
    people = SimpleNamespace(ids=np.arange(200), seed=4, disease="IgG4-RD")
    kept = {"flare_HR": times(30, 10.0)}
    found = {(a.arm_id, e): judged(a.arm_id, share(90), a.n, times=kept) for a in of.arms for e in of.endpoints}
    rows = c.contrasts(of, tool, people, found, {})
    named = [(r["arm_id"], r["versus"], r["endpoint"], r["scale"]) for r in rows]
    assert named == [
        ("b", "a", "flare_HR", "log_hazard_ratio"), ("c", "a", "flare_HR", "log_hazard_ratio"),
        ("b", "a", "flare_free", "risk_difference"), ("c", "a", "flare_free", "risk_difference"),
    ]  # fmt: skip
    assert all(r["published"] is None and r["published_ci"] is None for r in rows)
    scores = build({"trial_id": "t", "disease": "RA", "weeks": 24, "arms": [a.model_dump() for a in of.arms],
                    "endpoints": [{"name": "DAS28_change", "week": 24}]}, "t")  # fmt: skip
    found = {(a.arm_id, e): judged(a.arm_id, np.arange(200)) for a in of.arms for e in scores.endpoints}
    assert {r["scale"] for r in c.contrasts(scores, instrument("RA"), people, found, {})} == {"mean_difference"}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("left", "right"), [(0, 9), (9, 0), (0, 0), (1, 0), (1, 1)])
def test_an_arm_that_nobody_finished_has_no_difference_and_no_warning(fixed, left: int, right: int) -> None:
    some = [[1.0] * k + [np.nan] * (200 - k) for k in (left, right)]
    pair = judged("b", some[0], 60), judged("a", some[1], 90)
    for binary in (True, False):
        row = c._difference(PEOPLE, ENDPOINT, pair, binary)
        assert set(row) == {"scale", "predicted", "pi50", "pi90", *c.PARTS}
        assert np.isnan(row["predicted"]) == (left * right == 0)
        assert all(np.isnan(row[name]).all() for name in ("pi50", "pi90", *c.PARTS)) == (left * right == 0)


def outcomes(*rows: dict) -> SimpleNamespace:
    base = {"trial_id": "t", "arm_id": "b", "subgroup": "", "endpoint": "flare_free", "week": 24.0, "value": 0.4,
            "statistic": "proportion", "n": np.nan, "ci_low": np.nan, "ci_high": np.nan, "provenance": "verified"}  # fmt: skip
    return SimpleNamespace(outcomes=pd.DataFrame([base | r for r in rows]))


def test_published_values_of_a_trial_are_read_whole() -> None:
    rows = outcomes(
        {}, {"value": 0.9}, {"trial_id": "other", "endpoint": "x"}, {"subgroup": "high", "endpoint": "x"},
        {"arm_id": "", "endpoint": "x"}, {"value": np.nan, "endpoint": "x"}, {"week": np.nan, "endpoint": "x"},
        {"statistic": "median", "endpoint": "x"}, {"arm_id": "a", "n": 30.0, "ci_low": 0.2, "ci_high": 0.6},
        {"endpoint": "flare_HR", "statistic": "hazard_ratio", "value": 0.5, "ci_low": 0.25, "ci_high": 1.0},
        {"endpoint": "IgG4RD_RI_change", "statistic": "mean_change", "value": -3.0}, {"arm_id": "zz", "n": np.nan},
        {"arm_id": "a", "endpoint": "IgG4RD_RI_change", "statistic": "mean_change", "value": -1.0},
    )  # fmt: skip
    seen = published.of_trial(design(), rows)
    assert not [k for k in seen if k[1] == "x"]
    first = seen["b", "flare_free", 24.0, "proportion"]
    assert (first.value, first.n) == (0.4, 50)  # the first row, the arm's size where none is printed
    assert first.ci == pytest.approx(wilson(0.4, 50))
    second = seen["a", "flare_free", 24.0, "proportion"]
    assert (second.n, second.ci) == (30, (0.2, 0.6))
    assert seen["zz", "flare_free", 24.0, "proportion"].ci is None
    assert seen["b", "IgG4RD_RI_change", 24.0, "mean_change"].ci is None
    hr, free = design().endpoints
    assert published.arm(seen, "b", free)["published"] == 0.4
    change = Endpoint(name="IgG4RD_RI_change", week=24)
    assert published.arm(seen, "b", change) == {"published": -3.0, "published_ci": None}
    assert published.arm(seen, "c", free) == {"published": None, "published_ci": None}
    between = published.difference(seen, ("b", "a"), free, True)
    assert between["published"] == pytest.approx(0.0)
    assert between["published_ci"] == pytest.approx(newcombe(0.4, 50, 0.4, 30))
    assert published.difference(seen, ("b", "a"), change, False) == {"published": -2.0, "published_ci": None}
    assert published.difference(seen, ("b", "c"), free, True)["published"] is None
    assert published.difference(seen, ("zz", "a"), free, True)["published_ci"] is None
    assert published.difference(seen, ("a", "zz"), free, True)["published_ci"] is None
    ratio = published.log_hazard_ratio(seen, "b", hr)
    assert ratio["published"] == pytest.approx(np.log(0.5))
    assert ratio["published_ci"] == pytest.approx([np.log(0.25), 0.0])
    assert published.log_hazard_ratio(seen, "c", hr)["published"] is None


def test_an_interval_printed_by_half_is_no_interval() -> None:
    for half in ({"ci_low": 0.2}, {"ci_high": 0.6}):
        seen = published.of_trial(design(), outcomes({"arm_id": "a", **half}))
        assert seen["a", "flare_free", 24.0, "proportion"].ci == pytest.approx(wilson(0.4, 40))
