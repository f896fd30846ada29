"""Lupus endpoints by their definitions: hand-made visits of a responder, each clause broken alone, both sides of each
boundary. SRI, Furie 2009 (doi:10.1002/art.24698); BICLA, Wallace 2014 (doi:10.1136/annrheumdis-2012-202760), its
physician's clause as TULIP wrote it (0.3 of 3 points, doi:10.1056/NEJMoa1912196); LLDAS, Franklyn 2016, table 1
(doi:10.1136/annrheumdis-2015-207726); DORIS, van Vollenhoven 2021 (doi:10.1136/lupus-2021-000538); SELENA flare index,
Petri 2005 (doi:10.1056/NEJMoa051135); SLEDAI-2K weights, Gladman 2002 (PMID 11838846)."""

import numpy as np
import pytest

from baxis.clinic.instruments import Course, Visits, instrument
from baxis.clinic.instruments.sle import DOMAINS, MAJOR, SEROLOGY, _grades, _new

DAYS = np.array([-14.0, 0.0, 84.0, 168.0])
TOOL = instrument("SLE")
# (baseline, visit): a patient who meets SRI-4, BICLA, BILAG response, LLDAS and DORIS
WELL = {
    "SLEDAI-2K": (8, 4), "clinical SLEDAI-2K": (8, 0), "PGA": (1.5, 0.4), "major organs": (1, 0), "new items": (0, 0),
    "new BILAG A": (0, 0), "new BILAG B": (0, 0), "BILAG unimproved": (2, 0), "BILAG A": (0, 0), "BILAG B": (2, 0),
    "arthritis": (1, 0), "rash": (1, 0), "steroid_mg": (10, 5),
}  # fmt: skip


def judged(endpoint: str, **change) -> float:
    """Value of an endpoint at the last visit of one patient; screening as baseline, the visit between as the last."""
    names = {name.replace(" ", "_").replace("-", "_"): name for name in WELL}
    row = WELL | {names[key]: value for key, value in change.items()}
    measures = {name: np.array([[v[0], v[0], v[1], v[1]]], float) for name, v in row.items()}
    return float(TOOL.endpoint(endpoint)(Visits(DAYS, measures), 3)[0])


def path(**measures) -> Visits:
    return Visits(DAYS, {k.replace("_", " "): np.array([v], float) for k, v in measures.items()})


@pytest.mark.parametrize("points", [4, 5, 6, 7, 8])
def test_sri_asks_for_its_points_and_not_for_one_less(points):
    name = f"SRI-{points}"
    assert judged(name, SLEDAI_2K=(12, 12 - points)) == 1
    assert judged(name, SLEDAI_2K=(12, 12 - points + 1)) == 0
    assert judged(name, SLEDAI_2K=(12, 12 - points - 1)) == 1


BROKEN_FOR_BOTH = [  # worsening that neither SRI nor BICLA allows, and the most that they allow
    ({}, 1),
    ({"new_BILAG_A": (0, 1)}, 0),
    ({"new_BILAG_B": (0, 1)}, 1),
    ({"new_BILAG_B": (0, 2)}, 0),
    ({"PGA": (1.5, 1.79)}, 1),
    ({"PGA": (1.5, 1.8)}, 0),
    ({"PGA": (1.5, 2.1)}, 0),
]


@pytest.mark.parametrize(("change", "response"), BROKEN_FOR_BOTH)
@pytest.mark.parametrize("name", ["SRI-4", "BICLA"])
def test_sri_and_bicla_fall_by_each_worsening_alone(name, change, response):
    assert judged(name, **change) == response


@pytest.mark.parametrize("name", ["SRI-4", "BICLA"])
@pytest.mark.parametrize("start", [0.1, 0.3, 0.6, 0.7, 0.9, 1.0, 1.1, 1.2, 1.4, 1.9, 2.2, 2.4])
def test_exactly_three_tenths_of_physicians_global_is_worse_wherever_it_starts(name, start):
    """0.9 to 1.2 differs by 0.29999999999999993 in binary: the rule is decimal."""
    assert judged(name, PGA=(start, round(start + 0.3, 1))) == 0
    assert judged(name, PGA=(start, round(start + 0.29, 2))) == 1


def test_bicla_asks_for_every_grade_of_baseline_better_and_for_no_worse_sledai():
    assert judged("BICLA", BILAG_unimproved=(2, 1)) == 0
    assert judged("BICLA", SLEDAI_2K=(8, 8)) == 1  # not worse is enough
    assert judged("BICLA", SLEDAI_2K=(8, 9)) == 0
    assert judged("SRI-4", BILAG_unimproved=(2, 1)) == 1  # SRI asks only for no worsening there


