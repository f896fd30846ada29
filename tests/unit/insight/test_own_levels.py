"""A person's own level of a laboratory measure: its size, its algebra, and what it does to one patient's posterior."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people.labs import covariance, measures, noise, own_level
from baxis.insight.patient import infer
from baxis.insight.patient.inference.own_levels import OwnLevels
from baxis.insight.patient.visits import Measurements

NAMES = list(measures().values())
VISITS = Measurements(("igg", "igg", "bcount", "naive"), np.array([0.9, 1.1, 0.5, 0.3]), (-90.0, 0.0, 0.0, 0.0))


def _courses(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: np.exp(0.3 * rng.standard_normal((n, len(VISITS.times)))) for name in NAMES}


def test_density_and_what_is_known_are_those_of_the_joint_normal() -> None:
    own = _courses(5)
    told = OwnLevels(VISITS)
    r = told.residuals(own)
    assert r[2, 1] == pytest.approx(np.log(1.1) - np.log(own["igg"][2, 1]))
    which = np.array([[NAMES.index(n) == j for j in range(len(NAMES))] for n in VISITS.names], dtype=float)
    inside = which @ covariance() @ which.T + np.diag([noise(n) ** 2 for n in VISITS.names])
    expected = stats.multivariate_normal(np.zeros(4), inside).logpdf(r)
    assert np.diff(told.log_density(own)) == pytest.approx(np.diff(expected))
    mean, sd = told.known(own)
    s2, t2 = noise("igg") ** 2, own_level("igg") ** 2
    assert mean["igg"] == pytest.approx(t2 * r[:, :2].sum(axis=1) / (s2 + 2 * t2))
    assert sd["igg"] == pytest.approx(np.sqrt(t2 * s2 / (s2 + 2 * t2)))
    assert sd["c3"] == pytest.approx(own_level("c3"))


def test_change_tells_and_height_alone_tells_less() -> None:
    """Lupus with twice the typical IgG at two visits is another person; with a fall of IgG by half it is another course."""
    rest = axis.levels("SLE")["igg"]
    settings = Settings(threads=1)
    high = Measurements(("igg", "igg"), np.array([1.4, 1.4]) * rest, (-90.0, 0.0))
    found = infer(high, "SLE", settings, 5000)
    assert not found.warnings
    middle = found.summary("igg")[0]
    assert middle < 1.3 * rest  # much of the height is put down to the person


def test_a_plain_patient_is_not_outside_the_population() -> None:
    """Usual values of trials at baseline: IgG 13 g/L and B cells 110 per uL in lupus lie within what is published."""
    settings, cell, ig = Settings(threads=1), axis.outputs()["bcount"].healthy, axis.outputs()["igg"].healthy
    usual = Measurements(("igg", "bcount"), np.array([13.0 / ig, 110.0 / cell]), (0.0, 0.0))
    assert not infer(usual, "SLE", settings, 5000).warnings
