"""The README's table of scores, from saved scoreboards: put between the markers.

    python scripts/readme_scores.py SCOREBOARD_DIR LEFT_OUT_DIR

The first folder is of `baxis scoreboard --role all --out DIR`, the second of `--role calibration --leave-one-out`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from baxis.clinic.scoreboard.prediction import COMBINED
from baxis.clinic.scoreboard.shown.board_figures import LABELS

ROOT = Path(__file__).parents[1]
SCALE = "risk_difference"
OWN = ("mechanism", COMBINED)


def scores(folder: str, role: str) -> dict[str, Any]:
    """Scores of differences in proportions of a role."""
    text = (Path(folder) / "scoreboard.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["summary"]["by_role"][role][SCALE]
    return found


def cells(found: dict[str, Any], name: str) -> list[str]:
    """Error, CRPS and coverage of a predictor."""
    s = found["predictors"][name]
    return [f"{100 * s['mae']:.1f}", f"{100 * s['crps']:.1f}", f"{100 * s['coverage90']:.0f} %"]


def skills(found: dict[str, Any]) -> str:
    """Against which rivals the sum's skill is positive, and against which beyond chance."""
    skill = found["skill_combined"]
    said = [f"{LABELS.get(n, n)} {s['skill']:+.2f} ({s['low']:+.2f} to {s['high']:+.2f})" for n, s in skill.items()]
    return ", ".join(said)


def text(board: str, left_out: str) -> str:
    """Two roles side by side, best CRPS on validation last."""
    new, left = scores(board, "validation"), scores(left_out, "calibration")
    order = sorted(new["predictors"], key=lambda n: -new["predictors"][n]["crps"])
    n, trials = (new["predictors"]["mechanism"][k] for k in ("contrasts", "trials"))
    m, others = (left["predictors"]["mechanism"][k] for k in ("contrasts", "trials"))
    lines = [
        f"Differences from control in the share of responders: {n} contrasts of {trials} validation trials, never used in a fit, and",
        f"{m} contrasts of {others} calibration trials, each predicted with its trial left out (mean absolute error in percentage points;",
        "CRPS likewise; share of published values within the 90 % interval):\n",
        "| predictor | validation: error | CRPS | in 90 % | left out: error | CRPS | in 90 % |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in order:
        shown = LABELS.get(name, name)
        shown = f"**{shown}**" if name in OWN else shown
        lines.append("| " + " | ".join([shown, *cells(new, name), *cells(left, name)]) + " |")
    lines.append(
        f"\nSkill of mechanism + discrepancy on validation (1 - CRPS / CRPS of the rival, 95 % interval over trials): {skills(new)}."
    )
    return "\n".join(lines)


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    readme = ROOT / "README.md"
    body = text(*sys.argv[1:])
    old = readme.read_text(encoding="utf-8")
    new, count = re.subn(r"(<!-- scores -->\n).*?(\n<!-- /scores -->)", lambda m: m[1] + body + m[2], old, flags=re.S)
    if not count:
        raise SystemExit("README.md has no markers <!-- scores --> and <!-- /scores -->")
    readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
