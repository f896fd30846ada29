"""What the rival may learn from: results of calibration trials, and nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.evidence.meta.classes import base_class
from baxis.evidence.meta.effects import LeftOut

if TYPE_CHECKING:
    from baxis.evidence import Evidence

# Arms whose effect is nil by definition.
NIL = frozenset({"placebo", "standard care", "withdrawal"})


@dataclass(frozen=True)
class ArmRow:
    """Responders of one arm: `classes` empty for placebo; `key` names the arm within its trial."""

    trial_id: str
    key: str
    endpoint: str
    classes: tuple[str, ...]
    drug: str
    events: float
    n: float
    sign: int


@dataclass(frozen=True)
class ContrastRow:
    """A contrast with a normal likelihood: mean difference in units of its standard deviation, or log hazard
    ratio. `gain` turns the latent effect (log odds ratio, benefit up) into the row's scale."""

    trial_id: str
    endpoint: str
    active: tuple[str, tuple[str, ...], str]
    control: tuple[str, tuple[str, ...], str]
    value: float
    se: float
    gain: float


@dataclass(frozen=True)
class TrialInfo:
    """What is known of a trial before its result."""

    trial_id: str
    disease: str
    endpoint: str
    week: float
    features: Mapping[str, float]


@dataclass(frozen=True)
class Training:
    """Everything that the fit sees."""

    arms: tuple[ArmRow, ...]
    contrasts: tuple[ContrastRow, ...]
    trials: Mapping[tuple[str, str], TrialInfo]
    sd: Mapping[str, float]
    left_out: tuple[LeftOut, ...]
    digest: str

    @property
    def own_digest(self) -> str:
        """Digest of exactly what the fit sees: it tells shipped draws that no longer fit the tables."""
        text = repr((self.arms, self.contrasts, sorted((k, repr(v)) for k, v in self.trials.items()), self.sd))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


LOGISTIC_SD = np.pi / np.sqrt(3)  # log odds ratio of a standardised mean difference of 1 (Chinn 2000)
GUMBEL_SD = np.pi / np.sqrt(6)  # the same for a log hazard ratio: extreme-value instead of logistic


def classes_of(text: str) -> tuple[str, ...]:
    """Classes of an arm without subtypes; () for placebo and other nil controls."""
    parts = [base_class(p.strip()) for p in re.split(r"\s*\+\s*", text) if p.strip()]
    return tuple(sorted({p for p in parts if p not in NIL}))


@lru_cache(maxsize=2)
def _families(roots: tuple[object, ...]) -> tuple[dict[str, str], dict[str, str]]:
    rows = library.read_table("posterior/rival.families")
    kinds: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for r in rows:
        kinds[r["kind"] == "endpoint"][r["name"]] = r["family"]
    return kinds


def class_family(name: str) -> str:
    """Mechanism family of a class; a class not in the table is a family of its own."""
    return _families(library.roots())[0].get(name, name)


def endpoint_family(name: str) -> str:
    """Family of an endpoint; one not in the table is a family of its own."""
    return _families(library.roots())[1].get(name, name)


MIXED = r"with or without|some |part |mixed|naive or"


def features(population: str, background: str, year: float) -> dict[str, float]:
    """Covariates of the placebo response, read off the trial's free text (0, 0.5 or 1) and its year."""
    text = f"{population}; {background}"
    failed = re.search(r"TNF-?i?-IR|TNFi fail|failed biologic|bDMARD-|biologic failure|IR to one TNFi|TNF-?i-exp", text)
    other = re.search(r"IR to 1-2 TNFi|TNFi history|biologic-experienced|several biologics", text)
    mixed = re.search(MIXED, text) is not None
    found = {
        "biologic_failure": 0.5 if (failed or other) and mixed else 1.0 if failed or other else 0.0,
        "mtx_naive": 1.0 if re.search(r"MTX-naive", text) else 0.0,
        "steroid_taper": 1.0 if re.search(r"taper", background) else 0.0,
        "drugs_stopped": 1.0 if re.search(r"withdrawn|stopped", text) else 0.0,
        "east_asian": 1.0 if re.search(r"Chin|Japan|Korea|Asia", text) else 0.0,
    }
    return found | {"decade": (year - 2014) / 10 if year == year else 0.0}


