"""The mechanism's prediction of every calibration contrast: what the discrepancy layer learns from.

    python scripts/calibrate_discrepancy.py [--patients 400] [--write]

Run it after anything that moves the model. Prints the fitted terms and, trial by trial left out, the error of the
mechanism, of the sum, and of the discrepancy alone. Only calibration trials are read.
"""

from __future__ import annotations

import argparse
import csv
import sys

import numpy as np

from baxis import evidence as ev
from baxis.clinic.scoreboard import calibration_set as c
from baxis.clinic.scoreboard import discrepancy as d
from baxis.clinic.scoreboard.mechanism import Mechanism
from baxis.clinic.settings import Settings
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.evidence.rival.plain import learn


def predictions(patients: int) -> list[dict[str, object]]:
    """One row a calibration contrast; `mechanism` empty, with `why`, where it cannot be simulated."""
    rows = c.calibration_rows()
    mechanism = Mechanism(ev.load(), Settings(patients=patients))
    mechanism.prepare(rows)
    out = []
    for k, row in enumerate(rows):
        try:
            value, why = f"{mechanism.predict(row).mean:.6g}", ""
        except BaxisError as e:
            value, why = "", str(e).splitlines()[0]
        out.append({**{k: row[k] for k in c.KEY}, "mechanism": value, "why": why})
        print(f"\r{k + 1} of {len(rows)} contrasts", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return out


def left_out(data: c.Training) -> None:
    """Errors of each calibration contrast predicted without its trial, in patients' standard deviations."""
    trials = data.labels[:, c.GROUPS.index("trial")]
    seen: dict[str, list[float]] = {"mechanism": [], "sum": [], "discrepancy alone": []}
    rows = {tuple(r[k] for k in c.KEY): r for r in c.calibration_rows()}
    by_trial: dict[str, list[dict]] = {}
    for r in rows.values():
        by_trial.setdefault(r["trial_id"], []).append(r)
    for trial in sorted(set(trials)):
        rest = data.without(trial)
        fits = {"sum": d.fit(rest), "discrepancy alone": d.fit(rest.mute())}
        example = by_trial[trial]
        for i in np.flatnonzero(trials == trial):
            row = next(r for r in example if c.labels(r) == tuple(data.labels[i]))
            seen["mechanism"].append(abs(data.y[i] - data.m[i]))
            for name, f in fits.items():
                m = 0.0 if name == "discrepancy alone" else float(data.m[i])
                seen[name].append(abs(data.y[i] - f.predict(row, m, str(data.against[i, 1]))[0]))
    for name, errors in seen.items():
        print(f"left out, {name:18s} mean absolute error {np.mean(errors):.3f} patients' sd")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows = predictions(asked.patients)
    known = {(r["trial_id"], r["arm_id"], r["versus"], r["endpoint"], r["week"]): r["mechanism"] for r in rows}
    data = c.training(c.calibration_rows(), {k: float(v) if v else None for k, v in known.items()}, learn(ev.load()))
    model = d.fit(data)
    print("standard deviations:", {k: round(v, 3) for k, v in model.sd.items()})
    left_out(data)
    if asked.write:
        file = library.path("scoreboard/looks.csv").with_name("calibration_mechanism.csv")
        with file.open("w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, [*c.KEY, "mechanism", "why"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"Written: {len(rows)} contrasts")


if __name__ == "__main__":
    main()
