"""`python -m baxis.evidence.rival fit [--out FILE]`: remake the shipped draws. `... score`: score them."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m baxis.evidence.rival")
    parser.add_argument("what", choices=("fit", "score", "leave-one-out"))
    parser.add_argument("--out", type=Path, help="file of draws (default: the library's own)")
    parser.add_argument("--role", default="validation", help="role of the trials to score")
    asked = parser.parse_args()
    if asked.what == "fit":
        run_fit(asked.out)
    elif asked.what == "score":
        from baxis import evidence
        from baxis.evidence.rival.score import predictions

        show(predictions(evidence.load(), asked.role))
    else:
        from baxis import evidence
        from baxis.evidence.rival.loto import leave_one_out

        show(leave_one_out(evidence.load()))


def run_fit(out: Path | None) -> None:
    """Fit and write; prints the record."""
    from baxis import evidence
    from baxis.core import library
    from baxis.evidence.rival.fit import fit, write

    began = time.perf_counter()
    fitted = fit(evidence.load())
    file = out or library.SHIPPED / "posterior" / "rival.parquet"
    write(fitted, file)
    keys = ("arms", "contrasts", "rhat_max", "ess_min", "divergences", "weights", "evidence", "training")
    sys.stdout.write(f"{ {k: fitted.record[k] for k in keys} }\n")
    sys.stdout.write(f"{len(fitted.record['trials'])} trials, {time.perf_counter() - began:.1f} s, wrote {file.name}\n")


def show(rows: list[dict[str, Any]]) -> None:
    """Summary of scored contrasts. Scoring reads the results of the scored trials: log the look."""
    from baxis.evidence.meta.report import columns
    from baxis.evidence.rival.score import summarise

    table = [["scale", "predictor", "contrasts", "trials", "MAE", "bias", "in 50 %", "in 90 %", "CRPS"]]
    for r in summarise(rows):
        table.append([
            r["scale"], r["predictor"], str(r["contrasts"]), str(r["trials"]), f"{r['mae']:.3f}",
            f"{r['bias']:+.3f}", f"{r['cover50']:.2f}", f"{r['cover90']:.2f}", f"{r['crps']:.4f}",
        ])  # fmt: skip
    for line in columns(table, [False, False, *[True] * 7]):
        sys.stdout.write(line + "\n")
    for r in rows:
        if r["note"]:
            sys.stdout.write(f"no prediction, counted as no effect: {r['trial_id']} {r['arm_id']}: {r['note']}\n")


if __name__ == "__main__":
    main()
