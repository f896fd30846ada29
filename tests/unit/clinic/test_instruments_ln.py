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
