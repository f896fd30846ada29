"""`baxis report`: one self-contained HTML page of a simulated trial, generated from the run and its checks."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..axis.checks import check, summary
from ..clinic.calendar import calendar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..clinic.result import TrialResult

STYLE = """
body{font:15px/1.5 Georgia,serif;color:#222;max-width:54rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;font:13px/1.4 system-ui,sans-serif;width:100%;margin:.6rem 0}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #e4e4e4;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}img{max-width:100%}
.notice{background:#fff4e0;border-left:4px solid #D55E00;padding:.6rem 1rem;font-family:system-ui,sans-serif}
.small{font-size:13px;color:#555}@media print{body{margin:0;max-width:none}h2{break-after:avoid}table,img{break-inside:avoid}}
"""


def trial_report(result: TrialResult) -> str:
    """HTML page: question, design, population, results, figures, calibration, credibility, recipe."""
    design = result.design
    parts = [
        f"<h1>{escape(design.trial_id)}: virtual trial in {escape(design.disease)}</h1>",
        f"<p class='notice'><b>{escape(result.recipe['notice'])}</b> Simulated by a mechanistic model whose errors are listed below.</p>",
        *_section("Question", f"<p>{escape(_question(result))}</p>"),
        *_section("Design", _design(result)),
        *_section("Population", _population(result)),
        *_section("Results", _results(result)),
        *_section("Figures", _picture(result.plot(), "Endpoint by arm and biomarkers over time")),
        *_section("Harms", "<p>Rates of harms are not modelled. IgG and B cells stand among the biomarkers above.</p>"),
        *_section("What was calibrated and what was not", _calibration(result)),
        *_section("Credibility", _credibility(result)),
        *_section("Recipe", _table(("item", "value"), [(k, _text(v)) for k, v in result.recipe.items()])),
    ]
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(design.trial_id)}</title>"
    return f"<!doctype html><html lang='en'><head>{head}<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"


def write(result: TrialResult, path: str | Path) -> Path:
    """Write the page to a file, whole or not at all."""
    target = Path(path)
    part = target.with_name(target.name + ".part")
    part.write_text(trial_report(result), encoding="utf-8")
    part.replace(target)
    return target


def _section(title: str, body: str) -> tuple[str, str]:
    return f"<h2>{escape(title)}</h2>", body


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], numeric: int = 99) -> str:
    """Table; columns from `numeric` on are set right."""
    cls = ["" if k < numeric else " class='n'" for k in range(len(columns))]
    head = "".join(f"<th{c}>{escape(n)}</th>" for n, c in zip(columns, cls, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{escape(v)}</td>" for v, c in zip(r, cls, strict=True)) + "</tr>" for r in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return str(value)


def _question(result: TrialResult) -> str:
    design = result.design
    arms = ", ".join(a.arm_id for a in design.arms if a is not design.control)
    return f"How do the arms {arms} differ from {design.control.arm_id} in {design.primary.name} at week {design.primary.week:g}?"


def _design(result: TrialResult) -> str:
    design = result.design
    rows = [(a.arm_id, a.role, str(a.n), "; ".join(_given(t) for t in a.treatments) or "none") for a in design.arms]
    entry = [
        (e.measure, "" if e.min is None else f"{e.min:g}", "" if e.max is None else f"{e.max:g}", e.unit)
        for e in design.entry
    ]
    text = f"<p>{design.weeks:g} weeks. Background: {escape(design.background or 'none')}. {escape(design.notes)}</p>"
    text += _table(("arm", "role", "published n", "treatment"), rows)
    text += _table(("entry criterion", "min", "max", "unit"), entry) if entry else ""
    source = f"<p class='small'>Source: {escape(design.source)}</p>" if design.source else ""
    return text + _picture(calendar(design), "Dose calendar") + source


def _given(t: Any) -> str:
    return f"{t.drug} {t.dose:g} {t.dose_unit} {t.route} {t.schedule}"


def _population(result: TrialResult) -> str:
    text = f"<p>{len(result.patients)} virtual patients in each arm, the same in all; {result.screened} screened, "
    text += f"{100 * result.screen_failure_share:.0f} % screen failures.</p>"
    numbers = result.patients.drop(columns="patient").select_dtypes("number")
    rows = [
        (str(n), *(f"{v:.4g}" for v in (c.mean(), c.std(), c.quantile(0.05), c.quantile(0.95))))
        for n, c in numbers.items()
    ]
    return text + _table(("at baseline", "mean", "SD", "5 %", "95 %"), rows, 1)


def _results(result: TrialResult) -> str:
    def row(r: Any, value: str, percent: bool) -> tuple[str, ...]:
        u = 100.0 if percent else 1.0

        def pair(p: Any) -> str:
            return f"{u * p[0]:.1f} to {u * p[1]:.1f}" if isinstance(p, list) else ""

        seen = r["published"]
        shown = "" if seen is None or seen != seen else f"{u * seen:.1f}"
        return (
            r["arm_id"],
            f"{r['endpoint']} week {r['week']:g}",
            f"{u * r[value]:.1f}",
            pair(r["pi50"]),
            pair(r["pi90"]),
            shown,
            pair(r["published_ci"]),
        )

    arms = [row(r, "value", r["kind"] == "proportion") for r in result.arms.to_dict("records")]
    gaps = [row(r, "predicted", r["scale"] == "risk_difference") for r in result.contrasts.to_dict("records")]
    columns = ("arm", "endpoint", "simulated", "50 % PI", "90 % PI", "published", "95 % CI")
    text = "<p>Responders in per cent, scores in points, hazard ratios as their logarithm.</p>"
    text += (
        _table(columns, arms, 2)
        + f"<p>Difference from {escape(result.design.control.arm_id)}:</p>"
        + _table(columns, gaps, 2)
    )
    return (
        text
        + f"<p class='small'>Intervals: {escape(result.recipe['intervals'])}. They leave out the model's own error.</p>"
    )


def _picture(figure: Figure, what: str) -> str:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=140)
    return f"<p><img alt='{escape(what)}' src='data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}'></p>"


def _calibration(result: TrialResult) -> str:
    from .. import evidence

    tables = evidence.load()
    roles = {r["trial_id"]: r["role"] for r in tables.rows("trials")}
    role = roles.get(result.design.trial_id, "")
    meaning = {
        "calibration": "This trial was used in fitting tissue weights and instruments: agreement with it is no prediction.",
        "validation": "This trial was kept out of every fit.",
        "context": "This trial is cited for context; it was neither fitted nor scored.",
    }.get(role, "This design is not among the trials of the evidence tables.")
    kinds = result.recipe["numbers"]
    return f"<p>{meaning}</p><p>Numbers behind the result, by kind:</p>" + _table(
        ("kind", "count"), [(k, str(v)) for k, v in kinds.items()], 1
    )


def _credibility(result: TrialResult) -> str:
    """After ASME V&V 40: context of use, influence and consequence, evidence by category, limits; counts are run now."""
    disease = result.design.disease
    rows = check("all", disease)
    counts = [(rung, str(c["passed"]), str(c["failed"]), str(c["out_of_scope"])) for rung, c in summary(rows).items()]
    failed = [
        (r.id, r.what, r.expected, "" if r.simulated is None else f"{r.simulated:.3g} {r.unit}")
        for r in rows
        if r.passed is False
    ]
    text = "<p><b>Context of use:</b> to explore and rank hypotheses before a trial or beside its results; not to replace one, and not "
    text += (
        "for the care of a person. <b>Influence:</b> supporting evidence only. <b>Consequence</b> of a wrong answer: a "
    )
    text += "misdirected plan, which the trial itself would show.</p>"
    text += f"<p>Checks of the model in {escape(disease)} against experiments, genetics and human pharmacology, run for this page:</p>"
    text += _table(("rung", "passed", "failed", "out of scope"), counts, 1)
    text += "<p>Failed:</p>" + _table(("row", "what", "expected", "simulated"), failed) if failed else ""
    return (
        text
        + "<p>How well trials are predicted, beside plain rivals, stands on the scoreboard page of the documentation.</p>"
    )
