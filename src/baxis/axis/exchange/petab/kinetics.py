"""The kinetics rung as a PEtab problem: published half-lives against the linear kinetics of each drug.

One compartment model with up to two peripheral compartments and a depot serves every drug; its numbers are set by the
drug's condition, so that each number is a parameter of its own. A half-life is two concentrations one half-life apart, the
later half of the earlier, with a scale to estimate: it says nothing of the level, and holds for any number of compartments.
"""

from __future__ import annotations

from typing import Any

from baxis.axis.exchange.petab.problem import Problem
from baxis.axis.tables import drug_table
from baxis.core import library
from baxis.core.errors import BaxisError

NAMES = ("ka", "CL", "V1", "Q1", "V2", "Q2", "V3", "F")
HOURS = {"t_half_h": 24.0, "t_half_d": 1.0}  # of a day
LATE = 3.0  # half-lives after the dose at which the first concentration is read (assumed: later than distribution)
LOG_SD = 0.2  # of a published half-life (assumed; its error is seldom printed)
BOUND = 3.0  # bounds: a third to three times the published value
MODEL = """
model linear_kinetics
  ka = 1; CL = 1; V1 = 1; Q1 = 0; V2 = 1; Q2 = 0; V3 = 1; F = 1; dose_po = 0; dose_iv = 1;
  depot = dose_po; central = dose_iv; peripheral1 = 0; peripheral2 = 0;
  depot' = -ka * depot;
  central' = F * ka * depot - (CL + Q1 + Q2) / V1 * central + Q1 / V2 * peripheral1 + Q2 / V3 * peripheral2;
  peripheral1' = Q1 / V1 * central - Q1 / V2 * peripheral1;
  peripheral2' = Q2 / V1 * central - Q2 / V3 * peripheral2;
  conc := central / V1;
end
"""


def problem() -> Problem:
    """Every drug of the library with kinetics and a published half-life that is one number and was seen at its source."""
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(MODEL) < 0:
        raise RuntimeError(antimony.getLastError())
    out = Problem("kinetics", "Kinetics of drugs: published half-lives", antimony.getSBMLString("linear_kinetics"))
    out.notes = (
        "Time in days, volumes in L, amounts in mg; 100 mg is given at time 0 by the route of the drug.",
        f"The first concentration is read {LATE:g} half-lives after the dose; log-normal noise of {LOG_SD:g} stands for the error of a published half-life (assumed).",
        "Numbers of a drug are estimated within a third to three times their value. A half-life by itself does not identify them: keep the published ones as priors.",
    )
    for row in library.read_table("evidence/pk"):
        if row["parameter"] in HOURS:
            reason = why_not(row)
            if reason:
                out.left_out.append({"row": row["row_id"], "what": f"{row['drug']} half-life", "why": reason})
            else:
                _row(out, row)
    return out


def why_not(row: dict[str, str]) -> str:
    """Why a row cannot be a measurement; empty when it can."""
    if row["provenance"] != "verified":
        return "recalled, not seen at its source"
    if not row["value"]:
        return f"a range ({row['value_text']})"
    try:
        drug = drug_table.load(row["drug"])
    except BaxisError:
        return "the drug is not in the library"
    if not {"CL", "V1"} <= set(drug.kinetics_values()):
        return "no linear kinetics in the library"
    return ""


def _row(out: Problem, row: dict[str, Any]) -> None:
    drug = drug_table.load(row["drug"])
    key, values = drug.name.replace("-", "_"), drug.kinetics_values()
    half = float(row["value"]) / HOURS[row["parameter"]]
    numbers = {n: values[n] for n in NAMES if n in values and not (n == "F" and values[n] == 1.0)}
    if not drug.oral:
        numbers.pop("ka", None)
        numbers.pop("F", None)
    dose = {"dose_po": 100.0, "dose_iv": 0.0} if drug.oral else {"dose_po": 0.0, "dose_iv": 100.0}
    out.conditions += [{"conditionId": key, "targetId": n, "targetValue": f"{n}_{key}"} for n in numbers]
    out.condition(f"{key}_dose", {"depot": dose["dose_po"], "central": dose["dose_iv"]})
    out.experiments += [{"experimentId": key, "time": "0.0", "conditionId": c} for c in (key, f"{key}_dose")]
    out.observable(
        f"half_life_{key}", f"{drug.name}: half-life {row['value']} {row['unit']}", f"scale_{key} * conc", "log-normal"
    )
    out.measurement(key, f"half_life_{key}", LATE * half, 1.0, 1e-3)
    out.measurement(key, f"half_life_{key}", (LATE + 1.0) * half, 0.5, LOG_SD)
    for n, v in numbers.items():
        out.parameter(f"{n}_{key}", v, v / BOUND, v * BOUND)
    scale = 1.0 / concentration(numbers, drug.oral, LATE * half)
    out.parameter(f"scale_{key}", scale, scale / 1e3, scale * 1e3)
    out.sources.append(
        {
            "observableId": f"half_life_{key}",
            "row": f"evidence/pk {row['row_id']}",
            "source": row["source"],
            "expected": f"{row['value']} {row['unit']}",
        }
    )


def concentration(numbers: dict[str, float], oral: bool, day: float) -> float:
    """Concentration (mg/L) at a day after 100 mg, by the matrix exponential of the same model."""
    import numpy as np
    from scipy.linalg import expm

    g = {"ka": 0.0, "Q1": 0.0, "V2": 1.0, "Q2": 0.0, "V3": 1.0, "F": 1.0, **numbers}
    v1 = g["V1"]
    a = np.array([
        [-g["ka"], 0, 0, 0],
        [g["F"] * g["ka"], -(g["CL"] + g["Q1"] + g["Q2"]) / v1, g["Q1"] / g["V2"], g["Q2"] / g["V3"]],
        [0, g["Q1"] / v1, -g["Q1"] / g["V2"], 0],
        [0, g["Q2"] / v1, 0, -g["Q2"] / g["V3"]],
    ])  # fmt: skip
    return float((expm(a * day) @ np.array([100.0 * oral, 100.0 * (not oral), 0, 0]))[1] / v1)
