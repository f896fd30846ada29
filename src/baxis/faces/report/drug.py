"""Report of a drug: what it is, its numbers with their sources, its trials, and what the model makes of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from baxis import axis, evidence
from baxis._version import __version__
from baxis.clinic.result.recipe import NOTICE
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.faces.report.credibility import credibility
from baxis.faces.report.disease import HELPS, SHOWN, trials_table
from baxis.faces.report.html import cell, page, picture, records, section, table
from baxis.faces.report.linked import cited, claims_table, sources_list
from baxis.faces.report.report_figures import contrasts_figures

if TYPE_CHECKING:
    from baxis.insight.explain import Explanation

COLUMNS = {
    "trial_id": "trial",
    "disease": "disease",
    **{k: v for k, v in SHOWN.items() if k not in ("trial_id", "population")},
}


def drug_report(name: str, patients: int = 100, seed: int = 1, threads: int | None = None) -> str:
    """HTML page of a drug. It is simulated (`patients` virtual patients) in each disease where a trial gives a regimen."""
    drug, tables = axis.drug(name), evidence.load()
    runs, refused = _runs(drug.name, tables, {"patients": patients, "seed": seed, "threads": threads})
    claims = _claims(tables, (drug.name, *drug.aliases))
    recipe = {
        "baxis": __version__, "library": library.digest(), "model": axis.system().digest, "evidence": tables.digest,
        "patients": patients, "seed": seed, "failures": sum(e.recipe["failures"] for e in runs),
        "doubtful numbers": len(drug.doubtful),
    }  # fmt: skip
    parts = [
        f"<h1>{escape(drug.name)}: {escape(drug.class_)}</h1>",
        f"<p class='notice'><b>{escape(NOTICE)}</b> Numbers come from the library's tables; effects under “In the model” are simulated.</p>",
        *section("What it is", _what(drug)),
        *section("Kinetics and actions", _numbers(drug)),
        *section("Trials", _trials(tables, drug.name)),
        *section("In the model", _modelled(runs, refused)),
        *section("What claims say of it", claims_table(tables, claims)),
        *section("What was measured and what was not", _doubt(drug)),
        *section("Credibility", credibility(None, drug.name)),
        *section("Sources", sources_list(_keys(drug, claims))),
        *section("Recipe", table(("item", "value"), [(k, cell(v)) for k, v in recipe.items()])),
    ]
    return page(drug.name, parts)


def _what(drug: axis.Drug) -> str:
    facts = [
        ("other names", ", ".join(drug.aliases)), ("class", drug.class_), ("modality", drug.modality),
        ("targets (HGNC)", ", ".join(drug.genes)), ("route", drug.route), ("usual doses", drug.usual_doses),
        ("known risks", drug.risks), ("kinetics graded as", drug.grade),
    ]  # fmt: skip
    return table(("what", "value"), [f for f in facts if f[1]])


def _numbers(drug: axis.Drug) -> str:
    rows: list[dict[str, Any]] = [
        {"number": axis.label(p.name), "in the model": p.name, "value": p.value, "unit": p.unit, "CV": drug.iiv.get(p.name), "kind": p.kind,
         "seen": p.provenance, "source": cited(p.source), "place": p.place or p.rationale}
        for p in drug.numbers.values()
    ]  # fmt: skip
    raw = library.read_toml("drugs", drug.name).get("action", ())
    acts = [
        {"target": axis.label(a["target"]), "action": a["kind"], "potency": a.get("value"), "unit": a.get("unit"), "kind": a.get("potency_kind"),
         "seen": a.get("provenance"), "source": cited(str(a.get("source", ""))), "note": a.get("note")}
        for a in raw
    ]  # fmt: skip
    note = (
        "<p class='small'>CV: coefficient of variation between patients. Seen: whether the number was read in its source.</p>"
        if rows
        else ""
    )
    return note + (records(rows) or "<p>No kinetics: its exposure is an input.</p>") + records(acts)


def _trials(tables: evidence.Evidence, name: str) -> str:
    ids = set(tables.arms.loc[[axis_name(d) == name for d in tables.arms["drug"]], "trial_id"])
    rows = tables.trials[tables.trials["trial_id"].isin(ids)].sort_values(["disease", "year"])
    if rows.empty:
        return "<p>No trial of it alone in the evidence.</p>"
    text = trials_table(rows.to_dict("records"), COLUMNS)
    found = evidence.contrasts(tables)
    mine = found[[axis_name(d) == name for d in found["drug"]]]
    if mine.empty:
        return text
    drawn = [picture(f, f"Primary contrasts of {name} with their 95 % intervals") for f in contrasts_figures(mine)]
    return f"{text}<p>Published effect of each arm on the trial's primary endpoint, {HELPS}</p>" + "".join(drawn)


def axis_name(drug: str) -> str:
    """Name of the library for an arm's drug, or the text itself."""
    try:
        return axis.drug(drug).name
    except BaxisError:
        return drug


