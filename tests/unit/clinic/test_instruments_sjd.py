"""Sjogren's instrument: scores in their ranges, definitions, fluctuation and treatment."""

import numpy as np
import pytest

from baxis.clinic.instruments import Course, Visits, instrument
from baxis.core import library

DAYS = np.array([-14.0, 0.0, 84.0, 168.0])


def visits(infl=1.0, n=2000, **outputs):
    tool = instrument("SjD")
    out = {name: np.ones((n, DAYS.size)) for name in tool.needs} | outputs
    out["infl"] = np.where(DAYS > 0, infl, 1.0) * np.ones((n, 1))
    return tool, tool.observe(Course(1, np.arange(n), DAYS, out))


def recorded(**measures):
    """Visits of one patient at baseline and one visit, by hand."""
    base = {"ESSDAI": (10, 10), "ClinESSDAI": (10, 10), "ESSPRI": (6.0, 6.0), "Schirmer": (2, 2), "OSS": (5, 5)}
    base |= {"UWS": (0.1, 0.1), "IgG": (18.0, 18.0), "RF": (60.0, 60.0)} | measures
    return Visits(DAYS[:3], {k: np.array([[v[0], v[0], v[1]]], float) for k, v in base.items()})


def test_scores_stay_in_their_range_and_match_published_baseline():
    _, v = visits()
    for name, top in (("ESSDAI", 123), ("ESSPRI", 10), ("PhGA", 100)):
        assert v[name].min() >= 0
        assert v[name].max() <= top
    assert v["ESSPRI"][:, 1].mean() == pytest.approx(6.5, abs=0.4)  # doi:10.1136/annrheumdis-2020-218599
    assert v["ESSPRI"][:, 1].std() == pytest.approx(2.0, abs=0.5)
    entered = v["ESSDAI"][:, 0] >= 5
    assert v["ESSDAI"][entered, 1].mean() == pytest.approx(9.4, abs=1.6)


# Seror 2010, table 3, and Seror 2016: domain, weights in ESSDAI and ClinESSDAI, highest level there is (lymphoma included)
DOMAINS = [
    ("constitutional", 3, 4, 2), ("lymphadenopathy", 4, 4, 3), ("glandular", 2, 2, 2), ("articular", 2, 3, 3),
    ("cutaneous", 3, 3, 3), ("pulmonary", 5, 6, 3), ("renal", 5, 6, 3), ("muscular", 6, 7, 3),
    ("peripheral_nervous_system", 5, 5, 3), ("central_nervous_system", 5, 5, 3), ("haematological", 2, 2, 3),
]  # fmt: skip


def test_domain_weights_are_the_published_ones_and_reach_the_published_maxima():
    number = instrument("SjD").number
    for name, whole, clinical, _ in DOMAINS:
        assert (number(f"essdai.{name}"), number(f"clinessdai.{name}")) == (whole, clinical), name
    assert number("essdai.biological") == 1
    most = [sum(number(f"{w}.{d[0]}") * d[3] for d in DOMAINS) for w in ("essdai", "clinessdai")]
    assert [most[0] + 2 * number("essdai.biological"), most[1]] == [123, 135]
    scales = {r["measure"]: r for r in library.read_table("biomarkers/scores") if r["disease"] == "SjD"}
    assert [float(scales[s]["high"]) for s in ("ESSDAI", "ClinESSDAI")] == [123, 135]


def test_selection_on_a_fluctuating_score_brings_it_down():
    _, v = visits()
    entered = v["ESSDAI"][:, 1] >= 5
    assert v["ESSDAI"][entered, 3].mean() < v["ESSDAI"][entered, 1].mean() - 1.0


def test_less_inflammation_lowers_scores_and_opens_glands():
    tool, before = visits()
    _, after = visits(0.5)
    for name in ("ESSDAI", "ClinESSDAI", "ESSPRI", "PhGA"):
        assert after.change(name, 3).mean() < before.change(name, 3).mean()
    assert after["UWS"][:, 3].mean() > before["UWS"][:, 3].mean()
    for name in ("STAR", "CRESS", "ESSDAI_response_ge3"):
        assert tool.endpoint(name)(after, 3).mean() > tool.endpoint(name)(before, 3).mean()


def test_essdai_and_esspri_hardly_correlate():
    _, v = visits()
    assert abs(np.corrcoef(v["ESSDAI"][:, 1], v["ESSPRI"][:, 1])[0, 1]) < 0.25  # doi:10.1136/annrheumdis-2011-200460


@pytest.mark.parametrize(
    ("measures", "star", "cress"),
    [
        ({}, 0, 0),
        ({"ClinESSDAI": (10, 7), "ESSPRI": (6.0, 5.0)}, 1, 0),  # 3 + 3 points; one CRESS item
        ({"ClinESSDAI": (10, 4), "Schirmer": (2, 7)}, 0, 0),  # 3 + 1 points; two items
        ({"ClinESSDAI": (10, 4), "Schirmer": (2, 7), "UWS": (0.1, 0.125)}, 1, 1),
        ({"ESSPRI": (6.0, 5.1), "IgG": (18.0, 16.2), "OSS": (5, 3)}, 1, 1),  # 15 %; 3 + 1 + 1 points, three items
        ({"ESSPRI": (6.0, 5.2), "IgG": (18.0, 16.2), "OSS": (5, 3)}, 0, 0),
    ],
)
def test_star_and_cress_as_defined(measures, star, cress):
    tool, v = instrument("SjD"), recorded(**measures)
    assert tool.endpoint("STAR")(v, 2)[0] == star
    assert tool.endpoint("CRESS")(v, 2)[0] == cress


