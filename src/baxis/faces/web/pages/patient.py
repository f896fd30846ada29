"""The Patient page: laboratory values typed or read from a file, the posterior, and predicted courses. Research only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people.labs import measures, written
from baxis.core.errors import BaxisError, UnknownName
from baxis.faces.web.frame import asked, shell, work
from baxis.faces.web.page_list import Answer
from baxis.insight.patient import PatientResult, patient
from baxis.insight.patient.beside import when
from baxis.insight.patient.file import read_text
from baxis.insight.patient.predict import LEAST_REMOVED, NONE_REMOVES

RESULTS = work.Cache(8)
EXAMPLE = "day,measure,value,unit\n-28,C3,0.62,g/L\n-28,IgG,18.5,g/L\n0,C3,0.58,g/L\n0,C4,0.07,g/L\n0,BAFF,1.9,ng/mL\n"
COLOURS = ("#0072b2", "#b2541a", "#117733", "#7a5195", "#555555")
MOST_DRUGS = 4
LARGEST = 20_000  # characters of a patient's values


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
        tags.div(
            tags.h2("Predicted course"), shell.slot("warned"), shell.figure("courses", 330), shell.figure("score", 330),
            shell.slot("courses"), class_="panel",
        ),
        tags.div(tags.h2("What the values say"), shell.slot("state"), shell.slot("endotypes"), class_="panel"),
        tags.div(tags.h2("What to measure next"), shell.slot("next"), class_="panel"),
        shell.slot("notes"),
    )  # fmt: skip


def answer(form: Mapping[str, str]) -> Answer:
    """`baxis patient` on what was typed."""
    text = form.get("values", EXAMPLE)
    drugs = tuple(d.strip() for d in form.get("drugs", "rituximab, belimumab").split(",") if d.strip())
    if not 1 <= len(drugs) <= MOST_DRUGS:
        return Answer(faults={"drugs": f"{len(drugs)} drugs; allowed: 1 to {MOST_DRUGS}, with commas between"})
    disease = form.get("disease", "SLE")
    if len(text.encode()) > LARGEST:
        return Answer(
            faults={
                "values": f"{len(text.encode()) / 1000:.0f} kB; allowed: at most {LARGEST / 1000:g} kB: use `baxis patient FILE.csv`"
            }
        )
    if disease not in axis.diseases() or disease == "healthy":
        return Answer(
            faults={"disease": str(UnknownName("disease", disease, [c for c in axis.diseases() if c != "healthy"]))}
        )
    try:
        read_text(text, "values", disease)
    except BaxisError as e:
        return Answer(faults={"values": asked.told(e)})
    key = hashlib.sha256(text.encode()).hexdigest(), disease, drugs
    try:
        found: PatientResult = RESULTS.get(key, lambda: inferred(text, disease, drugs))
    except BaxisError as e:
        return Answer(faults={"drugs": asked.told(e)})
    figures = {"courses": courses(found), "score": courses(found, ("score", "score_low", "score_high"))}
    return Answer(_html(found), shell.marked(figures, found.recipe))


def inferred(text: str, disease: str, drugs: tuple[str, ...]) -> PatientResult:
    """Posterior and predictions of the patient described by a CSV text."""
    visits = read_text(text, "values", disease)
    return patient(visits, disease, drugs, Settings(threads=1, progress=work.progress))


def courses(x: PatientResult, columns: tuple[str, str, str] = ("inflammation", "low", "high")) -> dict[str, Any]:
    """Inflammation as a multiple of now, or the score, under each drug, with 90 % bands. columns: middle, low, high."""
    data: list[dict[str, Any]] = []
    middle, low, high = columns
    for colour, (drug, rows) in zip(COLOURS * 2, x.courses.groupby("drug", sort=False), strict=False):
        week = rows.week.tolist()
        band = {"x": week + week[::-1], "y": rows[high].tolist() + rows[low].tolist()[::-1], "fill": "toself"}
        shape = {"type": "scatter", "mode": "lines"}
        data.append(
            {
                **band,
                **shape,
                "fillcolor": colour + "26",
                "line": {"width": 0},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
        data.append({"x": week, "y": rows[middle].tolist(), **shape, "name": str(drug), "line": {"color": colour}})
    what = "inflammation, multiple of now" if middle == "inflammation" else str(x.recipe["score"])
    end = x.courses[x.courses.week == x.courses.week.max()].to_dict("records")
    said = "; ".join(f"{r['drug']} {r[middle]:.2f}" for r in end)
    layout = {
        "height": 330, "margin": {"l": 10, "r": 10, "t": 8, "b": 46}, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"title": {"text": "week"}}, "yaxis": {"title": {"text": what, "standoff": 8}, "automargin": True, "rangemode": "tozero"},
    }  # fmt: skip
    return {"data": data, "layout": layout, "label": f"{what[0].upper()}{what[1:]} at the last week: {said}"}


def _visits(x: PatientResult) -> Any:
    """Every value and score beside the posterior at its visit, and what was never measured, as `baxis patient` prints it."""
    rows = [
        [when(s), written(s["measure"]), s["unit"], f"{s['sign']}{s['seen']:.3g}", f"{s['posterior']:.3g}", _span(s)]
        for s in x.past.to_dict("records")
    ]
    hidden = [s for s in x.state.to_dict("records") if s["seen"] is None or s["seen"] != s["seen"]]
    never = [[written(s["measure"]), s["unit"], f"{s['posterior']:.3g}", _span(s)] for s in hidden]
    seen = shell.table(["day", "measure", "unit", "seen", "posterior", "90 % interval"], rows, "At each visit")
    return TagList(
        seen, shell.table(["not measured", "unit", "posterior", "90 % interval"], never, "Now", "") if never else ""
    )


def _next(x: PatientResult) -> Any:
    """What one more measurement would narrow; said in words where none narrows anything worth telling."""
    rows = x.next_measurement.head(6).to_dict("records")
    if rows and not any(b["variance removed"] >= LEAST_REMOVED for b in rows):
        return tags.p(f"Of further measurements {NONE_REMOVES}", class_="note")
    cells = [
        [written(b["measure"]), f"{100 * max(b['variance removed'], 0):.1f}", f"{100 * max(b['null'], 0):.1f}"]
        for b in rows
    ]
    head = ["measure", "variance removed, %", "by chance, %"]
    return shell.table(head, cells, "Share of the variance of the predicted effect that one more measurement removes")


def _span(row: Mapping[str, Any]) -> str:
    return f"{row['low']:.3g} to {row['high']:.3g}"


def _html(x: PatientResult) -> dict[str, Any]:
    r = x.recipe
    end = x.courses[x.courses.week == x.courses.week.max()]
    rows = [
        [c["drug"], f"{c['inflammation']:.2f}", f"{c['low']:.2f} to {c['high']:.2f}", f"{c['score']:.1f}",
         f"{c['score_low']:.1f} to {c['score_high']:.1f}"] for c in end.to_dict("records")
    ]  # fmt: skip
    head = ["drug", "inflammation, multiple of now", "90 % interval", str(r["score"]), "90 % interval"]
    kinds = [
        [e["endotype"], f"{100 * e['population']:.0f}", f"{100 * e['patient']:.0f}"]
        for e in x.endotypes.to_dict("records")
    ]
    warned = TagList(*(tags.p(tags.strong("Warning: "), w, class_="note") for w in x.warnings))
    read = [tags.p("Read: ", "; ".join(r["read"]), ".", class_="note")] if r["read"] else []
    return {
        "said": TagList(tags.p(tags.strong(str(r["notice"])), f" {r['effective']:.0f} effective of {r['population']} virtual patients.", class_="answer"), warned, *read, shell.told(r)),
        "warned": warned,
        "courses": shell.folded("These figures as a table", shell.table(head, rows, "At the last week")),
        "state": _visits(x),
        "endotypes": shell.table(["endotype", "population, %", "this patient, %"], kinds, "Endotype"),
        "next": _next(x),
        "notes": tags.p(str(r["notice"]), class_="note"),
    }  # fmt: skip
