"""Each arm against control: differences of proportions or means, and log hazard ratios, with prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from baxis.clinic.conduct.happenings import dropout_visit, since_randomisation
from baxis.clinic.design.design import Design, Endpoint
from baxis.clinic.instruments import Instrument, Visits
from baxis.clinic.instruments.events import first_event
from baxis.clinic.people.population import Population
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result import published
from baxis.clinic.statistics.intervals import PARTS, REPLICATES, Sample, apart, central, replicate, sampling
from baxis.clinic.statistics.survival import Times, kaplan_meier, rate_influence, replicate_log_hazard_ratio
from baxis.core import streams

Array = NDArray[np.float64]
COLUMNS = (
    "arm_id",
    "versus",
    "endpoint",
    "week",
    "scale",
    "predicted",
    "pi50",
    "pi90",
    *PARTS,
    "published",
    "published_ci",
)
CURVE = ("day", "survival", "low", "high", "at_risk")


@dataclass(frozen=True, eq=False)
class Judged:
    """One arm and endpoint: size of the published arm, value of each patient (n,) with NaN where the solver failed.

    visits, or the times to each event (of all n patients) where the visits were not kept.
    """

    arm_id: str
    n_published: int
    values: Array
    visits: Visits | None
    times: dict[str, Times] | None = None

    @property
    def finished(self) -> Array:
        """Values of the patients that were simulated to the end, (m,)."""
        return self.values[np.isfinite(self.values)]


def contrasts(
    design: Design,
    tool: Instrument,
    people: Population,
    judged: dict[tuple[str, Endpoint], Judged],
    seen: published.Table,
) -> list[dict[str, Any]]:
    """One row for each endpoint and arm that is not the control."""
    control, out = design.control.arm_id, []
    for endpoint in design.endpoints:
        for arm in design.arms:
            if arm.arm_id == control:
                continue
            pair = judged[arm.arm_id, endpoint], judged[control, endpoint]
            row = {"arm_id": arm.arm_id, "versus": control, "endpoint": endpoint.name, "week": endpoint.week}
            if endpoint.name in tool.hazard:
                row |= _hazard((design, tool, people, endpoint), pair) | published.log_hazard_ratio(
                    seen, arm.arm_id, endpoint
                )
            else:
                binary = endpoint.name not in tool.continuous
                row |= _difference(people, endpoint, pair, binary)
                row |= published.difference(seen, (arm.arm_id, control), endpoint, binary)
            out.append(row)
    return out


def _difference(people: Population, endpoint: Endpoint, pair: tuple[Judged, Judged], binary: bool) -> dict[str, Any]:
    """Difference of two arms. The expected one shares patients; the trial's has independent arms.

    Parameter uncertainty is that of the difference itself: what both arms share cancels.
    """
    active, control = pair
    scale = "risk_difference" if binary else "mean_difference"
    if not (active.finished.size and control.finished.size):  # nobody of an arm was simulated to the end
        unknown = [float("nan"), float("nan")]
        return {"scale": scale, "predicted": float("nan"), **dict.fromkeys(("pi50", "pi90", *PARTS), unknown)}
    both = np.isfinite(active.values) & np.isfinite(control.values)
    paired = (active.values - control.values)[both]
    between = between_draws(paired, people.ids[both], people.disease)
    where = f"{endpoint.name} {endpoint.week:g}"
    arms = [
        replicate(Sample(a.finished, binary), a.n_published, (people.seed, f"contrast {a.arm_id} {where}"), "none")
        for a in pair
    ]
    truth = scipy.special.ndtri(
        streams.uniform(people.seed, f"truth of {active.arm_id} {where}", np.arange(REPLICATES))[:, 0]
    )
    draws = arms[0] - arms[1] + between * truth
    predicted = float(active.finished.mean() - control.finished.mean())
    row = {"scale": scale, "predicted": predicted, "pi50": central(draws, 0.5), "pi90": central(draws, 0.9)}
    own = [(sampling(a.finished, binary), a) for a in pair]
    patients = float(np.sqrt(sum(s**2 / max(a.finished.size, 1) for s, a in own)))
    trial = float(np.sqrt(sum(s**2 / a.n_published for s, a in own)))
    return row | apart(predicted, (between, patients, trial), (-1.0, 1.0) if binary else None)


Asked = tuple[Design, Instrument, Population, Endpoint]


def _hazard(asked: Asked, pair: tuple[Judged, Judged]) -> dict[str, Any]:
    """Log hazard ratio of the event behind an endpoint, up to its week."""
    _, _, people, endpoint = asked
    active, control = (arm_times(asked, a) for a in pair)
    spread = _hazard_spread(people, pair, (active, control))
    sizes = pair[0].n_published, pair[1].n_published
    stream = people.seed, f"hazard {pair[0].arm_id} {endpoint.name} {endpoint.week:g}"
    draws = replicate_log_hazard_ratio(active, control, sizes, stream, REPLICATES, spread)
    row: dict[str, Any] = {"scale": "log_hazard_ratio", "predicted": float(np.median(draws))}
    row |= {"pi50": central(draws, 0.5), "pi90": central(draws, 0.9)}
    seen = [max(float(t.event.sum()), 0.5) for t in (active, control)]
    patients = float(np.sqrt(sum(1.0 / e for e in seen)))
    planned = [max(n * e / max(t.time.size, 1), 0.5) for n, e, t in zip(sizes, seen, (active, control), strict=True)]
    return row | apart(row["predicted"], (spread, patients, float(np.sqrt(sum(1.0 / e for e in planned)))))


def _hazard_spread(people: Population, pair: tuple[Judged, Judged], times: tuple[Times, Times]) -> float:
    """Standard deviation of the log hazard ratio between posterior draws, by influence on each arm's event rate."""
    shown = []
    for arm, seen in zip(pair, times, strict=True):
        effect = np.full(len(people.ids), np.nan)
        effect[np.isfinite(arm.values)] = rate_influence(seen)
        shown.append(effect)
    difference = shown[0] - shown[1]
    both = np.isfinite(difference)
    return between_draws(difference[both], people.ids[both], people.disease)


