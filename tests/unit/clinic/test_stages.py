"""The arm under way between decisions, on an engine that is told: windows, what is recorded, who is changed, what is planned."""

from types import SimpleNamespace

import numpy as np
import pytest

from baxis import axis, engine
from baxis.clinic.conduct import stages
from baxis.clinic.conduct.stages import _Arm, _within, staged
from baxis.clinic.design.design import Switch, build
from baxis.clinic.instruments import Visits, instrument
from baxis.clinic.therapy.courses import of_arm
from baxis.clinic.therapy.decisions import Decision
from baxis.engine.model.events import ADD, SET

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
NAMES = list(axis.outputs())
N, M = 4, len(NAMES)
RITUXIMAB = {"drug": "rituximab", "dose": 1000, "route": "iv", "schedule": "days 1,15"}
TOCILIZUMAB = {"drug": "tocilizumab", "dose": 162, "route": "sc", "schedule": "qw"}


class Run:
    """An engine that gives day + patient/10 + output/100 for every output, and remembers what it was asked."""

    def __init__(self, failed=()) -> None:
        self.time, self.parameters = 0.0, np.zeros((N, len(axis.parameters("RA"))))
        self.status = np.zeros(N, dtype=np.int8)
        self.failed, self.asked = failed, []

    def advance(self, to, times, outputs, events):
        self.asked.append((to, times.tolist(), events))
        assert len(outputs) == M
        shape = np.arange(N)[:, None, None] / 10 + np.arange(M) / 100
        self.time = to
        return SimpleNamespace(values=times[None, :, None] + shape, failures=self.failed, status=self.status)


def events(*rows):
    """(time, kind, target) rows; amounts are 1, 2, ... for the first patient and ten times that for the others."""
    times, kinds, targets = zip(*rows, strict=True)
    amounts = np.arange(1.0, len(rows) + 1) * np.where(np.arange(N) == 0, 1, 10)[:, None]
    return engine.Events(np.array(times), np.array(kinds), list(targets), amounts)


def seen(found):
    return None if found is None else list(zip(found.times.tolist(), found.kinds.tolist(), found.targets, strict=True))


def under_way(*rules, run=None, left=None, courses=None, planned=None):
    of = design()
    swollen = np.array([[5.0, 5, 5, 5, 5], [9.0, 9, 9, 9, 9], [9.0, 9, 9, 9, 9], [9.0, 9, 9, 9, 9]])
    recorded = Visits(DAYS, {"SJC66": swollen})
    heard = []
    lab = SimpleNamespace(
        days=DAYS, design=of, tool=instrument("RA"), settings=SimpleNamespace(dosing="averaged"), options=None,
        recorded=lambda people, outputs, taken: heard.append((outputs, taken)) or recorded,
    )  # fmt: skip
    people = SimpleNamespace(ids=np.arange(N), seed=1, rest=None)
    decisions = [Decision(rule, np.full(N, np.inf)) for rule in rules]
    own = of_arm(of.arms[1], N) if courses is None else courses
    gone = np.full(N, 5) if left is None else np.array(left)
    way = _Arm(
        lab,
        of.arms[1],
        people,
        own,
        np.zeros((N, 3)),
        planned,
        run or Run(),
        np.full((N, 4, M), np.nan),
        decisions,
        gone,
    )
    return way, heard


def design(**changes):
    arms = [
        {"arm_id": "a", "n": 50, "role": "placebo"},
        {"arm_id": "b", "n": 50, "role": "active", "treatments": [RITUXIMAB]},
    ]
    data = {"trial_id": "t", "disease": "RA", "weeks": 24, "arms": arms, "endpoints": [{"name": "ACR20", "week": 24}]}
    return build(data | changes, "t")


def switch(**rule) -> Switch:
    return Switch.model_validate({"week": 12, "measure": "SJC66", "above": 6, "stop": ["rituximab"]} | rule)


