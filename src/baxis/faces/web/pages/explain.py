"""The Explain page: where a drug's effect is lost between target and endpoint, and what carries the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags

from baxis import axis
from baxis.core.errors import BaxisError
from baxis.core.storing.written import fixed
from baxis.faces.web.frame import asked, shell, work
from baxis.faces.web.page_list import Answer
from baxis.insight.explain import Explanation, explain

RESULTS = work.Cache(32)
PATIENTS = 100
BLUE, ORANGE = "#0072b2", "#b2541a"


def form(query: Mapping[str, str]) -> Any:
    """Fields, filled from the address."""
    codes = [c for c in axis.diseases() if c != "healthy"]
    dose: dict[str, Any] = {"type": "text", "maxlength": "80", "value": query.get("dose", "")}
    return tags.fieldset(
        tags.legend("Drug"),
        shell.field("disease", "Disease", shell.choice(codes, query.get("disease", "SLE"))),
        shell.field("drug", "Drug", shell.choice(axis.drugs(), query.get("drug", "fenebrutinib"))),
        shell.field("dose", "Dose in place of a trial's", tags.input(dose), hint="Such as: 200 mg po bid. Empty: as a trial gave it."),
        shell.field("seed", "Seed", shell.number(query.get("seed", "1"))),
    )  # fmt: skip


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        shell.slot("said"),
        tags.div(tags.h2("From target to endpoint"), shell.figure("stages", 300), shell.slot("stages"), class_="panel"),
        tags.div(tags.h2("Where inflammation goes"), shell.figure("ladder", 200), shell.slot("ladder"), class_="panel"),
        tags.div(tags.h2("Escapes"), shell.slot("routes"), class_="panel"),
        shell.slot("notes"),
    )


def answer(form: Mapping[str, str]) -> Answer:
    """`baxis explain` on a hundred virtual patients."""
    seed = asked.whole(form.get("seed", "1"))
    if seed is None:
        return Answer(faults={"seed": f"{form['seed']!r} is no seed; allowed: a whole number of up to nine digits"})
    key = form.get("drug", "fenebrutinib"), form.get("disease", "SLE"), form.get("dose", "").strip(), seed
    try:
        found: Explanation = RESULTS.get(key, lambda: explained(*key))
    except BaxisError as e:
        return Answer(faults={asked.place(e, ("disease", "drug"), "dose" if key[2] else "drug"): asked.told(e)})
    html = {"said": _said(found), "notes": _notes(found)} | _tables(found)
    steps = [(r["step"], r["takes_pct"], (r["ci_low"], r["ci_high"])) for r in found.ladder.to_dict("records")]
    falls = [(r["read_out"], r["fall_pct"], (r["ci_low"], r["ci_high"])) for r in found.stages.to_dict("records")]
    return Answer(html, shell.marked({
        "stages": bars(falls, "fall, % of no drug"),
        "ladder": bars(steps, "inflammation taken off, %"),
    }, found.recipe))  # fmt: skip


def explained(drug: str, disease: str, dose: str, seed: int) -> Explanation:
    """The explanation of a drug, with one thread so that other visitors keep theirs."""
    return explain(drug, disease, dose=dose or None, patients=PATIENTS, seed=seed, threads=1, progress=work.progress)


def bars(rows: list[tuple[str, float, tuple[float, float]]], title: str) -> dict[str, Any]:
    """Horizontal bars with their intervals, first row on top."""
    y = [r[0] for r in rows]
    data = {
        "type": "bar", "orientation": "h", "x": [r[1] for r in rows], "y": y,
        "marker": {"color": [BLUE if r[1] >= 0 else ORANGE for r in rows]},
        "error_x": {"type": "data", "symmetric": False, "array": [r[2][1] - r[1] for r in rows],
                    "arrayminus": [r[1] - r[2][0] for r in rows], "color": "#16222e", "thickness": 1.2, "width": 3},
    }  # fmt: skip
    layout = {
        "height": 80 + 26 * len(rows), "margin": {"l": 10, "r": 16, "t": 8, "b": 46}, "showlegend": False, "bargap": 0.35,
        "xaxis": {"title": {"text": title}, "gridcolor": "#eef1f4", "zerolinecolor": "#8a97a3"},
        "yaxis": {"autorange": "reversed", "automargin": True, "categoryorder": "array", "categoryarray": y, "showgrid": False},
    }  # fmt: skip
    digits = 2 if all(abs(v) <= 1 for _, v, _ in rows) else 0
    said = "; ".join(f"{n} {fixed(v, digits)}" for n, v, _ in rows)
    return {"data": [data], "layout": layout, "label": f"{title}: {said}", "narrow": {"font": {"size": 10}}}


def _said(x: Explanation) -> Any:
    s, e = x.scenario, x.effect
    said = tags.p(
        f"{s.regimen} in {s.design.disease} ({s.origin}). {s.endpoint.name} at week {s.endpoint.week:g}: {e['difference']:+.1f} "
        f"{e['unit']} against no drug ({e['ci_low']:.1f} to {e['ci_high']:.1f}). {x.predicted} Most of what remains: {x.held_by}.",
        class_="answer",
    )
    return TagList(said, shell.told(x.recipe))


def _tables(x: Explanation) -> dict[str, Any]:
    def span(r: Mapping[Any, Any]) -> str:
        return f"{r['ci_low']:.1f} to {r['ci_high']:.1f}"

    falls = [
        [
            r["stage"],
            r["read_out"],
            f"{r['fall_pct']:.0f}",
            span(r),
            f"{r['patients_p5']:.0f} to {r['patients_p95']:.0f}",
        ]
        for r in x.stages.to_dict("records")
    ]
    steps = [[r["step"], f"{r['takes_pct']:.1f}", span(r)] for r in x.ladder.to_dict("records")]
    routes = [[r["route"], f"{r['shapley_pct']:.1f}", span(r)] for r in x.routes.to_dict("records")]
    arms = [[r["arm"], f"{r['carries_pct']:.1f}", span(r)] for r in x.arms.to_dict("records")]
    note = "In % of the inflammation without the drug."
    return {
        "stages": shell.folded("This figure as a table", shell.table(
            ["stage", "read-out", "fall, %", "90 % interval", "5 to 95 % of patients"], falls,
            "Fall of each step under the drug in the last four weeks, median patient")),
        "ladder": shell.folded("This figure as a table", shell.table(["step", "takes, %", "90 % interval"], steps, note)),
        "routes": TagList(
            shell.table(["escape", "Shapley share, %", "90 % interval"], routes, f"Escapes closed on top of the drug. {note}"),
            shell.table(["tissue arm", "carries, %", "90 % interval"], arms, f"What carries the rest under the drug. {note}"),
        ),
    }  # fmt: skip


def _notes(x: Explanation) -> Any:
    r = x.recipe
    lines = [
        f"{r['patients']} virtual patients, {r['failures']} solver failures; intervals: {r['intervals']}. `baxis explain` takes more patients.",
        f"Zero dose against no drug: {x.null:g} (must be 0).",
        str(r["notice"]),
    ]  # fmt: skip
    return TagList(*(tags.p(shell.words(t), class_="note") for t in lines))
