"""Report of a disease: its regulators with their evidence, its mechanism map, its trials and how the model stands in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any

from baxis import axis, evidence
from baxis._version import __version__
from baxis.clinic.result.recipe import NOTICE
from baxis.core import library
from baxis.core.errors import UnknownName
from baxis.evidence.ask.query import disease_family
from baxis.faces.report.credibility import assessed
from baxis.faces.report.html import cell, page, picture, records, section, table
from baxis.faces.report.linked import cited, claims_table, sources_list
from baxis.faces.report.report_figures import contrasts_figures

SHOWN = {
    "trial_id": "trial", "phase": "phase", "n_randomised": "patients", "population": "population", "primary_endpoint": "primary endpoint",
    "primary_met": "met", "year": "year", "role": "role", "nct": "register",
}  # fmt: skip
HELPS = "counted towards benefit (right of the line helps), with the 95 % interval. Grey: trials kept out of fitting, for validation."


def disease_report(code: str) -> str:
    """HTML page of a disease, from the library, the evidence and the checks run now. Raises UnknownName."""
    disease, tables = axis.disease(code), evidence.load()
    if disease.code == "healthy":
        raise UnknownName("disease", code, [c for c in axis.diseases() if c != "healthy"])
    family = disease_family(tables, disease.code)
    claims = [r for r in tables.rows("claims") if r["disease"] in family]
    recipe = {
        "baxis": __version__,
        "library": library.digest(),
        "model": axis.system().digest,
        "evidence": tables.digest,
    }
    parts = [
        f"<h1>{escape(disease.name)} ({escape(disease.code)})</h1>",
        f"<p class='notice'><b>{escape(NOTICE)}</b> The disease is a table of regulators laid over one model of the healthy axis.</p>",
        *section("What differs from health", _regulators(disease)),
        *section("Who the patients are", _patients(disease)),
        *section("The mechanism, as claims have it", _map(tables, disease.code), across=True),
        *section("Contradictions", _conflicts(tables, disease.code)),
        *section("What drugs did", _drugs(tables, disease.code)),
        *section("Trials", _trials(tables, disease.code)),
        *section("Claims", claims_table(tables, claims)),
        *section("Credibility", assessed(disease.code)),
        *section("Sources", sources_list(_keys(disease, claims))),
        *section("Recipe", table(("item", "value"), [(k, cell(v)) for k, v in recipe.items()])),
    ]
    return page(disease.name, parts)


def _regulators(disease: axis.Disease) -> str:
    kinds = Counter(p.kind for p in disease.regulators.values())
    said = ", ".join(f"{n} {k}" for k, n in kinds.most_common())
    rows: list[dict[str, Any]] = [
        {"regulator": axis.label(n), "name in the model": n, "value": p.value, "unit": p.unit, "log SD": p.log_sd or None, "kind": p.kind,
         "claims": " ".join(p.claims), "source": p.place or cited(p.source), "why": p.rationale}
        for n, p in disease.regulators.items()
    ]  # fmt: skip
    from_parent = f" It inherits what {disease.inherits} has." if disease.inherits else ""
    note = "A gene stands for its activity; a weight is a share of what drives the tissue. Log SD: spread between patients, of the logarithm."
    return (
        f"<p>{len(rows)} regulators: {escape(said)}.{escape(from_parent)}</p><p class='small'>{note}</p>{records(rows)}"
    )


def _patients(disease: axis.Disease) -> str:
    mixed: list[dict[str, Any]] = [
        {
            "endotype": e.name,
            "share": e.share,
            "regulators it sets": {axis.label(k): v for k, v in e.regulators.items()},
        }
        for e in disease.endotypes
    ]
    text = records(mixed) or "<p>One endotype.</p>"
    given = "; ".join(_input(k, v) for k, v in disease.background.items())
    return text + (f"<p>Background therapy at entry, as inputs of the model: {escape(given)}.</p>" if given else "")


def _input(name: str, value: float) -> str:
    """A background drug with its dose: the name in words ends in the unit."""
    words, _, unit = axis.label(name).partition(", ")
    return f"{words} {value:g} {unit}".strip()


def _map(tables: evidence.Evidence, code: str) -> str:
    from baxis.evidence import graph
    from baxis.evidence.graph.draw import draw

    figure = draw(graph.mechanism_map(tables, code))
    return picture(
        figure, f"Mechanism map of {code}", "Signed claims as a layered network: from antigen and signal to tissue."
    )


def _conflicts(tables: evidence.Evidence, code: str) -> str:
    rows = evidence.conflicts(tables, code).to_dict("records")
    return records(rows, ("disease", "kind")) or "<p>No two claims on it contradict each other.</p>"


def _drugs(tables: evidence.Evidence, code: str) -> str:
    found = evidence.contrasts(tables)
    mine = found[found["disease"] == code]
    if mine.empty:
        return "<p>No contrast of a primary endpoint in the evidence.</p>"
    drawn = [picture(f, f"Primary contrasts in {code}") for f in contrasts_figures(mine, "class")]
    return f"<p>Every published contrast of a primary endpoint, {HELPS}</p>" + "".join(drawn)


def _trials(tables: evidence.Evidence, code: str) -> str:
    rows = tables.trials[tables.trials["disease"] == code].sort_values(["year", "trial_id"])
    return trials_table(rows.to_dict("records"))


def trials_table(rows: list[dict[str, Any]], shown: Mapping[str, str] = SHOWN) -> str:
    """Trials as rows: columns `shown` under their names; register numbers parted; a dash where no test of the primary was due."""
    told = [
        r
        | {"nct": str(r["nct"]).replace(";", "; "), "primary_met": {"na": "–"}.get(r["primary_met"], r["primary_met"])}
        for r in rows
    ]
    return records([{name: r[k] for k, name in shown.items()} for r in told])


def _keys(disease: axis.Disease, claims: list[dict[str, Any]]) -> list[str]:
    found = [p.source for p in disease.regulators.values()] + [c["source"] for c in claims]
    return [k.strip() for s in found for k in s.split(";") if k.strip()]
