"""Who counts as what when a visit is missing: hand-made visits of patients who stay, leave, are rescued, change therapy or
fail. Estimands as docs/trial.md states them: non-responder imputation for a responder endpoint, the last value before
drop-out carried forward for a score, what was seen while attending for an event."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from baxis.clinic.conduct import arm_run
from baxis.clinic.conduct.happenings import dropout_visit, randomised, rescued, since_randomisation, visit_of
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.conduct.simulate import SimulatedTrial
from baxis.clinic.design.design import Design, Endpoint, Rescue, Switch, build
from baxis.clinic.instruments import Visits, instrument
from baxis.clinic.result import summarise as result
from baxis.clinic.result import trial_record as record
from baxis.clinic.result.contrasts import Judged
from baxis.clinic.statistics.intervals import REPLICATES, Sample, replicate
from baxis.clinic.therapy.decisions import Decision
from baxis.core import streams

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
NEVER = DAYS.size
RESPONDER = {"SJC66": 10, "TJC68": 15, "pain": 30, "PtGA": 30, "PhGA": 30, "HAQ": 1.0, "CRP": 5}
START = {name: 2 * value for name, value in RESPONDER.items()}
RESCUE = {"week": 12, "measures": ["SJC66", "TJC68"], "improvement": 0.2}


def design(disease="RA", first="ACR20", **changes):
    arms = [{"arm_id": "a", "n": 50, "role": "placebo"}, {"arm_id": "b", "n": 50, "role": "active"}]
    data = {"trial_id": "t", "disease": disease, "weeks": 24, "arms": arms, **changes}
    return build({"endpoints": [{"name": first, "week": 24}]} | data, "t")


def arthritis(*courses: dict) -> Visits:
    """One patient a course: at each of the visits after baseline a share of the start, by measure (default: halved)."""
    rows = [
        {m: [START[m]] * 2 + [share * START[m] for share in c.get(m, c.get("all", (0.5, 0.5, 0.5)))] for m in START}
        for c in courses
    ]
    measures = {m: np.array([r[m] for r in rows], float) for m in START}
    measures["DAS28-CRP"] = np.tile([6.0, 5.0, 4.0, 3.0, 2.0], (len(courses), 1))
    return Visits(DAYS, measures)


def judged(monkeypatch, of, name, visits, left=None, **run):
    """Value of each patient, week 24. left: first visit that each misses."""
    n = next(iter(visits.measures.values())).shape[0]
    week = run.pop("week", 24.0)
    monkeypatch.setattr(result, "dropout_visit", lambda *_: np.array([NEVER] * n if left is None else left))
    known = {"status": np.zeros(n, dtype=np.int8), "decisions": ()} | run
    people = SimpleNamespace(ids=np.arange(n), seed=1)
    tool = instrument(of.disease)
    return result.judge(of, tool, Endpoint(name=name, week=week), SimpleNamespace(**known), visits, people).tolist()


def test_a_responder_who_missed_the_visit_is_a_non_responder(monkeypatch) -> None:
    v = arthritis(*[{}] * 5)
    assert judged(monkeypatch, design(), "ACR20", v, [5, 4, 3, 2, 5]) == [1, 0, 0, 0, 1]
    assert judged(monkeypatch, design(), "ACR20", v, [5, 4, 3, 2, 5], week=12.0) == [1, 1, 0, 0, 1]


def test_a_score_carries_the_last_value_that_was_seen_forward(monkeypatch) -> None:
    """Who misses the visit at index 4 was last seen at 3; who has no visit after baseline has not changed."""
    v = arthritis(*[{}] * 4)
    assert judged(monkeypatch, design(), "DAS28_change", v, [5, 4, 3, 2]) == [-3, -2, -1, 0]
    assert judged(monkeypatch, design(), "DAS28_change", v, [5, 4, 3, 2], week=12.0) == [-2, -2, -1, 0]


def test_a_patient_rescued_before_the_visit_is_a_non_responder(monkeypatch) -> None:
    flat, late = {"all": (1.0, 1.0, 0.5)}, {"all": (1.0, 0.5, 0.5)}
    one = {"SJC66": (1.0, 1.0, 0.5)}  # of two measures one is better: no rescue
    v = arthritis({}, flat, late, one)
    assert judged(monkeypatch, design(rescue=RESCUE), "ACR20", v) == [1, 0, 1, 1]
    assert judged(monkeypatch, design(), "ACR20", v) == [1, 1, 1, 1]
    assert judged(monkeypatch, design(rescue=RESCUE), "DAS28_change", v) == [-3, -3, -3, -3]  # its value is kept


def test_a_rescue_at_the_visit_itself_comes_after_what_was_recorded(monkeypatch) -> None:
    v = arthritis({"all": (0.5, 0.5, 1.0)})
    assert judged(monkeypatch, design(rescue=RESCUE), "DAS28_LDA", v) == [1]
    assert judged(monkeypatch, design(rescue=RESCUE), "DAS28_remission", v) == [1]


def test_a_change_of_therapy_that_counts_as_failure_does_from_the_next_visit_on(monkeypatch) -> None:
    v = arthritis(*[{}] * 3)
    fired = np.array([84.0, 168.0, np.inf])
    rule = {"week": 12, "until": 24, "measure": "SJC66", "above": 1.0, "stop": ["all"]}
    for failure, values in ((True, [0, 1, 1]), (False, [1, 1, 1])):
        d = Decision(Switch.model_validate(rule | {"failure": failure}), fired)
        assert judged(monkeypatch, design(), "ACR20", v, decisions=(d,)) == values


def test_a_patient_who_failed_by_the_instruments_rule_is_a_non_responder(monkeypatch) -> None:
    new_a = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1], [0, 0, 1, 0, 0]], float)
    v = Visits(DAYS, {"SLEDAI-2K": np.tile([8.0, 8, 4, 4, 4], (4, 1)), "new BILAG A": new_a})
    of = design("SLE", first="SLEDAI_reduction_ge4")
    assert judged(monkeypatch, of, "SLEDAI_reduction_ge4", v) == [1, 0, 0, 1]
    assert judged(monkeypatch, of, "SLEDAI_change", v) == [-4, -4, -4, -4]


def relapses(*rows) -> Visits:
    n = len(rows)
    quiet = np.tile([1.0, 1, 0, 0, 0], (n, 1))
    relapsing = np.array(rows, float)
    return Visits(DAYS, {"active organs": quiet, "relapsing organs": relapsing, "major organs": 0 * relapsing})


def test_an_event_counts_while_the_patient_attends(monkeypatch) -> None:
    v = relapses([0, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0] * 5)
    left = [NEVER, 4, 3, NEVER, 2]
    of = design("AAV", first="relapse_rate")
    for name in ("relapse_rate", "relapse_HR"):
        assert judged(monkeypatch, of, name, v, left) == [1, 1, 0, 1, 0]
        assert judged(monkeypatch, of, name, v, left, week=12.0) == [1, 1, 0, 0, 0]
    assert judged(monkeypatch, of, "relapse_free_survival", v, left) == [0, 0, 0, 0, 0]
    assert judged(monkeypatch, of, "relapse_free_survival", v) == [0, 0, 0, 0, 1]


def test_a_patient_whose_simulation_failed_has_no_value(monkeypatch) -> None:
    v = arthritis(*[{}] * 3)
    status = np.array([0, 1, 0], dtype=np.int8)
    assert judged(monkeypatch, design(), "ACR20", v, [5, 5, 4], status=status) == [1, 0]
    assert judged(monkeypatch, design(), "DAS28_change", v, [5, 2, 4], status=status) == [-3, -2]


WITHDRAWAL = {"week": 12, "endpoint": "ACR20"}


def test_only_responders_still_there_are_judged_after_randomised_withdrawal(monkeypatch) -> None:
    v = arthritis({}, {"all": (1.0, 1.0, 0.5)}, {}, {}, {"all": (0.5, 0.5, 1.0)})
    left = [NEVER, NEVER, 3, 4, NEVER]  # the third is gone at the randomisation, the fourth after it
    of = design(randomisation=WITHDRAWAL)
    assert judged(monkeypatch, of, "ACR20", v, left) == pytest.approx([1, np.nan, np.nan, 0, 0], nan_ok=True)
    assert judged(monkeypatch, of, "DAS28_change", v, left) == pytest.approx([-3, np.nan, np.nan, -2, -3], nan_ok=True)
    everybody = randomised(design(), instrument("RA"), v, np.array(left))
    assert everybody.tolist() == [True] * 5


def test_events_count_from_the_visit_of_randomisation(monkeypatch) -> None:
    of = design("AAV", first="relapse_rate", randomisation={"week": 4, "endpoint": "BVAS_remission"})
    v = relapses([0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0])
    v = Visits(DAYS, v.measures | {"BVAS": np.tile([9.0, 9, 0, 0, 0], (4, 1)), "steroid_mg": np.zeros((4, 5))})
    assert judged(monkeypatch, of, "relapse_rate", v) == [1, 0, 1, 1]
    assert judged(monkeypatch, of, "relapse_rate", v, [NEVER, NEVER, 4, 3]) == [1, 0, 0, 0]
    assert judged(monkeypatch, of, "relapse_rate", v, week=12.0) == [1, 0, 0, 1]  # the third only at week 24
    later, cut, day = since_randomisation(of, v)
    assert (cut, day) == (1, 28.0)
    assert later.days.tolist() == [-28.0, 0.0, 56.0, 140.0]
    assert later["BVAS"].tolist() == [[9, 0, 0, 0]] * 4
    assert since_randomisation(design("AAV", first="relapse_rate"), v) == (v, 0, 0.0)


def test_who_failed_before_the_randomisation_is_not_randomised() -> None:
    new_a = np.array([[0, 0, 1, 1, 0], [0, 0, 0, 1, 1]], float)
    v = Visits(DAYS, {"SLEDAI-2K": np.tile([8.0, 8, 4, 4, 4], (2, 1)), "new BILAG A": new_a})
    of = design("SLE", first="SRI-4", randomisation={"week": 12, "endpoint": "SLEDAI_reduction_ge4"})
    assert randomised(of, instrument("SLE"), v, np.array([5, 5])).tolist() == [False, True]


def test_drop_out_has_a_constant_hazard_and_misses_the_first_visit_after_it() -> None:
    tool, ids = instrument("RA", {"dropout": 0.05}), np.arange(2000)
    people = SimpleNamespace(ids=ids)
    left = dropout_visit(tool, DAYS, people, 7)
    weeks = -np.log(streams.uniform(7, "drop-out", ids)[:, 0]) / 0.05
    for gone, week in zip(left, weeks, strict=True):
        after = [k for k, day in enumerate(DAYS) if day / 7 > week]
        assert gone == (after[0] if after else DAYS.size)
    assert np.mean(left == DAYS.size) == pytest.approx(np.exp(-24 * 0.05), abs=0.03)
    assert left.min() == 2  # nobody is gone at baseline


def test_rescue_asks_for_every_measure_and_stays() -> None:
    rule = Rescue.model_validate(RESCUE)
    courses = [
        ({"all": (1, 1, 1)}, [0, 0, 0, 1, 1]),
        ({"all": (1, 1, 0.1)}, [0, 0, 0, 1, 1]),  # rescued stays rescued
        ({"all": (1, 0.8, 0.81)}, [0, 0, 0, 0, 1]),  # exactly 20 % better is not less than 20 %
        ({"all": (1, 0.5, 0.5)}, [0, 0, 0, 0, 0]),  # before its week the rule does not bind
        ({"TJC68": (1, 1, 1)}, [0, 0, 0, 0, 0]),
    ]
    found = rescued(rule, arthritis(*[c for c, _ in courses]))
    assert found.astype(int).tolist() == [expected for _, expected in courses]
    assert not rescued(None, arthritis({"all": (1, 1, 1)})).any()
    decimal = Visits(DAYS, {"HAQ": np.array([[0, 1.1, 0, 0.77, 0.77]])})  # 0.7 x 1.1 is 0.7699999999999999
    assert not rescued(Rescue(week=12, measures=("HAQ",), improvement=0.3), decimal).any()


def test_a_visit_is_found_by_its_week() -> None:
    v = arthritis({})
    assert [visit_of(v, week) for week in (0, 4, 12, 24)] == [1, 2, 3, 4]


def test_conduct_counts_shares_of_those_simulated_to_the_end(monkeypatch) -> None:
    rule = {"week": 12, "measure": "SJC66", "above": 1.0, "stop": ["all"]}
    fired = np.array([84.0, np.inf, np.inf, 84.0])
    v = arthritis({}, {"all": (1, 1, 1)}, {}, {"all": (1, 1, 1)})
    monkeypatch.setattr(result, "dropout_visit", lambda *_: np.array([4, 5, 5, 2]))
    switch = Switch.model_validate(rule)
    decisions = (Decision(switch, fired), Decision(switch, np.full(4, np.inf), True))
    status = np.array([0, 0, 0, 1], dtype=np.int8)
    run = SimpleNamespace(status=status, decisions=decisions, arm=SimpleNamespace(arm_id="a"))
    of, people = design(rescue=RESCUE, randomisation=WITHDRAWAL), SimpleNamespace(ids=np.arange(4), seed=1)
    late = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0], [0] * 5, [0] * 5], float)
    lupus = Visits(DAYS, {"SLEDAI-2K": np.tile([8.0, 8, 4, 4, 4], (4, 1)), "new BILAG A": late})
    last = result.conduct_table(done(design("SLE", "SRI-4"), people_of(4), [run], [lupus]))
    assert last.set_index("event")["share"]["failed by the instrument's rule"] == pytest.approx(1 / 3)
    at_end = arthritis({"all": (0.5, 0.5, 1)}, {}, {}, {})
    last = result.conduct_table(done(design(rescue=RESCUE), people_of(4), [run], [at_end]))
    assert last.set_index("event")["share"]["rescued"] == pytest.approx(1 / 3)
    table = result.conduct_table(done(of, people, [run], [v])).set_index("event")["share"]
    assert table.to_dict() == pytest.approx({
        "dropped out": 1 / 3, "failed by the instrument's rule": 0, "rescued": 1 / 3, f"switch: {switch.text}": 1 / 3,
        "changed therapy by the rescue rule": 0, "randomised": 2 / 3,
    })  # fmt: skip


def done(of: Design, people: SimpleNamespace, runs: list[Any], visits: list[Visits]) -> SimulatedTrial:
    """A trial as if it had been run."""
    return SimulatedTrial(
        design=of, settings=Settings(), tool=instrument(of.disease), people=people, runs=runs, visits=visits, screened=9
    )


def people_of(n: int) -> SimpleNamespace:
    return SimpleNamespace(
        ids=np.arange(n), seed=1, disease="RA", covariates={"age_y": np.arange(n) + 40.0}, matched=None
    )


def test_a_result_judges_every_arm_and_keeps_the_first_arms_baseline(monkeypatch) -> None:
    """Two arms of three patients, one of whom the solver lost: values, kinds and baseline as the visits say."""
    of = design(endpoints=[{"name": "ACR20", "week": 24}, {"name": "DAS28_change", "week": 24}])
    first, second = arthritis({}, {}, {}), arthritis({"all": (1, 1, 1)}, {}, {})
    for k, v in enumerate((first, second)):
        v.measures.update(
            {name: np.full((3, 5), k) + np.arange(5.0) for name in instrument("RA").units if name not in v.measures}
        )
    status = np.array([0, 0, 3], dtype=np.int8)
    runs = [arm_run.ArmRun(arm, DAYS, {}, status, [{"arm_id": arm.arm_id}]) for arm in of.arms]
    heard = {}
    for name, value in (("recipe", {}), ("contrasts", []), ("curves", None)):
        monkeypatch.setattr(result, name, lambda *_, value=value: value)
    monkeypatch.setattr(result, "harms", lambda *_: None)
    monkeypatch.setattr(result, "published_baseline", lambda d, t, p, v: heard.update(baseline=v))
    monkeypatch.setattr(result, "dropout_visit", lambda *_: np.array([NEVER] * 3))
    monkeypatch.setattr(result, "between_draws", lambda *_: 0.0)
    monkeypatch.setattr(result.evidence, "load", lambda *_: None)
    monkeypatch.setattr(result.published, "of_trial", lambda *_: {})
    found = result.summarise(done(of, people_of(3), runs, [first, second]))
    shown = found.arms.set_index(["arm_id", "endpoint"])
    assert shown["value"].to_dict() == {
        ("a", "ACR20"): 1, ("b", "ACR20"): 0.5, ("a", "DAS28_change"): -3, ("b", "DAS28_change"): -3,
    }  # fmt: skip
    assert set(shown["n_simulated"]) == {2}
    assert shown["kind"].to_dict()["a", "ACR20"] == "proportion"
    assert shown["kind"].to_dict()["a", "DAS28_change"] == "points"
    assert "published" in found.arms
    assert found.patients["ESR at baseline"].tolist() == [1, 1, 1]
    assert heard["baseline"] is first
    assert found.failures == [{"arm_id": "a"}, {"arm_id": "b"}]


def test_a_run_without_kept_courses_has_those_of_its_arm() -> None:
    arm = design(arms=[{"arm_id": "a", "n": 9, "role": "placebo"}, {"arm_id": "b", "n": 9, "role": "active", "treatments": [
        {"drug": "rituximab", "dose": 1000, "route": "iv", "schedule": "once"}]}]).arms[1]  # fmt: skip
    run = arm_run.ArmRun(arm, DAYS, {}, np.zeros(4, dtype=np.int8), [])
    assert [c.treatment.drug for c in run.taken] == ["rituximab"]
    kept = (run.taken[0].end(np.ones(4, dtype=bool), 3.0),)
    assert arm_run.ArmRun(arm, DAYS, {}, np.zeros(4, dtype=np.int8), [], kept).taken is kept


def row(monkeypatch, values, binary: bool, n: int = 80):
    monkeypatch.setattr(result, "between_draws", lambda y, ids, disease: 0.03 if len(y) == len(ids) else 99.0)
    planned = SimpleNamespace(arm_id="a", role="active", n=n)
    people = SimpleNamespace(seed=4, ids=np.arange(len(values)), disease="RA")
    arm = Judged("a", n, np.array(values, float), None)
    return result.arm_row(planned, Endpoint(name="ACR20", week=24), arm, people, binary)


def test_a_row_of_the_table_says_each_source_apart(monkeypatch) -> None:
    values = [1.0] * 30 + [0.0] * 70 + [np.nan] * 5
    found = row(monkeypatch, values, True)
    assert (found["n_simulated"], found["n_published"], found["kind"]) == (100, 80, "proportion")
    assert found["value"] == 0.3
    one = np.sqrt(30.5 / 101 * 70.5 / 101)
    for name, sd in (("pi90_parameters", 0.03), ("pi90_patients", one / 10), ("pi90_trial", one / np.sqrt(80))):
        assert found[name] == pytest.approx([0.3 - 1.6448536 * sd, 0.3 + 1.6448536 * sd], abs=1e-7)
    y = np.array(values[:100])
    draws = replicate(Sample(y, True, 0.03), 80, (4, "trial a ACR20 24"), "truth")
    assert draws.shape == (REPLICATES,)
    assert found["pi90"] == pytest.approx(np.quantile(draws, [0.05, 0.95]))
    assert found["pi50"] == pytest.approx(np.quantile(draws, [0.25, 0.75]))
    score = row(monkeypatch, np.arange(50.0) - 60, False)
    assert score["kind"] == "points"
    assert score["pi90_trial"][1] == pytest.approx(-35.5 + 1.6448536 * np.arange(50).std(ddof=1) / np.sqrt(80))
    assert score["pi90_trial"][0] < -1  # no bounds for a score


def test_a_row_without_anybody_is_empty_and_bounds_of_a_share_hold(monkeypatch) -> None:
    empty = row(monkeypatch, [np.nan] * 3, True)
    assert empty["n_simulated"] == 0
    assert np.isnan(empty["value"])
    assert np.isnan(empty["pi90"]).all()
    all_respond = row(monkeypatch, [1.0] * 20, True, 5)
    assert all_respond["pi90_trial"][1] == 1.0
    assert row(monkeypatch, [0.0] * 20, True, 5)["pi90_trial"][0] == 0.0


def test_share_of_screening_failures_is_of_those_seen() -> None:
    of = SimpleNamespace(matched=None, patients=[0] * 30, screened=40)
    assert record.TrialRecord.screen_failure_share.fget(of) == pytest.approx(0.25)
    of.matched = SimpleNamespace(candidates=10)
    assert record.TrialRecord.screen_failure_share.fget(of) == pytest.approx(0.75)
