"""Calibrate what control arms can tell of an instrument: fluctuation and the one trial effect. Calibration trials only.

    python scripts/calibrate_instruments.py [RA SLE LN SjD IgG4-RD AAV] [--write | --table]

For each disease: virtual patients at rest under the disease's background, screened by each trial's entry criteria (its
design file where there is one, else the disease's usual ones), given the standard therapy that every arm starts with
(`calibration_settings.COURSES`: steroid taper, mycophenolate, cyclophosphamide), measured to the endpoint's week without
any drug under trial. The numbers of kind `calibrated` in `library/instruments/<disease>.csv` are fitted to the placebo
arms (in IgG4-RD and AAV, which have few, to control arms on standard therapy as well) by least squares with sampling
error, a between-trial sd and a weak prior; --write puts them into the table. Validation trials are not read.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import calibration_settings as chosen_by_hand
import numpy as np
from calibration_settings import Course as Therapy
from scipy.optimize import minimize

from baxis import axis, engine, evidence
from baxis.clinic.conduct.happenings import rescued
from baxis.clinic.design.design import Design, build
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import Course, Instrument, Visits, instrument
from baxis.clinic.people import population
from baxis.core import library, streams

SCREENING = -14.0


@dataclass(frozen=True)
class Target:
    """One published result of a control arm: a proportion, or a mean change; endpoint as the instrument names it."""

    design: Design
    endpoint: str
    week: float
    value: float
    se: float
    between: float
    therapy: str = ""


@dataclass
class Pool:
    """Virtual patients at rest under one background, and the standard therapies run on them so far."""

    people: population.Population
    typical: dict[str, np.ndarray]
    runs: dict[tuple[str, tuple[float, ...]], dict[str, np.ndarray]] = field(default_factory=dict)

    def level(self, name: str) -> np.ndarray:
        """Level (n, 1) of an observable in the typical patient of each patient's posterior draw."""
        return self.typical[name][self.people.carried][:, None]


def targets(disease: str) -> list[Target]:
    """Results of the control arms of the calibration trials in a disease."""
    tables = evidence.load()
    trials = tables.trials.set_index("trial_id")
    chosen = trials[(trials.disease == disease) & (trials.role == "calibration")]
    chosen = chosen[~chosen.index.isin(chosen_by_hand.LEFT_OUT)]
    arms = tables.arms[tables.arms.trial_id.isin(chosen.index)]
    extra = [f"{a.trial_id} {a.arm_id}" in chosen_by_hand.CONTROLS for a in arms.itertuples()]
    arms = arms[(arms.role == "placebo") | np.array(extra)]
    rows = tables.outcomes.merge(arms[["trial_id", "arm_id", "n"]], on=["trial_id", "arm_id"], suffixes=("", "_arm"))
    rows = rows[(rows.subgroup == "") & rows.statistic.isin(("proportion", "mean_change"))]
    tool = instrument(disease)
    fitted = chosen_by_hand.FITTED.get(disease, set(tool.endpoints())) & set(tool.endpoints())
    found = []
    for row in _rows(rows):
        key = f"{row.trial_id} {row.arm_id}"
        name = chosen_by_hand.SIMULATED_AS.get(f"{key} {row.endpoint}", row.endpoint)
        n = row.n if row.n == row.n else row.n_arm
        sized = n == n or (row.statistic == "mean_change" and row.se == row.se)
        if name not in fitted or not sized or not 0 < row.week <= chosen_by_hand.LAST_WEEK.get(disease, 60):
            continue
        if row.statistic == "mean_change" and name not in chosen_by_hand.BETWEEN:
            continue
        found.append(_target(row, key, name, n, chosen.population[row.trial_id]))
    return found


def _rows(table: Any) -> Iterator[Any]:
    """Rows of a table as named tuples."""
    yield from table.itertuples()


def _target(row: Any, key: str, name: str, n: float, text: str) -> Target:
    disease = evidence.load().trials.set_index("trial_id").disease[row.trial_id]
    if row.statistic == "proportion":
        se, between = np.sqrt(max(row.value * (1 - row.value), 0.02) / n), chosen_by_hand.BETWEEN_PROPORTIONS
    else:
        between, sd = chosen_by_hand.BETWEEN[name]
        se = row.se if row.se == row.se else sd / np.sqrt(n)
    design = design_of(row.trial_id, disease, text, (name, row.week, key))
    return Target(design, name, row.week, row.value, se, between, chosen_by_hand.therapy(disease, key))


