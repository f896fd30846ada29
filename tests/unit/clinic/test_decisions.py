"""When a rule fires and for whom, by hand-made visits: switches, rescue that changes therapy, and the courses they start."""

from types import SimpleNamespace

import numpy as np
import pytest

from baxis import axis
from baxis.clinic.conduct.stages import _judged_on, decision_days, fires
from baxis.clinic.design.design import Switch, build
from baxis.clinic.instruments import Visits, instrument
from baxis.clinic.therapy.courses import begun, of_arm
from baxis.clinic.therapy.decisions import rules

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
TOOL = instrument("RA")
RITUXIMAB = {"drug": "rituximab", "dose": 1000, "route": "iv", "schedule": "days 1,15"}
TOCILIZUMAB = {"drug": "tocilizumab", "dose": 162, "route": "sc", "schedule": "qw"}


def switch(**rule) -> Switch:
    return Switch.model_validate({"week": 12, "stop": ["all"]} | rule)


def design(**changes):
    arms = [
        {"arm_id": "a", "n": 50, "role": "placebo"},
        {"arm_id": "b", "n": 50, "role": "active", "treatments": [RITUXIMAB]},
    ]
    data = {"trial_id": "t", "disease": "RA", "weeks": 24, "arms": arms, "endpoints": [{"name": "ACR20", "week": 24}]}
    return build(data | changes, "t")


def joints(*ends, start=(20.0, 30.0)) -> Visits:
    """Patients whose swollen and tender joints end so at the last visit."""
    n = len(ends)
    swollen, tender = np.full((n, 5), start[0]), np.full((n, 5), start[1])
    swollen[:, 4], tender[:, 4] = np.array(ends, float).T
    return Visits(DAYS, {"SJC66": swollen, "TJC68": tender})


def test_response_is_every_measure_better_and_no_response_none() -> None:
    v = joints((16, 24), (16, 25), (17, 24), (17, 25), (10, 10))
    both = {"measures": ["SJC66", "TJC68"], "improvement": 0.2}
    assert fires(switch(when="response", **both), TOOL, v, {}, 4).tolist() == [True, False, False, False, True]
    assert fires(switch(when="no response", **both), TOOL, v, {}, 4).tolist() == [False, False, False, True, False]
    assert not fires(switch(when="response", **both), TOOL, v, {}, 3).any()  # as it was at that visit
    v.measures["SJC66"][:, 2], v.measures["TJC68"][:, 2] = 1, 1  # against baseline, not the visit before
    assert fires(switch(when="response", **both), TOOL, v, {}, 4).tolist() == [True, False, False, False, True]


def test_a_measure_above_below_or_between_its_bounds() -> None:
    v = joints((5, 1), (6, 1), (9, 1), (10, 1))
    assert fires(switch(measure="SJC66", above=6), TOOL, v, {}, 4).tolist() == [False, False, True, True]
    assert fires(switch(measure="SJC66", below=6), TOOL, v, {}, 4).tolist() == [True, False, False, False]
    assert fires(switch(measure="SJC66", above=5, below=10), TOOL, v, {}, 4).tolist() == [False, True, True, False]


def test_a_biomarker_is_read_in_its_measured_unit() -> None:
    info = axis.outputs()["igg"]
    model = np.array([[1.0] * 5, [0.5] * 5])
    middle = float(info.measured(np.array([0.75]))[0])
    found = fires(switch(measure="igg", below=middle), TOOL, joints((1, 1), (1, 1)), {"igg": model}, 4)
    assert found.tolist() == [False, True]


def test_response_by_an_endpoint_is_lost_by_failure() -> None:
    lupus = instrument("SLE")
    new_a = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0]], float)
    v = Visits(DAYS, {"SLEDAI-2K": np.array([[8.0, 8, 4, 4, 4]] * 2 + [[8.0] * 5]), "new BILAG A": new_a})
    by = {"endpoint": "SLEDAI_reduction_ge4"}
    assert fires(switch(when="response", **by), lupus, v, {}, 4).tolist() == [True, False, False]
    assert fires(switch(when="no response", **by), lupus, v, {}, 4).tolist() == [False, True, True]


def test_a_rule_is_judged_at_its_week_or_from_it_until_another() -> None:
    measure = {"measure": "SJC66", "above": 1.0}
    assert _judged_on(switch(**measure), DAYS).tolist() == [False, False, False, True, False]
    assert _judged_on(switch(until=24, **measure), DAYS).tolist() == [False, False, False, True, True]
    assert _judged_on(switch(week=4, until=12, **measure), DAYS).tolist() == [False, False, True, True, False]
    near = DAYS + np.array([0, 0, 0, 5e-10, -5e-10])
    assert _judged_on(switch(until=24, **measure), near).tolist() == [False, False, False, True, True]
    early = DAYS - 5e-4
    assert _judged_on(switch(until=24, **measure), early).tolist() == [False, False, False, False, True]
    assert _judged_on(switch(until=24, **measure), DAYS + 5e-4).tolist() == [False, False, False, True, False]
    assert _judged_on(switch(until=24, **measure), DAYS + 0.001).tolist() == [False, False, False, True, False]


