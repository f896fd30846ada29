"""One sheet with everything about a trial, a claim, an experiment, a drug or a gene: plain data that any face can print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from baxis.core.errors import UnknownName
from baxis.evidence.ask.genes import aliases, gene_sheet
from baxis.evidence.ask.sheet_parts import Section, cited, facts, listed
from baxis.evidence.store.load import load
from baxis.evidence.store.tables import Evidence


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything about one thing. `kind`: trial, claim, experiment, drug or gene."""

    kind: str
    name: str
    title: str
    sections: tuple[Section, ...]


def sheet(name: str, evidence: Evidence | None = None, audit: bool = False) -> Sheet:
    """Sheet of a trial (id, acronym, NCT number), claim, experiment, drug (INN, other name) or gene; in any case.

    `audit` adds the pages where numbers were seen. Raises UnknownName with the nearest name.
    """
    tables = evidence or load()
    found = index(tables).get(name.strip().casefold())
    if not found:
        raise UnknownName(
            "trial, claim, experiment, drug or gene", name, sorted({v[1] for v in index(tables).values()})
        )
    kind, key = found
    makers = {
        "trial": trial_sheet, "claim": claim_sheet, "experiment": experiment_sheet, "drug": drug_sheet,
        "gene": gene_sheet,
    }  # fmt: skip
    title, sections = makers[kind](tables, key)
    if audit and kind != "gene":  # the pages of a gene are those of its claims and drugs
        sections += [seen_at(tables, kind, key)]
    return Sheet(kind, key, title, tuple(s for s in sections if s.rows))


def index(tables: Evidence) -> dict[str, tuple[str, str]]:
    """Every name that has a sheet, lower case, with its kind and stored name; ids win over acronyms."""
    names: dict[str, tuple[str, str]] = {}
    for row in tables.rows("trials"):
        for alias in [row["acronym"], *row["nct"].split(";")]:
            if alias.strip():
                names.setdefault(alias.strip().casefold(), ("trial", row["trial_id"]))
    for kind, table, key in (
        ("experiment", "experiments", "exp_id"), ("drug", "drugs", "drug"), ("claim", "claims", "claim_id"),
        ("trial", "trials", "trial_id"),
    ):  # fmt: skip
        names |= {str(v).casefold(): (kind, str(v)) for v in tables.frames[table][key]}
    for drug in tables.rows("drugs"):
        for alias in drug["other_names"].split(";"):
            names.setdefault(alias.strip().casefold(), ("drug", drug["drug"]))
    for word, gene in aliases(tables):
        names.setdefault(word.casefold(), ("gene", gene))
    names.pop("", None)
    return names


def trial_sheet(tables: Evidence, key: str) -> tuple[str, list[Section]]:
    """Sections of a trial."""
    from baxis.evidence.ask.contrast import contrasts
    from baxis.evidence.ask.grade import grade_trials

    trial, arms, outcomes, baseline = (
        of(tables, t, "trial_id", key) for t in ("trials", "arms", "outcomes", "baseline")
    )
    category = {e["endpoint"]: e["category"] for e in tables.rows("endpoints")}
    whole = [r for r in outcomes if not r["subgroup"]]
    sources = cited(trial + outcomes + baseline)
    if trial[0].get("role_given") == trial[0]["role"]:
        del trial[0]["role_given"]
    grade = grade_trials(tables)
    pairs = contrasts(tables)
    by = {c: [r for r in whole if category.get(r["endpoint"], "efficacy") in c] for c in GROUPS}
    sections = [
        facts("Trial", trial[0]),
        listed("Arms", arms, ARM),
        listed(
            "Primary contrasts (active minus control)",
            [rounded(r) for r in records(pairs[pairs["trial_id"] == key])],
            CONTRAST,
        ),
        *(listed(title, by[c], OUTCOME) for c, title in GROUPS.items()),
        listed("Subgroups", [r for r in outcomes if r["subgroup"]], ("subgroup", *OUTCOME)),
        listed("Baseline", baseline, BASELINE),
        facts("Evidence grade", records(grade[grade["trial_id"] == key])[0], ("trial_id", "design")),
        sources,
    ]
    return trial[0]["acronym"] or key, sections