def test_bilag_response_allows_no_new_b_at_all():
    assert judged("BILAG_response") == 1
    assert judged("BILAG_response", new_BILAG_B=(0, 1)) == 0
    assert judged("BILAG_response", new_BILAG_A=(0, 1)) == 0
    assert judged("BILAG_response", BILAG_unimproved=(2, 1)) == 0
    assert judged("BILAG_response", SLEDAI_2K=(8, 12), PGA=(1.0, 2.5)) == 1


def test_sri_with_a_steroid_rule_needs_both():
    for name in ("SRI-4_and_steroid_le10", "SRI-4_with_steroid_reduction", "SRI-4_with_steroid_taper"):
        assert judged(name, steroid_mg=(20, 10)) == 1
        assert judged(name, steroid_mg=(20, 10.5)) == 0
        assert judged(name, SLEDAI_2K=(8, 5)) == 0
    assert judged("SRI-4_and_steroid_le10", steroid_mg=(5, 7.5)) == 1
    assert judged("SRI-4_with_steroid_reduction", steroid_mg=(5, 7.5)) == 0  # above the dose of baseline
    assert judged("SRI-4_with_steroid_reduction", steroid_mg=(5, 5)) == 1
    assert judged("SRI-4_with_steroid_reduction", steroid_mg=(np.nan, np.nan)) == 1  # no dose is known


def test_steroid_to_ten_milligrams():
    assert [judged("steroid_to_le10", steroid_mg=(30, dose)) for dose in (0, 10, 10.1, np.nan)] == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("change", "response"),
    [
        ({}, 1),
        ({"SLEDAI_2K": (8, 5)}, 0),
        ({"major_organs": (0, 1)}, 0),
        ({"new_items": (0, 1)}, 0),
        ({"PGA": (1.5, 1.0)}, 1),
        ({"PGA": (1.5, 1.01)}, 0),
        ({"steroid_mg": (10, 7.5)}, 1),
        ({"steroid_mg": (10, 7.6)}, 0),
    ],
)
def test_lldas_falls_by_each_clause_alone(change, response):
    assert judged("LLDAS", **change) == response


def test_major_organs_of_lldas_are_those_of_its_table():
    """Renal, central nervous, cardiopulmonary, vasculitis and fever; SLEDAI-2K's constitutional item is fever."""
    assert set(MAJOR) == {"renal", "central_nervous_system", "serositis", "vasculitis", "constitutional"}


@pytest.mark.parametrize(
    ("change", "doris", "off_steroid"),
    [
        ({}, 1, 0),
        ({"steroid_mg": (10, 0)}, 1, 1),
        ({"steroid_mg": (10, 0.5)}, 1, 0),
        ({"steroid_mg": (10, 5.1)}, 0, 0),
        ({"clinical_SLEDAI_2K": (8, 1), "steroid_mg": (10, 0)}, 0, 0),
        ({"SLEDAI_2K": (8, 4)}, 1, 0),  # serology does not count
        ({"PGA": (1.5, 0.49), "steroid_mg": (10, 0)}, 1, 1),
        ({"PGA": (1.5, 0.5), "steroid_mg": (10, 0)}, 0, 1),
    ],
)
def test_doris_remission_falls_by_each_clause_alone(change, doris, off_steroid):
    assert judged("DORIS", **change) == doris
    assert judged("clinical_remission", **change) == off_steroid


def test_disease_control_is_sledai_of_two_on_five_milligrams():
    assert judged("disease_control", SLEDAI_2K=(8, 2)) == 1
    assert judged("disease_control", SLEDAI_2K=(8, 3)) == 0
    assert judged("disease_control", SLEDAI_2K=(8, 2), steroid_mg=(10, 5.5)) == 0


def test_a_fall_of_four_points_and_the_changes_themselves():
    assert judged("SLEDAI_reduction_ge4", SLEDAI_2K=(10, 6)) == 1
    assert judged("SLEDAI_reduction_ge4", SLEDAI_2K=(10, 7)) == 0
    assert judged("SLEDAI_change", SLEDAI_2K=(10, 7)) == -3
    assert judged("mSLEDAI_change", clinical_SLEDAI_2K=(10, 12)) == 2


