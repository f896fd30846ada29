"""Lupus nephritis: urine and serum measured with noise and delay, responses by their definitions."""

import numpy as np
import pytest

from baxis.clinic.instruments import Course, Visits, instrument
from baxis.clinic.instruments.base import lagged

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0, 364.0])


def visits(infl=1.0, n=1500, steroid=None):
    tool = instrument("LN")
    out = {"infl": np.where(DAYS > 0, infl, 1.0) * np.ones((n, 1)), "dam": np.ones((n, DAYS.size))}
    if steroid is not None:
        out["steroid_mg"] = np.full((n, DAYS.size), float(steroid))
    return tool, tool.observe(Course(1, np.arange(n), DAYS, out))


def recorded(upcr, egfr=(90, 90), sediment=0, steroid=np.nan):
    row = {"UPCR": upcr, "eGFR": egfr, "active sediment": (1, sediment), "steroid_mg": (40, steroid)}
    return Visits(DAYS[[0, 1, 5]], {k: np.array([[v[0], v[0], v[1]]], float) for k, v in row.items()})


@pytest.mark.parametrize(
    ("seen", "crr", "perr", "orr"),
    [
        (recorded((4.0, 0.4)), 1, 1, 1),
        (recorded((4.0, 0.5)), 0, 1, 1),  # complete is under 0.5, PERR at most 0.7
        (recorded((4.0, 0.9)), 0, 0, 1),  # partial: halved, under 3 where it was nephrotic
        (recorded((2.0, 1.0)), 0, 0, 0),  # not under 1
        (recorded((4.0, 0.4), egfr=(60, 50)), 0, 1, 0),  # 83 % of baseline: under 85, over 80
        (recorded((4.0, 0.4), egfr=(150, 95)), 1, 1, 1),  # normal whatever baseline was
        (recorded((4.0, 0.4), steroid=15), 0, 0, 1),  # still on 15 mg: complete no more, partial yes
        (recorded((4.0, 0.4), steroid=10), 1, 1, 1),
    ],
)
def test_responses_as_defined(seen, crr, perr, orr):
    tool = instrument("LN")
    found = [int(tool.endpoint(name)(seen, 2)[0]) for name in ("CRR", "PERR", "ORR_renal")]
    assert found == [crr, perr, orr]


@pytest.mark.parametrize(
    ("seen", "crr", "perr", "orr"),
    [
        (recorded((4.0, 0.49), egfr=(100, 85)), 1, 1, 1),  # exactly 85 % of baseline
        (recorded((4.0, 0.49), egfr=(100, 84)), 0, 1, 0),
        (recorded((4.0, 0.49), egfr=(150, 90)), 1, 1, 1),  # exactly normal
        (recorded((4.0, 0.49), egfr=(150, 89)), 0, 1, 0),
        (recorded((4.0, 0.7), egfr=(50, 40)), 0, 1, 0),  # exactly 0.7 on exactly 80 %
        (recorded((4.0, 0.71), egfr=(50, 40)), 0, 0, 0),
        (recorded((4.0, 0.7), egfr=(50, 39)), 0, 0, 0),
        (recorded((4.0, 0.7), egfr=(150, 60)), 0, 1, 0),  # exactly the 60 that PERR asks for
        (recorded((4.0, 0.7), egfr=(150, 59)), 0, 0, 0),
        (recorded((4.0, 0.4), steroid=10.1), 0, 0, 1),
        (recorded((4.0, 0.9), egfr=(100, 85)), 0, 0, 1),  # partial on exactly 85 % of baseline
        (recorded((4.0, 0.9), egfr=(100, 84)), 0, 0, 0),
        (recorded((4.0, 0.9), egfr=(150, 90)), 0, 0, 1),
        (recorded((1.98, 0.99)), 0, 0, 1),  # exactly halved and under 1
        (recorded((1.98, 1.0)), 0, 0, 0),
        (recorded((1.4, 0.71)), 0, 0, 0),  # not halved
        (recorded((3.0, 1.2)), 0, 0, 0),  # 3 is not above 3: under 1 is asked for
        (recorded((3.1, 1.2)), 0, 0, 1),
        (recorded((6.2, 2.99)), 0, 0, 1),
        (recorded((6.2, 3.0)), 0, 0, 0),
        (recorded((0.8, 0.45)), 1, 1, 1),  # complete is overall response too, halved or not
    ],
)
def test_responses_at_the_edges_of_each_clause(seen, crr, perr, orr):
    tool = instrument("LN")
    names = ("CRR", "CRR_UPCR_le0.5", "PERR", "ORR_renal", "total_renal_response")
    found = [int(tool.endpoint(name)(seen, 2)[0]) for name in names]
    assert found == [crr, crr, perr, orr, orr]


