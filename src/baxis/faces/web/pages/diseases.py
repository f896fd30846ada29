"""The Diseases page: regulators of every disease side by side, where each number comes from, what drug classes did."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags

from baxis import axis, evidence
from baxis.axis.tables.comparison import compare_diseases
from baxis.faces.web.frame import shell, work
from baxis.faces.web.page_list import Answer

MOST = 2.0  # colour ends at a fourfold change; the cell's text holds the value
SCALE = [[0.0, "#2166ac"], [0.25, "#92c5de"], [0.5, "#f7f7f7"], [0.75, "#f4a582"], [1.0, "#b2541a"]]
KINDS = {"": "every kind", "measured": "measured", "estimated": "estimated", "assumed": "assumed"}


def codes() -> list[str]:
    """Codes of the diseases, without health."""
    return [c for c in axis.diseases() if c != "healthy"]


def form(query: Mapping[str, str]) -> Any:
    """Fields, filled from the address."""
    names = {r["regulator"]: axis.label(r["regulator"]) for r in compare_diseases()}
    return tags.fieldset(
        tags.legend("Regulators"),
        shell.field("kind", "Show those with a value that is", shell.choice(KINDS, query.get("kind", ""))),
        shell.field(
            "node", "Where a number comes from", shell.choice(names, query.get("node", "btk_e")),
            hint="Or choose a cell of the figure. A value is a multiple of health unless its unit says otherwise.",
        ),
    )  # fmt: skip


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        tags.div(
            tags.h2("Regulators"),
            tags.p("What differs between the diseases in the one model: each value beside health. Blue is lower, "
                   "orange higher, on a logarithmic scale that ends at fourfold (none where health is 0); an empty cell is as in "
                   "health. A gene stands for its activity, a weight for a share of what drives the tissue; the table has units.", class_="note"),
            shell.figure("regulators", 700), shell.slot("regulators"), class_="panel",
        ),
        tags.div(shell.slot("sources"), class_="panel"),
        tags.div(tags.h2("What drug classes did in trials"), shell.slot("classes"), class_="panel"),
    )  # fmt: skip


def answer(form: Mapping[str, str]) -> Answer:
    """Regulators of the asked kind, sources of one, drug classes by disease."""
    kind, rows = form.get("kind", ""), compare_diseases()
    if kind not in KINDS:
        return Answer(faults={"kind": f"{kind!r} is not a kind; allowed: {', '.join(k for k in KINDS if k)}"})
    known = [r["regulator"] for r in rows]
    node = form.get("node", "btk_e")
    if node not in known:
        return Answer(faults={"node": f"unknown regulator {node!r}; allowed: {', '.join(known)}"})
    shown = [r for r in rows if not kind or any(_kind(c, r["regulator"]) == kind for c in codes())]
    columns = ["regulator", "in the model", "unit", "health", *codes()]
    table = [
        [axis.label(r["regulator"]), *(r[c] or "–" for c in ("regulator", "unit", "healthy", *codes()))] for r in shown
    ]
    html = {
        "regulators": shell.folded("This figure as a table", shell.table(columns, table)),
        "sources": sources(node),
        "classes": classes(),
    }
    return Answer(html, {"regulators": heatmap(shown)})


def _kind(code: str, name: str) -> str:
    found = axis.disease(code).regulators.get(name)
    return found.kind if found else ""


def heatmap(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Values as text on the colour of their logarithm against health; no colour where health is 0."""
    colour: list[list[float | None]] = []
    for r in rows:
        healthy = float(r["healthy"])
        ratios = [1.0 if healthy > 0 else 0.0]
        ratios += [float(r[c]) / healthy if r[c] and healthy > 0 else 0.0 for c in codes()]
        colour.append([max(-MOST, min(MOST, math.log2(q))) if q > 0 else None for q in ratios])
    data = {
        "type": "heatmap", "z": colour, "x": ["health", *codes()], "y": [axis.label(r["regulator"]) for r in rows],
        "text": [[r["healthy"], *(r[c] for c in codes())] for r in rows], "texttemplate": "%{text}", "colorscale": SCALE,
        "zmin": -MOST, "zmax": MOST, "xgap": 2, "ygap": 2, "showscale": False,
        "customdata": [[r["regulator"]] * (1 + len(codes())) for r in rows],
        "hovertemplate": "%{y} in %{x}: %{text}<extra></extra>",
    }  # fmt: skip
    layout = {
        "height": 60 + 23 * len(rows), "margin": {"l": 10, "r": 10, "t": 30, "b": 8}, "showlegend": False,
        "xaxis": {"side": "top", "fixedrange": True, "showgrid": False, "zeroline": False},
        "yaxis": {"autorange": "reversed", "automargin": True, "fixedrange": True, "showgrid": False, "zeroline": False},
    }  # fmt: skip
    said = f"{len(rows)} regulators in {', '.join(codes())}, beside health"
    names = [axis.label(r["regulator"]) for r in rows]
    folded = ["<br>".join(textwrap.wrap(n, 24)) for n in names]
    narrow = {
        "font": {"size": 9.5}, "xaxis": {"tickangle": 0, "tickfont": {"size": 8}},
        "yaxis": {"tickvals": names, "ticktext": folded, "tickfont": {"size": 8}},
    }  # fmt: skip
    return {"data": [data], "layout": layout, "label": said, "narrow": narrow}