def arm_times(asked: Asked, arm: Judged) -> Times:
    """Times to the event behind an endpoint of the patients that are judged and were simulated to the end."""
    endpoint = asked[3]
    if arm.times is not None:
        return arm.times[endpoint.name].take(np.isfinite(arm.values))
    assert arm.visits is not None
    return event_times(*asked, arm.visits).take(np.isfinite(arm.values))


def curves(
    design: Design, tool: Instrument, people: Population, judged: dict[tuple[str, Endpoint], Judged]
) -> pd.DataFrame:
    """Kaplan-Meier curves of every hazard-ratio endpoint by arm: day since randomisation, survival (free of the event),
    its 95 % interval for the simulated patients, and how many were at risk just before; a row at day 0 first."""
    rows: list[dict[str, Any]] = []
    for (arm_id, endpoint), arm in judged.items():
        if endpoint.name not in tool.hazard:
            continue
        times = arm_times((design, tool, people, endpoint), arm)
        curve = kaplan_meier(times)
        for day in np.unique([0.0, *times.time]):
            k = int(np.searchsorted(curve.day, day, side="right")) - 1
            values = (curve.survival[k], curve.low[k], curve.high[k]) if k >= 0 else (1.0, 1.0, 1.0)
            head = {"arm_id": arm_id, "endpoint": endpoint.name, "week": endpoint.week, "day": float(day)}
            left = int((times.time >= day).sum())
            rows.append(head | dict(zip(CURVE[1:], (*map(float, values), left), strict=True)))
    return pd.DataFrame(rows, columns=["arm_id", "endpoint", "week", *CURVE])


def event_times(design: Design, tool: Instrument, people: Population, endpoint: Endpoint, visits: Visits) -> Times:
    """Times (n,) from randomisation to the event behind a hazard-ratio endpoint, up to its week, drop-out censoring."""
    left = dropout_visit(tool, visits.days, people, people.seed)
    later, cut, day = since_randomisation(design, visits)
    return first_event(tool, endpoint.name, later, endpoint.week * 7.0 - day, np.maximum(left - cut, 1))
