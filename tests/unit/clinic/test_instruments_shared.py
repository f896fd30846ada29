"""What every instrument keeps: ledgers complete, the same patient in every arm, endpoints in range, flares and LDA."""

import numpy as np
import pytest

from baxis.clinic.instruments import CODES, Course, Visits, instrument
from baxis.core import ledger
from baxis.core.errors import UnknownName

# Serology follows antibody and not inflammation; a partial response gives way to a complete one.
APART = {"ANCA_negative", "IgG4_normalised", "IgG4RD_partial_response"}
DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])


def course(tool, ids, infl=1.0, **more):
    out = {name: np.ones((ids.size, DAYS.size)) for name in tool.needs} | more
    out["infl"] = np.where(DAYS > 0, infl, 1.0) * np.ones((ids.size, 1))
    return Course(4, ids, DAYS, out)


@pytest.mark.parametrize("code", CODES)
def test_patients_are_the_same_in_any_order_and_arm(code):
    tool = instrument(code)
    ids = np.arange(40)
    a = tool.observe(course(tool, ids))
    b = tool.observe(course(tool, ids[::-1], 0.5))
    for name in tool.units:
        assert np.array_equal(a[name][:, :2], b[name][::-1, :2]), name


@pytest.mark.parametrize("code", CODES)
def test_endpoints_are_zero_or_one_or_declared_continuous(code):
    tool = instrument(code)
    v = tool.observe(course(tool, np.arange(300), 0.6))
    assert tool.continuous <= set(tool.endpoints())
    assert tool.adverse <= set(tool.endpoints())
    assert set(tool.hazard.values()) <= set(tool.events())
    assert not tool.adverse & tool.continuous
    for name, endpoint in tool.endpoints().items():
        y = endpoint(v, 4)
        assert y.shape == (300,), name
        assert np.isfinite(y).all(), name
        if name not in tool.continuous:
            assert set(np.unique(y)) <= {0.0, 1.0}, name
    for name, event in tool.events().items():
        assert event(v).shape == (300, DAYS.size), name


@pytest.mark.parametrize("code", CODES)
def test_less_inflammation_is_never_worse(code):
    tool = instrument(code)
    ids = np.arange(1000)
    same, better = tool.observe(course(tool, ids)), tool.observe(course(tool, ids, 0.4))
    for name, endpoint in tool.endpoints().items():
        if name in tool.continuous or name in APART:
            continue
        d = endpoint(better, 4).mean() - endpoint(same, 4).mean()
        assert -d >= -0.005 if name in tool.adverse else d >= -0.005, name


@pytest.mark.parametrize("code", CODES)
def test_every_number_is_used_and_accounted_for(code):
    class Spy(dict):
        def __init__(self):
            super().__init__()
            self.seen = set()

        def __contains__(self, name):
            self.seen.add(name)
            return False

    tool = instrument(code)
    tool.numbers = spy = Spy()
    for prior in ("", "remission", "TNF-IR"):
        c = course(tool, np.arange(3))
        v = tool.observe(Course(c.seed, c.ids, c.days, c.outputs, prior))
    for endpoint in tool.endpoints().values():
        endpoint(v, 4)
    tool.number("dropout")
    rows = ledger.read(f"instruments/{code}")
    assert set(rows) - spy.seen == set(), "never read"
    for row in rows.values():
        assert {row.source, row.rationale} != {""}, row.name


def test_unknown_disease_and_endpoint_name_the_nearest():
    with pytest.raises(UnknownName, match="AAV"):
        instrument("AAVV")
    with pytest.raises(UnknownName, match="BVAS_remission"):
        instrument("AAV").endpoint("BVAS_remision")


def test_lldas_and_doris_ask_for_steroid_and_physician():
    tool = instrument("SLE")
    base = {"major organs": 0, "new items": 0, "clinical SLEDAI-2K": 0, "SLEDAI-2K": 2, "PGA": 0.4, "steroid_mg": 5}

    def at(**change):
        row = base | {k.replace("_", " ") if k != "steroid_mg" else k: v for k, v in change.items()}
        v = Visits(DAYS[:3], {k: np.full((1, 3), float(x)) for k, x in row.items()})
        return [int(tool.endpoint(name)(v, 2)[0]) for name in ("LLDAS", "DORIS", "clinical_remission")]

    assert at() == [1, 1, 0]
    assert at(steroid_mg=0) == [1, 1, 1]
    assert at(steroid_mg=7.5) == [1, 0, 0]
    assert at(steroid_mg=10) == [0, 0, 0]
    assert at(PGA=0.8) == [1, 0, 0]
    assert at(major_organs=1) == [0, 1, 0]


def test_eular_response_by_its_table():
    tool = instrument("RA")
    for start, end, good, either in (
        (5.0, 3.1, 1, 1),
        (5.0, 3.6, 0, 1),
        (5.6, 4.9, 0, 1),
        (6.2, 5.3, 0, 0),
        (4.0, 3.5, 0, 0),
    ):
        v = Visits(DAYS[:3], {"DAS28-ESR": np.array([[start, start, end]])})
        assert tool.endpoint("EULAR_good")(v, 2)[0] == good
        assert tool.endpoint("EULAR_good_moderate")(v, 2)[0] == either


def test_flares_of_lupus_need_worsening():
    tool = instrument("SLE")
    ids = np.arange(600)
    calm, worse = tool.observe(course(tool, ids, 0.3)), tool.observe(course(tool, ids, 2.0))
    for name in ("flare", "any_flare", "severe_flare", "moderate_severe_flare"):
        assert tool.endpoint(name)(worse, 4).mean() > tool.endpoint(name)(calm, 4).mean() + 0.05


def test_arthritis_or_rash_of_baseline_is_gone():
    tool = instrument("SLE")
    arthritis = np.array([[1.0, 1, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1]])
    rash = np.array([[1.0, 1, 1], [0, 0, 0], [1, 1, 0], [1, 1, 1]])
    visits = Visits(np.array([-14.0, 0.0, 168.0]), {"arthritis": arthritis, "rash": rash})
    assert tool.endpoint("arthritis_or_rash_resolution")(visits, 2).tolist() == [1, 0, 1, 0]