ARM = ("arm_id", "arm_label", "role", "drug", "dose", "dose_unit", "route", "schedule", "regimen", "n")
OUTCOME = (
    "arm_id", "versus", "endpoint", "week", "statistic", "value", "unit", "instrument", "ci_low", "ci_high", "se", "n",
    "p_value", "provenance", "ref", "detail",
)  # fmt: skip
CONTRAST = (
    "arm_id", "versus", "endpoint", "week", "subgroup", "scale", "value", "ci_low", "ci_high", "n1", "n0", "interval",
    "primary",
)  # fmt: skip
GROUPS = {
    ("efficacy", "steroid"): "Endpoints",
    ("biomarker",): "Biomarkers",
    ("safety", "disposition"): "Safety",
}
BASELINE = (
    "arm_id",
    "characteristic",
    "value",
    "statistic",
    "unit",
    "spread",
    "spread_kind",
    "low",
    "high",
    "ref",
    "detail",
)


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """A computed contrast in four digits, more than its interval carries."""
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def of(tables: Evidence, table: str, column: str, key: str) -> list[dict[str, Any]]:
    """Rows of a table with a value in a column."""
    frame = tables.frames[table]
    return records(frame[frame[column] == key])


def records(frame: Any) -> list[dict[str, Any]]:
    """Rows of a frame as dictionaries."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def claim_sheet(tables: Evidence, key: str) -> tuple[str, list[Section]]:
    """Sections of a claim: itself, its grade, its conflicts, other claims on the same genes."""
    from baxis.evidence.ask.conflict import conflicts
    from baxis.evidence.ask.grade import grade_claims

    claim = of(tables, "claims", "claim_id", key)
    sources = cited(claim)
    graded = grade_claims(tables)
    against = conflicts(tables)
    against = against[(against["claim_a"] == key) | (against["claim_b"] == key)]
    genes = {g for c in ("subject_genes", "object_genes") for g in claim[0][c].split(";") if g}
    near = [
        r for r in tables.rows("claims")
        if r["claim_id"] != key and genes & {*r["subject_genes"].split(";"), *r["object_genes"].split(";")}
        and (not claim[0]["disease"] or r["disease"] in ("", claim[0]["disease"]))
    ]  # fmt: skip
    return f"{claim[0]['subject']} {claim[0]['relation']} {claim[0]['object']}", [
        facts("Claim", claim[0]),
        facts("Evidence grade", records(graded[graded["claim_id"] == key])[0], ("claim_id",)),
        listed(
            "In conflict with",
            records(against),
            ("kind", "about", "claim_a", "claim_b", "statement_a", "statement_b"),
        ),
        listed("Other claims on its genes", near[:30], ("claim_id", "subject", "relation", "object", "disease")),
        sources,
    ]


def experiment_sheet(tables: Evidence, key: str) -> tuple[str, list[Section]]:
    """Sections of an experiment: its readouts."""
    rows = of(tables, "experiments", "exp_id", key)
    sources = cited(rows)
    columns = (
        "description",
        "stimulus",
        "perturbation",
        "readout",
        "time_min",
        "value",
        "value_text",
        "unit",
    )
    return rows[0]["description"], [
        listed("Readouts", rows, (*columns, "kind", "provenance", "ref")),
        sources,
    ]


def drug_sheet(tables: Evidence, key: str) -> tuple[str, list[Section]]:
    """Sections of a drug: facts, kinetics, potency, what was seen in people, its arms."""
    from baxis.evidence.ask.query import parts

    drug, pk, pd, seen = (of(tables, t, "drug", key) for t in ("drugs", "pk", "pd", "pd_observed"))
    arms = [r for r in tables.rows("arms") if key in parts(r["drug"])]
    sources = cited(pk + pd + seen)
    number = ("value", "value_text", "unit")
    tail = ("population", "ref", "provenance")
    return key, [
        facts("Drug", drug[0]),
        listed("Pharmacokinetics", pk, ("model", "parameter", *number, "iiv_cv_pct", "covariates", *tail)),
        listed("Potency and binding", pd, ("target", "mechanism", "parameter", *number, "assay", *tail[1:])),
        listed(
            "Seen in people",
            seen,
            ("regimen", "population", "biomarker", "time", *number, "ref", "provenance"),
        ),
        listed("Trial arms", arms, ("trial_id", "arm_id", "drug", "dose", "dose_unit", "route", "schedule", "n")),
        sources,
    ]


def seen_at(tables: Evidence, kind: str, key: str) -> Section:
    """Pages where the numbers were seen, for auditors."""
    column = {"trial": "trial_id", "claim": "claim_id", "experiment": "exp_id", "drug": "drug"}[kind]
    held = {
        "trial": ("trials", "outcomes", "baseline"), "claim": ("claims",), "experiment": ("experiments",),
        "drug": ("pk", "pd", "pd_observed"),
    }[kind]  # fmt: skip
    pairs = {(t, r["source_url"]) for t in held for r in of(tables, t, column, key) if r["source_url"]}
    return Section("Pages where numbers were seen", ("table", "page"), tuple(sorted(pairs)))
