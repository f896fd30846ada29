"""Strategies beside the arms of a trial that compared them: what was printed, and the same read off the simulation."""

from __future__ import annotations

from typing import Any

import numpy as np

from baxis import evidence
from baxis.core.errors import InvalidValue
from baxis.insight.bench.sample import Cohort
from baxis.insight.strategies.follow import Followed, Setting

COURSES = "infusions_per_patient"
COLUMNS = ("measure", "week", "strategy", "published", "value", "low", "high", "unit", "n", "source")


def beside(trial: str, place: Setting, runs: list[Followed], seed: int) -> list[dict[str, Any]]:
    """Rows (COLUMNS) of each reported outcome of an arm that has a strategy's name and that the instrument can judge.

    Raises InvalidValue for a trial whose role is validation: no strategy is looked at beside it.
    """
    tables = evidence.load()
    role = tables.trials.loc[tables.trials["trial_id"] == trial, "role"]
    if role.empty or role.iloc[0] == "validation":
        raise InvalidValue("trial", trial, "a trial of the evidence tables that is not kept for validation")
    seen = tables.outcomes[(tables.outcomes["trial_id"] == trial) & (tables.outcomes["subgroup"] == "")]
    out = []
    for run in runs:
        for row in seen[seen["arm_id"] == run.strategy.name].to_dict("records"):
            values = _values(str(row["endpoint"]), float(row["week"]), place, run)
            if values is not None:
                out.append(_row(row, run, values, Cohort(place.people.ids[run.ok], place.design.disease, seed)))
    return out


def _values(endpoint: str, week: float, place: Setting, run: Followed) -> tuple[Any, float, str] | None:
    """(value of each patient, factor on the printed value, unit)."""
    k = int(np.searchsorted(run.visits.days, week * 7.0 + 1e-9, side="right")) - 1
    if endpoint == COURSES:
        return run.doses[:, :k].sum(axis=1).astype(float), 1.0, "1"
    if endpoint not in place.tool.endpoints() or endpoint in place.tool.continuous:
        return None
    return 100.0 * place.tool.endpoint(endpoint)(run.visits, k), 100.0, "%"


def _row(row: dict[Any, Any], run: Followed, values: tuple[Any, float, str], sample: Cohort) -> dict[str, Any]:
    each, factor, unit = values
    mine = sample.row(str(row["endpoint"]), run.strategy.name, each[run.ok], unit)
    return {
        "measure": row["endpoint"],
        "week": float(row["week"]),
        "strategy": run.strategy.name,
        "published": factor * float(row["value"]),
        "value": mine["value"],
        "low": mine["low"],
        "high": mine["high"],
        "unit": unit,
        "n": float(row["n"]),
        "source": str(row["source"]),
    }
