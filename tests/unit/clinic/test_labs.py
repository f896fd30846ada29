"""Laboratory measures of a person: how wide own levels are, what they scale and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from baxis.clinic.people.labs import (
    GATES,
    covariance,
    drawn,
    levels,
    measures,
    model_spread,
    own_level,
    reported,
    written,
)
from baxis.core import ledger

NAMES = list(measures().values())


def test_health_is_as_wide_as_published_once_noise_and_model_are_added() -> None:
    for name in NAMES:
        published = {"igg": 0.204, "c3": 0.214, "bcount": 0.393}.get(name)
        if published:
            assert 0.5 * published < own_level(name) < published
    assert own_level("baff") == 0.0  # noise of the assay and the model explain the published spread


def test_covariance_is_one_and_gates_of_b_cells_share_the_count() -> None:
    k = covariance()
    assert np.linalg.eigvalsh(k).min() > -1e-9
    gate = [NAMES.index(n) for n in GATES]
    assert (k[np.ix_(gate, gate)] > 0).all()
    assert k[NAMES.index("igg"), NAMES.index("bcount")] == 0.0


def test_draws_have_the_covariance_asked_for() -> None:
    z = drawn(covariance(), 3, np.arange(40_000))
    assert np.cov(z.T) == pytest.approx(covariance(), abs=0.02)


def test_the_model_s_own_spread_is_the_one_in_the_table() -> None:
    for key, value in model_spread().items():
        assert ledger.value("instruments/labs", f"{key}.model") == pytest.approx(value, abs=6e-4)


def test_a_reported_course_keeps_its_changes_and_each_patient_its_level() -> None:
    ids = np.arange(5, 9)
    values = np.array([[1.0, 0.5], [1.0, 0.8], [2.0, 1.0], [1.0, 1.0]])
    seen = reported("igg", values, 3, ids)
    assert seen[:, 1] / seen[:, 0] == pytest.approx(values[:, 1] / values[:, 0])
    assert seen[:, 0] / (11.0 * values[:, 0]) == pytest.approx(np.exp(levels(3, ids)["igg"]))
    assert reported("igg", values[2:, 0], 3, ids[2:]) == pytest.approx(seen[2:, 0])


def test_measures_are_written_as_clinics_do() -> None:
    assert [written(k) for k in ("cd19", "igg4", "c3", "plasmablast", "SLEDAI-2K")] == [
        "CD19",
        "IgG4",
        "C3",
        "plasmablast",
        "SLEDAI-2K",
    ]
