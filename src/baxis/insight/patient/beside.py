"""What was seen of a patient beside the posterior: at each visit, and of each measure at the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.people.labs import measures
from baxis.core.reading import dates
from baxis.insight.patient import scores
from baxis.insight.patient.inference.own_levels import OwnLevels
from baxis.insight.patient.inference.posterior import Posterior
from baxis.insight.patient.visits import Measurements

if TYPE_CHECKING:
    from baxis.insight.patient.future import Future

Array = NDArray[np.float64]
PAST = ["day", "date", "measure", "unit", "sign", "seen", "posterior", "low", "high"]


def state(visits: Measurements, found: Posterior) -> pd.DataFrame:
    """Each laboratory measure now: the posterior, the value last seen of it with its day, and the tail in the population."""
    rows = []
    courses = {n: found.seen.outputs[n][found.who] for n in measures().values()}
    factors = OwnLevels(visits).factors(courses, (found.people.seed, np.arange(found.who.size)))
    for key, name in measures().items():
        o = axis.outputs()[name]
        last = max((i for i, n in enumerate(visits.names) if n == name), key=lambda i: visits.days[i], default=None)
        seen, day = (None, None) if last is None else (float(visits.values[last] * o.healthy), visits.days[last])
        middle, low, high = (v * o.healthy for v in found.summary(name, factors[name]))
        row = {"measure": key, "unit": o.unit, "sign": "" if last is None else visits.sign(last), "seen": seen}
        rows.append(
            row | {"seen_day": day, "posterior": middle, "low": low, "high": high, "tail": found.tail.get(name)}
        )
    return pd.DataFrame(rows)


def past(visits: Measurements, future: Future) -> pd.DataFrame:
    """Every value and rating beside the posterior at that visit (90 %)."""
    times, rows = np.array(visits.times), []
    numbers = np.arange(len(future.people.ids))
    factors = OwnLevels(visits).factors(future.seen.outputs, (future.people.seed, numbers))
    for i, (name, value, day) in enumerate(zip(visits.names, visits.values, visits.days, strict=True)):
        o, k = axis.outputs()[name], int(np.searchsorted(times, day))
        x = future.seen.outputs[name][:, k] * factors[name] * o.healthy
        rows.append(_when(visits, day) | _seen((o.key, o.unit, visits.sign(i)), float(value * o.healthy), x))
    shown = future.ratings.observe(future.seen.outputs, times, future.people, numbers, future.tools)
    for r in visits.ratings:
        x = shown[r.measure][:, int(np.searchsorted(times, r.day))]
        unit = scores.scores(future.home.disease)[r.measure].unit
        rows.append(_when(visits, r.day) | _seen((r.measure, unit, r.sign), r.value, x))
    return pd.DataFrame(rows, columns=PAST).sort_values(["measure", "day"], ignore_index=True)


def when(row: dict[str, Any]) -> str:
    """The day of a row as the file has it: a date, or a number of days."""
    return row["date"] or f"{row['day']:g}"


def _when(visits: Measurements, day: float) -> dict[str, Any]:
    return {"day": day, "date": dates.written(day) if visits.dated else ""}


def _seen(what: tuple[str, str, str], value: float, x: Array) -> dict[str, Any]:
    low, middle, high = (float(v) for v in np.quantile(x, (0.05, 0.5, 0.95)))
    row = dict(zip(("measure", "unit", "sign"), what, strict=True)) | {"seen": value}
    return row | {"posterior": middle, "low": low, "high": high}
