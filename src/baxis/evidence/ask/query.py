"""Queries over trials and claims: by disease, drug, drug class, role, endpoint, gene, words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from baxis.core import names
from baxis.core.errors import InvalidValue, UnknownName, nearest
from baxis.core.reading import disease_names

if TYPE_CHECKING:
    import pandas as pd

    from baxis.evidence.store.tables import Evidence


def drug_classes(evidence: Evidence) -> dict[str, str]:
    """Class of every word of the drug column of arms, e.g. {'fenebrutinib': 'BTK inhibitor reversible'}."""
    agents = evidence.frames["agents"]
    return dict(zip(agents["agent"], agents["class"], strict=True))


def arm_class(drug: str, classes: dict[str, str]) -> str:
    """Class of an arm's treatment, parts joined by '+', each once; 'unclassified' for an unknown part."""
    parts = [drug] if drug in classes else [p.strip() for p in drug.split("+")]
    return "+".join(dict.fromkeys(classes.get(p, "unclassified") for p in parts))


def known(kind: str, value: str, allowed: set[str]) -> str:
    """`value` in its stored spelling, or UnknownName with the nearest."""
    folded = {a.casefold(): a for a in allowed if a}
    if value.casefold() not in folded:
        raise UnknownName(kind, value, allowed - {""})
    return folded[value.casefold()]


def disease_code(evidence: Evidence, disease: str) -> str:
    """Code of a disease by code, name, alias or MONDO identifier, in any case; UnknownName lists codes with names."""
    table = evidence.frames["diseases"]
    said = disease.strip().casefold()
    for code, *spelt in table[["disease", "name", "mondo"]].itertuples(index=False, name=None):
        if said in {code.casefold(), *(n.casefold() for n in spelt if n)}:
            return str(code)
    codes = dict(zip(table["disease"], table["name"], strict=True))
    try:
        return disease_names.code(disease, codes)
    except UnknownName:
        raise UnknownName("disease", disease, codes, "; ".join(f"{c}: {n}" for c, n in sorted(codes.items()))) from None


def trial_id(evidence: Evidence, text: str, more: Iterable[str] = (), hint: str = "") -> str:
    """Id of a trial by id, acronym or registry number, in any case; UnknownName where it is none, or more than one.

    more: ids beside those of the evidence.
    """
    table = evidence.frames["trials"]
    spelt: dict[str, set[str]] = {}
    for own, acronym, nct in table[["trial_id", "acronym", "nct"]].itertuples(index=False, name=None):
        for alias in (acronym, nct):
            if alias and alias == alias:
                spelt.setdefault(names.bare(alias), set()).add(own)
    one = {alias: next(iter(ids)) for alias, ids in spelt.items() if len(ids) == 1}
    return names.known("trial", text, {*table["trial_id"], *more}, one, hint)


def trials(
    evidence: Evidence,
    disease: str | None = None,
    drug_class: str | None = None,
    drug: str | None = None,
    role: str | None = None,
    endpoint: str | None = None,
) -> pd.DataFrame:
    """Arms of the trials that fit, one row an arm; with `endpoint`, the arm's value at each week it was measured.

    Columns: trial_id, acronym, disease, phase, year, role, arm_id, drug, class, dose, dose_unit, regimen, n,
    primary_endpoint, primary_met, source, provenance; with `endpoint` also endpoint, week, statistic, value, unit,
    ci_low, ci_high, n_measured. A drug or class keeps the whole trial, controls included. A class fits by its
    words ('BTK inhibitor' finds covalent and reversible). Raises UnknownName.
    """
    table, arms = evidence.trials, evidence.arms
    classes = drug_classes(evidence)
    arms["class"] = [arm_class(d, classes) for d in arms["drug"]]
    if disease is not None:
        table = table[table["disease"] == disease_code(evidence, disease)]
    if role is not None:
        table = table[table["role"] == known("role", role, set(table["role"]) | {"external"})]
    if drug is not None:
        name = known("drug", drug, drugs_in(arms))
        table = table[table["trial_id"].isin(arms.loc[[name in parts(d) for d in arms["drug"]], "trial_id"])]
    if drug_class is not None:
        fits = class_fits(drug_class, set(arms["class"]))
        table = table[table["trial_id"].isin(arms.loc[arms["class"].isin(fits), "trial_id"])]
    shown = ["trial_id", "acronym", "disease", "phase", "year", "role", "primary_endpoint", "primary_met"]
    joined = table[[*shown, "source", "provenance"]].merge(arms.drop(columns=["role"]), on="trial_id")
    if endpoint is not None:
        joined = with_endpoint(joined, evidence, endpoint)
    order = ["trial_id", "acronym", "disease", "phase", "year", "role", "arm_id", "drug", "class", "dose"]
    order += ["dose_unit", "regimen", "n", "primary_endpoint", "primary_met"]
    extra = ["endpoint", "week", "statistic", "value", "unit", "ci_low", "ci_high", "n_measured"] if endpoint else []
    return joined[[*order, *extra, "source", "provenance"]].reset_index(drop=True)


