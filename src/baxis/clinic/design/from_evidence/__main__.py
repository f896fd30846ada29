"""`python -m baxis.clinic.design.from_evidence`: every trial of the evidence, designed or why not, as a Markdown table."""

from __future__ import annotations

import sys

from baxis.clinic.design.from_evidence.derive import coverage


def main() -> None:
    """Print counts by role and the table."""
    table = coverage()
    for role, mine in table.groupby("role"):
        sys.stdout.write(f"{role}: {int(mine['designed'].sum())} of {len(mine)} trials have a default design\n")
    sys.stdout.write("\n| trial | role | disease | design |\n|---|---|---|---|\n")
    for r in table.to_dict("records"):
        left = f"yes; left out: {r['left_out']}" if r["left_out"] else "yes"
        sys.stdout.write(
            f"| {r['trial_id']} | {r['role']} | {r['disease']} | {left if r['designed'] else r['why']} |\n"
        )


if __name__ == "__main__":
    main()
