"""What changes a drug's exposure or effect in one patient: food, acid reducers, CYP3A, antibodies against the drug, genes.

A row of a drug file's `[[circumstance]]` holds one published number: the ratio of exposures (or of the parameter itself)
with and without the circumstance. Which parameter carries a ratio of exposures follows from the circumstance: absorption
(F) for food and acid reducers, clearance for the rest, unless the source says otherwise (`parameter`). A ratio of troughs
is turned into one of clearances by the trough of one compartment at steady state, 1/(exp(k tau) - 1). A genotype counts
alleles, so that the published ratio stands between the two homozygotes and the heterozygote is the reference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baxis.axis.tables.ledger import from_toml
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.ledger import Parameter

if TYPE_CHECKING:
    import numpy as np

# circumstance -> (covariate of a patient, parameter that a ratio of exposures moves)
CARRIED_BY = {
    "fed": ("fed", "F"), "fasted": ("fasted", "F"), "ppi": ("ppi", "F"), "cyp3a_inhibitor": ("cyp3a_inhibitor", "CL"),
    "cyp3a_inducer": ("cyp3a_inducer", "CL"), "methotrexate": ("methotrexate_dose", "CL"),
    "ada": ("ada {drug}", "CL"), "fcgr3a": ("fcgr3a_v_alleles", "potency"),
}  # fmt: skip
PARAMETERS = ("CL", "F", "V1", "ka", "potency")
_FORMS = ("exposure_ratio", "trough_ratio", "parameter_ratio")


@dataclass(frozen=True, slots=True)
class Circumstance:
    """One published effect: `ratio` on `parameter` (None: only how often it occurs is published), from a day on.

    share: fraction of patients in whom it occurs, where it is a property of the drug (antibodies against it).
    """

    name: str
    parameter: str
    target: str
    ratio: float | None
    share: Parameter | None
    from_day: float
    number: Parameter | None
    note: str = ""

    def covariate(self, drug: str) -> str:
        """Name of the patients' covariate that it acts by."""
        return CARRIED_BY[self.name][0].format(drug=drug)

    def factor(self, drug: str, people: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """Factor (n,) on the parameter of each patient; None where it has no effect or the covariate is not known."""
        import numpy as np

        given = people.get(self.covariate(drug))
        if given is None or self.ratio is None:
            return None
        x = np.asarray(given, float)
        dose = (x - 1.0) / 2.0 if self.name == "fcgr3a" else (x > 0).astype(float)
        return np.asarray(self.ratio**dose)

    @property
    def key(self) -> str:
        """Parameter of the model's slot, without the slot's prefix."""
        return f"w_{self.target}" if self.parameter == "potency" else self.parameter


def read(row: Mapping[str, Any], where: str, kinetics: Mapping[str, float]) -> Circumstance:
    """Circumstance of a TOML row; UnknownName or InvalidValue name the drug file and what is allowed.

    kinetics: the drug's, in model units (a ratio of troughs needs CL and V1).
    """
    name = str(row.get("when", ""))
    if name not in CARRIED_BY:
        raise UnknownName(f"circumstance in {where}", name, CARRIED_BY)
    forms = [f for f in _FORMS if f in row]
    if len(forms) > 1 or (not forms and "share" not in row):
        raise InvalidValue(f"{where}: {name}", forms or "no number", f"one of {', '.join(_FORMS)}, or a share")
    parameter = str(row.get("parameter", CARRIED_BY[name][1]))
    if parameter not in PARAMETERS:
        raise UnknownName(f"parameter of {name} in {where}", parameter, PARAMETERS)
    if parameter == "potency" and "target" not in row:
        raise InvalidValue(f"{where}: {name}", "a potency without target", "the target whose potency it moves")
    number = _number(name, row[forms[0]], row, where) if forms else None
    share = _number(f"{name} share", row["share"], row, where) if "share" in row else None
    if forms == ["trough_ratio"] and (parameter != "CL" or "interval_days" not in row):
        raise InvalidValue(f"{where}: {name}", "a trough_ratio", "one on CL, with interval_days between doses")
    return Circumstance(
        name=name, parameter=parameter, target=str(row.get("target", "")), ratio=_ratio(number, (forms, parameter), row, kinetics), share=share,
        from_day=7.0 * float(row.get("from_week", 0.0)), number=number, note=str(row.get("note", "")),
    )  # fmt: skip


def _ratio(
    number: Parameter | None, how: tuple[list[str], str], row: Mapping[str, Any], kinetics: Mapping[str, float]
) -> float | None:
    """Factor on the parameter: clearance falls where exposure rises."""
    if number is None:
        return None
    (form,), parameter = how
    if form == "trough_ratio":
        k = kinetics["CL"] / kinetics["V1"] * float(row["interval_days"])
        return math.log1p(math.expm1(k) / number.value) / k
    return 1.0 / number.value if form == "exposure_ratio" and parameter == "CL" else number.value


def _number(name: str, value: Any, row: Mapping[str, Any], where: str) -> Parameter:
    kept = ("kind", "source", "place", "rationale", "provenance")
    unit = "fraction" if name.endswith("share") else "1"
    try:
        number = from_toml(name, {"value": value, "unit": unit, **{k: row[k] for k in kept if k in row}})
    except ValueError as e:
        raise InvalidValue(f"{where}: {name}", value, str(e)) from None
    highest = 1.0 if unit == "fraction" else 1000.0
    if not 0 < number.value <= highest:
        raise InvalidValue(f"{where}: {name}", value, f"above 0 and at most {highest:g}")
    return number
