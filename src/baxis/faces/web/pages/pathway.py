"""The Pathway page: BCR signalling as a map of the model, coloured by a disease or an inhibitor, minutes after a stimulus."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from shiny.ui import TagList, tags

from baxis import axis, evidence
from baxis.axis.pathway import isolated
from baxis.axis.pathway.stimulation import CELLS, READOUTS, Stimulation, stimulate, table
from baxis.axis.tables import ledger
from baxis.core.errors import BaxisError, UnknownName
from baxis.faces.web.frame import asked, shell, work
from baxis.faces.web.page_list import Answer
from baxis.faces.web.pages import pathway_figure

CLAIMED = {
    "pSYK": "SYK", "pCD79": "CD79A", "pCD19": "CD19", "PIP3": "PIK3CD", "pBTK": "BTK", "pPLCG2": "PLCG2", "pERK": "MAPK1",
    "pAKT": "AKT1", "IKK": "IKBKB", "NF-kB": "RELA", "NFAT": "NFATC1", "p52": "NFKB2", "TLR": "TLR7", "pCD22": "CD22",
    "FOXO1": "FOXO1", "mTORC1": "MTOR", "CD69": "CD69",
}  # fmt: skip
UNITS = {"nM": "nM", "uM": "uM", "ng/mL": "ng/mL"}
MINUTES = tuple(isolated.MINUTES)
ACTS_ON = {"btk", "syk", "pi3k", "tlr", "jak1", "jak3", "tyk2"}


@lru_cache(maxsize=1)
def inhibitors() -> tuple[str, ...]:
    """Drugs that act inside the cell, as `stimulate` takes them."""
    return tuple(d for d in axis.drugs() if ACTS_ON & set(axis.drug(d).actions))


@lru_cache(maxsize=128)
def course(stimulus: str, cell: str, disease: str, inhibitor: str) -> Stimulation:
    """The course of one cell (`baxis stimulate`)."""
    return stimulate([stimulus], cell, disease=disease, inhibitors=[inhibitor] if inhibitor else [])


def form(query: Mapping[str, str]) -> Any:
    """Fields, filled from the address."""
    codes = {"healthy": "healthy"} | {c: c for c in axis.diseases() if c != "healthy"}
    drugs = {"": "none"} | {d: d for d in inhibitors()}
    return TagList(
        tags.fieldset(
            tags.legend("Cell"),
            shell.field("disease", "Signalling of", shell.choice(codes, query.get("disease", "healthy"))),
            shell.field("cell", "B cell", shell.choice(CELLS, query.get("cell", "naive"))),
        ),
        tags.fieldset(
            tags.legend("Stimulus"),
            shell.field("stimulus", "Ligand", shell.choice(list(table()), query.get("stimulus", "anti-IgM"))),
            tags.div(
                shell.field("conc", "Concentration", shell.number(query.get("conc", "10"))),
                shell.field("unit", "Unit", shell.choice(["ug/mL", "ng/mL", "nM", "uM", "IU/mL", "1"], query.get("unit", "ug/mL"))),
                class_="row2",
            ),
            _time(query.get("minute", str(MINUTES.index(5)))),
        ),
        tags.fieldset(
            tags.legend("Inhibitor, an hour before"),
            shell.field("drug", "Drug", shell.choice(drugs, query.get("drug", "fenebrutinib"))),
            tags.div(
                shell.field("dose", "Concentration", shell.number(query.get("dose", "100"))),
                shell.field("dose_unit", "Unit", shell.choice(UNITS, query.get("dose_unit", "nM"))),
                class_="row2",
            ),
        ),
        tags.fieldset(
            tags.legend("Detail"),
            shell.field("node", "Node", shell.choice(list(READOUTS), query.get("node", "pBTK")), hint="Or choose a node of the map."),
        ),
    )  # fmt: skip


def _time(minute: str) -> Any:
    """The slider over the steps of the courses; it says the time in words."""
    words = "|".join(when(k) for k in range(len(MINUTES)))
    ends: dict[str, Any] = {
        "type": "range",
        "min": "0",
        "max": str(len(MINUTES) - 1),
        "step": "1",
        "value": minute,
        "data-words": words,
    }
    hint = "30 seconds to two days, in the steps of the courses."
    return shell.field("minute", "Time after the stimulus", tags.input(ends), hint=hint, shows=minute)


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        tags.div(tags.h2("Map"), shell.slot("said"), shell.figure("map", 520), shell.slot("table"), class_="panel"),
        tags.div(shell.figure("course", 280), shell.slot("node"), class_="panel"),
    )


def answer(form: Mapping[str, str]) -> Answer:
    """The asked cell beside a healthy cell without inhibitor under the same stimulus."""
    faults: dict[str, str] = {}
    step, node = _step(form, faults), form.get("node", "pBTK")
    _choices(form, faults)
    if node not in READOUTS:
        faults["node"] = f"unknown node {node!r}; allowed: {', '.join(READOUTS)}"
    stimulus = (
        f"{form.get('stimulus', 'anti-IgM')} {form.get('conc', '10').replace(',', '.')} {form.get('unit', 'ug/mL')}"
    )
    drug = form.get("drug", "")
    given = f"{drug} {form.get('dose', '100').replace(',', '.')} {form.get('dose_unit', 'nM')}" if drug else ""
    cell, disease = form.get("cell", "naive"), form.get("disease", "healthy")
    try:
        base = course(stimulus, cell, "healthy", "") if not faults else None
    except BaxisError as e:
        return Answer(faults=faults | {"cell" if "cell" in str(e)[:15] else "conc": str(e)})
    if base is None:
        return Answer(faults=faults)
    try:
        seen = course(stimulus, cell, disease, given)
    except BaxisError as e:
        return Answer(faults=faults | {"dose" if drug else "disease": str(e)})
    change = changes(base, seen, step)
    words = f"{disease}, {given or 'no inhibitor'}"
    html = {
        "said": _said(words, stimulus, step, change),
        "table": shell.folded("This map as a table", _rows(base, seen, step)),
        "node": _node(node),
    }
    figures = {"map": pathway_figure.network(change), "course": pathway_figure.lines(node, base, seen, (words, step))}
    return Answer(html, figures)


def _choices(form: Mapping[str, str], faults: dict[str, str]) -> None:
    """Diseases, cells, ligands, drugs and numbers that there are not, by field."""
    allowed = {
        "disease": axis.diseases(),
        "cell": tuple(CELLS),
        "stimulus": tuple(table()),
        "drug": ("", *inhibitors()),
    }
    for name, known in allowed.items():
        if name in form and form[name] not in known:
            faults[name] = str(UnknownName(name, form[name], [k for k in known if k]))
    for name in ("conc", "dose"):
        if name in form and asked.decimal(form[name]) is None and not (name == "dose" and not form.get("drug")):
            faults[name] = f"CONCENTRATION: got {form[name]!r}; allowed: a number"


def _step(form: Mapping[str, str], faults: dict[str, str]) -> int:
    text = form.get("minute", "8")
    step = asked.whole(text)
    if step is not None and step < len(MINUTES):
        return step
    faults["minute"] = f"{text!r} is no step of the courses; allowed: 0 to {len(MINUTES) - 1}"
    return 0


def changes(base: Stimulation, asked: Stimulation, step: int) -> dict[str, float]:
    """Difference of each read-out from the healthy cell at a time, as a share of the largest healthy value."""
    out = {}
    for name, y in base.values.items():
        top = float(np.max(np.abs(y)))
        out[name] = float(asked.values[name][step] - y[step]) / top if top > 0 else 0.0
    return out


def when(step: int) -> str:
    """Time of a step in words."""
    m = MINUTES[step]
    return f"{60 * m:g} s" if m < 1 else f"{m:g} min" if m < 120 else f"{m / 60:g} h"


def _said(words: str, stimulus: str, step: int, change: Mapping[str, float]) -> Any:
    most = sorted(change, key=lambda n: -abs(change[n]))[:3]
    parts = (
        ", ".join(f"{n} {pathway_figure.percent(change[n])}" for n in most if abs(change[n]) >= 0.005)
        or "no read-out differs"
    )
    return TagList(
        tags.p(f"{words}; {when(step)} after {stimulus}: {parts}.", class_="answer"),
        tags.p("Differences from a healthy cell without inhibitor under the same stimulus, in % of that cell's largest "
               "value. Arrows: the equation of one read-out holds the other, directly or through a step that is not drawn.", class_="note"),
    )  # fmt: skip


def _rows(base: Stimulation, asked: Stimulation, step: int) -> Any:
    change = changes(base, asked, step)
    rows = [
        [n, f"{base.values[n][step]:.4f}", f"{asked.values[n][step]:.4f}", f"{100 * change[n]:+.1f}"] for n in READOUTS
    ]
    return shell.table(
        ["read-out", "healthy cell", "asked cell", "difference, %"], rows, f"Activities at {when(step)}, model units"
    )


def _node(name: str) -> Any:
    numbers = ledger.load()
    rows = [
        [n, f"{p.value:g}", p.unit, p.kind, " ".join(p.claims), p.place or p.source, p.rationale]
        for n in pathway_figure.reached(name)[1]
        if (p := numbers.get(n)) is not None
    ]
    claims = []
    if name in CLAIMED:
        try:
            found = evidence.claims(work.tables(), gene=CLAIMED[name]).to_dict("records")
        except BaxisError:
            found = []  # no claim names this gene
        claims = [
            [r["claim_id"], r["disease"] or "any", r["statement"], shell.cited(r["source"]), r["provenance"]]
            for r in found
        ]
    of = f" about {CLAIMED[name]}" if name in CLAIMED else ""
    return TagList(
        tags.h2(name),
        shell.table(["parameter", "value", "unit", "kind", "claims", "source", "why"], rows, "Parameters of its equation and of the steps before it that are not drawn", "None."),
        shell.folded(f"Claims{of}: {len(claims)}", shell.table(["claim", "disease", "statement", "source", "checked"], claims, empty="No claim is filed under this node.")),
    )  # fmt: skip
