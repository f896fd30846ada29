"""What mechanism and meta-regression say of every calibration contrast, its trial left out: what the stack learns from.

    python scripts/calibrate_discrepancy.py [--patients 400] [--write]

Run it after anything that moves the model, and after `calibrate_posterior.py`, whose shifts (what a trial's own contrasts
lose when it is not fitted) it reads. Prints the stack, the spreads of the discrepancy's terms, and the left-out errors
of every way to predict. Only calibration trials are read.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable

import numpy as np

from baxis import evidence as ev
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.scoreboard import calibration_set as c
from baxis.clinic.scoreboard import discrepancy as d
from baxis.clinic.scoreboard import stacking
from baxis.clinic.scoreboard.mechanism import Mechanism
from baxis.clinic.scoreboard.rivals import rivals
from baxis.clinic.scoreboard.shown.panel import refits
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.evidence.rival.plain import learn
from baxis.evidence.rival.score import crps_normal

FIELDS = (*c.KEY, "mechanism", "left_out", "statistical", "why")
UNITS = {"risk_difference": (100.0, "points"), "mean_difference": (1.0, "of the endpoint's unit")}


def mechanism(patients: int, rows: list[dict]) -> list[tuple[float | None, str]]:
    """Prediction of each contrast, or why there is none."""
    model = Mechanism(ev.load(), Settings(patients=patients))
    model.prepare(rows)
    out: list[tuple[float | None, str]] = []
    for row in told(rows, "contrasts simulated"):
        try:
            out.append((model.predict(row).mean, ""))
        except BaxisError as e:
            out.append((None, str(e).splitlines()[0]))
    return out


def left_out_statistics(rows: list[dict]) -> dict[tuple, float]:
    """The meta-regression's mean for each contrast, fitted without its trial."""
    out: dict[tuple, float] = {}
    trials = dict(refits())
    for row in told(rows, "contrasts by the meta-regression"):
        others, _ = rivals(ev.load(), row["trial_id"], trials.get(row["trial_id"]))
        out[c.key(row)] = stacking.statistical(others[-1], row)
    return out


def told(rows: list[dict], what: str):
    """The rows, with a count on the terminal."""
    for k, row in enumerate(rows):
        yield row
        if sys.stderr.isatty() or k + 1 == len(rows):
            print(f"\r{k + 1} of {len(rows)} {what}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def table(patients: int) -> list[dict[str, object]]:
    """One row a calibration contrast; `mechanism` empty, with `why`, where it cannot be simulated."""
    rows = c.calibration_rows()
    shifts, stats = c.left_out_shifts(), left_out_statistics(rows)
    out = []
    for row, (value, why) in zip(rows, mechanism(patients, rows), strict=True):
        other = "" if value is None else f"{value + shifts.get(c.key(row), 0.0):.6g}"
        said = {"mechanism": "" if value is None else f"{value:.6g}", "left_out": other}
        out.append({**{k: row[k] for k in c.KEY}, **said, "statistical": f"{stats[c.key(row)]:.6g}", "why": why})
    return out


def compare(data: c.CalibrationSet, rows: list[dict]) -> None:
    """Errors of each way to predict simulated contrasts, everything fitted without the contrast's trial."""
    moments = learn(ev.load())
    units = np.array([c.unit(r, moments) for r in rows])
    design = np.array([sum(c.sizes(r)) for r in rows])
    kept = ~np.isnan(data.m)
    fits = {t: stacking.fit(data.simulated().without(t)) for t in set(data.trial)}
    spread = stacking.fit(data.only(kept)).spread

    def of(join: Callable[[int], tuple[float, float]], name: str) -> None:
        for scale, (factor, unit) in UNITS.items():
            mine = [i for i in np.flatnonzero(kept) if rows[i]["scale"] == scale]
            said = [join(i) for i in mine]
            sd = [float(np.hypot(s, np.sqrt(design[i]))) for (_, s), i in zip(said, mine, strict=True)]
            error = np.array([abs(data.y[i] - m) * units[i] for (m, _), i in zip(said, mine, strict=True)])
            score = [crps_normal(m, s, data.y[i]) * units[i] for (m, _), s, i in zip(said, sd, mine, strict=True)]
            inside = [abs(data.y[i] - m) < 1.645 * s for (m, _), s, i in zip(said, sd, mine, strict=True)]
            print(
                f"left out, {name:24s} {scale}: {len(mine)} contrasts, mean absolute error {factor * error.mean():.2f} {unit}, "
                f"CRPS {factor * np.mean(score):.2f}, in 90 % {100 * np.mean(inside):.0f} %"
            )

    of(lambda i: (data.m[i], spread), "mechanism")
    of(lambda i: (data.s[i], spread), "meta-regression")
    of(lambda i: (0.5 * (data.m[i] + data.s[i]), spread), "equal weights")
    of(lambda i: fits[data.trial[i]].join(data.m[i], data.s[i]), "mechanism + discrepancy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    found = table(asked.patients)
    said = {c.key(r): tuple(float(r[k]) if r[k] else np.nan for k in ("left_out", "statistical")) for r in found}
    rows = c.calibration_rows()
    data = c.training(rows, said, learn(ev.load()))
    print("stack:", stacking.fit(data.simulated()))
    print("terms, standard deviations:", {k: round(v, 3) for k, v in d.fit(data.simulated()).sd.items()})
    if asked.write:
        file = library.path("scoreboard/looks.csv").with_name("calibration_mechanism.csv")
        with file.open("w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
        print(f"Written: {len(found)} contrasts")
    compare(data, rows)


if __name__ == "__main__":
    main()
