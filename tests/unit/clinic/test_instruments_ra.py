"""Rheumatoid arthritis by definition: ACR response, Felson 1995 (doi:10.1002/art.1780380602); DAS28, Prevoo 1995
(doi:10.1002/art.1780380107); DAS28-CRP, Fransen 2003; EULAR response, van Gestel 1996 (doi:10.1002/art.1780390105);
CDAI, Aletaha 2005 (doi:10.1186/ar1740). Hand-made visits: a responder, each clause broken alone, both sides of each
boundary."""

from itertools import combinations
from math import e

import numpy as np
import pytest

from baxis.clinic.instruments import Course, Visits, instrument
from baxis.clinic.instruments.ra import das28_crp, das28_esr

DAYS = np.array([-14.0, 0.0, 84.0, 168.0])
TOOL = instrument("RA")
OTHERS = ("pain", "PtGA", "PhGA", "HAQ", "CRP")
START = {"SJC66": 20, "TJC68": 30, "pain": 60, "PtGA": 70, "PhGA": 50, "HAQ": 2.0, "CRP": 20}


def visits(after: dict, start: dict = START) -> Visits:
    return Visits(DAYS, {k: np.array([[s, s, s, after.get(k, s)]], float) for k, s in start.items()})


def acr(level: int, after: dict, start: dict = START) -> float:
    return float(TOOL.endpoint(f"ACR{level}")(visits(after, start), 3)[0])


def better(names, level: int, by: float = 0.0) -> dict:
    return {name: START[name] * (1 - level / 100) + by for name in names}


@pytest.mark.parametrize("level", [20, 50, 70])
def test_acr_needs_both_joint_counts_and_three_of_five(level):
    joints = ("SJC66", "TJC68")
    for count in range(6):
        for some in combinations(OTHERS, count):
            assert acr(level, better((*joints, *some), level)) == (count >= 3), some
    assert acr(level, better(("SJC66", *OTHERS), level)) == 0
    assert acr(level, better(("TJC68", *OTHERS), level)) == 0


@pytest.mark.parametrize("level", [20, 50, 70])
@pytest.mark.parametrize("name", ["SJC66", "TJC68", "pain"])
def test_acr_counts_exactly_its_percentage_and_not_less(level, name):
    others = ("SJC66", "TJC68", "pain", "PtGA", "PhGA")
    assert acr(level, better(others, level)) == 1
    assert acr(level, better(others, level) | better((name,), level, 0.01)) == 0
    assert acr(level, better(others, level) | better((name,), level, -0.01)) == 1


def test_acr_at_every_whole_count_that_is_exactly_its_percentage():
    for level in (20, 50, 70):
        for start in range(1, 69):
            if start * (100 - level) % 100 == 0:
                begin = START | {"TJC68": start}
                after = better(("SJC66", *OTHERS), level)
                exactly = start * (100 - level) // 100
                assert acr(level, after | {"TJC68": exactly}, begin) == 1, (level, start)
                assert acr(level, after | {"TJC68": exactly + 1}, begin) == 0, (level, start)


def test_nothing_improves_from_zero():
    """A measure that was 0 and is 0 has not improved by 20 %."""
    begin = START | {"HAQ": 0.0}
    assert acr(20, better(("SJC66", "TJC68", "pain", "PtGA"), 20), begin) == 0
    assert acr(20, better(("SJC66", "TJC68", "pain", "PtGA", "CRP"), 20), begin) == 1
    assert acr(20, better(("SJC66", *OTHERS), 20), START | {"TJC68": 0}) == 0


def test_acr_reads_baseline_and_not_screening():
    row = {k: np.array([[s / 10, s, s, 0.8 * s]], float) for k, s in START.items()}
    assert TOOL.endpoint("ACR20")(Visits(DAYS, row), 3) == 1


@pytest.mark.parametrize(
    ("tender", "swollen", "esr", "global_health", "score"),
    [
        (0, 0, 1, 0, 0.0),
        (1, 0, 1, 0, 0.56),
        (0, 1, 1, 0, 0.28),
        (0, 0, e, 0, 0.70),
        (0, 0, 1, 100, 1.40),
        (4, 9, e**2, 50, 1.12 + 0.84 + 1.40 + 0.70),
    ],
)
def test_das28_esr_is_prevoos_formula(tender, swollen, esr, global_health, score):
    assert das28_esr(tender, swollen, esr, global_health) == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize(
    ("tender", "swollen", "crp", "global_health", "score"),
    [
        (0, 0, 0, 0, 0.96),  # the lowest there is
        (1, 0, 0, 0, 1.52),
        (0, 1, 0, 0, 1.24),
        (0, 0, e - 1, 0, 1.32),
        (0, 0, 0, 100, 2.36),
        (4, 9, e**2 - 1, 50, 1.12 + 0.84 + 0.72 + 0.70 + 0.96),
    ],
)
def test_das28_crp_is_fransens_formula(tender, swollen, crp, global_health, score):
    assert das28_crp(tender, swollen, crp, global_health) == pytest.approx(score, abs=1e-12)


