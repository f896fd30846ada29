"""Response to a vaccine while treated: a small clone carried through the model's responding bystander cells.

A vaccine's clone is too small to move the axis, so it is a tracer: its germinal centre, plasmablasts, plasma cells and IgG
follow the equations of bystander cells (`models/bcells.ant`, `models/immune.ant`) under the signals, the help and the killing
of the treated patient. It is linear: only its IgG relative to the same patient's without the drug is read. A **new** antigen
starts from naive cells; a **recall** also turns memory cells into plasmablasts. Nothing is fitted. What is assumed: how long
antigen stays, that IgG is read four weeks after, and that people differ in their rise as influenza titres do. Answers without
T-cell help (plain polysaccharides) are not in the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from baxis import axis, engine
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.design.design import Arm
from baxis.clinic.people.population import Population
from baxis.clinic.therapy.regimen import plan
from baxis.core import library
from baxis.insight.bench.scenario import Scenario
from baxis.insight.limits.measures import Cohort
from baxis.insight.limits.runs import CONTINUED, STOPPED, FollowUp

Array = NDArray[np.float64]
ANTIGEN_DAYS = 7.0  # mean stay of antigen (assumed: draining nodes hold a protein antigen for one to two weeks)
READ_DAYS = 28  # after the vaccine, as the studies read it
RISE_SD = 1.15  # between people, of the log rise of a titre (assumed: half a decade)
NEW, RECALL = "new antigen", "recall"
SIGNALS = ("R_prol", "R_act", "R_pcd", "R_foxn", "help", "ap_b", "kt", "k19t", "kpc", "kpb", "psv", "fcpc", "apd", "lpn", "nvtB", "mtB", "mbB", "fcrn_cl")  # fmt: skip
STEPS = 4  # a day
AFTER = (12.0, 24.0, 52.0)  # weeks after the last dose
Row = dict[str, Any]
Signals = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Response:
    """IgG to a vaccine given on a day, relative to that of the same patient without the drug: (n,) by kind of antigen."""

    day: float
    ratio: dict[str, Array]


def responses(lab: Laboratory, arms: tuple[Arm, Arm], people: Population, days: tuple[float, ...]) -> list[Response]:
    """Responses on each day under the first arm, over those under the second. Oral drugs act by their daily mean.

    Patients whose simulation fails are NaN.
    """
    grid = np.unique(np.concatenate([d + np.arange(READ_DAYS + 1.0) for d in days]))
    seen = [_signals(lab, arm, people, grid) for arm in arms]
    out = []
    for day in days:
        at = np.searchsorted(grid, day + np.arange(READ_DAYS + 1.0))
        level = {}
        for kind in (NEW, RECALL):
            own = [igg({k: v[:, at] for k, v in s.items()}, people.parameters, kind) for s in seen]
            level[kind] = own[0] / own[1]
        out.append(Response(float(day), level))
    return out


def _signals(lab: Laboratory, arm: Arm, people: Population, grid: Array) -> dict[str, Array]:
    """The model's signals (n, T) on the days of the grid."""
    design = lab.design.replace(
        weeks=float(grid[-1]) / 7.0, endpoints=[lab.design.primary.model_dump() | {"week": float(grid[-1]) / 7.0}]
    )
    parameters, events = plan(design, arm, people, "averaged")
    options = replace(lab.options, progress=None)
    ran = engine.simulate(
        axis.kernel(), parameters, people.rest, times=grid, events=events, outputs=list(SIGNALS), options=options
    )
    values = np.where((ran.status == 0)[:, None, None], ran.values, np.nan)
    return {name: values[:, :, i] for i, name in enumerate(SIGNALS)}


def igg(signals: Signals, parameters: Array, kind: str) -> Array:
    """IgG of the clone (n,), any unit, READ_DAYS after the vaccine. signals: (n, READ_DAYS + 1), a value a day."""
    p = {n: parameters[:, axis.index(n)[0]] for n in _CONSTANTS}
    n, h = len(parameters), 1.0 / STEPS
    state = np.zeros((5, n))
    for k in range(READ_DAYS * STEPS):
        day, share = divmod(k, STEPS)
        now = {s: v[:, day] + (v[:, day + 1] - v[:, day]) * (share + 0.5) * h for s, v in signals.items()}
        antigen = float(np.exp(-(k + 0.5) * h / ANTIGEN_DAYS))
        half = state + 0.5 * h * _change(state, now, p, (antigen, kind))
        state = state + h * _change(half, now, p, (antigen, kind))
    return np.asarray(state[4])


_CONSTANTS = ("k_gc", "w_aid", "f_gc", "kappa_nv", "k_pb", "w_pm", "w_pbm", "home", "k_sp", "c19sp", "k_lp", "c19lp",
              "f_pclp", "K_ni", "k_igg", "K_csr", "g_s")  # fmt: skip