def design_of(trial: str, disease: str, text: str, what: tuple[str, float, str]) -> Design:
    """The trial's own design, or a plain one with the disease's usual entry criteria."""
    if trial in library.names("designs"):
        return read_design(trial)
    name, week, key = what
    data = {
        "trial_id": trial,
        "disease": disease,
        "weeks": week,
        "prior_treatment": chosen_by_hand.prior_treatment(disease, key, text),
        "entry": chosen_by_hand.ENTRY_OF.get(key, chosen_by_hand.ENTRY[disease]),
        "arms": [{"arm_id": "pbo", "n": 100, "role": "placebo"}],
        "endpoints": [{"name": name, "week": week}],
    }
    return build(data, trial)


class Bench:
    """Virtual patients of a disease at rest, measured again and again under trial numbers of the instrument."""

    def __init__(self, disease: str, n: int) -> None:
        self.disease, self.n, self.targets = disease, n, targets(disease)
        self.options = engine.Options()
        self.pools: dict[str, Pool] = {}
        self.seen: dict[tuple[str, str, float], Visits] = {}

    def pool(self, therapy: Therapy) -> Pool:
        """Patients at rest under the background that a therapy starts from."""
        if therapy.rest not in self.pools:
            plain = next(t.design for t in self.targets)
            plain = plain.replace(background_therapy=chosen_by_hand.background(self.disease, therapy.rest))
            people = population.draw(plain, 1, np.arange(self.n), self.options)
            self.pools[therapy.rest] = Pool(people, population.typical(plain, self.options))
        return self.pools[therapy.rest]

    def outputs(self, name: str, days: np.ndarray) -> tuple[Pool, dict[str, np.ndarray]]:
        """The model's course (relative to typical) of every patient under a standard therapy, with the steroid dose."""
        therapy = chosen_by_hand.COURSES[name]
        pool, key = self.pool(therapy), (name, tuple(days))
        if key not in pool.runs:
            pool.runs[key] = self._run(pool, therapy, days)
        return pool, pool.runs[key]

    def _run(self, pool: Pool, therapy: Therapy, days: np.ndarray) -> dict[str, np.ndarray]:
        shape = (len(pool.people.ids), days.size)
        needs = instrument(self.disease).needs
        if not therapy.steps:
            return {k: np.broadcast_to(pool.people.outputs[k][:, None] / pool.level(k), shape) for k in needs}
        steps = sorted(therapy.steps)
        events = engine.Events(
            np.array([s[0] for s in steps]),
            np.full(len(steps), engine.SET),
            [s[1] for s in steps],
            np.broadcast_to(np.array([s[2] for s in steps]), (shape[0], len(steps))),
        )
        names = [axis.outputs()[k].output for k in needs]
        ran = engine.simulate(
            axis.kernel(), pool.people.parameters, pool.people.rest, times=days[1:], events=events, outputs=names,
            options=self.options,
        )  # fmt: skip
        values = np.concatenate([ran.values[:, :1], ran.values], axis=1)
        out = {k: values[:, :, i] / pool.level(k) for i, k in enumerate(needs)}
        return out | {"steroid_mg": np.broadcast_to(therapy.steroid(days), shape)}

    def observe(self, tool: Instrument, target: Target) -> tuple[Pool, Visits]:
        """Visits of one target; targets of one therapy, population and length share them."""
        step = 28.0 if target.week <= 60 else 84.0
        days = np.array([SCREENING, *np.arange(0, target.week * 7 - 1, step), target.week * 7])
        pool, outputs = self.outputs(target.therapy, days)
        key = (target.therapy, target.design.prior_treatment, target.week)
        if key not in self.seen:
            self.seen[key] = tool.observe(Course(1, pool.people.ids, days, outputs, target.design.prior_treatment))
        return pool, self.seen[key]

    def simulated(self, tool: Instrument, target: Target) -> tuple[float, dict[str, float]]:
        """Control-arm result of one target, and baseline means of those who enter."""
        pool, visits = self.observe(tool, target)
        ids, last = pool.people.ids, visits.days.size - 1
        ok = np.ones(len(ids), dtype=bool)
        for e in target.design.entry:
            if e.measure in visits.measures:
                value = visits[e.measure][:, 0 if e.at == "screening" else 1]
                ok &= value >= (e.min if e.min is not None else -np.inf)
                ok &= value <= (e.max if e.max is not None else np.inf)
        stays = streams.uniform(1, "drop-out", ids)[:, 0] < np.exp(-tool.number("dropout") * target.week)
        y = tool.endpoint(target.endpoint)(visits, last)
        if target.endpoint not in tool.continuous | tool.adverse:
            y = y * (stays & ~(tool.failed(visits)[:, -1] | rescued(target.design.rescue, visits)[:, -2]))
        return float(y[ok].mean()), {m: float(visits[m][ok, 1].mean()) for m in tool.units}

    def numbers(self, theta: np.ndarray) -> dict[str, float]:
        """Instrument numbers of a parameter vector (0 = the prior's centre)."""
        out = {}
        for (name, (centre, log_sd)), x in zip(chosen_by_hand.FREE[self.disease].items(), theta, strict=True):
            out[name] = centre * np.exp(log_sd * x) if log_sd else centre + 0.3 * x
        return out

    def loss(self, theta: np.ndarray) -> float:
        tool = instrument(self.disease, self.numbers(theta))
        self.seen.clear()
        total = 0.5 * float(theta @ theta)
        for t in self.targets:
            value, base = self.simulated(tool, t)
            total += 0.5 * (value - t.value) ** 2 / (t.se**2 + t.between**2)
            for measure, mean, sd in chosen_by_hand.BASELINE.get(t.design.trial_id, []):
                total += 0.5 * ((base[measure] - mean) / sd) ** 2
        for measure, mean, sd in chosen_by_hand.BASELINE.get(self.disease, []):
            total += 0.5 * ((base[measure] - mean) / sd) ** 2
        return total


