"""Posterior draws: the shipped table, what patients carry, and what calibration may read."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from baxis import axis, evidence
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.read import read_design
from baxis.clinic.people import population, posterior
from baxis.clinic.statistics.survival import Times, hazard_ratio, rate_influence, replicate_log_hazard_ratio
from baxis.core import library

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
DISEASES = ("RA", "SLE", "LN", "SjD", "IgG4-RD", "AAV")


@pytest.mark.parametrize("disease", DISEASES)
def test_shipped_draws_are_weights_and_plausible_constants(disease: str) -> None:
    found = posterior.draws(disease)
    assert found is not None
    assert len(found.values) >= 64
    draws = posterior.weights(disease)
    assert draws is not None
    assert draws.sum(axis=1) == pytest.approx(np.ones(len(draws)), abs=1e-6)
    assert (found.values >= 0).all()
    share = [i for i, n in enumerate(found.names) if n.startswith("w_")]
    assert (found.values[:, share] <= 1).all()


def test_one_draw_holds_the_same_shared_constants_in_every_disease() -> None:
    tables = {d: [r for r in library.read_table(posterior.TABLE) if r["disease"] == d] for d in DISEASES}
    for row in zip(*tables.values(), strict=True):
        assert len({tuple(r[n] for n in ("w_tnft", "kappa_mac", "w_te6")) for r in row}) == 1


def test_a_patient_rests_at_its_own_draw() -> None:
    design, ids = read_design("rituximab-reflex"), np.arange(70)
    people = population.draw(design, 1, ids, Settings().options())
    found = posterior.draws("RA")
    assert found is not None
    assert np.array_equal(people.carried, ids % len(found.values))
    column = axis.index("w_tnft")[0]
    assert people.parameters[:, column] == pytest.approx(found.values[people.carried, found.names.index("w_tnft")])
    assert np.array_equal(people.take(np.array([3, 5])).carried, people.carried[[3, 5]])


def test_an_endotypes_weight_moves_the_draws_in_proportion() -> None:
    ids = np.arange(4000)
    parameters = population.spread_parameters("RA", 1, ids)
    weight = parameters[:, axis.index("w_0")[0]]
    antigen = parameters[:, axis.index("agA")[0]]
    seronegative, seropositive = antigen < np.quantile(antigen, 0.1), antigen > np.quantile(antigen, 0.7)
    assert weight[seronegative].mean() > 1.2 * weight[seropositive].mean()


def test_influence_on_the_event_rate_is_its_derivative() -> None:
    rng = np.random.default_rng(1)
    time = rng.exponential(10.0, 400)
    times = Times(np.minimum(time, 12.0), time < 12.0)
    influence = rate_influence(times)
    assert influence.mean() == pytest.approx(0.0, abs=1e-12)
    less = times.take(np.arange(400) != 7)

    def log_rate(t: Times) -> float:
        return float(np.log(t.event.sum() / t.time.sum()))

    assert log_rate(times) - log_rate(less) == pytest.approx(influence[7] / 400, abs=2e-5)


def test_parameter_uncertainty_widens_a_hazard_ratio() -> None:
    rng = np.random.default_rng(2)
    arms = [Times(np.minimum(t, 1.0), t < 1.0) for t in (rng.exponential(2.0, 300), rng.exponential(1.0, 300))]
    plain, wide = (
        replicate_log_hazard_ratio(arms[0], arms[1], (200, 200), (1, "x"), spread=s).std() for s in (0.0, 0.4)
    )
    assert wide == pytest.approx(np.hypot(plain, 0.4), rel=0.02)
    assert hazard_ratio(arms[0], arms[1]).log < 0


def test_calibration_reads_no_outcome_of_a_validation_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    sys.modules.pop("calibration_response", None)
    import calibration_response

    table = evidence.contrasts(evidence.load())
    poisoned = table.copy()
    kept_out = poisoned.role != "calibration"
    assert kept_out.any()
    poisoned.loc[kept_out, ["value", "se", "p1", "p0"]] = 1e9
    assert calibration_response.wanted(poisoned).equals(calibration_response.wanted(table))
    assert set(calibration_response.wanted(poisoned).role) == {"calibration"}


def test_few_patients_do_not_tell_of_many_directions() -> None:
    """Thirty patients of chance effects: what the draws explain stays well within what the patients differ by."""
    found = posterior.draws("SLE")
    assert found is not None
    for k in range(60):
        y = np.random.default_rng(k).choice([-1.0, 0.0, 1.0], 30, p=[0.05, 0.85, 0.1])
        assert posterior.explained(y, found.values, np.arange(30)) <= 0.5 * y.std()
