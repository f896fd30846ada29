"""`limits`: a drug given for a time and stopped, beside the same patients on it throughout and never on it."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd

from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.result.recipe import basis
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.insight.bench.scenario import scenario
from baxis.insight.limits import measures, vaccine
from baxis.insight.limits.limit_result import Limits
from baxis.insight.limits.runs import CONTINUED, NEVER, remission, simulate

LONGEST = 520.0  # weeks in all
USUAL_VACCINE = 24.0  # week of treatment
NOTICE = "For research use only: not for decisions about a patient."
SCOPE = (
    "Adults with the disease as its trials enrol them. Not covered, for want of evidence in the tables: children, "
    "pregnancy, vaccines that work without T-cell help, infection, death, drop-out, and antibodies against the drug. "
    "Drug-free means without this drug: background therapy stays as in the setting."
)


def limits(
    drug: str,
    disease: str,
    weeks: tuple[float, float] = (52.0, 104.0),
    *,
    dose: str | None = None,
    vaccine_week: float | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Limits:
    """What lasts after a drug is stopped (300 virtual patients by default).

    weeks: given, then followed; dose: `AMOUNT UNIT [ROUTE SCHEDULE]` in place of a trial's; vaccine_week: when a vaccine is
    given to patients on the drug (24, or the last week on it). Raises UnknownName, InvalidValue or Unsupported before anything
    is simulated.
    """
    chosen = settle(settings or Settings(patients=300), changes)
    if not (weeks[0] >= 4 and weeks[1] >= 24 and sum(weeks) <= LONGEST):
        raise InvalidValue("weeks", weeks, f"at least 4 on the drug, at least 24 after it, at most {LONGEST:g} in all")
    if chosen.patients < 2 * measures.LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {2 * measures.LEAST}")
    if vaccine_week is not None and not 0 < vaccine_week <= weeks[0]:
        raise InvalidValue("vaccine_week", vaccine_week, f"above 0, at most the {weeks[0]:g} weeks on the drug")
    asked = scenario(drug, disease, dose, None, None, chosen)
    runs = simulate(asked, weeks, chosen)
    shots, seen = vaccine.measured(asked, runs, weeks, vaccine_week or min(USUAL_VACCINE, weeks[0]))
    table = pd.DataFrame([*measures.table(runs, disease, chosen.seed), *shots])
    recipe = basis(asked.design, chosen, asked.remarks) | {
        "weeks_on": weeks[0],
        "weeks_followed": weeks[1],
        "last_dose_day": runs.last_dose,
        "remission": remission(disease)["remission"],
        "event": remission(disease)["event"],
        "patients": len(runs.people.ids),
        "failures": runs.failures,
        "interval": "90 %: resampled patients and posterior draws; signalling, kinetics and B-cell constants held fixed",
        "arms": {"stopped": "given, then followed", CONTINUED: "given throughout", NEVER: "background only"},
        "scope": SCOPE,
        "notice": NOTICE,
    }
    return Limits(asked, table, compared(asked.drug, disease, table, runs.last_dose), pd.DataFrame(seen), runs, recipe)


def compared(drug: str, disease: str, table: pd.DataFrame, last_dose: float) -> pd.DataFrame:
    """Published numbers of this drug in this disease beside the stopped arm's; times since the first dose."""
    own = {r["measure"]: r for r in table.to_dict("records") if r["arm"] == "stopped"}
    rows = []
    for row in library.read_table("limits/published"):
        if (row["drug"], row["disease"]) != (drug, disease):
            continue
        entry: dict[str, Any] = {k: row[k] for k in ("measure", "unit", "n", "regimen", "source", "kind", "rationale")}
        entry["published"] = float(row["value"])
        later = last_dose if row["unit"] == "day" and not row["measure"].startswith("event") else 0.0
        for name in ("value", "low", "high"):
            entry[name] = own.get(row["measure"], {}).get(name, float("nan")) + later
        rows.append(entry)
    columns = ["measure", "unit", "published", "value", "low", "high", "n", "regimen", "source", "kind", "rationale"]
    return pd.DataFrame(rows, columns=columns)