def counted(name: str, **measures) -> float:
    return float(instrument("SjD").endpoint(name)(recorded(**measures), 2)[0])


# two of STAR's lesser points and two of CRESS's items: one more item decides CRESS, a score of 3 more decides STAR
TWO = {"IgG": (18.0, 16.2), "OSS": (5, 3)}


@pytest.mark.parametrize(
    ("item", "met"),
    [
        ({"ESSPRI": (6.3, 5.3)}, 1),  # exactly a point
        ({"ESSPRI": (7.3, 6.31)}, 0),
        ({"ESSPRI": (4.0, 3.4)}, 1),  # exactly 15 %
        ({"ESSPRI": (4.0, 3.41)}, 0),
        ({"ESSPRI": (0.0, 0.0)}, 0),  # no symptom gets better
        ({"UWS": (0.1, 0.125)}, 1),  # exactly a quarter more
        ({"UWS": (0.1, 0.124)}, 0),
        ({"UWS": (0.0, 0.0)}, 0),  # from no flow, none
        ({"UWS": (0.0, 0.001)}, 1),  # from no flow, any
    ],
)
def test_an_item_of_cress_at_its_edge(item, met):
    """Seror 2022, table 3, and Arends 2021: items that STAR and CRESS share."""
    assert counted("CRESS", **TWO, **item) == met


@pytest.mark.parametrize(
    ("item", "met"),
    [
        ({"Schirmer": (4, 9), "OSS": (5, 5)}, 1),  # abnormal under 5 mm: 5 mm more
        ({"Schirmer": (4, 8.9), "OSS": (5, 5)}, 0),
        ({"Schirmer": (5, 5), "OSS": (5, 5)}, 1),  # 5 mm is normal and stays so
        ({"Schirmer": (9, 4.9), "OSS": (5, 5)}, 0),
        ({"Schirmer": (2, 2), "OSS": (3, 1)}, 1),  # 3 is abnormal: 2 points less
        ({"Schirmer": (2, 2), "OSS": (3, 1.1)}, 0),
        ({"Schirmer": (2, 2), "OSS": (2, 2)}, 1),
        ({"Schirmer": (2, 2), "OSS": (2, 3)}, 0),
        ({"Schirmer": (2, 2), "OSS": (5, 5)}, 0),
    ],
)
def test_tears_by_schirmer_or_staining(item, met):
    assert counted("CRESS", **{"IgG": (18.0, 16.2), "UWS": (0.1, 0.2)}, **item) == met
    assert counted("STAR", **{"ClinESSDAI": (10, 7), "IgG": (18.0, 16.2)}, **item) == met  # 3 + 1 points, and this


@pytest.mark.parametrize(
    ("item", "met"),
    [
        ({"IgG": (20.0, 18.0)}, 1),
        ({"IgG": (20.0, 18.1)}, 0),
        ({"RF": (60.0, 45.0)}, 1),
        ({"RF": (60.0, 45.1)}, 0),
    ],
)
def test_serum_by_immunoglobulin_or_rheumatoid_factor(item, met):
    assert counted("CRESS", **{"UWS": (0.1, 0.2), "OSS": (5, 3)}, **item) == met
    assert counted("STAR", **{"ClinESSDAI": (10, 7), "OSS": (5, 3)}, **item) == met


def test_star_and_cress_read_clinessdai_differently():
    """STAR asks for a fall of 3, CRESS for a score under 5 at the visit."""
    assert [counted("STAR", ClinESSDAI=(10, end), **TWO) for end in (6, 7, 8)] == [1, 1, 0]
    assert [counted("CRESS", ClinESSDAI=(10, end), **TWO) for end in (4, 5)] == [1, 0]
    assert counted("STAR", ESSPRI=(6.0, 5.0), ClinESSDAI=(10, 10), UWS=(0.1, 0.2)) == 0  # 3 + 1
    assert counted("STAR", ESSPRI=(6.0, 5.0), ClinESSDAI=(10, 10), UWS=(0.1, 0.2), OSS=(5, 3)) == 1  # 3 + 1 + 1
    assert counted("STAR", **TWO, UWS=(0.1, 0.2)) == 0  # all three lesser points are not enough
    assert counted("CRESS", **TWO, UWS=(0.1, 0.2)) == 1


