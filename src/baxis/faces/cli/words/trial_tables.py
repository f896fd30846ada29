"""What `baxis trial` prints: endpoints beside what was published, baseline, uncertainty, conduct, harms, and what to know."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from baxis.clinic.people.baseline import named
from baxis.clinic.result.asked import others
from baxis.clinic.result.safety import reported, to_know
from baxis.clinic.statistics.intervals import PARTS
from baxis.clinic.statistics.simulation_error import ERROR, FORMATS, Number, simulation_error
from baxis.core.storing.written import fixed, share
from baxis.faces.cli.words.layout import table, told, width, wrapped

if TYPE_CHECKING:
    import pandas as pd

    from baxis.clinic.face import TrialResult


def _log(show: Number) -> Number:
    return lambda v: show(math.exp(v))


def number(value: float | None, scale: str) -> str:
    """A value of a scale with its unit; a dash where it is not known."""
    return "-" if value is None or value != value else FORMATS[scale][0](value)


def span(pair: list[float] | None, scale: str) -> str:
    """A range without its unit; with one decimal more where whole numbers would show it as nothing."""
    if not isinstance(pair, list):
        return "-"
    _, factor, digits = FORMATS[scale]
    ends = [math.exp(v) if scale == "log_hazard_ratio" else factor * v for v in pair]
    if pair[0] != pair[1] and f"{ends[0]:.{digits}f}" == f"{ends[1]:.{digits}f}":
        digits += 1
    return "..".join(f"{v:z.{digits}f}" for v in ends)


def result_lines(result: TrialResult) -> list[str]:
    """The whole result as text, but for the notice."""
    design = result.design
    out = wrapped(
        f"{design.trial_id}  {design.disease}, {design.weeks:g} weeks; background: {design.background or 'not named'}",
        width(),
    )
    if design.notes:
        out += wrapped(f"Default design, read off the trial's rows. {design.notes}", width())
    out += told(result.recipe)
    failed = share(result.screen_failure_share, 0)
    out += wrapped(
        f"{len(result.patients)} virtual patients an arm; {result.screened} screened, {failed} screen failures", width()
    )
    out += wrapped(f"Patients {result.matched.text}", width()) if result.matched else []
    mark = others(result.recipe)
    for title, lines in (
        ("Baseline: mean (sd)", baseline(result)),
        ("Arms", endpoints(result.arms, True, mark)),
        (f"Differences from {design.control.arm_id}", endpoints(result.contrasts, False, mark)),
        (_apart_title(result), apart(result)),
        ("Conduct: share of patients by the end", conduct(result)),
        (f"Harms by week {design.weeks:g} (rates and sources: --json, docs/clinic/safety.md)", harms(result)),
    ):
        out += ["", *wrapped(title, width()), *lines] if lines else []
    return [*out, "", *notes(result)]


def notes(result: TrialResult) -> list[str]:
    """What a reader must know: failures, numbers behind it, intervals, scope."""
    recipe = result.recipe
    numbers = ", ".join(f"{n} {kind}" for kind, n in recipe["numbers"].items())
    lines = [
        f"Solver failures: {recipe['failures']}. Numbers behind this: {numbers}.",
        f"Intervals: {recipe['intervals']}. {ERROR}",
        f"Scope: {recipe['scope']}.",
    ]
    return [part for line in lines for part in wrapped(line, width())]


def endpoints(rows: pd.DataFrame, arms: bool, mark: str = "") -> list[str]:
    """Arms or differences beside what was published. mark: what follows that word, where it is of other patients."""
    kind, value = ("kind", "value") if arms else ("scale", "predicted")
    cells = []
    for row in rows.to_dict("records"):
        scale = row[kind]
        none = arms and scale == "proportion" and row[value] == 0
        shown = f"0 of {row['n_simulated']}" if none else number(row[value], scale)
        cells.append([
            row["arm_id"], row["endpoint"], f"{row['week']:g}", shown, simulation_error(row, scale),
            span(row["pi50"], scale), span(row["pi90"], scale), number(row["published"], scale),
            span(row["published_ci"], scale),
        ])  # fmt: skip
    head = ["arm", "endpoint", "week", "simulated", "±", "50 % PI", "90 % PI", "published", "95 % CI"]
    head[-2] += mark
    if all(c[-2:] == ["-", "-"] for c in cells):  # nothing is published: no columns of dashes
        head, cells = head[:-2], [c[:-2] for c in cells]
    return table(head, cells) if cells else []


def baseline(result: TrialResult) -> list[str]:
    """Published baseline beside the virtual patients'."""
    cells = []
    for r in result.baseline.to_dict("records"):
        gap = "-" if r["difference"] != r["difference"] else fixed(r["difference"], 2, "+")
        pair = [_moments(r["published"], r["published_sd"]), _moments(r["simulated"], r["simulated_sd"])]
        cells.append([f"{named(r['characteristic'])}, {r['unit']}", *pair, gap, r["flag"]])
    return table(["characteristic", "published", "simulated", "std. difference", "remark"], cells) if cells else []


