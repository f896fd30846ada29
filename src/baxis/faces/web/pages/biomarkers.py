"""The Biomarkers page: which baseline marker tells who benefits from a drug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.core.errors import BaxisError
from baxis.core.storing.written import p_value
from baxis.faces.web.frame import asked, shell, work
from baxis.faces.web.page_list import Answer
from baxis.faces.web.pages.explain import bars
from baxis.insight.biomarkers import Biomarkers, biomarkers

RESULTS = work.Cache(32)
PATIENTS = 400


def form(query: Mapping[str, str]) -> Any:
    """Fields, filled from the address."""
    codes = [c for c in axis.diseases() if c != "healthy"]
    dose: dict[str, Any] = {"type": "text", "maxlength": "80", "value": query.get("dose", "")}
    return tags.fieldset(
        tags.legend("Drug"),
        shell.field("disease", "Disease", shell.choice(codes, query.get("disease", "SLE"))),
        shell.field("drug", "Drug", shell.choice(axis.drugs(), query.get("drug", "anifrolumab"))),
        shell.field("dose", "Dose in place of a trial's", tags.input(dose), hint="Such as: 300 mg iv q4w. Empty: as a trial gave it."),
        shell.field("seed", "Seed", shell.number(query.get("seed", "1"))),
    )  # fmt: skip


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        shell.slot("said"),
        tags.div(tags.h2("Who benefits"), shell.figure("benefit", 360), shell.slot("markers"), class_="panel"),
        shell.slot("notes"),
    )


def answer(form: Mapping[str, str]) -> Answer:
    """`baxis biomarkers` on four hundred virtual patients."""
    seed = asked.whole(form.get("seed", "1"))
    if seed is None:
        return Answer(faults={"seed": f"{form['seed']!r} is no seed; allowed: a whole number of up to nine digits"})
    key = form.get("drug", "anifrolumab"), form.get("disease", "SLE"), form.get("dose", "").strip(), seed
    try:
        found: Biomarkers = RESULTS.get(key, lambda: ranked(*key))
    except BaxisError as e:
        return Answer(faults={asked.place(e, ("disease", "drug"), "dose" if key[2] else "drug"): asked.told(e)})
    rows = found.table.to_dict("records")
    error = 1.645 / found.recipe["patients"] ** 0.5  # large-sample error of a rank correlation
    values = [(str(r["label"]), r["with_benefit"], _around(r["with_benefit"], error)) for r in rows]
    html = {
        "said": TagList(_said(found), shell.told(found.recipe)),
        "markers": _table(found, rows),
        "notes": _notes(found),
    }
    return Answer(html, shell.marked({"benefit": bars(values, "rank correlation with benefit")}, found.recipe))


def _around(r: float, error: float) -> tuple[float, float]:
    return max(r - error, -1.0), min(r + error, 1.0)


def ranked(drug: str, disease: str, dose: str, seed: int) -> Biomarkers:
    """The ranking, with one thread so that other visitors keep theirs."""
    settings = Settings(patients=PATIENTS, seed=seed, threads=1, progress=work.progress)
    return biomarkers(drug, disease, dose=dose or None, settings=settings)


def _said(x: Biomarkers) -> Any:
    s = x.scenario
    names = {str(r["marker"]): str(r["label"]) for r in x.table.to_dict("records")}
    found = ", ".join(names[m] for m in x.found) or "none"
    return tags.p(
        f"{s.regimen} in {s.design.disease} ({s.origin}). Markers that tell who benefits, at a false-discovery rate of 5 %: {found}. "
        f"All together, cross-validated: {x.composite:.2f} (by chance up to {x.composite_null:.2f}).",
        class_="answer",
    )


def _table(x: Biomarkers, rows: list[dict[Any, Any]]) -> Any:
    share = x.recipe["unit"] == "share"
    scale, unit = (100, "points of responders") if share else (1, "points")
    cells = [
        [r["label"], f"{r['with_benefit']:.2f}", p_value(r["p"], 3), p_value(r["q"], 3), f"{r['with_outcome']:.2f}",
         f"{scale * r['gain_high']:.1f}", f"{scale * r['gain_low']:.1f}"]
        for r in rows
    ]  # fmt: skip
    s = x.scenario
    head = ["marker", "with benefit", "p", "q", "with outcome undrugged", "gain, upper half", "gain, lower half"]
    note = (
        f"Rank correlations; gain of the drug in {s.endpoint.name} at week {s.endpoint.week:g} in either half, {unit}"
    )
    return shell.folded("This figure as a table", shell.table(head, cells, note), open=True)


def _notes(x: Biomarkers) -> Any:
    r = x.recipe
    lines = [
        f"{r['patients']} virtual patients, {r['failures']} solver failures. Benefit: log ratio of tissue inflammation without and with the "
        "drug in the same patient. Bars: large-sample 90 % interval over patients. A marker of pure noise stands among the others.",
        f"{r['assumed_assays']} of the assays have an assumed error. Against published subgroup findings: `baxis biomarkers --against-evidence`.",
        str(r["notice"]),
    ]
    return TagList(*(tags.p(shell.words(t), class_="note") for t in lines))
