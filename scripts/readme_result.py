"""Remake the result shown in the README: run the trial, draw the picture, put the table between the markers.

python scripts/readme_result.py
"""

from __future__ import annotations

import re
from pathlib import Path

import baxis

ROOT = Path(__file__).parents[1]
TRIAL = "fenebrutinib-sle-ph2"
PICTURE = ROOT / "docs" / "img" / f"{TRIAL}.png"


def percent(value: float, ci: list[float] | None) -> str:
    spread = f" ({100 * ci[0]:.0f} to {100 * ci[1]:.0f})" if isinstance(ci, list) else ""
    return f"{100 * value:.1f} %{spread}"


def table(result: baxis.clinic.result.summarise.TrialResult) -> str:
    """Markdown table of arms and differences of the primary endpoint."""
    name = result.design.primary.name
    labels = {a.arm_id: a.arm_label for a in result.design.arms}
    lines = [
        f"| {name} at week {result.design.primary.week:g} | simulated (90 % prediction interval) | published (95 % interval) |"
    ]
    lines.append("|---|---|---|")
    for row in result.arms[result.arms.endpoint == name].to_dict("records"):
        shown = percent(row["value"], row["pi90"]), percent(row["published"], row["published_ci"])
        lines.append(f"| {labels[row['arm_id']]} | {shown[0]} | {shown[1]} |")
    for row in result.contrasts[result.contrasts.endpoint == name].to_dict("records"):
        shown = percent(row["predicted"], row["pi90"]), percent(row["published"], row["published_ci"])
        lines.append(f"| {labels[row['arm_id']]} minus placebo | {shown[0]} | {shown[1]} |")
    return "\n".join(lines)


def main() -> None:
    result = baxis.run_trial(TRIAL, patients=1000, seed=1)
    PICTURE.parent.mkdir(exist_ok=True)
    result.plot().savefig(PICTURE, dpi=110)
    numbers = ", ".join(f"{v} {k}" for k, v in result.recipe["numbers"].items())
    text = (
        f"`baxis trial {TRIAL}`, 1000 virtual patients an arm, seed 1, beside Isenberg et al. 2021 (doi:10.1002/art.41811),\n"
        f"a trial that missed its endpoint although BTK was held:\n\n{table(result)}\n\n"
        f"![Simulated and published SRI-4 by arm, and four biomarkers over time](docs/img/{TRIAL}.png)\n\n"
        f"Numbers behind this result: {numbers}. Remade by `python scripts/readme_result.py`."
    )
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- result -->\n).*?(\n<!-- /result -->)", lambda m: m[1] + text + m[2], old, flags=re.S)
    readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