def test_proteinuria_alone_at_its_edges():
    tool = instrument("LN")
    halved, low = tool.endpoint("UPCR_50pct_reduction"), tool.endpoint("UPCR_lt0.5")
    assert [halved(recorded((3.0, x)), 2)[0] for x in (1.49, 1.5, 1.51)] == [1, 1, 0]
    assert [low(recorded((3.0, x)), 2)[0] for x in (0.49, 0.5, 0.51)] == [1, 0, 0]
    assert halved(recorded((0.0, 0.0)), 2)[0] == 0  # nothing is halved from zero
    assert tool.endpoint("UPCR_pct_change")(recorded((4.0, 1.0)), 2)[0] == -75
    assert tool.endpoint("eGFR_change")(recorded((4.0, 1.0), egfr=(90, 84)), 2)[0] == -6


def test_failure_is_proteinuria_half_more_at_two_visits_running_from_week_twelve():
    days = np.array([-14.0, 0.0, 28.0, 84.0, 112.0, 140.0])

    def failed(*upcr):
        seen = Visits(days, {"UPCR": np.array([upcr], float)})
        return instrument("LN").failed(seen)[0].astype(int).tolist()

    assert failed(2, 2, 2, 3.1, 3.1, 2) == [0, 0, 0, 0, 1, 1]
    assert failed(2, 2, 2, 3.0, 3.0, 3.0) == [0] * 6  # exactly half more is not more
    assert failed(2, 2, 3.1, 3.1, 2, 2) == [0] * 6  # the first of them before week 12
    assert failed(2, 2, 2, 3.1, 2, 3.1) == [0] * 6
    assert failed(1, 2, 2, 2.5, 2.5, 2.5) == [0] * 6  # against baseline, not screening


def test_a_renal_event_is_filtration_lost_or_proteinuria_doubled_from_week_twelve():
    days = np.array([-14.0, 0.0, 28.0, 84.0, 112.0])

    def event(upcr, egfr):
        seen = Visits(days, {"UPCR": np.array([upcr], float), "eGFR": np.array([egfr], float)})
        tool = instrument("LN")
        first = tool.endpoint("renal_event_or_death")
        assert first(seen, 4) == tool.by_event()["renal_event_HR"](seen, 4) == tool.events()["renal event"](seen).any()
        return [int(first(seen, k)[0]) for k in (2, 3, 4)]

    calm, well = [1.0] * 5, [90.0] * 5
    assert event(calm, well) == [0, 0, 0]
    assert event(calm, [90, 90, 90, 63, 90]) == [0, 1, 1]  # exactly 30 % lost
    assert event(calm, [90, 90, 90, 63.1, 90]) == [0, 0, 0]
    assert event(calm, [90, 90, 50, 90, 90]) == [0, 0, 0]  # before week 12
    assert event([0.6, 0.6, 0.6, 1.2, 0.6], well) == [0, 1, 1]  # exactly doubled
    assert event([0.6, 0.6, 0.6, 0.6, 1.19], well) == [0, 0, 0]
    assert event([0.5, 0.5, 0.5, 1.0, 1.0], well) == [0, 0, 0]  # doubled, not above 1
    assert event([0.5, 0.5, 0.5, 1.01, 1.0], well) == [0, 1, 1]


def test_sediment_makes_complete_response_rarer():
    tool = instrument("LN")
    assert tool.endpoint("CRR_inactive_sediment")(recorded((4.0, 0.4), sediment=1), 2)[0] == 0
    assert tool.endpoint("CRR_inactive_sediment")(recorded((4.0, 0.4)), 2)[0] == 1


def test_baseline_of_those_with_proteinuria_is_the_trials():
    _, v = visits()
    entered = v["UPCR"][:, 0] >= 1
    assert v["UPCR"][entered, 1].mean() == pytest.approx(3.9, abs=0.8)  # 4.2 (LUNAR), 3.5 (BLISS-LN)
    assert v["eGFR"][entered, 1].mean() == pytest.approx(90, abs=8)


def test_proteinuria_falls_after_inflammation_and_not_with_it():
    _, v = visits(0.3)
    ratio = np.median(v["UPCR"] / v["UPCR"][:, 1:2], axis=0)
    assert ratio[2] > ratio[3] > ratio[4]
    assert ratio[2] > 0.6
    assert ratio[5] < 0.4


def test_steroid_above_ten_milligrams_is_no_response():
    tool, low = visits(0.2, steroid=5)
    _, high = visits(0.2, steroid=20)
    assert tool.endpoint("PERR")(low, 5).mean() > 0.4
    assert tool.endpoint("PERR")(high, 5).sum() == 0
    assert tool.endpoint("UPCR_lt0.5")(high, 5).mean() > 0.2


def test_delay_is_exact_for_a_step_and_for_a_line():
    days = np.array([0.0, 1e-6, 30.0, 60.0])
    course = Course(1, np.arange(1), days, {})
    step = lagged(course, np.array([[0.0, 1.0, 1.0, 1.0]]), 30.0)
    assert step[0, 2:] == pytest.approx([1 - np.exp(-1), 1 - np.exp(-2)], abs=1e-5)
    line = lagged(course, days[None] / 30.0, 30.0)
    assert line[0, -1] == pytest.approx(1.0 + np.exp(-2.0), abs=1e-5)