@pytest.mark.parametrize(
    ("arthritis", "rash", "gone"),
    [
        ((1, 0), (0, 0), 1),
        ((0, 0), (1, 0), 1),
        ((1, 0), (1, 1), 1),
        ((1, 1), (1, 0), 1),
        ((1, 1), (1, 1), 0),
        ((0, 0), (0, 0), 0),
        ((0, 1), (0, 1), 0),
    ],
)
def test_arthritis_or_rash_of_baseline_gone(arthritis, rash, gone):
    assert judged("arthritis_or_rash_resolution", arthritis=arthritis, rash=rash) == gone


def test_bilag_grades_against_baseline():
    """Four domains at baseline A, B, B, C (2 = A, 1 = B, 0 = C or less), then as each row says."""
    grade = np.array([[[0, 0, 0, 0], [2, 1, 1, 0], [1, 0, 0, 0], [2, 2, 1, 1], [1, 1, 0, 2]]])
    found = _grades(grade)
    assert found["BILAG A"].tolist() == [[0, 1, 0, 2, 1]]
    assert found["BILAG B"].tolist() == [[0, 2, 1, 2, 2]]
    assert found["new BILAG A"].tolist() == [[0, 0, 0, 1, 1]]  # B to A, then C to A
    assert found["new BILAG B"].tolist() == [[0, 0, 0, 1, 0]]  # C to B; A to B is no new B
    assert found["BILAG unimproved"].tolist() == [[0, 3, 0, 3, 1]]


def test_new_items_are_those_absent_at_the_visit_before():
    items = {"rash": np.array([[1.0, 0, 1, 1]]), "renal": np.array([[0.0, 1, 1, 0]])}
    assert _new(items).tolist() == [[0, 1, 1, 0]]


def test_a_bilag_flare_is_a_new_a_or_two_new_b_after_baseline():
    for name in ("flare", "moderate_severe_flare"):
        seen = TOOL.endpoint(name)
        quiet, zero = [0, 0, 0, 0], [0, 0, 0, 0]
        assert seen(path(new_BILAG_A=quiet, new_BILAG_B=zero), 3) == 0
        assert seen(path(new_BILAG_A=[0, 0, 1, 0], new_BILAG_B=zero), 3) == 1
        assert seen(path(new_BILAG_A=quiet, new_BILAG_B=[0, 0, 1, 1]), 3) == 0
        assert seen(path(new_BILAG_A=quiet, new_BILAG_B=[0, 0, 0, 2]), 3) == 1
        assert seen(path(new_BILAG_A=quiet, new_BILAG_B=[0, 0, 0, 2]), 2) == 0  # not yet
        assert seen(path(new_BILAG_A=[1, 1, 0, 0], new_BILAG_B=zero), 3) == 0  # baseline is no flare
    both = path(new_BILAG_A=[0, 0, 1, 0], new_BILAG_B=[0, 0, 0, 0])
    assert TOOL.endpoint("flare_free")(both, 3) == 0
    assert TOOL.endpoint("flare_free")(both, 1) == 1
    assert TOOL.by_event()["flare_HR"](both, 3) == 1
    early = TOOL.events()["flare"](path(new_BILAG_A=[1, 1, 0, 0], new_BILAG_B=[0, 0, 0, 0]))
    assert not early.any()


@pytest.mark.parametrize(
    ("sledai", "pga", "flare"),
    [
        ([4, 4, 6, 6], [1, 1, 1, 1], 0),
        ([4, 4, 4, 7], [1, 1, 1, 1], 1),
        ([9, 9, 4, 7], [1, 1, 1, 1], 1),  # up by three over the lowest since baseline
        ([2, 9, 9, 9], [1, 1, 1, 1], 0),  # screening is no visit to rise from
        ([4, 4, 4, 4], [1.3, 1.3, 1.3, 2.3], 1),  # by one point, 0.9999999999999998 in binary
        ([4, 4, 4, 4], [1.3, 1.3, 1.3, 2.29], 0),
        ([4, 4, 4, 4], [2.0, 2.0, 0.5, 1.5], 1),
        ([2, 7, 7, 7], [0.2, 1.4, 1.4, 1.4], 0),
    ],
)
def test_any_selena_flare_is_three_points_of_sledai_or_one_of_physicians_global(sledai, pga, flare):
    v = Visits(DAYS, {"SLEDAI-2K": np.array([sledai], float), "PGA": np.array([pga], float)})
    assert TOOL.endpoint("any_flare")(v, 3) == flare


