"""Sensitivity: the dummy stays at nothing, a known driver is found, bad sizes are refused, every disease runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

import baxis
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.insight.sensitivity import varying as compute
from baxis.insight.sensitivity.inputs import DUMMY
from baxis.insight.sensitivity.varying import Size, partial_ranks

SMALL = Size(trajectories=4, base=32, drivers=4)


@pytest.mark.parametrize(
    ("drug", "disease"),
    [
        ("fenebrutinib", "RA"),
        ("anifrolumab", "SLE"),
        ("belimumab", "LN"),
        ("iscalimab", "SjD"),
        ("inebilizumab", "IgG4-RD"),
        ("avacopan", "AAV"),
    ],
)
def test_dummy_is_nothing_in_every_disease(drug: str, disease: str) -> None:
    result = baxis.sensitivity(drug, disease, size=SMALL, patients=100, threads=2)
    morris = result.morris.set_index(["output", "input"])
    assert morris.loc[("benefit", DUMMY), "mu_star"] == 0
    assert morris["mu_star"].max() > 0
    sobol = result.sobol.set_index(["output", "input"])
    assert sobol.loc[("benefit", DUMMY), "total"] == pytest.approx(0, abs=1e-9)
    prcc = result.prcc.set_index(["output", "input"])
    assert abs(prcc.loc[("benefit", DUMMY), "prcc"]) < 0.5
    json.dumps(result.to_dict(), allow_nan=False)


def test_the_interferon_arm_drives_the_benefit_of_anifrolumab() -> None:
    result = baxis.sensitivity("anifrolumab", "SLE", size=SMALL, patients=200, threads=2)
    assert "w_I" in set(result.correlations("benefit").head(3)["input"])
    assert result.drivers("benefit")["input"].iloc[0] in {"w_I", "endotype", "ifn_x"}


def test_partial_ranks_find_a_planted_driver_and_no_more() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 4))
    found = partial_ranks(x, np.exp(x[:, 0]) + 0.1 * rng.normal(size=500))
    assert found[0] > 0.95
    assert np.all(np.abs(found[1:]) < 0.2)
    assert np.all(partial_ranks(x, np.zeros(500)) == 0)


def test_a_zero_dose_has_no_benefit_to_explain() -> None:
    result = baxis.sensitivity("rituximab", "SLE", dose="0 mg iv days 1,15", size=SMALL, patients=100, threads=2)
    assert result.morris.query("output == 'benefit'")["mu_star"].abs().max() == 0
    assert result.drivers("benefit")["total"].max() == 0
    assert result.correlations("benefit").empty


def test_bad_sizes_and_names_are_refused() -> None:
    with pytest.raises(InvalidValue, match="at least 100"):
        baxis.sensitivity("rituximab", "SLE", patients=50)
    with pytest.raises(InvalidValue, match="power of 2"):
        baxis.sensitivity("rituximab", "SLE", size=Size(base=100))
    with pytest.raises(InvalidValue, match="trajectories"):
        baxis.sensitivity("rituximab", "SLE", size=Size(trajectories=1))
    with pytest.raises(UnknownName, match="disease"):
        baxis.sensitivity("rituximab", "XYZ")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "SALib", None)
    with pytest.raises(Unsupported, match=r"pip install 'baxis\[insight\]'"):
        compute._needed()
