"""The Trial page: a published setting, own arms, the result beside what was published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from shiny.ui import TagList, tags
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from baxis import evidence
from baxis.clinic.design.design import Design
from baxis.clinic.face import TrialResult
from baxis.clinic.files.save import dumps
from baxis.clinic.result import asked as asked_for
from baxis.clinic.result.safety import reported, to_know
from baxis.clinic.statistics.intervals import wilson
from baxis.clinic.statistics.simulation_error import ERROR, simulation_error
from baxis.core.errors import BaxisError
from baxis.core.storing.written import fixed, share
from baxis.faces.web.frame import asked, downloads, shell, work
from baxis.faces.web.frame.downloads import CROWDED
from baxis.faces.web.page_list import Answer
from baxis.faces.web.trial import form as trial_form
from baxis.faces.web.trial import running as trial_run
from baxis.faces.web.trial import trial_plots as trial_figures
from baxis.faces.web.trial.fields import base_of, defaults, filled, form

MOST_PUBLISHED = 10
FIRST_LOOK = "first look, oral doses averaged; each dose is being followed"
__all__ = ["answer", "body", "defaults", "download", "form"]


def body(query: Mapping[str, str]) -> Any:
    """The answer's places."""
    return TagList(
        shell.slot("answer"),
        tags.div(tags.a("Download result (JSON)", {"data-download": "/trial/result.json"}, class_="button"),
                 tags.a("Download design (JSON)", {"data-download": "/trial/design.json"}, class_="button"), class_="actions"),
        tags.div(tags.h2("Endpoint"), shell.figure("endpoint", 260), shell.slot("arms"), class_="panel"),
        tags.div(
            tags.h2("Biomarkers"),
            tags.p("Median of the virtual patients, the middle half shaded.", class_="note"),
            tags.div(*[shell.figure(f"b-{n}", 260) for n in trial_figures.PANELS], class_="grid"),
            shell.slot("courses"),
            class_="panel",
        ),
        tags.div(tags.h2("Harms"), shell.slot("harms"), class_="panel"),
        shell.slot("notes"),
    )  # fmt: skip


def answer(form: Mapping[str, str]) -> Answer:
    """Run the trial of a form."""
    try:
        question = trial_form.read(form)
    except trial_form.FormFaults as e:
        return Answer(faults=e.faults)
    seen = published(question.design)
    if trial_run.slow(question):
        work.show(lambda: _shown(trial_run.run(question, "averaged"), seen, FIRST_LOOK))
    return _shown(trial_run.run(question), seen)


def _shown(result: TrialResult, seen: list[dict[str, Any]], preview: str = "") -> Answer:
    """Text and figures of a result."""
    figures = {f"b-{n}": trial_figures.biomarker(result, n) for n in trial_figures.PANELS}
    figures["endpoint"] = trial_figures.endpoint(result, seen)
    columns = ["biomarker", "arm", "unit", "baseline", "last week"]
    courses = shell.folded("These figures as a table", shell.table(columns, trial_figures.course_rows(result)))
    return Answer(
        {
            "answer": TagList(_sentence(result), shell.told(result.recipe)),
            "arms": _tables(result, seen),
            "courses": courses,
            "harms": _harms(result),
            "notes": _notes(result),
        },
        shell.marked(figures, result.recipe),
        preview=preview,
    )


def _sentence(result: TrialResult) -> Any:
    parts, labels = [], trial_figures.labels(result)
    for row in result.contrasts.to_dict("records"):
        parts.append(f"{labels[row['arm_id']]} against {labels[row['versus']].lower()}: {_headline(row)}")
    said = tags.p(
        f"{result.design.primary.name} at week {result.design.primary.week:g}. " + "; ".join(parts) + ".",
        class_="answer",
    )
    return TagList(said, tags.p(ERROR, class_="note") if parts else None)


def _headline(row: Mapping[Any, Any]) -> str:
    """A difference with the error of simulation beside it, and its interval."""
    scale, error = row["scale"], simulation_error(row, row["scale"])
    low, high = row["pi90"]
    if scale == "log_hazard_ratio":
        beside = f" (times or divided by {error.removeprefix('x')})" if error != "-" else ""
        return f"hazard ratio {math.exp(row['predicted']):.2f}{beside} (90 % interval {math.exp(low):.2f} to {math.exp(high):.2f})"
    factor, unit = (100.0, " percentage points") if scale == "risk_difference" else (1.0, "")
    digits = 1 if unit else 2
    beside = f" ± {error}" if error != "-" else ""
    ends = f"{fixed(factor * low, digits)} to {fixed(factor * high, digits)}"
    return f"{fixed(factor * row['predicted'], digits, '+')}{beside}{unit} (90 % interval {ends})"