def sources(name: str) -> Any:
    """Value, kind, source and reason of a regulator in each disease, then the claims cited."""
    rows, cited = [], []
    for code in codes():
        p = axis.disease(code).regulators.get(name)
        if p is not None:
            rows.append(
                [
                    code,
                    f"{p.value:g}",
                    p.unit,
                    p.kind,
                    " ".join(p.claims),
                    p.place or shell.cited(p.source),
                    p.rationale,
                ]
            )
            cited += [c for c in p.claims if c not in cited]
    claims = work.tables().frames["claims"]
    used = claims[claims["claim_id"].isin(cited)]
    said = [
        [r["claim_id"], r["disease"] or "any", r["statement"], shell.cited(r["source"]), r["provenance"]]
        for r in used.to_dict("records")
    ]
    return TagList(
        tags.h2(f"Where {axis.label(name)} comes from"),
        shell.table(["disease", "value", "unit", "kind", "claims", "source", "why"], rows),
        shell.table(["claim", "disease", "statement", "source", "checked"], said, "Claims cited",
                    "No claim is cited for this regulator."),
    )  # fmt: skip


def classes() -> Any:
    """Primary contrasts by drug class and disease: how many, and how many exclude no effect in favour of the drug."""
    found = evidence.contrasts(work.tables())
    counts: dict[tuple[str, str], list[int]] = {}
    for r in found.to_dict("records"):
        sign = float(r["benefit_sign"])
        worst = r["ci_low"] if sign > 0 else r["ci_high"]
        cell = counts.setdefault((r["class"], r["disease"]), [0, 0])
        cell[0] += 1
        cell[1] += bool(sign * worst > 0)  # differences and log ratios: no effect is 0
    names = sorted({c for c, _ in counts}, key=lambda c: (-sum(counts.get((c, d), [0])[0] for d in codes()), c))
    rows = [
        [c, *(f"{counts[c, d][1]} of {counts[c, d][0]}" if (c, d) in counts else "–" for d in codes())] for c in names
    ]
    note = (
        f"Of {len(found)} published comparisons with the control on the trial's primary endpoint: in how many the 95 % "
        "interval excludes no effect in favour of the drug. A count says nothing of size or power; arms of one trial "
        "count each. Evidence has the effects, pooled."
    )
    return TagList(tags.p(note, class_="note"), shell.table(["drug class", *codes()], rows))
