"""Score of the rival and of the plain predictors on contrasts that the fit has not seen.

Every call reads results of the scored trials: each look at validation results is logged in `docs/evidence/rival.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis.core.errors import BaxisError
from baxis.evidence.rival.plain import PREDICTORS, Plain, learn, sampling_sd
from baxis.evidence.rival.predict import Rival, TwoArms, load

if TYPE_CHECKING:
    from baxis.evidence import Evidence

Vector = NDArray[np.floating[Any]]


def design_of(row: dict[str, Any], trial: Any, control_class: str) -> TwoArms:
    """Design of a row of the contrasts table; 100 patients an arm where the size is unknown."""
    n1, n0 = (int(row[k]) if row[k] == row[k] and row[k] else 100 for k in ("n1", "n0"))
    return TwoArms(
        disease=row["disease"], endpoint=row["endpoint"], week=row["week"] if row["week"] > 0 else 24.0, drug_class=row["class"], n_active=n1, n_control=n0,
        background=trial.background, population=trial.population, year=trial.year, drug=row["drug"], versus=control_class,
    )  # fmt: skip


def crps(draws: Vector, observed: float) -> float:
    """Continuous ranked probability score of a sample (fair estimator)."""
    x = np.sort(draws)
    n = len(x)
    spread = 2 * np.sum(x * (2 * np.arange(1, n + 1) - n - 1)) / (n * (n - 1))
    return float(np.mean(np.abs(x - observed)) - spread / 2)


def crps_normal(mean: float, sd: float, observed: float) -> float:
    """The same for a normal distribution (Gneiting 2005)."""
    from scipy.special import ndtr

    z = (observed - mean) / sd
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return float(sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi)))


def predictions(
    evidence: Evidence,
    role: str,
    rival: Rival | None = None,
    plain: Plain | None = None,
    only: tuple[str, ...] = (),
) -> list[dict[str, Any]]:
    """One row a contrast of the role (of the trials `only`): observed, predicted, interval, CRPS by predictor."""
    from baxis import evidence as ev
    from baxis.evidence.meta.classes import drug_class

    rival, plain = rival or load(), plain or learn(evidence)
    trials = {t.trial_id: t for t in evidence.frames["trials"].itertuples()}
    drugs = {(a.trial_id, a.arm_id): a.drug for a in evidence.frames["arms"].itertuples()}
    table = ev.contrasts(evidence)
    out = []
    for r in table[table["role"] == role].to_dict("records"):
        if only and r["trial_id"] not in only:
            continue
        control = drug_class(drugs.get((r["trial_id"], r["versus"]), "placebo"))
        row = {
            k: r[k] for k in ("trial_id", "arm_id", "disease", "class", "endpoint", "scale", "value", "benefit_sign")
        }
        try:
            got = rival.predict(design_of(r, trials[r["trial_id"]], control))
            if got["scale"] != r["scale"]:
                raise BaxisError(f"no standard deviation of {r['endpoint']} in the calibration trials")
            row |= {
                "rival": got["mean"], "rival_pi90": got["pi90"], "rival_pi50": got["pi50"],
                "rival_crps": crps(got["draws"], r["value"]), "note": "",
            }  # fmt: skip
        except BaxisError as e:  # what cannot be predicted counts as no effect, and is listed
            normal = plain.predict("no_effect", r)
            row |= _normal_row("rival", normal.mean, normal.sd, r["value"]) | {"note": str(e)}
        for name in PREDICTORS:
            normal = plain.predict(name, r)
            row |= _normal_row(name, normal.mean, normal.sd, r["value"])
        out.append(row | {"sampling_sd": sampling_sd(r, plain.sd.get(r["endpoint"], 1.0))})
    return out


def _normal_row(name: str, mean: float, sd: float, observed: float) -> dict[str, Any]:
    half90, half50 = 1.6448536269514722 * sd, 0.6744897501960817 * sd
    return {
        name: mean, f"{name}_pi90": (mean - half90, mean + half90), f"{name}_pi50": (mean - half50, mean + half50),
        f"{name}_crps": crps_normal(mean, sd, observed),
    }  # fmt: skip


def summarise(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean absolute error, bias, coverage of the 50 % and 90 % intervals and mean CRPS, by scale and predictor."""
    out = []
    for scale in sorted({r["scale"] for r in rows}):
        mine = [r for r in rows if r["scale"] == scale]
        for name in ("rival", *PREDICTORS):
            error = np.array([r[name] - r["value"] for r in mine])
            inside = {
                k: np.mean([r[f"{name}_{k}"][0] <= r["value"] <= r[f"{name}_{k}"][1] for r in mine])
                for k in ("pi50", "pi90")
            }
            out.append({
                "scale": scale, "predictor": name, "contrasts": len(mine),
                "trials": len({r["trial_id"] for r in mine}), "mae": float(np.mean(np.abs(error))),
                "bias": float(np.mean(error)), "cover50": float(inside["pi50"]), "cover90": float(inside["pi90"]),
                "crps": float(np.mean([r[f"{name}_crps"] for r in mine])),
            })  # fmt: skip
    return out
