"""The Patient page: laboratory values typed or read from a file, the posterior, and predicted courses. Research only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags

from ... import axis
from ...clinic.labs import measures, written
from ...clinic.settings import Settings
from ...core.errors import BaxisError, Faults
from ...insight.patient import PatientResult, patient
from ...insight.patient.file import read_text
from . import shell, work
from .pages import Answer

RESULTS = work.Cache(8)
EXAMPLE = "day,measure,value,unit\n-28,C3,0.62,g/L\n-28,IgG,18.5,g/L\n0,C3,0.58,g/L\n0,C4,0.07,g/L\n0,BAFF,1.9,ng/mL\n"
COLOURS = ("#0072b2", "#b2541a", "#117733", "#7a5195", "#555555")
MOST_DRUGS = 4


def form(query: Mapping[str, str]) -> Any:
    """Fields. The values are never put into the address and never written to disk."""
    codes = [c for c in axis.diseases() if c != "healthy"]
    drugs: dict[str, Any] = {"type": "text", "maxlength": "200", "value": query.get("drugs", "rituximab, belimumab")}
    file: dict[str, Any] = {
        "type": "file",
        "accept": ".csv,text/csv",
        "data-into": "values",
        "id": "f-file",
        "data-shiny-no-bind-input": "",
    }
    values: dict[str, Any] = {"rows": "9", "spellcheck": "false", "data-private": "yes"}
    return tags.fieldset(
        tags.legend("Patient"),
        tags.p(tags.strong("For research only: not for decisions about a patient.")),
        shell.field("disease", "Disease", shell.choice(codes, query.get("disease", "SLE"))),
        shell.field("values", "Visits: day, measure, value, unit", tags.textarea(EXAMPLE, values),
                    hint="Made-up values to begin with. They stay in this page and the server's memory."),
        tags.div(tags.label("Or a CSV file", {"for": "f-file"}), tags.input(file), class_="field"),
        shell.field("drugs", "Candidate drugs", tags.input(drugs), hint=f"Up to {MOST_DRUGS}, with commas between."),
        tags.small(
            f"Measures: {', '.join(written(m) for m in sorted(measures()))}, the disease's scores (SLEDAI-2K, DAS28-CRP, BVAS, RI, ESSDAI, UPCR, ...), "
            "and past treatments (prednisone, 20, mg/day; rituximab, 1000, mg).", class_="hint"
        ),
    )  # fmt: skip


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        shell.slot("said"),
        tags.div(tags.h2("Predicted course"), shell.figure("courses", 330), shell.slot("courses"), class_="panel"),
        tags.div(tags.h2("What the values say"), shell.slot("state"), shell.slot("endotypes"), class_="panel"),
        tags.div(tags.h2("What to measure next"), shell.slot("next"), class_="panel"),
        shell.slot("notes"),
    )


def answer(form: Mapping[str, str]) -> Answer:
    """`baxis patient` on what was typed."""
    text = form.get("values", EXAMPLE)
    drugs = tuple(d.strip() for d in form.get("drugs", "rituximab, belimumab").split(",") if d.strip())
    if not 1 <= len(drugs) <= MOST_DRUGS:
        return Answer(faults={"drugs": f"{len(drugs)} drugs; allowed: 1 to {MOST_DRUGS}, with commas between"})
    disease = form.get("disease", "SLE")
    try:
        read_text(text, "values", disease)
    except (BaxisError, Faults) as e:
        return Answer(faults={"values": str(e)})
    key = hashlib.sha256(text.encode()).hexdigest(), disease, drugs
    try:
        found: PatientResult = RESULTS.get(key, lambda: inferred(text, disease, drugs))
    except BaxisError as e:
        return Answer(faults={"drugs": str(e)})
    return Answer(_html(found), {"courses": courses(found)})


def inferred(text: str, disease: str, drugs: tuple[str, ...]) -> PatientResult:
    """Posterior and predictions of the patient described by a CSV text."""
    visits = read_text(text, "values", disease)
    return patient(visits, disease, drugs, Settings(threads=1, progress=work.progress))


def courses(x: PatientResult) -> dict[str, Any]:
    """Inflammation as a multiple of now under each drug, with 90 % bands."""
    data: list[dict[str, Any]] = []
    for colour, (drug, rows) in zip(COLOURS * 2, x.courses.groupby("drug", sort=False), strict=False):
        week = rows.week.tolist()
        band = {
            "x": week + week[::-1],
            "y": rows.high.tolist() + rows.low.tolist()[::-1],
            "fill": "toself",
            "type": "scatter",
            "mode": "lines",
        }
        data.append(
            {**band, "fillcolor": colour + "26", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        )
        data.append(
            {
                "x": week,
                "y": rows.inflammation.tolist(),
                "type": "scatter",
                "mode": "lines",
                "name": str(drug),
                "line": {"color": colour},
            }
        )
    end = x.courses[x.courses.week == x.courses.week.max()]
    said = "; ".join(f"{r.drug} {r.inflammation:.2f}" for r in end.itertuples())
    layout = {
        "height": 330, "margin": {"l": 10, "r": 10, "t": 8, "b": 46}, "legend": {"orientation": "h", "y": 1.12},
        "xaxis": {"title": {"text": "week"}}, "yaxis": {"title": {"text": "inflammation, multiple of now", "standoff": 8}, "automargin": True, "rangemode": "tozero"},
    }  # fmt: skip
    return {"data": data, "layout": layout, "label": f"Inflammation at the last week, multiple of now: {said}"}


def _html(x: PatientResult) -> dict[str, Any]:
    r = x.recipe
    end = x.courses[x.courses.week == x.courses.week.max()]
    rows = [
        [c["drug"], f"{c['inflammation']:.2f}", f"{c['low']:.2f} to {c['high']:.2f}"] for c in end.to_dict("records")
    ]
    state = []
    for s in x.state.to_dict("records"):
        seen = "–" if s["seen"] is None or s["seen"] != s["seen"] else f"{s['seen']:.3g}"
        state.append(
            [written(s["measure"]), s["unit"], seen, f"{s['posterior']:.3g}", f"{s['low']:.3g} to {s['high']:.3g}"]
        )
    kinds = [
        [e["endotype"], f"{100 * e['population']:.0f}", f"{100 * e['patient']:.0f}"]
        for e in x.endotypes.to_dict("records")
    ]
    best = [
        [written(b["measure"]), f"{100 * max(b['variance removed'], 0):.0f}", f"{100 * max(b['null'], 0):.0f}"]
        for b in x.next_measurement.head(6).to_dict("records")
    ]
    warned = [tags.p(tags.strong("Warning: "), w, class_="note") for w in x.warnings]
    return {
        "said": TagList(tags.p(tags.strong(str(r["notice"])), f" {r['effective']:.0f} effective of {r['population']} virtual patients.", class_="answer"), *warned),
        "courses": shell.folded("This figure as a table", shell.table(["drug", "inflammation, multiple of now", "90 % interval"], rows, "At the last week")),
        "state": shell.table(["measure", "unit", "seen", "posterior", "90 % interval"], state, "Level before treatment"),
        "endotypes": shell.table(["endotype", "population, %", "this patient, %"], kinds, "Endotype"),
        "next": shell.table(["measure", "variance removed, %", "by chance, %"], best, "Share of the variance of the predicted effect that one more measurement removes"),
        "notes": tags.p(str(r["notice"]), class_="note"),
    }  # fmt: skip
