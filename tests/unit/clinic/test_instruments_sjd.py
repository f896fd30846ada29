"""Sjogren's instrument: scores in their ranges, definitions, fluctuation and treatment."""

import numpy as np
import pytest

from baxis.clinic.instruments import Course, Visits, instrument

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