def parts(drug: str) -> list[str]:
    """Drugs of an arm."""
    return [p.strip() for p in drug.split("+")]


def drugs_in(arms: pd.DataFrame) -> set[str]:
    """Every single drug that an arm gives."""
    return {p for d in arms["drug"] for p in parts(d)}


def class_fits(wanted: str, present: set[str]) -> set[str]:
    """Classes that hold every word of `wanted`; UnknownName, with the nearest word of a class, when none does."""
    words = [w for w in re.split(r"[\s+/_-]+", wanted.casefold()) if w]
    fits = {c for c in present if words and all(w in c.casefold() for w in words)}
    if not fits:
        vocabulary = {w for c in present for w in re.split(r"[\s+/]+", c)}
        near = [n for w in words if (n := nearest(w, vocabulary)) and n.casefold() != w]
        hint = f"did you mean a class with {near[0]!r}?" if near else "`baxis list drugs` shows every class"
        single = {p for c in present for p in c.split("+")}
        most = max((sum(w in p.casefold() for w in words) for p in single), default=0)
        alike = {p for p in single if most and sum(w in p.casefold() for w in words) == most}
        raise UnknownName("drug class", wanted, alike or single, hint)
    return fits


def with_endpoint(joined: pd.DataFrame, evidence: Evidence, endpoint: str) -> pd.DataFrame:
    """Arms joined to their whole-arm values of one endpoint (contrasts between arms left out)."""
    outcomes = evidence.outcomes
    name = known("endpoint", endpoint, set(outcomes["endpoint"]))
    keep = (outcomes["endpoint"] == name) & (outcomes["subgroup"] == "") & (outcomes["versus"] == "")
    columns = [
        "trial_id",
        "arm_id",
        "endpoint",
        "week",
        "statistic",
        "value",
        "unit",
        "ci_low",
        "ci_high",
        "n",
    ]
    values = outcomes.loc[keep, [*columns, "source", "provenance"]].rename(columns={"n": "n_measured"})
    return joined.drop(columns=["source", "provenance"]).merge(values, on=["trial_id", "arm_id"])


def claims(
    evidence: Evidence, gene: str | None = None, disease: str | None = None, text: str | None = None
) -> pd.DataFrame:
    """Claims that name a gene (HGNC symbol, or a word the claims use for it), hold in a disease, contain a text.

    A disease keeps its own claims and those stated for no disease in particular only when nothing else is asked; a
    claim of the disease it is part of (LN: SLE) counts. Raises UnknownName.
    """
    table = evidence.claims
    if gene is not None:
        symbol = gene_symbol(evidence, gene, table)
        named = table["subject_genes"] + ";" + table["object_genes"]
        table = table[[symbol in g.split(";") for g in named]]
    if disease is not None:
        table = table[table["disease"].isin(disease_family(evidence, disease))]
    if text is not None:
        if not text.strip():
            raise InvalidValue("text", text, "a word that a claim contains", "leave it out for every claim")
        words = table[["subject", "object", "context", "statement"]].agg(" ".join, axis=1).str.casefold()
        table = table[words.str.contains(" ".join(text.casefold().split()), regex=False)]
    return table.reset_index(drop=True)


def gene_symbol(evidence: Evidence, gene: str, table: pd.DataFrame) -> str:
    """HGNC symbol of a word; UnknownName lists the symbols that claims name."""
    symbols = {g for cell in [*table["subject_genes"], *table["object_genes"]] for g in cell.split(";") if g}
    terms = evidence.frames["gene_terms"]
    words = dict(zip(terms["term"].str.casefold(), terms["genes"], strict=True))
    folded = {s.casefold(): s for s in symbols}
    hit = folded.get(gene.casefold()) or words.get(gene.casefold(), "")
    if hit not in symbols:
        raise UnknownName("gene", gene, symbols, "HGNC symbols that a claim names")
    return hit


def disease_family(evidence: Evidence, disease: str) -> list[str]:
    """The disease and the one it is part of."""
    table = evidence.frames["diseases"]
    code = disease_code(evidence, disease)
    parent = table.loc[table["disease"] == code, "part_of"].iloc[0]
    return [code, parent] if parent else [code]
