"""Judged rows as text: the cells of a table and the page of the docs."""

from __future__ import annotations

from collections.abc import Sequence

from baxis.axis.checks.rungs import RUNGS, Check, summary
from baxis.core import library

_TITLES = {"rest": "Rest", "pathway": "Pathway experiments", "genetics": "Genetics", "pharmacology": "Pharmacology in people",
           "arms": "Drug by arm"}  # fmt: skip


def bounds(row: Check) -> str:
    """The tolerated range."""
    low = "" if row.low is None else f"{row.low:.4g}"
    high = "" if row.high is None else f"{row.high:.4g}"
    return f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}" if high else ""


def cells(row: Check) -> dict[str, str]:
    """One row as printed."""
    verdict = "outside scope" if row.passed is None else "pass" if row.passed else "FAIL"
    simulated = "" if row.simulated is None else f"{row.simulated:.4g} {row.unit}".strip()
    return {
        "id": row.id, "disease": row.disease, "what": row.what, "expected": row.expected, "tolerated": bounds(row),
        "simulated": simulated, "verdict": verdict, "source": row.note or row.source,
    }  # fmt: skip


def lacking(row: Check) -> str:
    """What the model lacks where a row fails, from `library/checks/comments.csv`; empty where nobody has said it yet."""
    told = {(r["rung"], r["id"]): r["lacks"] for r in library.read_table("checks/comments")}
    return told.get((row.rung, row.id), "") if row.passed is False else ""


def _failures(rows: Sequence[Check]) -> list[str]:
    """Every failing row with what the model lacks."""
    failed = [r for r in rows if r.passed is False]
    lines = ["", "## What fails, and what the model lacks", ""]
    if not failed:
        return [*lines, "No row fails."]
    lines += ["| rung | what | expected | simulated | what the model lacks |", "|---|---|---|---|---|"]
    for r in failed:
        c = cells(r)
        why = lacking(r) or "not explained yet"
        words = (_TITLES[r.rung], f"{r.id}: {r.what}", r.expected, c["simulated"], why)
        lines.append("| " + " | ".join(w.replace("|", "/") for w in words) + " |")
    return lines


def markdown(rows: Sequence[Check]) -> str:
    """The page: counts, then one table a rung, failures first."""
    counts = summary(rows)
    lines = [
        "# The model against what is known",
        "",
        "Written by `baxis check all --page FILE`. Failures stand first.",
        "",
    ]
    lines += ["| rung | passed | failed | outside scope |", "|---|---|---|---|"]
    for name in RUNGS:
        if name in counts:
            c = counts[name]
            lines.append(f"| {_TITLES[name]} | {c['passed']} | {c['failed']} | {c['out_of_scope']} |")
    lines += _failures(rows)
    for name in RUNGS:
        mine = [r for r in rows if r.rung == name]
        if not mine:
            continue
        head = list(cells(mine[0]))
        lines += ["", f"## {_TITLES[name]}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        order = {False: 0, True: 1, None: 2}
        for row in sorted(mine, key=lambda r: order[r.passed]):
            lines.append("| " + " | ".join(v.replace("|", "/") for v in cells(row).values()) + " |")
    return "\n".join(lines) + "\n"