def test_changes_of_essdai_and_esspri_at_their_edges():
    assert [counted("ESSDAI_response_ge3", ESSDAI=(10, end)) for end in (6, 7, 8)] == [1, 1, 0]
    assert [counted("ESSDAI_lt5", ESSDAI=(10, end)) for end in (4, 5)] == [1, 0]
    assert [counted("ESSPRI_response", ESSPRI=(8.0, end)) for end in (6.9, 7.0, 7.1)] == [1, 1, 0]
    assert counted("ESSDAI_change", ESSDAI=(10, 6)) == -4
    assert counted("ESSDAI", ESSDAI=(10, 6)) == 6


def test_symptom_responses_of_the_trials():
    v = {"dryness": (8.0, 8.0), "fatigue": (8.0, 8.0), "pain": (8.0, 8.0), "PtGA": (80.0, 80.0)}
    third = {"dryness": (8.0, 5.6), "fatigue": (8.0, 5.6), "pain": (8.0, 5.6)}  # exactly 30 % less
    less = {"dryness": (8.0, 5.7), "fatigue": (8.0, 5.7)}
    for two in (("dryness", "fatigue"), ("dryness", "pain"), ("fatigue", "pain")):
        assert counted("SjD_symptom_response_30pct", **(v | {k: third[k] for k in two})) == 1
    assert counted("SjD_symptom_response_30pct", **(v | {"pain": third["pain"]})) == 0
    assert counted("SjD_symptom_response_30pct", **(v | less)) == 0
    for one in ("dryness", "fatigue"):
        assert counted("VAS_fatigue_or_dryness_30pct", **(v | {one: third[one]})) == 1
    assert counted("VAS_fatigue_or_dryness_30pct", **(v | less)) == 0
    assert counted("VAS_fatigue_or_dryness_30pct", **(v | {"pain": third["pain"]})) == 0
    assert [counted("VAS_fatigue_20pct", **(v | {"fatigue": (8.0, end)})) for end in (6.3, 6.4, 6.5)] == [1, 1, 0]
    assert counted("VAS_fatigue_20pct", **(v | {"dryness": (8.0, 1.0)})) == 0


def test_tears_asks_for_thirty_millimetres_in_two_of_four_scales():
    still = {"dryness": (8.3, 8.3), "fatigue": (8.3, 8.3), "pain": (8.3, 8.3), "PtGA": (80.0, 80.0)}
    down = {"dryness": (8.3, 5.3), "fatigue": (8.3, 5.3), "pain": (8.3, 5.3), "PtGA": (80.0, 50.0)}
    short = {"dryness": (8.3, 5.4), "fatigue": (8.3, 5.4), "pain": (8.3, 5.4), "PtGA": (80.0, 50.1)}
    for a in still:
        assert counted("VAS_2of4_30mm", **(still | {a: down[a]})) == 0, a
        for b in still:
            if a != b:
                assert counted("VAS_2of4_30mm", **(still | {a: down[a], b: down[b]})) == 1, (a, b)
                assert counted("VAS_2of4_30mm", **(still | {a: down[a], b: short[b]})) == 0, (a, b)


def test_etap_response_falls_by_each_clause_alone():
    """Felten 2021 (doi:10.1136/annrheumdis-2020-218467)."""
    well = {"ESSDAI": (10, 7), "PhGA": (40.0, 49.9), "domains worse": (0, 0)}
    assert counted("ETAP_response", **well) == 1
    assert counted("ETAP_response", **(well | {"ESSDAI": (10, 8)})) == 0
    assert counted("ETAP_response", **(well | {"domains worse": (0, 1)})) == 0
    assert counted("ETAP_response", **(well | {"PhGA": (40.0, 50.0)})) == 0


def test_weights_and_highest_scores_are_the_published_ones():
    """ESSDAI goes to 123 (Seror 2010); lymphoma and central nervous system included."""
    tool = instrument("SjD")
    weights = {
        "constitutional": 3, "lymphadenopathy": 4, "glandular": 2, "articular": 2, "cutaneous": 3, "pulmonary": 5,
        "renal": 5, "muscular": 6, "peripheral_nervous_system": 5, "central_nervous_system": 5, "haematological": 2,
        "biological": 1,
    }  # fmt: skip
    assert {d: tool.number(f"essdai.{d}") for d in weights} == weights
    levels = dict.fromkeys(weights, 3) | {"constitutional": 2, "glandular": 2, "biological": 2}
    assert sum(levels[d] * w for d, w in weights.items()) == 123
    assert not tool.failed(recorded()).any()


def test_levels_of_the_biological_domain_at_their_edges():
    """User guide of ESSDAI: IgG 16 to 20 g/L is low, above 20 or below 5 moderate."""
    tool = instrument("SjD", {"prevalence.low_complement": 1e-12})
    ones = {name: np.ones((1, 8)) for name in tool.needs}
    seen = Course(1, np.arange(1), np.arange(8.0), ones)
    igg = np.array([[4.9, 5.0, 10.0, 15.9, 16.0, 20.0, 20.1, 30.0]])
    assert tool._biological(seen, igg)[0].tolist() == [2, 0, 0, 0, 1, 1, 2, 2]
    low = tool._biological(Course(1, np.arange(1), np.arange(8.0), ones | {"c3": np.full((1, 8), 1e-3)}), igg)
    assert low[0].tolist() == [2, 1, 1, 1, 1, 1, 2, 2]
