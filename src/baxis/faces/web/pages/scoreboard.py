"""The Scoreboard page: predicted against published effects of a saved scoreboard, by role, disease, class and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shiny.ui import TagList, tags

from baxis.clinic.result.recipe import NOTICE
from baxis.clinic.scoreboard.shown.board_figures import LABELS
from baxis.clinic.scoreboard.shown.page import SCALE, UNIT
from baxis.core.errors import UnknownName
from baxis.faces.web.frame import shell
from baxis.faces.web.page_list import Answer
from baxis.faces.web.pages import saved_board
from baxis.faces.web.pages.saved_board import Contrast

HIT, MISS = "#0072b2", "#b2541a"
FIRST_ROLES = ("validation", "external", "calibration", "context")
FILTERS = {"role": "Role", "scale": "Scale", "disease": "Disease", "class": "Drug class", "novelty": "Novelty"}
SIMULATED = {"": "every contrast", "yes": "only what could be simulated"}
ROLE_NOTE = {
    "calibration": "These trials were used to fit the tissue weights and the rivals: no test of prediction.",
    "validation": "These trials were kept out of every fit.",
    "context": "These trials were neither fitted to nor called a validation.",
    "external": "Trials of own tables, laid over the library.",
}


def options(board: Mapping[str, Any], name: str) -> list[str]:
    """Values of a filter in the board."""
    values = {str(c[name] if name in c else c["details"][name]) for c in board["contrasts"]}
    order = FIRST_ROLES if name == "role" else tuple(SCALE)
    return sorted(values, key=lambda v: (order.index(v) if v in order else 99, v))


def form(query: Mapping[str, str]) -> Any:
    """Filters, filled from the address."""
    board = saved_board.load()
    if board is None:
        return tags.p("No scoreboard is at hand.", class_="note")
    fields = []
    for name, title in FILTERS.items():
        values = options(board, name)
        every = {} if name in {"role", "scale"} else {"": "every"}
        texts = every | {v: SCALE.get(v, v) for v in values}
        fields.append(shell.field(name, title, shell.choice(texts, query.get(name, next(iter(texts))))))
    names = {n: LABELS.get(n, n) for n in saved_board.named(board["contrasts"][0])}
    return TagList(
        tags.fieldset(
            tags.legend("Which contrasts"), *fields,
            shell.field("simulated", "What counts", shell.choice(SIMULATED, query.get("simulated", "")),
                        hint="Where the mechanism cannot simulate a trial, no effect stands in for it."),
        ),
        tags.fieldset(tags.legend("Figure"), shell.field("of", "Predictor", shell.choice(names, query.get("of", "mechanism")))),
    )  # fmt: skip


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        shell.slot("said"),
        tags.div(tags.h2("Predicted against published"), shell.figure("calibration", 420), shell.slot("key"), class_="panel"),
        tags.div(tags.h2("Predictors on the same contrasts"), shell.slot("scores"), class_="panel"),
        tags.div(tags.h2("Every contrast"), shell.slot("rows"), class_="panel"),
        shell.slot("notes"),
    )  # fmt: skip


def answer(form: Mapping[str, str]) -> Answer:
    """Contrasts and scores of the asked part of the saved board."""
    board = saved_board.load()
    if board is None:
        how = "Run `baxis scoreboard --role all --out DIR`, then `baxis serve --scoreboard DIR`."
        return Answer({"said": tags.p(shell.words(f"No saved scoreboard is at hand. {how}"), class_="answer")})
    faults = {}
    asked = {**{n: options(board, n)[0] for n in ("role", "scale")}, **form}
    for name in FILTERS:
        if asked.get(name) and asked[name] not in options(board, name):
            faults[name] = str(UnknownName(FILTERS[name].lower(), asked[name], options(board, name)))
    if asked.get("simulated", "") not in SIMULATED:
        faults["simulated"] = str(UnknownName("choice", asked["simulated"], [k for k in SIMULATED if k]))
    of = asked.get("of") or "mechanism"
    if of not in saved_board.named(board["contrasts"][0]):
        faults["of"] = str(UnknownName("predictor", of, saved_board.named(board["contrasts"][0])))
    if faults:
        return Answer(faults=faults)
    rows = saved_board.chosen(board, asked)
    if not rows:
        return Answer(faults={"scale": "no contrast of the board answers to all of these; widen a filter"})
    html = {
        "said": _said(rows, of, asked),
        "key": tags.p("Filled circles: the published value lies in the 90 % interval. Open squares: outside it. Grey diamonds: the trial published no interval. "
                      "Bars across: 90 % prediction interval; upright: published 95 % interval. On the line, prediction and result agree.", class_="note"),
        "scores": _scores(rows, asked["scale"]),
        "rows": _rows(rows, of, asked["scale"]),
        "notes": _notes(board["summary"]["recipe"]),
    }  # fmt: skip
    return Answer(html, {"calibration": figure(rows, of, asked["scale"])})


def _said(rows: Sequence[Contrast], of: str, asked: Mapping[str, str]) -> Any:
    mine = next(r for r in saved_board.scores(rows) if r["name"] == of)
    unit, trials = UNIT.get(asked["scale"], 1.0), len({c["trial_id"] for c in rows})
    held = "" if mine["coverage"] is None else f" and covers {100 * mine['coverage']:.0f} % with its 90 % intervals"
    label = LABELS.get(of, of)
    text = f"{len(rows)} contrasts of {trials} trials, {SCALE[asked['scale']]}: {label} errs by {unit * mine['mae']:.2f} on average{held}. "
    return tags.p(text + ROLE_NOTE.get(asked["role"], ""), class_="answer")


def figure(rows: Sequence[Contrast], of: str, scale: str) -> dict[str, Any]:
    """Published against predicted with both intervals; marks by whether the interval held the result."""
    unit = UNIT.get(scale, 1.0)
    kinds = {
        True: ("inside the 90 % interval", HIT, "circle"),
        False: ("outside", MISS, "square-open"),
        None: ("no published interval", "#7d8994", "diamond"),
    }
    data: list[dict[str, Any]] = []
    for kind, (label, colour, symbol) in kinds.items():
        mine = [c for c in rows if saved_board.inside(c, of) is kind]
        if mine:
            data.append(
                _marks(mine, of, unit) | {"name": label, "marker": {"color": colour, "symbol": symbol, "size": 8}}
            )
    ends = [unit * v for c in rows for v in (c["published"], saved_board.named(c)[of][0])]
    span = [min(ends) - 0.08 * (max(ends) - min(ends)) - 1e-3, max(ends) + 0.08 * (max(ends) - min(ends)) + 1e-3]
    line = {"x": span, "y": span, "mode": "lines", "line": {"color": "#8a97a3", "width": 1, "dash": "dot"}}
    axis = {"gridcolor": "#eef1f4", "zerolinecolor": "#c3ccd5", "range": span}
    layout = {
        "height": 440, "margin": {"l": 56, "r": 12, "t": 8, "b": 90}, "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "font": {"size": 11}},
        "xaxis": axis | {"title": {"text": f"predicted: {LABELS.get(of, of)}", "standoff": 6}}, "yaxis": axis | {"title": {"text": "published"}},
    }  # fmt: skip
    hits = sum(saved_board.inside(c, of) is True for c in rows)
    said = f"Published against predicted effect of {len(rows)} contrasts, {hits} inside the 90 % interval"
    return {"data": [{**line, "showlegend": False, "hoverinfo": "skip"}, *data], "layout": layout, "label": said}


def _marks(rows: Sequence[Contrast], of: str, unit: float) -> dict[str, Any]:
    found = [saved_board.named(c)[of] for c in rows]
    ci = [c["published_ci"] or (c["published"], c["published"]) for c in rows]
    bars: dict[str, Any] = {
        "type": "data",
        "symmetric": False,
        "color": "rgba(60,75,90,.28)",
        "thickness": 1,
        "width": 0,
    }
    return {
        "x": [unit * m for m, _ in found], "y": [unit * c["published"] for c in rows], "mode": "markers",
        "error_x": bars | {"array": [unit * (p[1] - m) for m, p in found], "arrayminus": [unit * (m - p[0]) for m, p in found]},
        "error_y": bars | {"array": [unit * (v[1] - c["published"]) for v, c in zip(ci, rows, strict=True)],
                           "arrayminus": [unit * (c["published"] - v[0]) for v, c in zip(ci, rows, strict=True)]},
        "text": [f"{c['trial_id']} {c['arm_id']} ({c['details']['drug']}), {c['endpoint']} week {c['week']:g}" for c in rows],
        "hovertemplate": "%{text}<br>predicted %{x:.1f}, published %{y:.1f}<extra></extra>",
    }  # fmt: skip


def _scores(rows: Sequence[Contrast], scale: str) -> Any:
    unit, cells = UNIT.get(scale, 1.0), []
    for r in saved_board.scores(rows):
        held = "–" if r["coverage"] is None else f"{100 * r['coverage']:.0f} % of {r['held']}"
        s = r["skill"]
        skill = "–" if s is None else f"{s['skill']:.2f} ({s['low']:.2f} to {s['high']:.2f})"
        numbers = [f"{unit * r[k]:.2f}" for k in ("mae", "bias", "crps")]
        cells.append([LABELS.get(r["name"], r["name"]), *numbers, f"{100 * r['sign_right']:.0f} %", held, skill])
    head = [
        "predictor",
        "mean absolute error",
        "bias to benefit",
        "CRPS",
        "sign right",
        "in 90 % interval",
        "skill of the mechanism",
    ]
    note = "Best CRPS first. Skill: 1 - CRPS of the mechanism / CRPS of this predictor, 95 % interval over resampled trials; above 0 the mechanism is better."
    return shell.table(head, cells, note)


def _rows(rows: Sequence[Contrast], of: str, scale: str) -> Any:
    unit, cells = UNIT.get(scale, 1.0), []

    def off(c: Contrast) -> float:
        return -abs(saved_board.named(c)[of][0] - c["published"])

    for c in sorted(rows, key=off):
        mean, pi = saved_board.named(c)[of]
        ci = "–" if c["published_ci"] is None else " to ".join(f"{unit * v:.1f}" for v in c["published_ci"])
        link = tags.a(c["trial_id"], href=f"/evidence/?node={c['trial_id']}")
        cells.append([
            link, c["arm_id"], c["details"]["drug"], c["details"]["disease"], f"{c['endpoint']} wk {c['week']:g}", f"{unit * c['published']:.1f}", ci,
            f"{unit * mean:.1f}", " to ".join(f"{unit * v:.1f}" for v in pi),
            {True: "yes", False: "no", None: "–"}[saved_board.inside(c, of)], "yes" if c["details"]["simulated"] else "no",
        ])  # fmt: skip
    head = [
        "trial",
        "arm",
        "drug",
        "disease",
        "endpoint",
        "published",
        "95 %",
        "predicted",
        "90 %",
        "inside",
        "simulated",
    ]
    return tags.div(shell.table(head, cells, f"Worst first, by {LABELS.get(of, of)}; {SCALE[scale]}"), class_="tall")


def _notes(recipe: Mapping[str, Any]) -> Any:
    made = ", ".join(f"{k} {recipe[k]}" for k in ("baxis", "library", "evidence", "patients", "seed") if k in recipe)
    lines = [
        f"Made by `baxis scoreboard` ({made}). Nothing is predicted anew on this page. A trial opens its sheet.",
        NOTICE,
    ]
    return TagList(*(tags.p(shell.words(t), class_="note") for t in lines))