def _runs(name: str, tables: evidence.Evidence, settings: dict[str, Any]) -> tuple[list[Explanation], list[str]]:
    """Explanations by disease, and why there is none in the others."""
    from baxis.insight.explain import explain
    from baxis.insight.omics.classes import setting_of_drug

    runs, refused = [], []
    for disease in [d for d in axis.diseases() if d != "healthy"]:
        chosen = setting_of_drug(tables, name, disease)
        if chosen is None:
            refused.append(f"{disease}: no trial gives a regimen that can be simulated")
            continue
        try:
            runs.append(explain(name, disease, trial=chosen[0], dose=chosen[1], **settings))
        except BaxisError as e:
            refused.append(f"{disease}: {e}")
    return runs, refused


def _modelled(runs: list[Explanation], refused: list[str]) -> str:
    rows = [_line(e) for e in runs]
    text = "<p>One run in each disease, in the setting of a calibration trial; diseases without a trial of "
    text += "the drug take its regimen from another. The largest escape is the route that, closed, would lower inflammation most (Shapley share).</p>"
    text += records(rows)
    best = max(runs, key=lambda e: float(e.ladder["takes_pct"].iloc[0]), default=None)
    if best is not None:
        text += picture(best.plot(), f"Where the effect is lost in {best.scenario.design.disease}",
                        f"From target to tissue in {escape(best.scenario.design.disease)}, where it takes most.")  # fmt: skip
    return text + (f"<p class='small'>Not run: {escape('; '.join(refused))}.</p>" if refused else "")


def _line(e: Explanation) -> dict[str, Any]:
    route = e.routes.set_index("route").loc[e.main_route]
    return {
        "disease": e.scenario.design.disease, "regimen": e.scenario.regimen, "setting": e.scenario.origin,
        "endpoint": f"{e.scenario.endpoint.name.replace('_', ' ')} week {e.scenario.endpoint.week:g}",
        "drug minus no drug": f"{e.effect['difference']:+.1f} ({e.effect['ci_low']:.1f} to {e.effect['ci_high']:.1f}) {e.effect['unit']}",
        "takes of inflammation, %": f"{e.ladder['takes_pct'].iloc[0]:.0f}",
        "largest escape": f"{e.main_route} ({route['shapley_pct']:.0f} %)",
    }  # fmt: skip


def _doubt(drug: axis.Drug) -> str:
    if not drug.doubtful:
        return "<p>Every number of it was seen in its source; none is assumed.</p>"
    told = []
    for name in drug.doubtful:
        group, _, last = name.rpartition(".")
        what = {"action": "potency at", "circumstance": "effect of"}.get(group, "")
        told.append(f"{what} {axis.label(last)}".strip())
    return f"<p>Assumed, or recalled and not seen in the source: {escape('; '.join(told))}.</p>"


def _claims(tables: evidence.Evidence, names: tuple[str, ...]) -> list[dict[str, Any]]:
    words = {n.casefold() for n in names if len(n) > 3}
    return [
        r
        for r in tables.rows("claims")
        if any(w in f"{r['subject']} {r['object']} {r['statement']}".casefold() for w in words)
    ]


def _keys(drug: axis.Drug, claims: list[dict[str, Any]]) -> list[str]:
    found = [p.source for p in drug.numbers.values()] + [a.source for a in drug.actions.values()]
    return [k.strip() for s in [*found, *(c["source"] for c in claims)] for k in s.split(";") if k.strip()]
