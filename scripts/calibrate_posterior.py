"""Calibrate disease weights and shared constants of immunity and tissue to the calibration trials; draws, not a vector.

    python scripts/calibrate_posterior.py [--patients 300] [--keep DIR] [--write] [--page FILE]

The last rung, and the only one that reads drug effects. Unknowns: for each disease the weights of the tissue arms and of
TNF and IL-6 in the shared last step; for all diseases together the constants of immunity and tissue that no earlier
rung informs (assumed in the ledger). Prior: the tables, with a stated spread. Likelihood: published differences with
sampling error and a between-trial sd, Student's t so that no single trial pulls. The maximum is found by
Levenberg-Marquardt on typical patients (`calibration_response`); draws come from the Laplace approximation, weighted by
the exact posterior (effective share and Pareto k printed) and resampled: 64, shared by all diseases, in
`library/posterior/draws.csv`; what each trial's own contrasts lose when it is left out goes to `left_out.csv`. No trial and
no drug has a parameter of its own. Validation trials are not read.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import calibration_left_out
import calibration_report
import numpy as np
from calibration_target import DISEASES, LAST, Coordinates, Target, maximum, sample

from baxis import axis
from baxis.clinic.people import posterior
from baxis.core import library


def write(at: Coordinates, draws: np.ndarray) -> None:
    """The shipped table of draws."""
    tables = {d: at.values(d, draws) for d in DISEASES}
    columns = list(dict.fromkeys(n for names, _ in tables.values() for n in (*axis.weight_names(), *LAST, *names)))
    with (library.SHIPPED / f"{posterior.TABLE}.csv").open("w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, ["disease", "draw", *columns], lineterminator="\n", restval="")
        out.writeheader()
        for d, (names, values) in tables.items():
            for i, row in enumerate(values):
                out.writerow({"disease": d, "draw": i, **{n: f"{v:.5f}" for n, v in zip(names, row, strict=True)}})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--keep", type=Path, help="folder in which an interrupted run is taken up again")
    chosen = parser.parse_args()
    start = time.perf_counter()
    target = Target(chosen.patients, chosen.keep)
    print(
        f"{len(target.all)} contrasts of {len(target.trials)} trials, {time.perf_counter() - start:.0f} s", flush=True
    )
    x = maximum(target, keep=chosen.keep)
    drawn = sample(target, x)
    text = calibration_report.page(target, x, drawn)
    print(text)
    print(f"{time.perf_counter() - start:.0f} s")
    if chosen.page:
        chosen.page.write_text(text, encoding="utf-8")
    if chosen.write:
        write(target.at, drawn.draws)
        calibration_left_out.write(target, x)


if __name__ == "__main__":
    main()
