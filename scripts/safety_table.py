"""Simulated harms beside what calibration and context trials reported; writes the page's table.

    python scripts/safety_table.py docs/clinic/safety.md [--patients 200]

The table goes between the two marks of the page. Validation trials are not run. Rates on which a row of
`library/safety/harms.csv` rests are marked: agreement with them is no test.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from baxis import evidence, run_trial
from baxis.clinic.result import safety
from baxis.core import library
from baxis.core.errors import BaxisError

MARKS = ("<!-- table: begin -->", "<!-- table: end -->")
HEAD = "| trial | arm | harm | expected | 90 % interval | published | |\n|---|---|---|---|---|---|---|"


def lines(patients: int) -> list[str]:
    """Rows of every calibration or context trial with a published harm that can be simulated."""
    tables = evidence.load()
    role = tables.trials.set_index("trial_id").role
    known = {h.endpoint for h in safety.rows(("base", "rate", "risk", "once"))} - {""}
    seen = tables.outcomes[
        tables.outcomes.endpoint.isin(known) & tables.outcomes.statistic.isin(["rate", "proportion"])
    ]
    used = " ".join(r["source"] for r in library.read_table(safety.TABLE)).lower()
    out = []
    for trial in sorted(set(seen.trial_id)):
        if role[trial] == "validation":
            continue
        try:
            found = run_trial(trial, patients=patients).safety
        except BaxisError as e:
            out.append(f"| {trial} | | | | | | not simulated: {str(e)[:80]} |")
            continue
        for r in found[found.published.notna()].itertuples():
            per = r.published_unit != "fraction"
            expected = f"{r.per_100_years:.1f} per 100 years" if per else f"{100 * r.expected:.1f} %"
            bounds = "" if r.pi90 is None else f"{100 * r.pi90[0]:.0f} to {100 * r.pi90[1]:.0f} %"
            shown = f"{r.published:g} per 100 years" if per else f"{100 * r.published:.1f} %"
            mark = "rests on it" if any(p in used for p in (trial, trial.split("-")[-1]) if len(p) > 4) else ""
            out.append(f"| {trial} | {r.arm_id} | {r.name} | {expected} | {bounds} | {shown} | {mark} |")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--patients", type=int, default=200)
    chosen = parser.parse_args()
    before, rest = chosen.page.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    body = "\n".join([HEAD, *lines(chosen.patients)])
    chosen.page.write_text(f"{before}{MARKS[0]}\n{body}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
