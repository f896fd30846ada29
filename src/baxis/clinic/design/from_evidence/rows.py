"""Evidence rows that a default design reads, indexed once for each state of the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from baxis.evidence import Evidence
from baxis.evidence.ask.contrast import specs

STATISTICS = ("proportion", "mean_change")
Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Trials by id; arms, contrast specifications and reported (endpoint, week) by trial; agents; schedules."""

    trials: dict[str, Row]
    arms: dict[str, list[Row]]
    specs: dict[str, list[Row]]
    reported: dict[str, list[tuple[str, float]]]
    agents: dict[str, Row]
    plans: dict[str, Row]


@lru_cache(maxsize=4)
def index(tables: Evidence) -> Rows:
    """Index of the tables. Of outcomes only the endpoint and its week are read, no value."""
    outcomes = tables.frames["outcomes"]
    seen = outcomes[outcomes["statistic"].isin(list(STATISTICS)) & (outcomes["week"] > 0)]
    pairs = sorted(set(zip(seen["trial_id"], seen["endpoint"], seen["week"], strict=True)))
    reported: dict[str, list[tuple[str, float]]] = {}
    for trial, endpoint, week in pairs:
        reported.setdefault(trial, []).append((endpoint, float(week)))
    return Rows(
        {t["trial_id"]: t for t in tables.rows("trials")},
        _by_trial(tables.rows("arms")),
        _by_trial(specs(tables)),
        reported,
        {a["agent"]: a for a in tables.rows("agents")},
        {s["schedule"]: s for s in tables.rows("schedules")},
    )


def _by_trial(rows: list[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(row["trial_id"], []).append(row)
    return out
