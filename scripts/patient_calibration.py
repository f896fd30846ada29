"""Simulation-based calibration of the one-patient posterior in every disease, as the table of docs/insight/patient.md.

python scripts/patient_calibration.py [--patients 150] [--diseases RA,SLE] [--write]

About 4 s of processor time a patient. With --write the table on the page, between its marks, is made anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from baxis.clinic.instruments import CODES
from baxis.clinic.settings import Settings
from baxis.insight.patient.calibration import ranks, uniform, usual

PAGE = Path(__file__).resolve().parents[1] / "docs" / "insight" / "patient.md"
BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"
NAMES = {"infl": "inflammation", "plasmablast": "plasmablasts", "ifn": "interferon", "parameter": "a parameter"}


def rows(disease: str, patients: int) -> list[str]:
    """Lines of one disease."""
    found = ranks(usual(disease), patients, Settings(), most=5000)
    out = []
    for key, name in NAMES.items():
        u = uniform(found[key].to_numpy())
        out.append(
            f"| {disease} | {name} | {u['n']:.0f} | {u['ks']:.2f} | {100 * u['in 50 %']:.0f} | {100 * u['in 90 %']:.0f} |"
        )
    return out


def main() -> None:
    """Print the table, and put it into the page if asked."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--patients", type=int, default=150)
    ask.add_argument("--diseases", default=",".join(CODES))
    ask.add_argument("--write", action="store_true")
    given = ask.parse_args()
    lines = [
        "| disease | quantity | patients | p, uniform (KS) | in 50 % interval, % | in 90 % interval, % |",
        "|---|---|---|---|---|---|",
    ]
    for disease in given.diseases.split(","):
        lines += rows(disease, given.patients)
        print("\n".join(lines[-len(NAMES) :]), file=sys.stderr)
    print("\n".join(lines))
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        head, rest = text.split(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
