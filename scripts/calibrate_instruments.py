"""Calibrate what placebo arms can tell of an instrument: fluctuation and the one trial effect. Calibration trials only.

    python scripts/calibrate_instruments.py [RA SLE ...] [--write]

For each disease: virtual patients at rest under the disease's background, screened by each trial's entry criteria (its
design file where there is one, else the disease's usual ones), measured to the endpoint's week without any drug. The
numbers of kind `calibrated` in `library/instruments/<disease>.csv` are fitted to the placebo arms by least squares with
binomial error, a between-trial sd and a weak prior; --write puts them into the table. Validation trials are not read.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from baxis import engine, evidence
from baxis.clinic import population
from baxis.clinic.conduct import rescued
from baxis.clinic.design import Design, build, read_design
from baxis.clinic.instruments import Course, Instrument, instrument
from baxis.core import library, streams

BETWEEN_TRIALS = (
    0.08  # sd of a placebo proportion between like trials: the same drug and dose has differed by 17 points
)
FREE = {
    "RA": {"sd_fluctuation": 0.4, "expectation": None, "expectation.TNF-IR": None},
    "SLE": {"sd_fluctuation": 0.4, "expectation": None, "shift_population": None},
}  # prior sd of the logarithm, or None: a location with prior sd 0.3
ENTRY = {
    "RA": [{"measure": "SJC66", "min": 6}, {"measure": "TJC68", "min": 6}],
    "SLE": [{"measure": "SLEDAI-2K", "min": 6}],
}
# Only trials whose placebo arm is what a placebo arm is elsewhere; the reason stands beside each that is left out.
LEFT_OUT = {
    "rituximab-image": "methotrexate is started at entry",
    "rituximab-sunrise": "every patient had rituximab before randomisation",
    "rose-rontalizumab-sle": "immunosuppressants are withdrawn at entry",
}
BASELINE = {"SLE": [("SLEDAI-2K", 9.7, 0.4)]}  # Furie 2014: mean under SLEDAI of at least 6


@dataclass(frozen=True)
class Target:
    """One published placebo proportion."""

    design: Design
    endpoint: str
    week: float
    value: float
    se: float


def targets(disease: str) -> list[Target]:
    """Placebo proportions of the calibration trials in a disease."""
    tables = evidence.load()
    trials = tables.trials
    chosen = trials[(trials.disease == disease) & (trials.role == "calibration") & ~trials.trial_id.isin(LEFT_OUT)]
    arms = tables.arms
    placebo = arms[(arms.role == "placebo") & arms.trial_id.isin(chosen.trial_id)]
    rows = tables.outcomes.merge(placebo[["trial_id", "arm_id", "n"]], on=["trial_id", "arm_id"], suffixes=("", "_arm"))
    rows = rows[(rows.subgroup == "") & (rows.statistic == "proportion")]
    known = instrument(disease).endpoints()
    out = []
    for row in rows[rows.endpoint.isin(known)].itertuples():
        n = row.n if row.n == row.n else row.n_arm
        population_text = chosen.set_index("trial_id").population[row.trial_id]
        if n != n or row.week > 60:
            continue
        se = np.sqrt(max(row.value * (1 - row.value), 0.02) / n)
        out.append(
            Target(design_of(row.trial_id, disease, population_text, row), row.endpoint, row.week, row.value, se)
        )
    return out


def design_of(trial: str, disease: str, text: str, row: object) -> Design:
    """The trial's own design, or a plain one with the disease's usual entry criteria."""
    if trial in library.names("designs"):
        return read_design(trial)
    prior = "TNF-IR" if "TNF-IR" in text or "IR to one TNFi" in text or "failed biologic" in text else ""
    data = {
        "trial_id": trial,
        "disease": disease,
        "weeks": row.week,
        "prior_treatment": prior,
        "entry": ENTRY[disease],
        "arms": [{"arm_id": "pbo", "n": 100, "role": "placebo"}],
        "endpoints": [{"name": row.endpoint, "week": row.week}],
    }
    return build(data, trial)


class Bench:
    """Virtual patients of a disease at rest, measured again and again under trial numbers of the instrument."""

    def __init__(self, disease: str, n: int) -> None:
        self.disease, self.targets = disease, targets(disease)
        plain = next(t.design for t in self.targets)
        plain = plain.replace(background_therapy=usual_background(disease))
        options = engine.Options()
        self.pool = population.draw(plain, 1, np.arange(n), options)
        self.typical = population.typical(plain, options)

    def proportion(self, tool: Instrument, target: Target) -> tuple[float, dict[str, float]]:
        """Placebo response of one target, and baseline means of those who enter."""
        days = np.array([-14.0, *np.arange(0, target.week * 7 - 1, 28.0), target.week * 7])
        shape = (len(self.pool.ids), days.size)
        outputs = {k: np.broadcast_to(self.pool.outputs[k][:, None] / self.typical[k], shape) for k in tool.needs}
        visits = tool.observe(Course(1, self.pool.ids, days, outputs, target.design.prior_treatment))
        ok = np.ones(shape[0], dtype=bool)
        for e in target.design.entry:
            if e.measure in visits.measures:
                value = visits[e.measure][:, 0 if e.at == "screening" else 1]
                ok &= (value >= (e.min if e.min is not None else -np.inf)) & (
                    value <= (e.max if e.max is not None else np.inf)
                )
        stays = streams.uniform(1, "drop-out", self.pool.ids)[:, 0] < np.exp(-tool.number("dropout") * target.week)
        failed = tool.failed(visits)[:, -1] | rescued(target.design.rescue, visits)[:, -2]
        y = tool.endpoint(target.endpoint)(visits, days.size - 1) * (stays & ~failed)
        return float(y[ok].mean()), {m: float(visits[m][ok, 1].mean()) for m in tool.units}

    def numbers(self, theta: np.ndarray) -> dict[str, float]:
        """Instrument numbers of a parameter vector (0 = the prior's centre)."""
        out = {}
        for (name, log_sd), x in zip(FREE[self.disease].items(), theta, strict=True):
            centre = PRIOR[self.disease][name]
            out[name] = centre * np.exp(log_sd * x) if log_sd else centre + 0.3 * x
        return out

    def loss(self, theta: np.ndarray) -> float:
        tool = instrument(self.disease, self.numbers(theta))
        total = 0.5 * float(theta @ theta)
        for t in self.targets:
            value, base = self.proportion(tool, t)
            total += 0.5 * (value - t.value) ** 2 / (t.se**2 + BETWEEN_TRIALS**2)
        for measure, mean, sd in BASELINE.get(self.disease, []):
            total += 0.5 * ((base[measure] - mean) / sd) ** 2
        return total


PRIOR = {
    "RA": {"sd_fluctuation": 0.55, "expectation": 0.1, "expectation.TNF-IR": 0.0},
    "SLE": {"sd_fluctuation": 0.95, "expectation": 0.3, "shift_population": 0.0},
}


def usual_background(disease: str) -> list[dict[str, object]]:
    """Background of the disease's shipped design: what most of its trials add their drug to."""
    return [
        b.model_dump()
        for name in library.names("designs")
        if (d := read_design(name)).disease == disease
        for b in d.background_therapy
    ]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("diseases", nargs="*", default=["RA", "SLE"])
    parser.add_argument("--patients", type=int, default=3000)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    for disease in chosen.diseases:
        bench = Bench(disease, chosen.patients)
        zero = np.zeros(len(FREE[disease]))
        fit = minimize(
            bench.loss,
            zero,
            method="Nelder-Mead",
            options={"maxfev": 90, "initial_simplex": np.vstack([zero, 0.7 * np.eye(zero.size)])},
        )
        numbers = bench.numbers(fit.x)
        print(
            f"{disease}: loss {bench.loss(zero):.1f} -> {fit.fun:.1f};",
            ", ".join(f"{k} {v:.3g}" for k, v in numbers.items()),
        )
        tool = instrument(disease, numbers)
        for t in bench.targets:
            value, base = bench.proportion(tool, t)
            where = f"{t.design.trial_id:26s} {t.endpoint:6s} week {t.week:3.0f}"
            print(f"  {where}  published {t.value:.3f}  simulated {value:.3f}")
        print("  baseline:", {k: round(v, 2) for k, v in base.items()})
        if chosen.write:
            write(disease, numbers)


if __name__ == "__main__":
    main()
