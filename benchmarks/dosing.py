"""Averaged against resolved dosing of every oral drug of the library: largest difference at the endpoint.

    python benchmarks/dosing.py [--patients 2000] [--drug NAME ...]

Each drug is given once and twice a day, at the largest daily dose that a trial of the evidence tables gave (the total
day's dose the same), for 12 weeks in rheumatoid arthritis, to the same virtual patients, once by the
default (averaged unless the held share of a target swings too far) and once followed dose by dose. Printed in points of responder rate (goal: under 0.2)
and as the largest relative difference of inflammation and CD19 count at the last visit over patients.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from baxis import axis, evidence, run_trial
from baxis.clinic.design.design import Design, build

ENDPOINTS = ("ACR20", "ACR50", "ACR70")


def largest_daily_dose(drug: str) -> float | None:
    """Largest daily dose in mg of a daily arm of this drug alone; None when the tables have none."""
    arms = evidence.load().arms
    rows = arms[(arms.drug == drug) & (arms.dose_unit == "mg") & arms.schedule.isin(["qd", "bid", "daily"])]
    doses = [float(r.dose) * (2 if r.schedule == "bid" else 1) for r in rows.itertuples() if r.dose == r.dose]
    return max(doses, default=None)


def design(drug: str, dose: float, schedule: str) -> Design:
    treatment = {"drug": drug, "dose": dose, "route": "po", "schedule": schedule}
    data = {
        "trial_id": "dosing",
        "disease": "RA",
        "weeks": 12,
        "entry": [{"measure": "SJC66", "min": 6}],
        "arms": [
            {"arm_id": "pbo", "n": 100, "role": "placebo"},
            {"arm_id": "drug", "n": 100, "role": "active", "treatments": [treatment]},
        ],
        "endpoints": [{"name": e, "week": 12} for e in ENDPOINTS],
    }
    return build(data, drug)


def compare(
    drug: str, daily: float, schedule: str, patients: int, chosen_mode: str
) -> tuple[float, float, float, float]:
    """Largest difference in points of responder rate; of infl and bcount (relative); ratio of run times."""
    chosen = design(drug, daily / (2 if schedule == "bid" else 1), schedule)
    results, seconds = [], []
    for dosing in (chosen_mode, "resolved"):
        start = time.perf_counter()
        results.append(run_trial(chosen, patients=patients, dosing=dosing))
        seconds.append(time.perf_counter() - start)
    averaged, followed = results
    points = 100 * np.abs(averaged.arms["value"] - followed.arms["value"]).max()
    a, b = averaged.runs[1].outputs, followed.runs[1].outputs
    relative = [float(np.nanmax(np.abs(a[k][:, -1] / b[k][:, -1] - 1))) for k in ("infl", "bcount")]
    return float(points), *relative, seconds[1] / seconds[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--drug", nargs="*")
    parser.add_argument("--mode", choices=("auto", "averaged"), default="auto", help="what is compared with resolved")
    chosen = parser.parse_args()
    worst = 0.0
    print(f"{'drug':18s}{'mg/day':>8s} {'':4s}{'points':>8s}{'infl':>10s}{'CD19':>10s}{'time ratio':>12s}")
    for drug in chosen.drug or [d for d in axis.drugs() if axis.drug(d).oral and not axis.drug(d).background]:
        daily = largest_daily_dose(drug)
        if daily is None:
            print(f"{drug:18s}{'-':>8s} no daily arm in the evidence tables")
            continue
        for schedule in ("qd", "bid"):
            points, infl, cells, ratio = compare(drug, daily, schedule, chosen.patients, chosen.mode)
            worst = max(worst, points)
            print(f"{drug:18s}{daily:8g} {schedule:4s}{points:8.2f}{infl:10.1e}{cells:10.1e}{ratio:12.1f}", flush=True)
    print(f"largest difference: {worst:.2f} points (goal under 0.2)")


if __name__ == "__main__":
    main()
