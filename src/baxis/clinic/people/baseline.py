"""Baseline of the virtual patients beside the trial's published table: means, spreads, standardised differences.

`library/baseline/measures.csv` says what a published characteristic is here. Arms are pooled by their size. A median
with quartiles or range stands for a mean and sd as in Wan 2014 (doi:10.1186/1471-2288-14-135). The standardised
difference is that of Austin 2009 (doi:10.1002/sim.3697): the difference over the root mean square of both sds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.people.bounds import PREDNISONE_EQUIVALENT
from baxis.clinic.people.matched import Characteristic
from baxis.core import library

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design
    from baxis.clinic.instruments import Visits
    from baxis.clinic.people.population import Population
    from baxis.evidence import Evidence

Array = NDArray[np.float64]
LARGEST = 0.1  # standardised difference that counts as matched (rule C25)
WHOLE = ("", "as printed", "about")  # details that leave a row a statement about the whole arm
COLUMNS = ("characteristic", "measure", "unit", "published", "published_sd", "n", "simulated", "simulated_sd", "difference", "flag", "source")  # fmt: skip


def named(characteristic: str) -> str:
    """A published characteristic without the unit in its name: its values stand in the unit of the row."""
    return re.sub(r"_([A-Za-z]+_per_[A-Za-z]+|frac|y)$", "", characteristic).replace("_", " ")


def targets(design: Design, tables: Evidence) -> list[Characteristic]:
    """What the trial published of its baseline and a virtual patient has too, in the order of the library's table."""
    rows = tables.baseline
    rows = rows[(rows.trial_id == design.trial_id) & rows.detail.fillna("").isin(WHOLE)]
    sizes = {a.arm_id: float(a.n) for a in design.arms}
    out = []
    for known in library.read_table("baseline/measures"):
        own = rows[
            (rows.characteristic == known["characteristic"]) & rows.statistic.isin(["mean", "median", "fraction"])
        ]
        arms = own[own.arm_id.isin(sizes)]
        used = arms if len(arms) else own[own.arm_id == "all"]
        if len(used):
            n = np.array([sizes.get(a, sum(sizes.values())) for a in used.arm_id])
            out.append(_pooled(used, n, known))
    return out


def _pooled(rows: pd.DataFrame, n: Array, known: dict[str, str]) -> Characteristic:
    """One target of several arms: mean by size, sd within and between arms."""
    factor, share = float(known["factor"]), bool((rows.statistic == "fraction").all())
    both = np.array([_moments(r, size) for r, size in zip(rows.itertuples(), n, strict=True)])
    mean = float(np.average(both[:, 0], weights=n))
    sd = float(np.sqrt(np.average(both[:, 1] ** 2 + (both[:, 0] - mean) ** 2, weights=n)))
    if share:
        sd = float(np.sqrt(mean * (1.0 - mean)))
    source = "; ".join(sorted({str(s) for s in rows.source.dropna()}))
    return Characteristic(characteristic=known["characteristic"], measure=known["measure"], unit=known["unit"], mean=factor * mean, sd=factor * sd, n=float(n.sum()), share=share, source=source)  # fmt: skip


def _moments(row: Any, n: float) -> tuple[float, float]:
    """Mean and sd of one row; sd NaN where no spread was published."""
    value, low, high = (float(v) for v in (row.value, row.low, row.high))
    spread = float(row.spread)
    if row.spread_kind == "sd" and np.isfinite(spread):
        return value, spread
    if row.spread_kind == "se" and np.isfinite(spread):
        return value, spread * float(np.sqrt(n))
    if np.isfinite(low) and np.isfinite(high) and row.spread_kind in ("iqr", "range"):
        quartiles = row.spread_kind == "iqr"
        p = (0.75 * n - 0.125) / (n + 0.25) if quartiles else (n - 0.375) / (n + 0.25)
        middle = (low + value + high) / 3.0 if quartiles else (low + 2.0 * value + high) / 4.0
        return (middle if row.statistic == "median" else value), float((high - low) / (2.0 * scipy.special.ndtri(p)))
    return value, float("nan")


def values(people: Population, visits: Visits) -> dict[str, Array]:
    """What can be compared, (n,) each: covariates, observables in measured units, the instrument at baseline."""
    steroid = sum((people.covariates.get(f"{d}_dose", np.zeros(len(people.ids))) for d in PREDNISONE_EQUIVALENT), 0.0)
    seen = {name: info.measured(people.outputs[name]) for name, info in axis.outputs().items()}
    recorded = {name: np.asarray(v[:, 1], dtype=float) for name, v in visits.measures.items()}
    return {**seen, **people.covariates, "steroid": np.asarray(steroid > 0, dtype=float), **recorded}


def table(design: Design, tables: Evidence, people: Population, visits: Visits) -> pd.DataFrame:
    """Published against virtual, one row a characteristic (COLUMNS). flag: empty where the difference is under 0.1."""
    seen, out = values(people, visits), []
    for t in targets(design, tables):
        row: dict[str, Any] = {"characteristic": t.characteristic, "measure": t.measure, "unit": t.unit, "n": t.n}
        row |= {"published": t.mean, "published_sd": t.sd, "source": t.source}
        x = seen.get(t.measure)
        if x is None:
            row |= {"simulated": np.nan, "simulated_sd": np.nan, "difference": np.nan, "flag": "not in this disease"}
        else:
            row |= {"simulated": float(x.mean()), "simulated_sd": float(x.std()), **_judged(t, x)}
        out.append(row)
    return pd.DataFrame(out, columns=list(COLUMNS))


def _judged(t: Characteristic, x: Array) -> dict[str, Any]:
    """Standardised difference, and what is wrong with it."""
    sd = float(x.std()) if np.isnan(t.sd) else float(np.sqrt((t.sd**2 + x.var()) / 2.0))
    gap = float(x.mean()) - t.mean
    difference = gap / sd if sd > 0 else (0.0 if abs(gap) < 1e-12 else float("inf"))
    if np.isnan(t.sd):
        return {"difference": difference, "flag": "no spread published"}
    return {"difference": difference, "flag": "" if abs(difference) < LARGEST else f"not under {LARGEST:g}"}