def _change(state: Array, s: Signals, p: Mapping[str, Array], given: tuple[float, str]) -> Array:
    """Rates of germinal centre, plasmablasts, short- and long-lived plasma cells, and IgG (5, n), 1/day."""
    germinal, blast, short, long, titre = state
    antigen, kind = given
    help_ = s["R_prol"] * s["help"] * s["ap_b"]
    memory = (1.0 - p["w_pbm"]) * s["mtB"] + p["w_pbm"] * s["mbB"] / p["home"] if kind == RECALL else 0.0
    pool = s["mtB"] if kind == RECALL else s["nvtB"]
    seeded = antigen * _sat(pool, p["kappa_nv"]) * help_
    source = (1.0 - p["w_pm"]) * germinal + p["w_pm"] * antigen * memory
    return np.stack(
        [
            p["k_gc"] * (seeded - germinal * _mix(p["w_aid"], s["R_act"])) - p["f_gc"] * s["kt"] * germinal,
            p["k_pb"] * (source * s["R_pcd"] * s["ap_b"] * s["psv"] - blast) - s["kpb"] * blast,
            p["k_sp"] * (blast - short * s["fcpc"] / s["psv"]) - (p["c19sp"] * s["k19t"] + s["kpc"]) * short,
            p["k_lp"] * (blast * (1.0 + p["K_ni"]) / (s["lpn"] + p["K_ni"]) - long * s["apd"])
            - (p["c19lp"] * s["k19t"] + p["f_pclp"] * s["kpc"]) * long,
            p["k_igg"]
            * (_sat(s["R_foxn"], p["K_csr"]) * (p["g_s"] * short + (1.0 - p["g_s"]) * long) - s["fcrn_cl"] * titre),
        ]
    )  # fmt: skip


def _sat(x: Array, k: Array) -> Array:
    return np.asarray(x * (1.0 + k) / (x + k))


def _mix(w: Array, y: Array) -> Array:
    return np.asarray(1.0 - w + w * y)


def responders(ratio: Array, control: float) -> float:
    """Share of treated people who respond, where a share `control` responds without the drug and rises are log-normal."""
    return float(np.mean(ndtr(ndtri(control) + np.log(np.maximum(ratio, 1e-6)) / RISE_SD)))


def published(drug: str, disease: str, found: Mapping[float, Response]) -> list[dict[str, Any]]:
    """Vaccine studies of the drug beside the responses on their week; the share in the study's control arm is taken as given."""
    out = []
    for row in studies(drug, disease):
        ratio = found[float(row["week"]) * 7.0].ratio[row["antigen"]]
        ratio = ratio[np.isfinite(ratio)]
        out.append({
            "vaccine": row["vaccine"], "antigen": row["antigen"], "week": float(row["week"]), "control": float(row["control"]),
            "published": float(row["treated"]), "simulated": responders(ratio, float(row["control"])),
            "ratio": float(np.exp(np.log(np.maximum(ratio, 1e-6)).mean())), "n": row["n"], "population": row["population"],
            "source": row["source"], "kind": row["kind"], "rationale": row["rationale"],
        })  # fmt: skip
    return out


def arms_of(asked: Scenario, weeks_on: float) -> dict[str, Arm]:
    """The drug throughout, and no dose from `weeks_on` on."""
    until = [t.model_copy(update={"stop_day": weeks_on * 7.0}) for t in asked.treated.treatments]
    stopped = [t for t in until if t.start_day < weeks_on * 7.0]
    return {CONTINUED: asked.treated, STOPPED: asked.treated.model_copy(update={"treatments": tuple(stopped)})}


def measured(asked: Scenario, runs: FollowUp, weeks: tuple[float, float], week: float) -> tuple[list[Row], list[Row]]:
    """Rows of the table of limits, and of the comparison with published studies.

    week: of the vaccine while treated. After the last dose it is given AFTER weeks later, as far as follow-up goes.
    """
    drug, disease, seed = asked.drug, asked.design.disease, runs.people.seed
    arms, last = arms_of(asked, weeks[0]), runs.last_dose
    own = {float(r["week"]) * 7.0 for r in studies(drug, disease)}
    treated = responses(runs.lab, (arms[CONTINUED], asked.control), runs.people, tuple(sorted({week * 7.0, *own})))
    later = tuple(last + 7.0 * w for w in AFTER if last + 7.0 * w + READ_DAYS <= sum(weeks) * 7.0)
    after = responses(runs.lab, (arms[STOPPED], asked.control), runs.people, later) if later else []
    rows = []
    for kind in (NEW, RECALL):
        name = f"vaccine, {kind}: at week {week:g} of treatment"
        found = next(r for r in treated if r.day == week * 7.0)
        rows.append(_measure(runs.people, disease, seed, (name, CONTINUED), found.ratio[kind]))
        for r in after:
            name = f"vaccine, {kind}: {(r.day - last) / 7.0:g} weeks after the last dose"
            rows.append(_measure(runs.people, disease, seed, (name, STOPPED), r.ratio[kind]))
    return rows, published(drug, disease, {r.day: r for r in treated})


def _measure(people: Population, disease: str, seed: int, key: tuple[str, str], ratio: Array) -> Row:
    ok = np.isfinite(ratio)
    return Cohort(people.ids[ok], disease, seed).row(*key, 100.0 * ratio[ok], "% of untreated")


def studies(drug: str, disease: str) -> list[dict[str, str]]:
    """Rows of `library/limits/vaccines.csv` for a drug; of other diseases too, as their population says."""
    rows = [r for r in library.read_table("limits/vaccines") if r["drug"] == drug]
    return [r for r in rows if r["disease"] in (disease, "any")]
