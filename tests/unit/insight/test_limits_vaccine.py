"""Vaccine response while treated: the tracer against the model's own cells, limits, directions, the published table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from baxis import axis, engine
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Arm
from baxis.core.errors import InvalidValue
from baxis.insight.bench.scenario import scenario
from baxis.insight.limits import Limits, limits, vaccine

SMALL = Settings(patients=40, threads=1)


def setting(drug: str, disease: str, dose: str | None = None):
    asked = scenario(drug, disease, dose, None, None, SMALL)
    end = asked.design.primary.model_dump() | {"week": 60}
    lab = Laboratory(asked.design.replace(weeks=60, endpoints=[end]), SMALL)
    return asked, lab, lab.screen()[0]


def ratios(drug: str, disease: str, week: float = 24.0, dose: str | None = None) -> dict[str, float]:
    asked, lab, people = setting(drug, disease, dose)
    (found,) = vaccine.responses(lab, (asked.treated, asked.control), people, (7.0 * week,))
    assert all(np.isfinite(v).all() for v in found.ratio.values())
    return {k: float(v.mean()) for k, v in found.ratio.items()}


def test_without_a_drug_the_response_is_that_without_a_drug() -> None:
    asked, lab, people = setting("rituximab", "RA")
    sham = Arm(arm_id="sham", n=10, role="active", treatments=())
    (found,) = vaccine.responses(lab, (sham, asked.control), people, (84.0,))
    for ratio in found.ratio.values():
        assert np.array_equal(ratio, np.ones(len(people.ids)))


def test_at_rest_the_tracer_is_the_models_bystander_lineage() -> None:
    """Antigen that stays would hold the clone at the healthy lineage's own rest, 1 in every state."""
    parameters = axis.parameters("healthy")[None]
    ran = engine.simulate(
        axis.kernel(), parameters, axis.rest("healthy")[None], times=[0.0, 1.0], outputs=list(vaccine.SIGNALS)
    )
    s = {name: ran.values[:, 0, i] for i, name in enumerate(vaccine.SIGNALS)}
    p = {n: parameters[:, axis.index(n)[0]] for n in vaccine._CONSTANTS}
    p["w_pm"] = np.zeros(1)  # plasmablasts from the germinal centre alone
    change = vaccine._change(np.ones((5, 1)), s, p, (1.0, vaccine.NEW))
    assert np.abs(change).max() < 1e-3


def test_depletion_abolishes_it_and_it_returns_with_b_cells() -> None:
    asked, lab, people = setting("rituximab", "RA", "1000 mg iv days 1,15")
    found = vaccine.responses(lab, (asked.treated, asked.control), people, (84.0, 364.0))
    early, late = (r.ratio[vaccine.NEW].mean() for r in found)
    assert early < 0.2 < late < 1.0


def test_classes_differ_as_their_mechanisms_say() -> None:
    assert 0.9 < ratios("tocilizumab", "RA")[vaccine.NEW] < 1.02  # its vaccine studies find no loss
    assert 0.4 < ratios("abatacept", "RA")[vaccine.NEW] < 0.95  # less help
    btk = ratios("fenebrutinib", "SLE")
    assert btk[vaccine.NEW] < btk[vaccine.RECALL] < 1


def test_share_of_responders_is_the_controls_where_nothing_is_lost() -> None:
    assert vaccine.responders(np.ones(5), 0.622) == pytest.approx(0.622)
    assert vaccine.responders(np.full(5, 0.1), 0.622) < 0.1


@pytest.fixture(scope="module")
def tofacitinib() -> Limits:
    return limits("tofacitinib", "RA", (24, 104), dose="10 mg po bid", vaccine_week=4, settings=SMALL)


def test_limits_show_vaccines_and_studies(tofacitinib: Limits) -> None:
    rows = tofacitinib.table[tofacitinib.table["measure"].str.startswith("vaccine")]
    assert set(rows["unit"]) == {"% of untreated"}
    on = rows[rows["arm"] == "continued"]["value"]
    off = rows[rows["arm"] == "stopped"]["value"]
    assert ((on > 30) & (on < 95)).all()
    assert (off > 90).all()  # a drug that is gone in a day
    (study,) = tofacitinib.vaccines.to_dict("records")
    assert study["published"] == 0.569
    assert 0 < study["simulated"] < study["control"] == 0.622
    data = tofacitinib.to_dict()
    assert json.loads(json.dumps(data))["vaccines"][0]["vaccine"] == study["vaccine"]


def test_a_vaccine_week_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidValue, match="vaccine_week"):
        limits("rituximab", "RA", vaccine_week=0, settings=SMALL)
    with pytest.raises(InvalidValue, match="52 weeks on the drug"):
        limits("rituximab", "RA", vaccine_week=60, settings=SMALL)