def test_windows_follow_each_other_and_every_visit_is_recorded_once() -> None:
    way, _ = under_way()
    for to in (28.0, 84.0, 168.0):
        way.advance(to)
    assert [(a[0], a[1]) for a in way.run.asked] == [(28, [0, 28]), (84, [84]), (168, [168])]
    near, _ = under_way()
    near.advance(28.0 - 1e-12)
    assert near.run.asked[0][1] == [0, 28]
    assert way.values[:, :, 0].tolist() == [[d + p / 10 for d in DAYS[1:]] for p in range(N)]
    far, _ = under_way()
    far.advance(28.0 - 5e-4)
    assert far.run.asked[0][1] == [0]
    late, _ = under_way(run=Run())
    late.run.time = 0.5
    late.advance(28.0)
    assert late.run.asked[0][1] == [28]
    again, _ = under_way()
    again.run.time = 28.0
    again.advance(84.0)
    assert again.run.asked[0][1] == [84]  # what was recorded at day 28 is not asked for again


def test_failures_are_those_of_patients_whose_run_has_failed() -> None:
    run = Run([SimpleNamespace(patient=p) for p in range(3)])
    run.status = np.array([0, 1, 4, 0], dtype=np.int8)
    way, _ = under_way(run=run)
    way.advance(28.0)
    assert [f.patient for f in way.failures] == [1, 2]
    way.advance(84.0)
    assert [f.patient for f in way.failures] == [1, 2, 1, 2]


def test_outputs_have_screening_in_front_and_the_last_value_after_the_visit() -> None:
    way, _ = under_way()
    way.advance(168.0)
    name = NAMES[1]
    assert way.outputs()[name][2].tolist() == pytest.approx([0.21, 0.21, 28.21, 84.21, 168.21])
    assert way.outputs(2)[name][2].tolist() == pytest.approx([0.21, 0.21, 28.21, 28.21, 28.21])
    assert way.outputs(1)[name][0].tolist() == pytest.approx([0.01] * 5)
    assert list(way.outputs()) == NAMES


def test_a_decision_changes_who_it_fires_for_and_nobody_who_is_gone(monkeypatch) -> None:
    rule, other = switch(treatments=[TOCILIZUMAB]), switch(week=4, stop=["all"])
    way, heard = under_way(rule, other, left=[5, 5, 3, 5])
    way.run.status = np.array([0, 0, 0, 2], dtype=np.int8)
    planned = []
    monkeypatch.setattr(way, "_plan", planned.append, raising=False)
    way.advance(84.0)
    way.decide(84.0)
    assert way.decisions[0].day.tolist() == [np.inf, 84, np.inf, np.inf]  # below the bound, fires, missed it, failed
    assert np.isinf(way.decisions[1].day).all()  # not this visit's rule
    assert planned == [84.0]
    own, new = way.courses
    assert own.stop.tolist() == [np.inf, 84, np.inf, np.inf]
    assert (new.treatment.drug, new.treatment.start_day) == ("tocilizumab", 84)
    assert new.takes.tolist() == [False, True, False, False]
    outputs, taken = heard[0]
    assert taken[0].stop.tolist() == [np.inf] * 4  # judged by what was taken until then
    assert outputs[NAMES[0]][0].tolist() == [0, 0, 28, 84, 84]


def test_who_misses_the_visit_itself_takes_part_in_no_decision(monkeypatch) -> None:
    way, _ = under_way(switch(), left=[5, 3, 4, 2])
    monkeypatch.setattr(way, "_plan", lambda day: None, raising=False)
    way.decide(84.0)  # visit 3
    assert way.decisions[0].day.tolist() == [np.inf, np.inf, 84, np.inf]


def test_a_rule_that_stops_another_drug_leaves_the_course(monkeypatch) -> None:
    way, _ = under_way(switch(stop=["tocilizumab"], failure=True))
    monkeypatch.setattr(way, "_plan", lambda day: None, raising=False)
    way.decide(84.0)
    assert np.isinf(way.courses[0].stop).all()
    every, _ = under_way(switch(stop=["all"]))
    monkeypatch.setattr(every, "_plan", lambda day: None, raising=False)
    every.decide(84.0)
    assert every.courses[0].stop.tolist() == [np.inf, 84, 84, 84]


@pytest.mark.parametrize("repeat", [False, True])
def test_a_rule_fires_once_unless_it_repeats_and_keeps_its_first_day(monkeypatch, repeat) -> None:
    way, _ = under_way(switch(week=4, until=24, treatments=[TOCILIZUMAB], repeat=repeat), left=[5, 5, 5, 3])
    monkeypatch.setattr(way, "_plan", lambda day: None, raising=False)
    way.decide(28.0)
    way.decide(84.0)
    assert way.decisions[0].day.tolist() == [np.inf, 28, 28, 28]
    assert [c.treatment.start_day for c in way.courses] == [0, 28, 84][: 3 if repeat else 2]
    if repeat:
        assert way.courses[2].takes.tolist() == [False, True, True, False]