def check_roles(roles: Mapping[str, str], trials: set[str]) -> None:
    """The gate: a trial that is not `calibration` may not reach the fit."""
    wrong = sorted(t for t in trials if roles.get(t) != "calibration")
    if wrong:
        got = ", ".join(f"{t} ({roles.get(t, 'unknown')})" for t in wrong[:5])
        raise InvalidValue("fit of the rival", got, "calibration trials only", "drop these trials")


def training(evidence: Evidence, leave_out: tuple[str, ...] = ()) -> Training:
    """Rows of all calibration trials except `leave_out`: primary contrasts, and placebo arms of further
    response endpoints (these teach the placebo response only)."""
    from baxis import evidence as ev

    table = ev.contrasts(evidence)
    rows = table[(table["role"] == "calibration") & ~table["trial_id"].isin(list(leave_out))].to_dict("records")
    return build(evidence, rows, leave_out)


def build(evidence: Evidence, rows: list[dict[str, Any]], leave_out: tuple[str, ...] = ()) -> Training:
    """Training set of given contrast rows. Raises `InvalidValue` when one is not of a calibration trial."""
    trials = {t.trial_id: t for t in evidence.frames["trials"].itertuples()}
    check_roles({k: t.role for k, t in trials.items()}, {r["trial_id"] for r in rows})
    drugs = {(a.trial_id, a.arm_id): a.drug for a in evidence.frames["arms"].itertuples()}
    arms: dict[tuple[str, str, str], ArmRow] = {}
    contrasts: list[ContrastRow] = []
    left_out: list[LeftOut] = []
    info: dict[tuple[str, str], TrialInfo] = {}
    sd = endpoint_sd(rows, evidence)
    for r in rows:
        t = trials[r["trial_id"]]
        info[t.trial_id, r["endpoint"]] = trial_info(t, r["endpoint"], r["week"])
        binary = r["scale"] == "risk_difference"
        why = _add_binomial(arms, r, drugs) if binary else _add_normal(contrasts, r, drugs, sd)
        if why:
            left_out.append(LeftOut(f"{r['trial_id']} {r['arm_id']}", why))
    for row, where in _placebo_arms(evidence, set(arms), leave_out):
        arms[row.trial_id, row.key, row.endpoint] = row
        info.setdefault((row.trial_id, row.endpoint), where)
    check_roles({k: t.role for k, t in trials.items()}, {a.trial_id for a in arms.values()})
    return Training(tuple(arms.values()), tuple(contrasts), info, sd, tuple(left_out), evidence.digest)


def trial_info(trial: Any, endpoint: str, week: float) -> TrialInfo:
    """Design facts of a trial row."""
    week = float(week) if week == week and week > 0 else 24.0
    return TrialInfo(
        trial.trial_id, trial.disease, endpoint, week, features(trial.population, trial.background, trial.year)
    )


def _sides(r: dict[str, Any], drugs: Mapping[tuple[str, str], str]) -> tuple[tuple, tuple]:  # type: ignore[type-arg]
    from baxis.evidence.meta.classes import drug_class

    control = drugs.get((r["trial_id"], r["versus"]), "placebo")
    active = drugs.get((r["trial_id"], r["arm_id"]), "")
    one, zero = apart(classes_of(r["class"]), classes_of(drug_class(control)))
    return (r["arm_id"], one, active), (r["versus"], zero, control)


