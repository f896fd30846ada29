"""The Combine page: two drugs together, dose by dose, against named nulls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.core.errors import BaxisError, UnknownName
from baxis.faces.web.frame import asked, shell, work
from baxis.faces.web.page_list import Answer
from baxis.insight.combine import Combination, combine

RESULTS = work.Cache(24)
PATIENTS = 40
STRUCTURES = {"additive": "arms of inflammation add", "product": "arms of inflammation multiply"}
SHOWN = ("effect", "IgG loss", "B-cell depletion")


def form(query: Mapping[str, str]) -> Any:
    """Fields, filled from the address."""
    codes = [c for c in axis.diseases() if c != "healthy"]
    drugs = axis.drugs()
    return tags.fieldset(
        tags.legend("Combination"),
        shell.field("disease", "Disease", shell.choice(codes, query.get("disease", "SLE"))),
        shell.field("first", "First drug", shell.choice(drugs, query.get("first", "elsubrutinib"))),
        shell.field("second", "Second drug", shell.choice(drugs, query.get("second", "upadacitinib"))),
        shell.field("gap", "Second begins after", shell.number(query.get("gap", "0")), unit="weeks"),
        shell.field("show", "Surface of", shell.choice(SHOWN, query.get("show", "effect"))),
        shell.field("structure", "Structure", shell.choice(STRUCTURES, query.get("structure", "additive"))),
        shell.field("seed", "Seed", shell.number(query.get("seed", "1"))),
    )


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        shell.slot("said"),
        tags.div(tags.h2("Dose by dose"), shell.figure("surface", 380), shell.slot("surface"), class_="panel"),
        tags.div(tags.h2("More than expected?"), shell.slot("synergy"), class_="panel"),
        shell.slot("notes"),
    )


def answer(form: Mapping[str, str]) -> Answer:
    """`baxis combine` on forty virtual patients."""
    seed, gap = asked.whole(form.get("seed", "1")), asked.decimal(form.get("gap", "").strip() or "0")
    wrong = _wrong(form)
    if seed is None:
        wrong["seed"] = f"{form['seed']!r} is no seed; allowed: a whole number of up to nine digits"
    if gap is None or not 0 <= gap <= 20:
        wrong["gap"] = f"{form.get('gap')!r} weeks; allowed: a number from 0 to 20"
    if wrong or seed is None or gap is None:
        return Answer(faults=wrong)
    key = (
        (form.get("first", "elsubrutinib"), form.get("second", "upadacitinib")),
        form.get("disease", "SLE"),
        gap,
        seed,
    )
    try:
        found: Combination = RESULTS.get(key, lambda: together(*key))
    except BaxisError as e:
        return Answer(faults={asked.place(e, ("disease",), "second"): asked.told(e)})
    show, structure = form.get("show", "effect"), form.get("structure", "additive")
    html = {
        "said": TagList(_said(found), shell.told(found.recipe)),
        "surface": _cells(found),
        "synergy": _synergy(found),
        "notes": _notes(found),
    }
    return Answer(html, shell.marked({"surface": surface(found, show, structure)}, found.recipe))


def _wrong(form: Mapping[str, str]) -> dict[str, str]:
    """Drugs, surfaces and structures that there are not, by field."""
    allowed = {"first": axis.drugs(), "second": axis.drugs(), "show": SHOWN, "structure": tuple(STRUCTURES)}
    kinds = {"first": "drug", "second": "drug", "show": "surface", "structure": "structure"}
    return {
        n: str(UnknownName(kinds[n], form[n], known))
        for n, known in allowed.items()
        if n in form and form[n] not in known
    }


def together(drugs: tuple[str, str], disease: str, gap: float, seed: int) -> Combination:
    """The combination, with one thread so that other visitors keep theirs."""
    settings = Settings(patients=PATIENTS, seed=seed, threads=1, progress=work.progress)
    return combine(list(drugs), disease, gap_weeks=gap, settings=settings)


def surface(x: Combination, show: str, structure: str) -> dict[str, Any]:
    """Heat map over the doses of both drugs (1: the usual dose), values written in the cells."""
    rows = x.surface[x.surface.structure == structure]
    cells = {tuple(r["doses"]): 100 * r[show] for r in rows.to_dict("records")}
    levels = sorted({d[0] for d in cells if d[1]} & {d[1] for d in cells if d[0]} | {0.0})
    z = [[cells.get((a, b)) for a in levels] for b in levels]
    text = [["" if v is None else f"{v:.0f}" for v in line] for line in z]
    ticks = [f"{v:g} ×" for v in levels]
    data = {
        "type": "heatmap", "x": ticks, "y": ticks, "z": z, "text": text, "texttemplate": "%{text}", "colorscale": "Cividis",
        "colorbar": {"title": {"text": f"{show}, %"}, "thickness": 12},
        "hovertemplate": f"{x.drugs[0]} %{{x}}, {x.drugs[1]} %{{y}}: %{{z:.1f}} %<extra></extra>",
    }  # fmt: skip
    layout = {
        "height": 380, "margin": {"l": 10, "r": 10, "t": 8, "b": 46},
        "xaxis": {"title": {"text": f"{x.drugs[0]}, usual dose"}, "type": "category"},
        "yaxis": {"title": {"text": f"{x.drugs[1]}, usual dose"}, "type": "category", "automargin": True},
    }  # fmt: skip
    both = cells.get((1.0, 1.0))
    said = "" if both is None else f"; both at the usual dose {both:.0f} %"
    return {"data": [data], "layout": layout, "label": f"{show} by dose of {x.drugs[0]} and {x.drugs[1]}{said}"}


def _span(v: float, pair: list[float], sign: str = "") -> str:
    return f"{100 * v:{sign}.1f} ({100 * pair[0]:{sign}.1f} to {100 * pair[1]:{sign}.1f})"


NULLS = {
    "HSA": "the better drug alone (HSA)", "Bliss": "independence (Bliss)", "Loewe": "dose additivity (Loewe)",
    "ZIP": "unchanged potency (ZIP)",
}  # fmt: skip


def _said(x: Combination) -> Any:
    rows = {(r["structure"], tuple(r["doses"])): r for r in x.surface.to_dict("records")}
    pair, one, two = (rows["additive", d]["effect"] for d in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0)))
    top = next(r for r in x.synergy.to_dict("records") if tuple(r["doses"]) == (1.0, 1.0))
    return tags.p(
        f"{' + '.join(x.drugs)} in {x.disease}: {100 * pair:.0f} % of tissue inflammation taken off at week {x.recipe['weeks']:g}, alone "
        f"{100 * one:.0f} and {100 * two:.0f} %. Against {NULLS[top['null']]}: {top['verdict']}.",
        class_="answer",
    )


def _cells(x: Combination) -> Any:
    full = x.surface[x.surface["doses"].map(lambda d: set(d) <= {0.0, 1.0})]
    rows = []
    for r in full.to_dict("records"):
        given = " + ".join(n for n, d in zip(x.drugs, r["doses"], strict=True) if d) or "none"
        rows.append([given, STRUCTURES[r["structure"]], *(_span(r[n], r[f"{n} 90 %"]) for n in SHOWN)])
    head = ["given", "structure", "effect, %", "IgG loss, %", "B cells lost, %"]
    return shell.folded("Usual doses as a table", shell.table(head, rows, "With 90 % intervals"))


def _synergy(x: Combination) -> Any:
    rows = [
        [NULLS[r["null"]], *(_span(r[s], r[f"{s} 90 %"], "+") for s in STRUCTURES), r["verdict"]]
        for r in x.synergy.to_dict("records")
        if tuple(r["doses"]) == (1.0, 1.0)
    ]
    head = ["null", "excess if arms add", "excess if arms multiply", "under both"]
    return shell.table(head, rows, "Excess of the pair at usual doses over each null, points of effect, 90 % interval")


def _notes(x: Combination) -> Any:
    r = x.recipe
    lines = [
        *x.flags,
        f"Setting of {r['setting']}; {'; '.join(r['regimens'])}. {r['patients']} virtual patients, {r['failures']} solver failures. How arms of "
        "inflammation combine decides much of the sign of synergy: a verdict holds under both ways, or says that it does not.",
        str(r["notice"]),
    ]
    return TagList(*(tags.p(t, class_="note") for t in lines))
