"""Biomarkers: a planted marker is found, noise is not, a zero dose has none, and every disease runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

import baxis
from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.biomarkers import NOISE, combined, power, ranked


@pytest.mark.parametrize(
    ("drug", "disease"),
    [
        ("fenebrutinib", "RA"),
        ("belimumab", "LN"),
        ("iscalimab", "SjD"),
        ("inebilizumab", "IgG4-RD"),
        ("avacopan", "AAV"),
    ],
)
def test_every_disease_runs_and_noise_is_no_marker(drug: str, disease: str) -> None:
    result = baxis.biomarkers(drug, disease, patients=200, threads=2)
    noise = result.table.set_index("label").loc[NOISE]
    assert abs(noise["with_benefit"]) < 0.2
    assert "noise" not in result.found
    json.dumps(result.to_dict(), allow_nan=False)


def test_interferon_signature_tells_who_benefits_from_anifrolumab() -> None:
    result = baxis.biomarkers("anifrolumab", "SLE", patients=300, threads=2)
    assert "ifn" in result.found[:2]
    row = result.table.set_index("marker").loc["ifn"]
    assert row["with_benefit"] > 0.3
    assert row["gain_high"] > row["gain_low"]
    assert result.composite > result.composite_null


def test_a_zero_dose_has_no_marker() -> None:
    result = baxis.biomarkers("rituximab", "SLE", dose="0 mg iv days 1,15", patients=200, threads=2)
    assert result.found == []
    assert result.table["with_benefit"].abs().max() == 0
    assert result.composite == 0


def test_a_planted_marker_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 4))
    course = np.stack([x[:, 1] + rng.normal(size=400), rng.normal(size=400)])
    ends = np.stack([course[0] + rng.normal(size=400), np.zeros(400)])
    table = ranked([(c, c) for c in "abcd"], x, course, ends, 1)
    assert table["marker"].iloc[0] == "b"
    assert list(table.loc[table["q"] < 0.05, "marker"]) == ["b"]
    score, null = combined(x, course[0], 1)
    assert score > 0.5 > null
    score, null = combined(x, rng.normal(size=400), 1)
    assert score < 0.15


def test_power_is_alpha_without_interaction_and_rises_with_size() -> None:
    rng = np.random.default_rng(2)
    x, course = rng.normal(size=(2000, 1)), rng.normal(size=(2, 2000))
    same = ranked([("a", "a")], x, course, np.zeros((2, 2000)) + np.arange(2000) % 2, 1)
    assert power(same, 100)[0] == pytest.approx(0.05, abs=0.01)
    moved = ranked([("a", "a")], x, course, np.stack([0.5 * x[:, 0], np.zeros(2000)]) + rng.normal(size=(2, 2000)), 1)
    assert power(moved, 100)[0] < power(moved, 400)[0] <= 1


def test_too_few_patients_and_wrong_names_are_refused() -> None:
    with pytest.raises(InvalidValue, match="at least 200"):
        baxis.biomarkers("rituximab", "SLE", patients=50)
    with pytest.raises(UnknownName, match="did you mean 'belimumab'"):
        baxis.biomarkers("belimumap", "SLE")