def apart(active: tuple[str, ...], control: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Classes of two arms without what both are given; two arms of one class (doses, durations) stay as they are."""
    one, zero = tuple(c for c in active if c not in control), tuple(c for c in control if c not in active)
    return (one, zero) if one or zero else (active, control)


def _add_binomial(arms: dict[tuple[str, str, str], ArmRow], r: dict[str, Any], drugs: Any) -> str:
    if r["p1"] != r["p1"] or r["p0"] != r["p0"]:
        return "no response rate by arm"
    if not (r["n1"] > 0 and r["n0"] > 0):
        return "arm size unknown"
    for (key, classes, drug), p, n in zip(_sides(r, drugs), (r["p1"], r["p0"]), (r["n1"], r["n0"]), strict=True):
        arms[r["trial_id"], key, r["endpoint"]] = ArmRow(
            trial_id=r["trial_id"],
            key=key,
            endpoint=r["endpoint"],
            classes=classes,
            drug=drug,
            events=float(np.rint(p * n)),
            n=float(n),
            sign=int(r["benefit_sign"]),
        )
    return ""


def _add_normal(contrasts: list[ContrastRow], r: dict[str, Any], drugs: Any, sd: Mapping[str, float]) -> str:
    if not (r["se"] == r["se"] and r["se"] > 0):
        return "no standard error"
    active, control = _sides(r, drugs)
    if r["scale"] == "log_hazard_ratio":
        gain, unit = int(r["benefit_sign"]) * GUMBEL_SD / LOGISTIC_SD, 1.0
    else:
        unit = own_sd(r) if r["n1"] > 0 and r["n0"] > 0 else sd.get(r["endpoint"], 0.0)
        if not unit > 0:
            return "no standard deviation of patients known for this endpoint"
        gain = int(r["benefit_sign"]) / LOGISTIC_SD
    contrasts.append(
        ContrastRow(
            trial_id=r["trial_id"],
            endpoint=r["endpoint"],
            active=active,
            control=control,
            value=r["value"] / unit,
            se=r["se"] / unit,
            gain=gain,
        )
    )
    return ""


def own_sd(r: Mapping[str, Any]) -> float:
    """Standard deviation of patients that the standard error of a mean difference implies."""
    return float(r["se"] / np.sqrt(1 / r["n1"] + 1 / r["n0"]))


def endpoint_sd(rows: list[dict[str, Any]], evidence: Evidence) -> dict[str, float]:
    """Standard deviation of patients by continuous endpoint, in its own unit: median over calibration contrasts,
    else over the calibration trials' baseline tables (ESSPRI for ESSPRI_change)."""
    found: dict[str, list[float]] = {}
    for r in rows:
        if r["scale"] == "mean_difference" and r["se"] == r["se"] and r["n1"] > 0 and r["n0"] > 0:
            found.setdefault(r["endpoint"], []).append(own_sd(r))
    trials = evidence.frames["trials"]
    own = set(trials.loc[trials["role"] == "calibration", "trial_id"])
    for b in evidence.frames["baseline"].itertuples():
        name = f"{b.characteristic}_change"
        if b.trial_id in own and b.spread_kind == "sd" and b.spread > 0 and not found.get(name):
            found.setdefault("baseline " + name, []).append(float(b.spread))
    for key in [k for k in found if k.startswith("baseline ")]:
        values = found.pop(key)
        found.setdefault(key.removeprefix("baseline "), values)
    return {k: float(np.median(v)) for k, v in sorted(found.items())}


def _placebo_arms(evidence: Evidence, have: set[tuple[str, str, str]], leave_out: tuple[str, ...]):  # type: ignore[no-untyped-def]
    """Placebo arms of calibration trials for response endpoints other than the primary, nearest primary week."""
    responses = {
        r["endpoint"] for r in library.read_table("evidence/endpoints")
        if r["kind"] == "proportion" and r["category"] == "efficacy" and r["benefit_sign"] == "1"
    }  # fmt: skip
    known = responses & set(_families(library.roots())[1])
    f = evidence.frames
    trials = f["trials"][(f["trials"]["role"] == "calibration") & ~f["trials"]["trial_id"].isin(list(leave_out))]
    arms = f["arms"][f["arms"]["role"] == "placebo"]
    o = f["outcomes"].merge(arms[["trial_id", "arm_id", "n", "drug"]], on=["trial_id", "arm_id"], suffixes=("", "_arm"))
    o = o.merge(trials, on="trial_id", suffixes=("", "_trial"))
    o = o[o["endpoint"].isin(list(known)) & (o["statistic"] == "proportion") & (o["subgroup"] == "")]
    o = o.assign(n=o["n"].fillna(o["n_arm"]), gap=(o["week"] - o["primary_week"]).abs().fillna(0.0))
    o = o[o["n"] > 0].sort_values(["trial_id", "arm_id", "endpoint", "gap", "week"])
    for r in o.drop_duplicates(["trial_id", "arm_id", "endpoint"]).itertuples():
        if (r.trial_id, r.arm_id, r.endpoint) in have or "+" in r.drug:
            continue
        row = ArmRow(
            trial_id=r.trial_id,
            key=r.arm_id,
            endpoint=r.endpoint,
            classes=(),
            drug=r.drug,
            events=float(np.rint(r.value * r.n)),
            n=float(r.n),
            sign=1,
        )
        yield row, trial_info(r, r.endpoint, r.week)