def test_no_decision_at_the_last_visit() -> None:
    arms = [
        {"arm_id": "a", "n": 9, "role": "placebo"},
        {"arm_id": "b", "n": 9, "role": "active", "treatments": [RITUXIMAB],
         "switches": [{"week": 4, "until": 24, "measure": "SJC66", "above": 3, "stop": ["rituximab"]}]},
    ]  # fmt: skip
    of = design(arms=arms)
    assert decision_days(of, of.arms[1], DAYS[1:]).tolist() == [28, 84]
    assert decision_days(of, of.arms[0], DAYS[1:]).tolist() == []
    of = design(arms=arms, rescue=RESCUE | {"treatments": [TOCILIZUMAB]})
    assert decision_days(of, of.arms[0], DAYS[1:]).tolist() == [84]


RESCUE = {"week": 12, "measures": ["SJC66"], "improvement": 0.2}


def test_a_rescue_that_changes_nothing_is_no_rule_of_the_arm() -> None:
    of = design(rescue=RESCUE)
    assert rules(of, of.arms[1]) == []
    assert rules(design(), of.arms[1]) == []


def test_a_rescue_that_treats_is_a_rule_of_every_arm_and_stops_what_the_arm_takes() -> None:
    of = design(rescue=RESCUE | {"treatments": [TOCILIZUMAB], "stop": ["rituximab"]})
    (placebo, rescue), (active, also) = rules(of, of.arms[0])[0], rules(of, of.arms[1])[0]
    assert rescue is True
    assert also is True
    assert placebo.stop == ()
    assert active.stop == ("rituximab",)
    for rule in (placebo, active):
        assert (rule.week, rule.until, rule.when, rule.failure) == (12, 24, "no response", True)
        assert rule.measures == ("SJC66",)
        assert rule.improvement == 0.2
        assert [t.drug for t in rule.treatments] == ["tocilizumab"]
    of = design(rescue=RESCUE | {"stop": ["all"]})
    assert [r.stop for r, _ in rules(of, of.arms[0])] == [("all",)]


def test_courses_start_with_the_arm_and_at_a_decision() -> None:
    arm = design().arms[1]
    (own,) = of_arm(arm, 3)
    assert own.takes.tolist() == [True] * 3
    assert np.isinf(own.stop).all()
    who = np.array([True, False, True])
    timed = arm.treatments[0].model_copy(update={"start_day": 7.0, "stop_day": 30.0})
    (later,) = begun((timed,), who, 84.0)
    assert later.treatment.start_day == 91
    assert later.treatment.stop_day is None
    assert later.stop.tolist() == [114] * 3
    assert later.takes.tolist() == who.tolist()
    assert later.stops == [114]
    assert own.stops == []
    (held,) = of_arm(SimpleNamespace(treatments=(timed,)), 1)
    assert (held.treatment.start_day, held.stop.tolist()) == (7, [30])


def test_a_course_ends_for_some_and_never_later_than_it_did() -> None:
    (own,) = of_arm(design().arms[1], 3)
    ended = own.end(np.array([True, False, True]), 84.0).end(np.array([True, True, False]), 100.0)
    assert ended.stop.tolist() == [84, 100, 84]
    assert ended.stops == [84, 100]
    assert ended.on(83.9).tolist() == [True, True, True]
    assert ended.on(84.0).tolist() == [False, True, False]
    assert ended.on(84.0 - 5e-4).tolist() == [True, True, True]
    assert ended.on(84.0 - 1e-12).tolist() == [False, True, False]  # a dose of the day on which it ends is not given
    nobody = SimpleNamespace(treatments=design().arms[1].treatments)
    assert begun(nobody.treatments, np.zeros(2, bool), 1.0)[0].on(5.0).tolist() == [False, False]


@pytest.mark.parametrize("when", ["response", "no response"])
def test_a_decimal_boundary_is_reached(when) -> None:
    v = Visits(DAYS, {"HAQ": np.array([[1.1, 1.1, 1.1, 1.1, 0.77]])})  # 0.7 x 1.1 is 0.7699999999999999
    found = fires(switch(when=when, measures=["HAQ"], improvement=0.3), TOOL, v, {}, 4)
    assert found.tolist() == [when == "response"]
