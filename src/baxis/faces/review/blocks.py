"""Tables and figures of the review, each from a table or a run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from html import escape
from typing import Any

from baxis import axis, evidence
from baxis.axis.tables import ledger
from baxis.axis.tables.comparison import compare_diseases
from baxis.core.errors import UnknownName
from baxis.evidence.meta.classes import base_class
from baxis.faces.report.html import picture, records
from baxis.faces.report.linked import MARK
from baxis.faces.review import figures
from baxis.faces.review.context import Context, anchor
from baxis.faces.review.values import predicted, short
from baxis.insight.omics.classes import Cell

SHARED = 3  # diseases in which a regulator must move to count as shared
EFFECT = 4  # column of the effect in a table of contrasts
CHANGED = 0.02  # log change below which a regulator counts as in health


def diseases() -> list[str]:
    """Codes without health."""
    return [c for c in axis.diseases() if c != "healthy"]


def table(context: Context, what: str) -> str:
    """A table by name."""
    if what not in TABLES:
        raise UnknownName("table in the review", what, TABLES)
    return TABLES[what](context)


def figure(context: Context, what: str) -> str:
    """A figure by name."""
    made = {
        "pathway": lambda: figures.pathway(context.tables), "regulators": lambda: figures.regulators(diseases()),
        "matrix": lambda: figures.effects(list(context.cells.values())),
        "escapes": lambda: figures.escapes(list(context.cells.values())),
    }  # fmt: skip
    if what not in made:
        raise UnknownName("figure in the review", what, made)
    drawn = picture(made[what](), what, figures.CAPTIONS[what])
    return f"<div class='across'>{drawn}</div>" if what == "pathway" else drawn


def matrix(context: Context) -> str:
    """Class by disease: observed, predicted, reason."""
    names = list(dict.fromkeys(c for c, _ in context.cells))
    head = "".join(f"<th>{d}</th>" for d in diseases())
    rows = "".join(
        f"<tr><th>{escape(n)}</th>" + "".join(_cell(context.cells.get((n, d)), n, d) for d in diseases()) + "</tr>"
        for n in names
    )
    said = "Observed (pooled, placebo-controlled; bold), predicted (one drug of the class), largest escape in the model. pp: percentage points; k: comparisons; n: patients"
    return (
        f"<div class='wide across'><table class='matrix'><caption>{said}</caption><thead><tr><th>class</th>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell | None, name: str, disease: str) -> str:
    if cell is None:
        return "<td></td>"
    p = cell.predicted
    said = (
        f"<i>{escape(p.drug)}:</i> {escape(predicted(p, cell.observed))}"
        if not p.why
        else f"<i>not run: {escape(predicted(p, cell.observed))}</i>"
    )
    why = f"<br>escape: {escape(p.route)}, {p.route_pct:.0f} %" if not p.why else ""
    return f"<td id='M-{anchor(f'{name}/{disease}')}'><b>{escape(short(cell.observed))}</b><br>{said}{why}</td>"


def class_table(context: Context, name: str) -> str:
    """Primary contrasts of a class: trial, disease, arm, effect with its interval, role."""
    found = evidence.contrasts(context.tables)
    rows = found[[base_class(c) == name for c in found["class"]]].sort_values(["disease", "trial_id", "arm_id"])
    if rows.empty:
        raise UnknownName("drug class in the review", name, sorted({base_class(c) for c in found["class"]}))
    head = "".join(
        f"<th{' class=n' if k == EFFECT else ''}>{h}</th>"
        for k, h in enumerate(("disease", "trial", "drug", "primary endpoint", "effect (95 % interval)", "met", "role"))
    )
    body = "".join(_contrast(context, r) for r in rows.to_dict("records"))
    return (
        f"<div class='wide'><table><caption>{escape(name)}: contrasts of the primary endpoint</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _contrast(context: Context, r: dict[str, Any]) -> str:
    unit, digits = (100.0, 0) if r["scale"] == "risk_difference" else (1.0, 2)
    value, low, high = (unit * float(r[k]) for k in ("value", "ci_low", "ci_high"))
    name = {"risk_difference": "points", "mean_difference": "", "log_hazard_ratio": "log HR"}.get(
        r["scale"], r["scale"]
    )
    ci = "" if math.isnan(low) else f" ({low:+.{digits}f} to {high:+.{digits}f})"
    cells = (
        r["disease"], context.trial(r["trial_id"]), f"{escape(r['drug'])} {escape(r['arm_id'])}",
        f"{escape(r['endpoint'].replace('_', ' '))}, week {r['week']:g}", f"{value:+.{digits}f}{ci} {name}",
        {"na": "–"}.get(met := context.trials[r["trial_id"]]["primary_met"], met), r["role"],
    )  # fmt: skip
    return "<tr>" + "".join(f"<td{' class=n' if k == EFFECT else ''}>{c}</td>" for k, c in enumerate(cells)) + "</tr>"


def disease(context: Context, code: str) -> str:
    """One line: what the model holds of a disease, its strongest regulators, and how many trials it has."""
    d = axis.disease(code)
    base = {**ledger.load(), **axis.disease("healthy").regulators}
    kinds = ", ".join(f"{n} {k}" for k, n in Counter(p.kind for p in d.regulators.values()).most_common())
    ratio = {
        n: p.value / base[n].value for n, p in d.regulators.items() if n.endswith(("_e", "_x")) and base[n].value > 0
    }
    moved = sorted((n for n, q in ratio.items() if q > 0), key=lambda n: -abs(math.log(ratio[n])))[:5]
    shown = ", ".join(f"{axis.label(n)} × {ratio[n]:.2g}" for n in moved)
    trials = sum(t["disease"] == code for t in context.trials.values())
    return (
        f"<p class='small box'><b>{escape(code)} in the model:</b> {len(d.regulators)} regulators ({kinds}); strongest fold "
        f"changes {escape(shown)}. {trials} trials in the evidence.</p>"
    )


def shared(context: Context) -> str:
    """Regulators that move in three or more diseases, and in which direction."""
    rows = []
    for r in compare_diseases():
        healthy = float(r["healthy"])
        logs = {d: math.log(float(r[d]) / healthy) for d in diseases() if r[d] and healthy > 0 and float(r[d]) > 0}
        up = [d for d, v in logs.items() if v > CHANGED]
        down = [d for d, v in logs.items() if v < -CHANGED]
        if len(up) + len(down) >= SHARED and not r["regulator"].startswith("w_"):
            kind = "same" if not (up and down) else "opposite"
            rows.append(
                {
                    "regulator": axis.label(r["regulator"]),
                    "higher in": " ".join(up),
                    "lower in": " ".join(down),
                    "direction": kind,
                    "as a disease table puts it": _why(r["regulator"], [*up, *down]),
                }
            )
    rows.sort(key=lambda r: (r["direction"], r["regulator"]))
    return records(rows, caption=f"Regulators of the model that differ from health in {SHARED} or more diseases")


def _why(name: str, codes: list[str]) -> str:
    """The first reason that the tables of these diseases give."""
    told = ((d, axis.disease(d).regulators[name].rationale) for d in codes)
    return next((f"{d}: {why}" for d, why in told if why), "")


def conflicts(context: Context) -> str:
    """Pairs of claims that contradict each other."""
    body = ""
    for r in evidence.conflicts(context.tables).to_dict("records"):
        pair = "".join(
            f"<td>{context.claim(r[f'claim_{x}'])} {escape(r[f'statement_{x}'])} <i>({context.grade[r[f'claim_{x}']]})</i></td>"
            for x in "ab"
        )
        body += f"<tr><td>{escape(r['about'])}</td><td>{r['disease']}</td>{pair}</tr>"
    head = "<th>about</th><th>disease</th><th>says more, or up</th><th>says less, or down</th>"
    return f"<div class='wide'><table><caption>{MARK} Contested claims</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def predictors(context: Context) -> str:
    """Claims that name a predictor of response or of its absence."""
    body = ""
    for r in context.claims.values():
        if r["relation"] in ("predicts_response_to", "predicts_nonresponse_to"):
            sign = "response" if r["relation"] == "predicts_response_to" else "no response"
            cells = (r["disease"] or "any", escape(r["subject"]), escape(r["object"]), sign, context.grade[r["claim_id"]],
                     f"[{context.claim(r['claim_id'])}] {escape(r['statement'])}")  # fmt: skip
            body += "<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"
    head = "".join(f"<th>{h}</th>" for h in ("disease", "marker", "treatment", "predicts", "grade", "claim"))
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def partners(context: Context) -> str:
    """Which escape is the largest, by class, over the runs of the matrix."""
    held: dict[str, list[str]] = {}
    for c in context.cells.values():
        if not c.predicted.why:
            held.setdefault(c.predicted.route, []).append(f"{c.drug_class} in {c.disease}")
    rows = [
        {"largest escape": k, "runs": str(len(v)), "of": "; ".join(v)}
        for k, v in sorted(held.items(), key=lambda x: -len(x[1]))
    ]
    return records(rows, caption="Simulated: the escape to close beside each class")


TABLES: dict[str, Callable[[Context], str]] = {
    "matrix": matrix, "shared": shared, "conflicts": conflicts, "predictors": predictors, "partners": partners,
}  # fmt: skip
BLOCKS: dict[str, Callable[[Context, str], str]] = {
    "table": table, "figure": figure, "class": class_table, "disease": disease,
}  # fmt: skip
