"""What the discrepancy layer learns from: contrasts of calibration trials beside the mechanism's predictions of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import evidence as ev
from baxis.clinic.people import posterior
from baxis.core import library
from baxis.evidence.meta.classes import BACKGROUND_PARTNERS, CONTROL, base_class, drug_class
from baxis.evidence.rival.plain import Plain

Array = NDArray[np.float64]
TABLE = "scoreboard/calibration_mechanism"
KEY = ("trial_id", "arm_id", "versus", "endpoint", "week")
GROUPS = ("scale", "class", "disease", "class by disease", "trial")
OF_DRUG = ("class", "class by disease")  # terms that an active control has too


def labels(row: dict[str, Any]) -> tuple[str, ...]:
    """The row's member of each of GROUPS."""
    kind, disease = base_class(row["class"]), str(row["disease"])
    return str(row["scale"]), kind, disease, f"{kind} in {disease}", str(row["trial_id"])


def active_control(row: dict[str, Any], drugs: dict[tuple[str, str], str]) -> str:
    """Class of the control arm's drug; '' for placebo, withdrawal and background therapy. drugs: by (trial, arm)."""
    kind = base_class(drug_class(drugs.get((row["trial_id"], row["versus"]), "placebo")))
    return "" if kind in {*CONTROL, *BACKGROUND_PARTNERS} else kind


def arm_drugs(evidence: ev.Evidence) -> dict[tuple[str, str], str]:
    """Drug of each (trial, arm)."""
    return {(a.trial_id, a.arm_id): a.drug for a in evidence.frames["arms"].itertuples()}


def members(names: tuple[str, ...], rival: str) -> tuple[str, ...]:
    """Labels of the control arm in each of GROUPS; '' where it takes nothing off."""
    return tuple(
        {"class": rival, "class by disease": f"{rival} in {names[2]}"}.get(g, "") if rival else "" for g in GROUPS
    )


def sizes(row: dict[str, Any]) -> tuple[float, float]:
    """1/n of active arm and control; 100 patients where unknown, as for the rivals."""
    n1, n0 = (float(row[k]) if row[k] == row[k] and row[k] else 100.0 for k in ("n1", "n0"))
    return 1 / n1, 1 / n0


def unit(row: dict[str, Any], moments: Plain) -> float:
    """Standard deviation of one patient's endpoint on the contrast's scale."""
    return moments.predict("no_effect", row).sd / float(np.sqrt(sum(sizes(row))))


@dataclass(frozen=True, eq=False)
class CalibrationSet:
    """Calibration contrasts in patients' standard deviations, benefit up: y, m, s, se (n,), share of the control in the
    sampling variance (n,), labels of the arm and of an active control (n, groups), and the control group of each.

    m: the mechanism with the contrast's own trial left out of its fit, NaN where it cannot be simulated; s: the
    meta-regression likewise.
    """

    y: Array
    m: Array
    s: Array
    se: Array
    shared: Array
    labels: NDArray[np.str_]
    against: NDArray[np.str_]
    control: NDArray[np.str_]

    @property
    def net(self) -> Array:
        """(n,): 0 where an active control cancels what all drugs share, else 1."""
        return (self.against[:, GROUPS.index("class")] == "").astype(float)

    @property
    def trial(self) -> NDArray[np.str_]:
        """(n,): trial of each contrast."""
        return self.labels[:, GROUPS.index("trial")]

    def only(self, keep: NDArray[np.bool_]) -> CalibrationSet:
        """The contrasts that are kept."""
        return CalibrationSet(*(getattr(self, f.name)[keep] for f in fields(self)))

    def without(self, trial: str) -> CalibrationSet:
        """All but one trial."""
        return self.only(self.trial != trial)

    def simulated(self) -> CalibrationSet:
        """Those that the mechanism can simulate."""
        return self.only(~np.isnan(self.m))

    def noise(self) -> Array:
        """Covariance (n, n) of the sampling errors; contrasts with one control share its part."""
        part = self.se * np.sqrt(self.shared)
        same = self.control[:, None] == self.control[None]
        return np.where(same, np.outer(part, part), 0.0) + np.diag(self.se**2 * (1 - self.shared))


def training(
    rows: list[dict[str, Any]], said: dict[tuple[Any, ...], tuple[float, float]], moments: Plain
) -> CalibrationSet:
    """Training set of calibration contrasts. said: (mechanism, meta-regression) of each, the own trial left out."""
    out, drugs = [], arm_drugs(ev.load())
    for row in rows:
        m, s = said[key(row)]
        u, (v1, v0) = unit(row, moments), sizes(row)
        se = row["se"] / u if row["se"] == row["se"] else float(np.sqrt(v1 + v0))
        sign = row["benefit_sign"] / u
        names = labels(row)
        numbers = (sign * row["value"], sign * m, sign * s, se, v0 / (v1 + v0))
        control = f"{row['trial_id']} {row['versus']} {row['endpoint']} {row['week']}"
        out.append((*numbers, names, members(names, active_control(row, drugs)), control))
    columns = list(zip(*out, strict=True))
    y, m_, s_, se_, shared = (np.array(v, dtype=float) for v in columns[:5])
    return CalibrationSet(y, m_, s_, se_, shared, *(np.array(v) for v in columns[5:]))


def key(row: dict[str, Any]) -> tuple[Any, ...]:
    """What names a contrast in the shipped tables."""
    return (*(row[k] for k in KEY[:-1]), float(row["week"]))


def shipped_training(moments: Plain) -> CalibrationSet:
    """The training set as shipped; remade by `python scripts/calibrate_discrepancy.py --write`."""
    said = {
        key(r): (float(r["left_out"]) if r["left_out"] else float("nan"), float(r["statistical"]))
        for r in library.read_table(TABLE)
    }
    return training(calibration_rows(), said, moments)


def left_out_shifts() -> dict[tuple[Any, ...], float]:
    """Change of the mechanism's prediction of a calibration contrast when its trial is left out of the fit."""
    return {key(r): float(r["shift"]) for r in library.read_table(posterior.LEFT_OUT)}


def calibration_rows() -> list[dict[str, Any]]:
    """Contrasts of the shipped calibration trials; no other role passes this line."""
    table = ev.contrasts(ev.load())
    table = table[(table["role"] == "calibration") & (table["benefit_sign"] != 0)]
    return [{str(k): v for k, v in r.items()} for r in table.to_dict("records") if r["value"] == r["value"]]