def _moments(mean: float, sd: float) -> str:
    if mean != mean:
        return "-"
    return f"{mean:.3g}" + (f" ({sd:.2g})" if sd == sd else "")


def _apart_title(result: TrialResult) -> str:
    e = result.design.primary
    return f"90 % interval by source of uncertainty: {e.name}, week {e.week:g}"


def apart(result: TrialResult) -> list[str]:
    """90 % intervals of the primary endpoint's differences, each source of uncertainty by itself."""
    e, rows = result.design.primary, result.contrasts
    cells = [
        [r["arm_id"], *(span(r[p], r["scale"]) for p in (*PARTS, "pi90"))]
        for r in rows[(rows.endpoint == e.name) & (rows.week == e.week)].to_dict("records")
    ]
    return table(["arm", "parameters", "simulated patients", "trial of its size", "all"], cells) if cells else []


def conduct(result: TrialResult) -> list[str]:
    """Who dropped out, was rescued, switched or was randomised, one column an arm."""
    arms = list(dict.fromkeys(result.conduct["arm_id"]))
    found = {(r["event"], r["arm_id"]): r["share"] for r in result.conduct.to_dict("records")}
    events = list(dict.fromkeys(result.conduct["event"]))
    cells = [[e, *(share(found[e, a], 0) if (e, a) in found else "" for a in arms)] for e in events]
    return table(["event", *arms], cells) if cells else []


def harms(result: TrialResult) -> list[str]:
    """Harms by arm; a published value stands in its own unit. Then what is known of the sources."""
    finished = {run.arm.arm_id: int((run.status == 0).sum()) for run in result.runs}
    cells = []
    for row in result.safety.to_dict("records"):
        if row["expected"] == row["expected"] or row["published"] is not None:
            cells.append([row["arm_id"], row["name"], expected(row, finished[row["arm_id"]]), reported(row) or "-"])
    if not cells:
        return []
    lines = table(["arm", "harm", "expected (90 % PI)", "published"], cells)
    for text in to_know(result.safety, result.design):
        lines += wrapped(text, width())
    return lines


def expected(row: Mapping[Any, Any], n: int) -> str:
    """An expected harm with its interval; one seen in none of n virtual patients as that."""
    value = row["expected"]
    if value != value:
        return "-"
    between = span(row["pi90"], "proportion")
    return f"{share(value)} ({between})" if value else f"0 of {n} ({between} %)"


def against_published(result: TrialResult) -> list[str]:
    """Simulated beside published, arm by arm, for endpoints and baseline."""
    found = result.against_published()
    if found.empty:
        return ["Nothing was published of this design."]
    rows = [
        (r["table"], r["arm_id"], f"{r['endpoint']} week {r['week']:g}", number(r["simulated"], r["scale"]),
         number(r["published"], r["scale"]), _gap(r), fixed(r["ratio"], 2), _inside(r["inside"]))
        for r in found.to_dict("records")
    ]  # fmt: skip
    columns = ["what", "arm", "endpoint", "simulated", "published", "difference", "ratio", "in 90 % PI"]
    return table(columns, rows)


def _gap(row: Mapping[Any, Any]) -> str:
    """Simulated minus published in the unit of the two; of hazard ratios the ratio says it."""
    if row["scale"] == "log_hazard_ratio":
        return "-"
    is_share = row["scale"] in ("proportion", "risk_difference")
    return number(row["difference"], "risk_difference" if is_share else "mean_difference")


def _inside(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "no"
