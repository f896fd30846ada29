"""Run a drug and no drug in the same virtual patients, and judge markers by the benefit of each patient.

Benefit is the log ratio of tissue inflammation without and with the drug (a ratio, so that a patient who is merely more
inflamed does not count as one who benefits). Markers carry assay noise from `library/biomarkers`; a marker of pure noise
stands beside them.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.result.recipe import NOTICE, basis
from baxis.core import library
from baxis.core.errors import InvalidValue, Unsupported
from baxis.insight.bench.scenario import scenario
from baxis.insight.biomarkers import decision, early
from baxis.insight.biomarkers.marker_result import Biomarkers
from baxis.insight.biomarkers.markers import Benefits, combined, measured, ranked
from baxis.insight.explain.runs import Bench

Array = NDArray[np.float64]
LEAST = 200


def biomarkers(
    drug: str,
    disease: str,
    *,
    dose: str | None = None,
    endpoint: str | None = None,
    trial: str | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Biomarkers:
    """Markers ranked by how well they tell who benefits, at baseline and early on treatment, and decision curves.

    1000 patients by default. Needs the extra `insight` (scikit-learn). Raises BaxisError for unknown names and for fewer
    than 200 patients.
    """
    chosen = settle(settings or Settings(patients=1000), changes)
    if chosen.patients < LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST}, to rank markers")
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise Unsupported("biomarkers need scikit-learn: pip install 'baxis[insight]'") from None
    asked = scenario(drug, disease, dose, endpoint, trial, chosen)
    return _tables(Bench(asked, chosen), chosen)


def _tables(bench: Bench, settings: Settings) -> Biomarkers:
    """Both runs of every patient, and every table from them."""
    asked = bench.scenario
    bench.total = 3
    drug_run, control = bench.run(asked.treated), bench.run(asked.control)
    course = run_arm(bench.lab, asked.treated, bench.people)
    bench.progress()
    ok = np.isfinite(drug_run.infl) & np.isfinite(control.infl) & (course.status == 0)
    if ok.sum() < LEAST:
        raise InvalidValue("patients that the solver finished", int(ok.sum()), f"at least {LEAST}")
    people = bench.people.take(np.flatnonzero(ok))
    ends = np.stack([drug_run.endpoint[ok], control.endpoint[ok]])
    judged = Benefits(np.log(control.infl[ok] / drug_run.infl[ok]), control.infl[ok], ends, people.seed)
    continuous = asked.endpoint.name in asked.tool.continuous
    gain = (asked.better or (-1 if continuous else 1)) * (ends[0] - ends[1])
    labels, x = measured(people)
    composite, null = combined(x[:, :-1], judged.benefit, people.seed)
    on_drug = early.measured_on(people, course, np.flatnonzero(ok), asked.endpoint.week)
    return Biomarkers(
        scenario=asked,
        table=ranked(labels, x, judged),
        early=early.ranked_on(on_drug, judged),
        early_composite=early.added(on_drug, x[:, :-1], judged),
        decision=decision.curves(x[:, :-1], gain, people),
        composite=composite,
        composite_null=null,
        recipe=basis(asked.design, settings, asked.remarks)
        | {
            "patients": int(ok.sum()),
            "failures": int((~ok).sum()),
            "arm_size": asked.treated.n,
            "unit": "points" if continuous else "share",
            "assumed_assays": int(sum(r["kind"] == "assumed" for r in library.read_table("biomarkers/assays"))),
            "notice": NOTICE,
        },
    )