def test_a_new_plan_sets_what_changed_and_the_inputs_in_force(monkeypatch) -> None:
    column = int(axis.index("P1_CL")[0])
    new = np.zeros_like(Run().parameters)
    new[1, 5], new[:, 7] = 3.0, 0.0
    plan = events((0.0, SET, "P1_CL"), (84.0, SET, "P1_V1"), (84.0, ADD, "P1_depot"), (90.0, SET, "P1_V2"))
    monkeypatch.setattr(stages, "plan", lambda *_: (new, plan))
    way, _ = under_way()
    way.parameters = np.zeros_like(new)
    way.run.parameters[:, 7] = 9.0  # set by an input of the old plan, and not changed by the new one
    way._plan(84.0)
    assert way.run.parameters[:, 5].tolist() == [0, 3, 0, 0]
    assert way.run.parameters[:, 7].tolist() == [9] * N
    assert way.run.parameters[:, column].tolist() == [1, 10, 10, 10]
    assert way.run.parameters[:, int(axis.index("P1_V1")[0])].tolist() == [2, 20, 20, 20]
    assert not way.run.parameters[:, int(axis.index("P1_V2")[0])].any()  # later than the day
    assert way.events is plan
    assert way.parameters is new
    monkeypatch.setattr(stages, "plan", lambda *_: (new, None))
    way._plan(84.0)
    assert way.events is None


def test_events_of_a_window() -> None:
    every = events(
        (0.0, SET, "a"), (0.0, ADD, "b"), (28.0, SET, "c"), (28.0, ADD, "d"), (50.0, SET, "e"), (84.0, ADD, "f")
    )
    assert seen(_within(every, 28.0, 84.0)) == [(28, ADD, "d"), (50, SET, "e")]
    assert seen(_within(every, 0.0, 28.0)) == [(0, SET, "a"), (0, ADD, "b")]
    assert seen(_within(every, 1.0, 84.0)) == [(28, SET, "c"), (28, ADD, "d"), (50, SET, "e")]
    assert seen(_within(every, 84.0, 168.0)) == [(84, ADD, "f")]
    assert _within(every, 100.0, 168.0) is None
    assert _within(None, 0.0, 28.0) is None
    kept = _within(every, 28.0, 84.0)
    assert kept.amounts.tolist() == [[4, 5], [40, 50], [40, 50], [40, 50]]


def test_an_arm_in_stages_stops_at_each_decision_and_tells_how_far_it_is(monkeypatch) -> None:
    rule = {"week": 4, "until": 24, "measure": "SJC66", "above": 6, "stop": ["rituximab"]}
    arms = [
        {"arm_id": "a", "n": 50, "role": "placebo"},
        {"arm_id": "b", "n": 50, "role": "active", "treatments": [RITUXIMAB], "switches": [rule]},
    ]
    of, run = design(arms=arms), Run([SimpleNamespace(patient=2, time=3.0, state="x", reason="y")])
    run.status = np.array([0, 0, 1, 0], dtype=np.int8)
    way, _ = under_way(run=run)
    lab = way.lab
    lab.design = of
    monkeypatch.setattr(stages, "plan", lambda *_: (run.parameters.copy(), None))
    monkeypatch.setattr(stages.engine, "start", lambda kernel, parameters, rest, options: run)
    monkeypatch.setattr(stages, "dropout_visit", lambda *_: np.array([5, 5, 5, 2]))
    people = SimpleNamespace(ids=np.array([7, 8, 9, 10]), seed=1, rest=None)
    told = []
    found = staged(lab, of.arms[1], people, lambda done, total: told.append((done, total)))
    assert [a[0] for a in run.asked] == [28, 84, 168]
    assert told == [(1, 4), (3, 4), (4, 4)]
    assert found.decisions[0].day.tolist() == [np.inf, 28, np.inf, np.inf]
    assert found.outputs[NAMES[0]][1].tolist() == pytest.approx([0.1, 0.1, 28.1, 84.1, 168.1])
    assert [f["patient"] for f in found.failures] == [9] * 3
    assert found.days is DAYS
    silent = staged(lab, of.arms[1], people)
    assert silent.courses[0].stop.tolist() == [np.inf, 28, np.inf, np.inf]
