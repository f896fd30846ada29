"""The credibility section of every report: the assessment of its claim, and the checks of the model with failures named."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from baxis.axis.checks import Check, check, summary
from baxis.faces.report.assessment import assess, blocks
from baxis.faces.report.html import table

USE = """<p><b>Context of use:</b> to explore and rank hypotheses before a trial or beside its results; not to replace one, and not
for the care of a person. <b>Influence:</b> supporting evidence only. <b>Consequence</b> of a wrong answer: a misdirected plan, which
the trial itself would show.</p>"""
CLOSING = (
    "<p>How well trials are predicted, beside plain rivals, stands on the scoreboard page of the documentation.</p>"
)


def credibility(disease: str | None, about: str = "") -> str:
    """Checks run now for one disease (or all), failures named; `about`: only rows that name it."""
    rows = [r for r in check("all", disease) if about.casefold() in f"{r.id} {r.what}".casefold()]
    where = disease or "all diseases"
    return USE + _checks(rows, f"{about} in the model" if about else f"the model in {where}") + CLOSING


def assessed(disease: str, drugs: Sequence[str] = (), endpoint: str = "") -> str:
    """The assessment of predicted effects in a disease, then the checks that it rests on."""
    found = assess("effect", disease, drugs, endpoint)
    return "".join(blocks(found)) + _checks(found.case.checks, f"the model in {disease}") + CLOSING


def _checks(rows: Sequence[Check], subject: str) -> str:
    counts = [(rung, str(c["passed"]), str(c["failed"]), str(c["out_of_scope"])) for rung, c in summary(rows).items()]
    failed = [
        (r.id, r.what, r.expected, "" if r.simulated is None else f"{r.simulated:.3g} {r.unit}")
        for r in rows
        if r.passed is False
    ]
    text = (
        f"<p>Checks of {escape(subject)} against experiments, genetics and human pharmacology, run for this page:</p>"
    )
    text += table(("rung", "passed", "failed", "out of scope"), counts) if counts else "<p>No check names it.</p>"
    return text + ("<p>Failed:</p>" + table(("row", "what", "expected", "simulated"), failed) if failed else "")
