"""Report of a simulated trial, generated from the run and its checks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from baxis.clinic.design.calendar import calendar
from baxis.clinic.people.baseline import named
from baxis.clinic.result.asked import others, sentence
from baxis.clinic.result.safety import reported, to_know
from baxis.core.storing.written import share
from baxis.faces.report.credibility import assessed
from baxis.faces.report.html import cell, page, picture, section, table

if TYPE_CHECKING:
    from baxis.clinic.face import TrialResult

NAMES = {
    "age_y": "age, years", "female": "women, share", "weight_kg": "weight, kg", "bsa_m2": "body surface, m2", "ppi": "proton pump inhibitor, share",
    "adherence": "doses taken, share", "prednisone_dose": "prednisone, mg/day",
}  # fmt: skip


def trial_report(result: TrialResult) -> str:
    """HTML page: question, design, population, results, figures, calibration, credibility, recipe."""
    design = result.design
    parts = [
        f"<h1>{escape(design.trial_id)}: virtual trial in {escape(design.disease)}</h1>",
        f"<p class='notice'><b>{escape(result.recipe['notice'])}</b> Simulated by a mechanistic model whose errors are listed below.</p>",
        *section("Question", f"<p>{escape(_question(result))}</p><p>{escape(sentence(result.recipe))}</p>"),
        *section("Design", _design(result)),
        *section("Population", _population(result)),
        *section("Results", _results(result)),
        *section("Figures", picture(result.plot(), "Endpoint by arm and biomarkers over time")),
        *section("Harms", _harms(result)),
        *section("What was calibrated and what was not", _calibration(result)),
        *section("Credibility", _credibility(result)),
        *section("Recipe", table(("item", "value"), [(k, cell(v)) for k, v in result.recipe.items()])),
    ]
    return page(design.trial_id, parts)


def _question(result: TrialResult) -> str:
    design = result.design
    arms = ", ".join(a.arm_id for a in design.arms if a is not design.control)
    return f"How do the arms {arms} differ from {design.control.arm_id} in {design.primary.name} at week {design.primary.week:g}?"


def _design(result: TrialResult) -> str:
    design = result.design
    rows = [(a.arm_id, a.role, str(a.n), "; ".join(_given(t) for t in a.treatments) or "none") for a in design.arms]
    entry = [
        (
            NAMES.get(e.measure, e.measure).partition(",")[0],
            e.at,
            "" if e.min is None else f"{e.min:g}",
            "" if e.max is None else f"{e.max:g}",
            e.unit,
        )
        for e in design.entry
    ]
    text = f"<p>{design.weeks:g} weeks. Background: {escape(design.background or 'none')}. {escape(design.notes)}</p>"
    text += table(("arm", "role", "published n", "treatment"), rows)
    text += table(("entry criterion", "at", "min", "max", "unit"), entry) if entry else ""
    source = f"<p class='small'>Source: {escape(design.source)}</p>" if design.source else ""
    return text + picture(calendar(design), "Dose calendar") + source


def _harms(result: TrialResult) -> str:
    """Harms by arm with their sources."""
    rows, told = [], {}
    for r in result.safety.to_dict("records"):
        told_share = "" if r["expected"] != r["expected"] else share(r["expected"])
        bounds = f"{100 * r['pi90'][0]:.1f} to {100 * r['pi90'][1]:.1f} %" if r["pi90"] else ""
        shown = reported(r)
        if told_share or shown:  # a class harm says nothing of an arm without the class
            rows.append((r["arm_id"], r["name"], told_share, bounds, shown))
            told[r["name"]] = (r["name"], r["note"], r["source"])
    text = "<p>Serious infection follows each patient's prednisone dose and simulated IgG; class harms are published rates for the class.</p>"
    kinds = table(("harm", "what is counted", "source"), list(told.values()))
    more = "".join(f"<p>{escape(line)}</p>" for line in to_know(result.safety, result.design))
    return text + table(("arm", "harm", "expected", "90 % PI", "published"), rows) + more + kinds


def _credibility(result: TrialResult) -> str:
    """The assessment for this design: its disease, drugs and primary endpoint."""
    from baxis import axis

    drugs = dict.fromkeys(axis.drug(t.drug).name for a in result.design.arms for t in a.treatments)
    return assessed(result.design.disease, tuple(drugs), result.design.primary.name)


def _given(t: Any) -> str:
    return f"{t.drug} {t.dose:g} {t.dose_unit} {t.route} {t.schedule}"


def _population(result: TrialResult) -> str:
    text = f"<p>{len(result.patients)} virtual patients in each arm, the same in all; {result.screened} screened, "
    text += f"{100 * result.screen_failure_share:.0f} % screen failures.</p>"
    numbers = result.patients.drop(columns="patient").select_dtypes("number")
    numbers = numbers.loc[:, numbers.max() > numbers.min()]  # what is the same in everybody tells nothing
    rows = [
        (
            NAMES.get(str(n), str(n).replace("_", " ")),
            *(f"{v:.4g}" for v in (c.mean(), c.std(), c.quantile(0.05), c.quantile(0.95))),
        )
        for n, c in numbers.items()
    ]
    text += table(("at baseline", "mean", "SD", "5 %", "95 %"), rows)
    if result.matched:
        text += f"<p>Patients {escape(result.matched.text)}.</p>"
    seen = [
        (
            named(r["characteristic"]),
            r["unit"],
            *(f"{r[k]:.3g}" for k in ("published", "simulated", "difference")),
            r["flag"],
        )
        for r in result.baseline.to_dict("records")
    ]
    names = ("published baseline", "unit", "published mean", "simulated mean", "standardised difference", "")
    return text + (table(names, seen) if seen else "")


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
    seen = "published" + others(result.recipe)
    columns = ("arm", "endpoint", "simulated", "50 % PI", "90 % PI", seen, "95 % CI")
    text = "<p>Responders in per cent, scores in points, hazard ratios as their logarithm.</p>"
    text += (
        table(columns, arms) + f"<p>Difference from {escape(result.design.control.arm_id)}:</p>" + table(columns, gaps)
    )
    return (
        text
        + f"<p class='small'>Intervals: {escape(result.recipe['intervals'])}. They leave out the model's own error.</p>"
    )


def _calibration(result: TrialResult) -> str:
    from baxis import evidence

    tables = evidence.load()
    roles = {r["trial_id"]: r["role"] for r in tables.rows("trials")}
    role = roles.get(result.design.trial_id, "")
    meaning = {
        "calibration": "This trial was used in fitting tissue weights and instruments: agreement with it is no prediction.",
        "validation": "This trial was kept out of every fit.",
        "context": "This trial is cited for context; it was neither fitted nor scored.",
    }.get(role, "This design is not among the trials of the evidence tables.")
    kinds = result.recipe["numbers"]
    rows = [({"recalled": "of these, recalled and not seen in the source"}.get(k, k), str(v)) for k, v in kinds.items()]
    return f"<p>{meaning}</p><p>Numbers behind the result, by kind:</p>" + table(("kind", "count"), rows)