def _tables(result: TrialResult, seen: list[dict[str, Any]]) -> Any:
    scale = 100.0 if (result.arms["kind"] == "proportion").all() else 1.0

    def span(pair: Any) -> str:
        return "–" if pair is None else f"{scale * pair[0]:.1f} to {scale * pair[1]:.1f}"

    labels = trial_figures.labels(result)
    arms = [
        [labels[r["arm_id"]], str(r["n_simulated"]), f"{scale * r['value']:.1f}", span(r["pi50"]), span(r["pi90"])]
        for r in result.arms.to_dict("records")
    ]
    rows = [
        [r["label"], str(r["n"]), f"{scale * r['value']:.1f}", span(r["ci"]), shell.cited(r["source"]), r["provenance"]]
        for r in seen
    ]
    unit = "%" if scale == 100 else "points"
    mark = asked_for.others(result.recipe)
    return TagList(
        shell.table(["arm", "patients", f"simulated, {unit}", "50 % interval", "90 % interval"], arms, "Simulated (filled marks); intervals are of a trial of the published size"),
        shell.table(["trial and arm", "n", f"published{mark}, {unit}", "95 % interval", "source", "checked"], rows,
                    "Published by trials of the same drugs, with their placebo arms: same endpoint and disease (open diamonds)",
                    "No trial of the evidence tables published this endpoint for these drugs in this disease."),
    )  # fmt: skip


def _harms(result: TrialResult) -> Any:
    """Harms by arm with their sources."""
    rows, labels = [], trial_figures.labels(result)
    for r in result.safety.to_dict("records"):
        if r["expected"] != r["expected"]:
            continue
        low, high = r["pi90"]
        rows.append(
            [
                labels[r["arm_id"]],
                r["name"],
                share(r["expected"]).removesuffix(" %"),
                f"{100 * low:.1f} to {100 * high:.1f}",
                reported(r) or "–",
                r["source"],
            ]
        )
    head = ["arm", "harm", "expected, %", "90 % interval", "published", "source"]
    known = [tags.p(line, class_="note") for line in to_know(result.safety, result.design)]
    said = f"Share of patients by week {result.design.weeks:g}; class harms are published rates of the class"
    return TagList(shell.table(head, rows, said), *known)


def _notes(result: TrialResult) -> Any:
    numbers = ", ".join(f"{n} {kind}" for kind, n in result.recipe["numbers"].items())
    lines = [
        f"{result.screened} candidates screened, {100 * result.screen_failure_share:.0f} % did not meet the criteria; {len(result.failures)} solver failures.",
        f"Numbers behind this: {numbers}. Intervals: {result.recipe['intervals']}.",
        result.design.notes, result.recipe["notice"],
    ]  # fmt: skip
    return TagList(*(tags.p(t, class_="note") for t in lines if t))


def published(design: Design) -> list[dict[str, Any]]:
    """What trials of the design's drugs published for its endpoint in its disease, the nearest weeks first."""
    drugs, tables, rows = {t.drug for a in design.arms for t in a.treatments}, work.tables(), {}
    for drug in sorted(drugs):
        try:
            found = evidence.trials(tables, disease=design.disease, drug=drug, endpoint=design.primary.name)
        except BaxisError:
            continue
        for r in found.to_dict("records"):
            if (
                (drug in r["drug"] or r["drug"] == "placebo")
                and r["statistic"] in {"proportion", "mean_change"}
                and r["week"] == r["week"]
            ):
                rows[r["trial_id"], r["arm_id"], r["week"]] = _published(r)
    ordered = sorted(rows.values(), key=lambda r: (abs(r["week"] - design.primary.week), r["label"]))
    return ordered[:MOST_PUBLISHED]


def _published(r: dict[str, Any]) -> dict[str, Any]:
    n, value = r["n_measured"] if r["n_measured"] == r["n_measured"] else r["n"], float(r["value"])
    ci = (r["ci_low"], r["ci_high"]) if r["ci_low"] == r["ci_low"] and r["ci_high"] == r["ci_high"] else None
    if ci is None and r["statistic"] == "proportion" and n == n:
        ci = wilson(value, float(n))
    label = f"{r['acronym'] or r['trial_id']} {r['arm_id']}, week {r['week']:g}"
    shown = "–" if n != n else int(n)
    return {
        "label": label,
        "week": r["week"],
        "value": value,
        "ci": ci,
        "n": shown,
        "source": r["source"],
        "provenance": r["provenance"],
    }


async def download(request: Request) -> Response:
    """The design or the result of the form in the address, as a file; stops when the visitor leaves."""
    query = asked.read(request.query_params)
    what = request.url.path.rsplit("/", 1)[-1]
    try:
        now = filled(base_of(query), query)
        unknown = [k for k in query if k not in now]
        if unknown:
            raise trial_form.FormFaults({k: f"{asked.cut(k)!r}: the form has no such field" for k in unknown})
        question = trial_form.read(now)
        if what == "design.json":
            text = question.design.model_dump_json(indent=2)
        else:
            text = await downloads.text("trial", (what, question), lambda: dumps(trial_run.run(question)), request)
    except (BaxisError, trial_form.FormFaults) as e:
        return PlainTextResponse(f"{e}\n", 422)
    except work.Superseded:
        return PlainTextResponse("stopped\n", 499)
    except work.Crowded:
        return PlainTextResponse(f"{CROWDED}\n", 503, {"retry-after": "10"})
    return Response(
        text, media_type="application/json", headers={"content-disposition": f'attachment; filename="{what}"'}
    )
