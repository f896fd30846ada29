"""What the review's links lead to: claims, trials and runs of the model."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from baxis.faces.report.html import records
from baxis.faces.report.linked import MARK
from baxis.faces.review.context import Context, anchor
from baxis.faces.review.values import observed, predicted


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """Rows with an address; cells are HTML."""
    top = "".join(f"<th>{h}</th>" for h in head)
    body = "".join(f"<tr id='{key}'>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>" for key, cells in rows)
    return f"<div class='wide'><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"


def _claim(context: Context, r: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    key = r["claim_id"]
    number = context.number(r["source"])
    against = context.against.get(key, [])
    links = f"{MARK} " + " ".join(f"<a href='#{k}'>{k}</a>" for k in against) if against else ""
    reference = f"<a href='#R{number}'>{number}</a>" if number else escape(r["source"])
    grade = context.grade[key] + (", recalled" if r["provenance"] == "recalled" else "")
    return key, (
        key,
        r["disease"] or "any",
        escape(r["statement"]),
        escape(r["evidence_type"]),
        grade,
        links,
        reference,
    )


HEAD = ("claim", "disease", "statement", "evidence", "grade", "contested by", "reference")


def claims(context: Context) -> str:
    """Claims in the order of citation."""
    cited = list(context.claims_used)
    cited += [k for c in cited for k in context.against.get(c, ()) if k not in context.claims_used]
    return _table(HEAD, [_claim(context, context.claims[k]) for k in dict.fromkeys(cited)])


def unused(context: Context) -> str:
    """Every other claim, so that new evidence is seen before it is written about."""
    left = [r for k, r in context.claims.items() if k not in context.claims_used]
    return records([{"claim": r["claim_id"], "disease": r["disease"] or "any", "statement": r["statement"], "grade": context.grade[r["claim_id"]]}
                    for r in left])  # fmt: skip


def trials(context: Context) -> str:
    """Trials in alphabetical order."""
    rows = []
    for key in sorted(context.trials_used):
        t = context.trials[key]
        number = context.number(t["source"])
        size = f"{t['n_randomised']:g}" if t["n_randomised"] == t["n_randomised"] else ""
        cells = (escape(t["acronym"] or key), t["nct"].replace(";", "; "), t["disease"], str(t["phase"]), size, escape(t["primary_endpoint"]),
                 {"na": "–"}.get(t["primary_met"], t["primary_met"]), f"{t['year']:g}", t["role"], f"<a href='#R{number}'>{number}</a>" if number else "")  # fmt: skip
        rows.append((f"T-{anchor(key)}", cells))
    return _table(
        ("trial", "register", "disease", "phase", "n", "primary endpoint", "met", "year", "role", "reference"), rows
    )


def runs(context: Context) -> str:
    """Every cell of the matrix: what was pooled, what was run, in which setting."""
    rows = []
    for c in context.cells.values():
        p = c.predicted
        pooled = ", ".join(
            f"<a href='#T-{anchor(t)}'>{escape(t)}</a>" if t in context.trials_used else escape(t)
            for t in c.observed.trials
        )
        kept = sum(context.trials[t]["role"] == "validation" for t in c.observed.trials)
        share = f" ({kept} of {len(c.observed.trials)} kept for validation)" if kept else ""
        ran = (
            ""
            if p.why
            else f"{escape(p.regimen)}; {escape(p.origin)}; {escape(p.endpoint.replace('_', ' '))} week {p.week:g}"
        )
        cells = (
            escape(c.drug_class),
            c.disease,
            f"{escape(observed(c.observed))}: {pooled}{share}",
            escape(predicted(p, c.observed)),
            ran,
        )
        rows.append((f"run-{anchor(f'{c.drug_class}/{c.disease}')}", cells))
    return _table(("class", "disease", "observed, and the trials pooled", "predicted", "run"), rows)
