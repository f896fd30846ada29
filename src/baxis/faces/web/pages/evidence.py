"""The Evidence page: a forest plot of any endpoint, a search over trials, claims, drugs and experiments, their sheets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from shiny.ui import TagList, tags

from baxis import evidence
from baxis.core.errors import BaxisError, UnknownName
from baxis.evidence.meta.run import MetaResult, run
from baxis.evidence.meta.select import Query
from baxis.faces.web.frame import shell, work
from baxis.faces.web.page_list import Answer
from baxis.faces.web.pages import forest_figure

DISEASES = ("SLE", "LN", "RA", "SjD", "IgG4-RD", "AAV")
BY = {"class": "drug class", "drug": "drug", "role": "role in the calibration", "none": "nothing"}
FIRST = {"SLE": "SRI-4", "RA": "ACR20"}
MOST_MATCHES = 25
KINDS = {"": "every kind", "claim": "claims", "trial": "trials", "experiment": "experiments", "drug": "drugs"}


@lru_cache(maxsize=8)
def endpoints(disease: str) -> list[str]:
    """Endpoints of a disease that at least two trials reported, the most reported first."""
    t = work.tables()
    trials = t.trials.loc[t.trials["disease"] == disease, "trial_id"]
    counts = t.outcomes[t.outcomes["trial_id"].isin(trials)].groupby("endpoint")["trial_id"].nunique()
    names = sorted((str(e) for e, n in counts.items() if n >= 2), key=lambda e: (-int(counts[e]), e))
    first = FIRST.get(disease, "")
    return [first, *(n for n in names if n != first)] if first in names else names


def disease_of(query: Mapping[str, str]) -> str:
    """The asked disease, else SLE."""
    return query["disease"] if query.get("disease") in DISEASES else "SLE"


def form(query: Mapping[str, str]) -> Any:
    """Fields, filled from the address."""
    disease = disease_of(query)
    ends = endpoints(disease)
    text: dict[str, Any] = {"type": "text", "maxlength": "200"}
    return TagList(
        tags.fieldset(
            tags.legend("Forest plot"),
            shell.field("disease", "Disease", shell.choice(DISEASES, query.get("disease", disease), **{"data-reload": "yes"})),
            shell.field("endpoint", "Endpoint", shell.choice(ends, query.get("endpoint", ends[0]))),
            shell.field("by", "Pooled by", shell.choice(BY, query.get("by", "class"))),
        ),
        tags.fieldset(
            tags.legend("Search"),
            shell.field("q", "Words", tags.input(text, value=query.get("q", "BTK")),
                        hint="Trials, claims, drugs and experiments that hold them."),
            shell.field("kind", "Kind", shell.choice(KINDS, query.get("kind", ""))),
            shell.field("node", "Sheet", tags.input(text, value=query.get("node", "")),
                        hint="A trial (id, acronym, NCT number), claim, experiment, drug or gene; or choose a match."),
        ),
    )  # fmt: skip


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        tags.div(tags.h2("Effect against the control"), shell.slot("said"), shell.figure("forest", 300),
                 shell.slot("forest"),
                 tags.p("Predicted against published effects: the ", tags.a("scoreboard", href="/scoreboard/"), ".", class_="note"),
                 class_="panel"),
        tags.div(tags.h2("Search"), shell.slot("matches"), class_="panel"),
        shell.slot("sheet"),
    )  # fmt: skip


def answer(form: Mapping[str, str]) -> Answer:
    """Pool the endpoint, search the words, open the sheet; a fault of one leaves the others."""
    html: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, known in (("disease", DISEASES), ("by", BY), ("kind", KINDS)):
        if name in form and form[name] not in known:
            faults[name] = str(UnknownName(name, form[name], [k for k in known if k]))
    if faults:
        return Answer(faults=faults)
    try:
        found = pooled(disease_of(form), form.get("endpoint", ""), form.get("by", "class"))
        html |= {"said": _said(found), "forest": _tables(found)}
        figures["forest"] = forest_figure.forest(found)
    except BaxisError as e:
        faults["endpoint"] = str(e)
    try:
        html["matches"] = _matches(form.get("q", ""), form.get("kind", ""))
    except BaxisError as e:
        faults["q"] = str(e)
    try:
        html["sheet"] = _sheet(form.get("node", "").strip())
    except BaxisError as e:
        faults["node"] = str(e)
    return Answer(html, figures, faults)


@lru_cache(maxsize=64)
def pooled(disease: str, endpoint: str, by: str) -> MetaResult:
    """Meta-analysis of an endpoint against placebo (REML), as `baxis evidence meta` makes it."""
    return run(work.tables(), Query(endpoint, (disease,)), by=by)


def _said(m: MetaResult) -> Any:
    s, unit = m.summary()[-1], forest_figure.unit(m)[0].removeprefix(",")
    est, low, high, *next_ = (
        forest_figure.shown(m, s[k]) for k in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    )
    over = f"; next trial {next_[0]} to {next_[1]}" if s["pi_low"] == s["pi_low"] else ""
    many = f"{s['k']} comparison{'s' * (s['k'] != 1)} with placebo"
    text = f"{m.query.endpoint}, {many}: {m.scale_name} {est}{unit} (95 % interval {low} to {high}{over})."
    return tags.p(text, class_="answer")


def _tables(m: MetaResult) -> Any:
    unit = forest_figure.unit(m)[0]

    def three(r: Mapping[str, Any]) -> list[str]:
        return [forest_figure.shown(m, r[k]) for k in ("estimate", "ci_low", "ci_high")]

    rows = [
        [r["label"], r["drug"], r["role"], f"{r['week']:g}", f"{r['n_active']:g}", f"{r['n_control']:g}", *three(r), f"{r['weight']:.1f}"]
        for r in m.table()
    ]  # fmt: skip
    groups = [
        [s["group"], str(s["k"]), *three(s), "–" if s["i2"] != s["i2"] else f"{s['i2']:.0f}"] for s in m.summary()
    ]
    out = [[x.label, x.reason] for x in m.effects.left_out]
    ends = [f"{m.scale_name}{unit}", "95 % low", "high"]
    return TagList(
        shell.table(["pooled", "comparisons", *ends, "I², %"], groups),
        shell.folded("Every comparison as a table", shell.table(
            ["trial", "drug", "role", "week", "n drug", "n placebo", *ends, "weight, %"], rows)),
        shell.folded(f"Left out: {len(out)}", shell.table(["trial", "why"], out, empty="No trial was left out.")),
        *(tags.p(n, class_="note") for n in m.effects.notes),
    )  # fmt: skip


def _matches(words: str, kind: str) -> Any:
    if not words.strip():
        return tags.p("Type words to search for.", class_="note")
    found = evidence.search(work.tables(), words, 20 * MOST_MATCHES)
    found = found[found["kind"] == kind] if kind in KINDS and kind else found
    rows = [
        [r["kind"], tags.button(r["id"], type="button", class_="link", **{"data-set": f"node={r['id']}"}), r["title"], r["snippet"]]
        for r in found.head(MOST_MATCHES).to_dict("records")
    ]  # fmt: skip
    return tags.div(
        shell.table(
            ["kind", "open", "title", "where"], rows, f"First {len(rows)} matches", "Nothing holds these words."
        ),
        class_="tall",
    )


def _sheet(name: str) -> Any:
    if not name:
        return ""
    made = evidence.sheet(name, work.tables())
    parts = []
    for s in made.sections:
        used = [i for i in range(len(s.columns)) if any(str(r[i]) for r in s.rows)]
        rows = [[_cell(r[i]) for i in used] for r in s.rows]
        parts += [tags.h3(s.title), shell.table([s.columns[i] for i in used], rows)]
    return tags.div(tags.h2(f"{made.kind} {made.name}: {made.title}"), *parts, class_="panel")


def _cell(v: Any) -> str:
    return ("" if v != v else f"{v:.4g}") if isinstance(v, float) else str(v)
