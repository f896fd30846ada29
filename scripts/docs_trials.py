"""A page of the documentation for every trial: design, results, and the stored prediction; nothing is run for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from baxis import evidence
from baxis.clinic.design.read import read_design
from baxis.clinic.scoreboard.shown.board_figures import LABELS, SCALE_LABEL
from baxis.core.errors import BaxisError
from baxis.faces.web.pages import saved_board

ROLES = {
    "calibration": "used in fitting: agreement with it is no prediction",
    "validation": "kept out of every fit",
    "context": "cited for context; used in no fit",
}
HEAD = ("arm", "against", "endpoint", "published (95 % interval)", "predictor", "predicted (90 % interval)")


def pages(escaped: Callable[[Any], str]) -> dict[str, str]:
    """Path -> Markdown: trials/index.md and one page a trial. escaped: a cell that Markdown takes as it stands."""
    tables, board = evidence.load(), saved_board.read(saved_board.SHIPPED)
    found = evidence.contrasts(tables)
    rows = sorted(tables.rows("trials"), key=lambda r: (r["disease"], r["year"], r["trial_id"]))
    arms, outcomes = tables.rows("arms"), tables.rows("outcomes")
    made = {}
    for r in rows:
        key = r["trial_id"]
        parts = [
            _head(r, escaped), _design(r, [a for a in arms if a["trial_id"] == key], escaped),
            _results([o for o in outcomes if o["trial_id"] == key], escaped),
            _prediction(key, board, found[found["trial_id"] == key].to_dict("records"), escaped),
        ]  # fmt: skip
        made[f"trials/{key}.md"] = "\n".join(parts)
    listed = [(f"[{escaped(_name(r))}]({r['trial_id']}.md)", r["disease"], r["phase"], _number(r["n_randomised"]),
               escaped(r["primary_endpoint"]), r["primary_met"], _number(r["year"]), r["role"]) for r in rows]  # fmt: skip
    head = ("trial", "disease", "phase", "patients", "primary endpoint", "met", "year", "role")
    text = f"# Trial by trial\n\n{len(rows)} trials of the evidence tables. Validation trials were kept out of every fit.\n\n"
    return {"trials/index.md": text + table(head, listed), **made}


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table of cells that are escaped already."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, r)) + " |" for r in rows), ""])


def _number(value: Any) -> str:
    return "" if value is None or value != value else f"{value:g}"


def _head(r: dict[str, Any], escaped: Callable[[Any], str]) -> str:
    links = [f"[{n}](https://clinicaltrials.gov/study/{n})" for n in re.findall(r"NCT\d{8}", r["nct"])]
    links += [f"[doi:{escaped(r['doi'])}](https://doi.org/{r['doi']})"] if r["doi"] else []
    year = f", {_number(r['year'])}" if r["year"] == r["year"] else ""
    what = f"{r['disease']}, phase {r['phase']}, {r['design']}, {r['blind']}, {_number(r['n_randomised'])} randomised{year}."
    role = f"Role: {r['role']}, {ROLES.get(r['role'], '')}."
    return (
        f"# {escaped(_name(r))}\n\n{escaped(what)} {' '.join(links)}\n\n{role} `baxis trial {r['trial_id']}` runs it.\n"
    )


def _design(r: dict[str, Any], arms: list[dict[str, Any]], escaped: Callable[[Any], str]) -> str:
    week = f", week {_number(r['primary_week'])}" if r["primary_week"] == r["primary_week"] else ""
    facts = [("population", r["population"]), ("background", r["background"]), ("primary endpoint", f"{r['primary_endpoint']}{week}"),
             ("met", {"na": "no test"}.get(r["primary_met"], r["primary_met"])), ("notes", r["notes"])]  # fmt: skip
    text = "## Design\n\n" + table(("what", "value"), [(k, escaped(v)) for k, v in facts if v])
    rows = [(escaped(a["arm_id"]), a["role"], _number(a["n"]), escaped(a["drug"]), escaped(f"{_number(a['dose'])} {a['dose_unit']} {a['route']} {a['schedule']}".strip()))
            for a in arms]  # fmt: skip
    return f"{text}\n{table(('arm', 'role', 'n', 'drug', 'regimen'), rows)}\n{_simulated(r['trial_id'], escaped)}\n"


def _simulated(key: str, escaped: Callable[[Any], str]) -> str:
    """How the design is read, or why it cannot be simulated."""
    try:
        design = read_design(key)
    except BaxisError as e:
        return escaped(str(e)) + "\n"
    entry = [f"{e.measure} at {e.at} {_bounds(e)}".strip() for e in design.entry]
    said = f"Simulated with entry by {', '.join(entry) or 'no criterion'}, for {design.weeks:g} weeks. {design.notes}"
    return escaped(said) + "\n"


def _bounds(e: Any) -> str:
    low = "" if e.min is None else f"from {e.min:g}"
    return f"{low} {'' if e.max is None else f'to {e.max:g}'}".strip()


def _results(rows: list[dict[str, Any]], escaped: Callable[[Any], str]) -> str:
    if not rows:
        return "## Results\n\nNone in the tables.\n"
    told = []
    for o in sorted(rows, key=lambda o: (o["subgroup"] != "", o["arm_id"], o["endpoint"])):
        arm = o["arm_id"] + (f" against {o['versus']}" if o["versus"] else "")
        week = f" week {_number(o['week'])}" if o["week"] == o["week"] else ""
        cells = (arm, f"{o['endpoint'].replace('_', ' ')}{week}", _value(o), o["subgroup"] or "all", o["provenance"])
        told.append(tuple(escaped(c) for c in cells))
    return f"## Results\n\n{table(('arm', 'endpoint', 'value (interval)', 'patients', 'seen'), told)}"


def _value(o: dict[str, Any]) -> str:
    """Percent for a proportion, else statistic, value and unit; with the interval where one is known."""
    share = o["statistic"] == "proportion" and o["unit"] == "fraction"
    factor, unit = (100.0, " %") if share else (1.0, "" if o["unit"] == "1" else f" {o['unit']}")
    span = f" ({factor * o['ci_low']:.3g} to {factor * o['ci_high']:.3g})" if o["ci_low"] == o["ci_low"] else ""
    said = "" if share else f"{o['statistic'].replace('_', ' ')} "
    return f"{said}{factor * o['value']:.3g}{unit}{span}" if o["value"] == o["value"] else said or "not given"


def _name(r: dict[str, Any]) -> str:
    """Acronym where it is one, else the id."""
    return str(r["acronym"] if r["acronym"][:1].isupper() else r["trial_id"])


def _prediction(key: str, board: Any, seen: list[dict[str, Any]], escaped: Callable[[Any], str]) -> str:
    """Every primary contrast with what each predictor of the stored scoreboard says."""
    mine = [c for c in board["contrasts"] if c["trial_id"] == key]
    why = [s["why"] for s in board["skipped"] if s["trial_id"] == key]
    text = "## Prediction\n\n"
    if not mine:
        return text + "The scoreboard holds no contrast of its primary endpoint.\n"
    published = {(s["arm_id"], s["endpoint"]): s for s in seen}
    rows = []
    for c in mine:
        unit = SCALE_LABEL[c["scale"]][1]
        p = published.get((c["arm_id"], c["endpoint"]))
        shown = "" if p is None else _effect(unit, p["value"], (p["ci_low"], p["ci_high"]))
        for name, (value, interval) in saved_board.named(c).items():
            rows.append((escaped(c["arm_id"]), escaped(c["versus"]), escaped(f"{c['endpoint']} week {_number(c['week'])}"), shown,
                         LABELS[name], _effect(unit, value, interval)))  # fmt: skip
    recipe = board["summary"]["recipe"]
    scale = SCALE_LABEL[mine[0]["scale"]][0]
    note = f"{scale}; from the stored [scoreboard](../clinic/scoreboard.md): {recipe['patients']} virtual patients, library {recipe['library']}."
    cannot = f" The mechanism could not simulate it, no effect stands in: {escaped(why[0])}." if why else ""
    return f"{text}{note[0].upper()}{note[1:]}{cannot}\n\n{table(HEAD, rows)}"


def _effect(unit: float, value: float, interval: Sequence[float]) -> str:
    digits = 1 if unit > 1 else 2
    low, high = interval
    span = f" ({unit * low:.{digits}f} to {unit * high:.{digits}f})" if low == low and low is not None else ""
    return f"{unit * value:.{digits}f}{span}"
