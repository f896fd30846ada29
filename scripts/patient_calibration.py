"""Simulation-based calibration of the one-patient posterior in every disease, as the table of docs/insight/patient.md.

python scripts/patient_calibration.py [--patients 200] [--diseases RA,SLE] [--below] [--threads N] [--keep DIR] [--write]

About 2 s of processor time a patient. With --keep the ranks are kept in DIR, a file a disease, and a later run goes on
from there. With --below the laboratory is a coarse one, and values below its detection are limits. With --write what stands
on the page between its marks is made anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from baxis.clinic.conduct.settings import Settings
from baxis.clinic.instruments import CODES
from baxis.insight.patient.calibration import Protocol, below, ranks, uniform, usual

PAGE = Path(__file__).resolve().parents[1] / "docs" / "insight" / "patient.md"
MARKS = "<!-- {}: begin -->", "<!-- {}: end -->"
NAMES = {"infl": "inflammation", "plasmablast": "plasmablasts", "ifn": "interferon", "parameter": "a parameter"}
SHARES = (0.5, 0.9)
CHUNK = 10  # patients between two savings
HEAD = (
    "| disease | quantity | patients | p, uniform (KS) | in 50 % interval, % | in 90 % interval, % |\n"
    "|---|---|---|---|---|---|"
)


def ranked(protocol: Protocol, patients: int, keep: Path | None, threads: int | None) -> pd.DataFrame:
    """Ranks of the first true patients of a disease, those kept from an earlier run taken as they are."""
    disease = protocol.disease
    file = keep / f"{disease}{'.below' if protocol.detection else ''}.csv" if keep else None
    found = pd.read_csv(file) if file and file.exists() else pd.DataFrame({"patient": []})
    while (done := 0 if found.empty else int(found["patient"].max()) + 1) < patients:
        more = ranks(protocol, min(CHUNK, patients - done), Settings(threads=threads), after=done)
        if more.empty:
            break
        found = pd.concat([found, more], ignore_index=True) if done else more
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            found.to_csv(file, index=False)
        print(f"{disease}: {len(found)} of {patients}", file=sys.stderr)
    return found[found["patient"] < patients]


def rows(name: str, found: pd.DataFrame) -> list[str]:
    """Lines of one disease, or of all."""
    out = []
    for key, words in NAMES.items():
        u = uniform(found[key].to_numpy())
        inside = [f"{100 * u[f'in {100 * s:.0f} %']:.0f} ± {100 * _error(s, u['n']):.0f}" for s in SHARES]
        out.append(f"| {name} | {words} | {u['n']:.0f} | {u['ks']:.2f} | {' | '.join(inside)} |")
    return out


def _error(share: float, n: float) -> float:
    """Binomial standard error of a share of n patients."""
    return float(np.sqrt(share * (1 - share) / n))


def told(tables: dict[str, pd.DataFrame]) -> str:
    """What the rows of the diseases come to, in words."""
    every = [(d, k, uniform(t[k].to_numpy())) for d, t in tables.items() for k in NAMES]
    away = [(abs(u[f"in {100 * s:.0f} %"] - s) / _error(s, u["n"]), d, k, s) for d, k, u in every for s in SHARES]
    far = [sum(z > 2 for z, _, _, share in away if share == s) for s in SHARES]
    most, disease, key, share = max(away)
    chance = 1 - (1 - stats.chi2.sf(most**2, 1)) ** len(away)
    whole = pd.concat(tables.values())
    return (
        f"± is the binomial standard error. Of the {len(every)} rows of a disease, {far[0]} (50 %) and {far[1]} (90 %) lie more "
        f"than two\nstandard errors away; chance alone gives about {0.05 * len(every):.0f} each. The farthest, {NAMES[key]} in "
        f"{disease} at {100 * share:.0f} %, is {most:.1f} away:\none of {len(away)} independent shares is that far with a "
        f"probability of {chance:.2f}. Smallest p of uniformity: {min(u['ks'] for _, _, u in every):.3f}.\n"
        f"{100 * whole['refined'].mean():.0f} % of the posteriors were refined; effective virtual patients: median "
        f"{whole['effective'].median():.0f}, under 100 in {int((whole['effective'] < 100).sum())} of {len(whole)}."
    )


def main() -> None:
    """Print the table, and put it into the page if asked."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--patients", type=int, default=200)
    ask.add_argument("--diseases", default=",".join(CODES))
    ask.add_argument("--below", action="store_true")
    ask.add_argument("--keep", type=Path)
    ask.add_argument("--threads", type=int)
    ask.add_argument("--write", action="store_true")
    given = ask.parse_args()
    protocol = below if given.below else usual
    tables = {d: ranked(protocol(d), given.patients, given.keep, given.threads) for d in given.diseases.split(",")}
    lines = [HEAD, *(line for d, t in tables.items() for line in rows(d, t) if not given.below)]
    text = "\n".join([*lines, *rows("all", pd.concat(tables.values())), "", told(tables)])
    print(text)
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        begin, end = (m.format("below detection" if given.below else "calibration") for m in MARKS)
        head, rest = page.split(begin)
        PAGE.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