def write(disease: str, numbers: dict[str, float]) -> None:
    """Put calibrated values into the instrument's table."""
    file = Path(library.path(f"instruments/{disease}.csv"))
    rows = list(csv.DictReader(file.open(encoding="utf-8", newline="")))
    for row in rows:
        if row["name"] in numbers:
            row["value"] = f"{numbers[row['name']]:.4g}"
    with file.open("w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def report(bench: Bench, numbers: dict[str, float]) -> None:
    """Published and simulated value of every target."""
    tool = instrument(bench.disease, numbers)
    bench.seen.clear()
    for t in bench.targets:
        value, base = bench.simulated(tool, t)
        where = f"{t.design.trial_id:32s} {t.endpoint:26s} week {t.week:4.0f} {t.therapy:18s}"
        print(f"  {where} published {t.value:7.3f}  simulated {value:7.3f}")
    print("  baseline:", {k: round(v, 2) for k, v in base.items()})


def table(bench: Bench) -> None:
    """The table of the documentation: every target under the numbers that the library holds."""
    tool, errors = instrument(bench.disease), []
    print(f"\n| {bench.disease}: trial | endpoint | week | published | simulated |\n|---|---|---|---|---|")
    for t in bench.targets:
        value, _ = bench.simulated(tool, t)
        print(f"| {t.design.trial_id} | {t.endpoint} | {t.week:g} | {t.value:.2f} | {value:.2f} |")
        errors += [] if t.endpoint in tool.continuous else [abs(value - t.value)]
    print(f"\nMean absolute error of the proportions: {100 * np.mean(errors):.1f} points ({len(errors)} results).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("diseases", nargs="*", default=["RA", "SLE"])
    parser.add_argument("--patients", type=int, default=3000)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--table", action="store_true", help="print the documentation's table and fit nothing")
    chosen = parser.parse_args()
    for disease in chosen.diseases:
        bench = Bench(disease, chosen.patients)
        if chosen.table:
            table(bench)
            continue
        zero = np.zeros(len(chosen_by_hand.FREE[disease]))
        simplex = np.vstack([zero, 0.7 * np.eye(zero.size)])
        options: dict[str, Any] = {"maxfev": 90, "initial_simplex": simplex, "xatol": 0.01, "fatol": 0.01}
        fit: Any = minimize(bench.loss, zero, method="Nelder-Mead", options=options)  # type: ignore[call-overload]
        numbers = bench.numbers(fit.x)
        shown = ", ".join(f"{k} {v:.3g}" for k, v in numbers.items())
        print(f"{disease}: loss {bench.loss(zero):.1f} -> {fit.fun:.1f};", shown)
        report(bench, numbers)
        if chosen.write:
            write(disease, numbers)


if __name__ == "__main__":
    main()