def score(name: str, endpoint: str, start: float, end: float) -> float:
    v = Visits(DAYS, {name: np.array([[start, start, start, end]])})
    return float(TOOL.endpoint(endpoint)(v, 3)[0])


def test_remission_is_below_two_point_six_and_low_activity_at_most_three_point_two():
    for name in ("DAS28_remission", "DAS28_remission_CRP"):
        assert [score("DAS28-CRP", name, 6, end) for end in (2.59, 2.6, 2.61)] == [1, 0, 0]
    for name, measure in (("DAS28_LDA", "CRP"), ("DAS28_LDA_CRP", "CRP"), ("DAS28_LDA_ESR", "ESR")):
        assert [score(f"DAS28-{measure}", name, 6, end) for end in (3.19, 3.2, 3.21)] == [1, 1, 0]
    assert score("DAS28-CRP", "DAS28_change", 6, 4.5) == -1.5


@pytest.mark.parametrize(
    ("start", "end", "good", "either"),
    [
        (5.0, 3.1, 1, 1),  # more than 1.2, to at most 3.2
        (4.5, 3.2, 1, 1),
        (4.4, 3.2, 0, 1),  # exactly 1.2 is not more than 1.2: moderate
        (5.0, 3.8, 0, 1),
        (6.4, 5.2, 0, 0),  # exactly 1.2 (1.2000000000000002 in binary), still above 5.1
        (6.5, 5.2, 0, 1),
        (6.3, 5.2, 0, 0),
        (5.8, 5.1, 0, 1),
        (5.8, 5.15, 0, 0),
        (3.7, 3.1, 0, 0),  # exactly 0.6
        (3.8, 3.1, 0, 1),
        (5.73, 5.1, 0, 1),
        (5.0, 3.25, 0, 1),
        (2.4, 1.8, 0, 0),  # exactly 0.6 (0.5999999999999999 or a bit more)
        (5.0, 5.6, 0, 0),
    ],
)
def test_eular_response_by_its_table(start, end, good, either):
    assert score("DAS28-ESR", "EULAR_good", start, end) == good
    assert score("DAS28-ESR", "EULAR_good_moderate", start, end) == either
    assert score("DAS28-CRP", "EULAR_good_moderate_CRP", start, end) == either


def test_cdai_endpoints_at_their_boundaries():
    assert [score("CDAI", "CDAI_LDA", 30, end) for end in (9.9, 10.0, 10.1)] == [1, 1, 0]
    assert [score("CDAI", "CDAI50", 30, end) for end in (14.9, 15.0, 15.1)] == [1, 1, 0]
    assert score("CDAI", "CDAI50", 0, 0) == 0
    assert [score("CDAI", "CDAI50_and_LDA", 30, end) for end in (10.0, 10.1, 15.0)] == [1, 0, 0]
    assert [score("CDAI", "CDAI50_and_LDA", 16, end) for end in (8.0, 8.1, 10.0)] == [1, 0, 0]
    assert score("CDAI", "CDAI_change", 30, 12.5) == -17.5


def test_a_score_that_sums_to_ten_is_low_activity_whatever_its_parts():
    """2 + 1 + 3.7 + 3.3 and the like do not sum to 10 in binary."""
    for tenths in range(71):
        total = 2.0 + 1.0 + tenths / 10.0 + (70 - tenths) / 10.0
        assert score("CDAI", "CDAI_LDA", 30, total) == 1


def test_recorded_composites_are_made_of_the_recorded_parts():
    n = 200
    out = {name: np.ones((n, DAYS.size)) for name in TOOL.needs}
    out["infl"] = np.where(DAYS > 0, 0.5, 1.0) * np.ones((n, 1))
    v = TOOL.observe(Course(3, np.arange(n), DAYS, out))
    global_cm, physician_cm = v["PtGA"] / 10, v["PhGA"] / 10
    assert v["CDAI"] == pytest.approx(v["TJC28"] + v["SJC28"] + global_cm + physician_cm, abs=1e-9)
    part = 0.56 * v["TJC28"] ** 0.5 + 0.28 * v["SJC28"] ** 0.5 + 0.014 * v["PtGA"]
    assert v["DAS28-CRP"] == pytest.approx(part + 0.36 * np.log1p(v["CRP"]) + 0.96, abs=1e-9)
    assert v["DAS28-ESR"] == pytest.approx(part + 0.70 * np.log(v["ESR"]), abs=1e-9)
    for name, top in (("SJC66", 66), ("TJC68", 68), ("SJC28", 28), ("TJC28", 28), ("pain", 100), ("HAQ", 3)):
        assert 0 <= v[name].min() <= v[name].max() <= top, name
    for name in ("SJC66", "TJC68", "SJC28", "TJC28"):
        assert np.all(v[name] == np.round(v[name])), name
    assert np.all(v["HAQ"] * 8 == np.round(v["HAQ"] * 8))  # HAQ-DI goes in eighths
    assert v["ESR"].min() >= 1
    assert v["ESR"].max() <= 150


def test_no_rule_of_rescue_before_the_primary_visit():
    assert not TOOL.failed(visits({"SJC66": 60})).any()