@pytest.mark.parametrize(
    ("pga", "new_a", "items", "flare"),
    [
        ([1, 1, 1, 2.6], [0, 0, 0, 0], [0, 0, 0, 0], 1),
        ([1, 1, 1, 2.5], [0, 0, 0, 0], [0, 0, 0, 0], 0),
        ([1.7, 1.7, 1.7, 2.6], [0, 0, 0, 0], [0, 0, 0, 0], 0),  # less than a point
        ([1.6, 1.6, 1.6, 2.6], [0, 0, 0, 0], [0, 0, 0, 0], 1),  # exactly a point
        ([1, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1], 1),
        ([1, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], 0),
        ([1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 2], 0),
        ([1, 1, 1, 1], [0, 1, 0, 0], [0, 1, 0, 0], 0),
    ],
)
def test_a_severe_flare_is_physicians_global_above_two_and_a_half_or_a_new_severe_organ(pga, new_a, items, flare):
    v = path(PGA=pga, new_BILAG_A=new_a, new_items=items)
    assert TOOL.endpoint("severe_flare")(v, 3) == flare
    assert TOOL.by_event()["severe_flare_HR"](v, 3) == flare


def test_flares_count_from_the_first_day_after_baseline_and_not_at_it():
    days = np.array([-14.0, 0.0, 1.0])
    rise = {
        "SLEDAI-2K": [4, 4, 9],
        "PGA": [1, 1, 3],
        "new BILAG A": [0, 1, 1],
        "new BILAG B": [0, 0, 0],
        "new items": [0, 1, 1],
    }
    v = Visits(days, {k: np.array([x], float) for k, x in rise.items()})
    for name, event in TOOL.events().items():
        assert event(v)[0].tolist() == [False, False, True], name


def test_rescue_is_a_new_a_at_two_visits_running_after_baseline_and_stays():
    days = np.arange(6) * 28.0 - 28.0

    def failed(*new_a):
        return TOOL.failed(Visits(days, {"new BILAG A": np.array([new_a], float)}))[0].astype(int).tolist()

    assert failed(0, 0, 1, 1, 0, 0) == [0, 0, 0, 1, 1, 1]
    assert failed(0, 0, 1, 0, 1, 0) == [0, 0, 0, 0, 0, 0]
    assert failed(0, 1, 1, 0, 0, 0) == [0, 0, 0, 0, 0, 0]  # baseline does not count
    assert failed(0, 0, 0, 0, 1, 1) == [0, 0, 0, 0, 0, 1]
    assert failed(0, 0, 0, 0, 2, 3) == [0, 0, 0, 0, 0, 1]


def test_sledai_weights_are_the_published_ones():
    weights = {
        "rash": 2, "alopecia": 2, "mucosal_ulcers": 2, "musculoskeletal": 4, "haematological": 1, "serositis": 2,
        "vasculitis": 8, "central_nervous_system": 8, "constitutional": 1, "anti_dsDNA": 2, "low_complement": 2,
    }  # fmt: skip
    assert {name: TOOL.number(f"points.{name}") for name in weights} == weights
    assert 4 <= TOOL.number("points.renal") <= 16  # one to four urinary items of 4 points each
    assert {*SEROLOGY, *(i for d in DOMAINS.values() for i in d)} == {*weights, "renal"}


def test_sledai_is_the_weighted_sum_of_what_is_present():
    ids = np.arange(50)
    out = {name: np.ones((50, 4)) for name in TOOL.needs}
    active = instrument("SLE", {"shift_population": 50.0}).observe(Course(1, ids, DAYS, out))
    assert np.all(active["clinical SLEDAI-2K"] == 2 + 2 + 2 + 4 + TOOL.number("points.renal") + 1 + 2 + 8 + 8 + 1)
    assert np.all(active["major organs"] == len(MAJOR))
    assert np.all(active["arthritis or rash"] == 2)
    quiet = instrument("SLE", {"shift_population": -50.0}).observe(Course(1, ids, DAYS, out))
    assert np.all(quiet["clinical SLEDAI-2K"] == 0)
    assert np.all(quiet["major organs"] == 0)
    assert set(np.unique(quiet["SLEDAI-2K"])) == {0, 2, 4}  # serology does not follow the organs
    with_antibody = {**out, "aas": np.full((50, 4), 1e6), "c3": np.full((50, 4), 1e-3)}
    assert np.all(TOOL.observe(Course(1, ids, DAYS, with_antibody))["SLEDAI-2K"] >= 4)
