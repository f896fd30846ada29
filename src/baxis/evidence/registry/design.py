"""Protocol section of a study record: the trial and its arms."""

from __future__ import annotations

from typing import Any

from baxis.evidence.registry import words

Row = dict[str, str]
PHASES = {"EARLY_PHASE1": "1", "PHASE1": "1", "PHASE2": "2", "PHASE3": "3", "PHASE4": "4", "NA": "obs"}
ROLES = {
    "PLACEBO_COMPARATOR": "placebo", "SHAM_COMPARATOR": "placebo", "EXPERIMENTAL": "active",
    "ACTIVE_COMPARATOR": "comparator", "NO_INTERVENTION": "comparator", "OTHER": "active",
}  # fmt: skip


def trial(study: dict[str, Any], unmapped: list[str]) -> Row:
    """Row of trials.csv; the primary endpoint's numbers count as seen when the record has results."""
    protocol = study["protocolSection"]
    identity, design = protocol["identificationModule"], protocol.get("designModule", {})
    status, conditions = (
        protocol.get("statusModule", {}),
        protocol.get("conditionsModule", {}).get("conditions", []),
    )
    primary = protocol.get("outcomesModule", {}).get("primaryOutcomes", [])
    nct, results = identity["nctId"], study.get("resultsSection")
    disease = words.code("disease", "; ".join(conditions) + " " + identity.get("briefTitle", ""))
    if not disease:
        unmapped.append(f"{nct}: condition {'; '.join(conditions)!r} is none of the diseases")
    for extra in primary[1:]:
        unmapped.append(f"{nct}: further primary endpoint {extra.get('measure', '')!r}, only the first is the trial's")
    first = primary[0] if primary else {}
    dates = (status.get(k, {}).get("date", "") for k in ("resultsFirstPostDateStruct", "completionDateStruct"))
    year = next((d[:4] for d in dates if d), "")
    return {
        "trial_id": nct.lower(),
        "nct": nct,
        "acronym": identity.get("acronym", ""),
        "disease": disease,
        "phase": phase(design.get("phases", []), nct, unmapped),
        **masking(design, nct, unmapped),
        "n_randomised": str(design.get("enrollmentInfo", {}).get("count", "") or ""),
        "population": identity.get("briefTitle", ""),
        "primary_endpoint": words.code("endpoint", first.get("measure", "")) or first.get("measure", ""),
        "primary_week": words.week(first.get("timeFrame", "")),
        "primary_met": "na",
        "year": year,
        "role": "external",
        "provenance": "verified" if results else "recalled",
        "source_url": f"https://clinicaltrials.gov/study/{nct}",
        "notes": "imported from the register",
    }


def phase(phases: list[str], nct: str, unmapped: list[str]) -> str:
    """Phase code; the higher of two."""
    known = [PHASES[p] for p in phases if p in PHASES]
    unmapped += [f"{nct}: phase {p!r}" for p in phases if p not in PHASES]
    return max(known, default="")


def masking(design: dict[str, Any], nct: str, unmapped: list[str]) -> Row:
    """Design and blinding columns."""
    info = design.get("designInfo", {})
    mask = info.get("maskingInfo", {}).get("masking", "")
    blind = {"NONE": "open", "SINGLE": "single"}.get(mask, "double" if mask else "")
    model, allocation = info.get("interventionModel", ""), info.get("allocation", "")
    if allocation == "RANDOMIZED" and model != "CROSSOVER":
        if model not in ("PARALLEL", ""):
            unmapped.append(f"{nct}: interventionModel {model!r} filed as parallel-rct")
        return {"design": "parallel-rct", "blind": blind}
    if model == "CROSSOVER":
        unmapped.append(
            f"{nct}: a crossover trial has no design of its own; filed as open-label, so that nothing pools it"
        )
    return {"design": "single-arm" if model == "SINGLE_GROUP" else "open-label", "blind": blind or "open"}


def arms(study: dict[str, Any], unmapped: list[str]) -> list[Row]:
    """Rows of arms.csv in the record's order."""
    protocol = study["protocolSection"]
    nct = protocol["identificationModule"]["nctId"]
    module = protocol.get("armsInterventionsModule", {})
    details = {
        f"{i.get('type', '').title()}: {i.get('name', '')}".casefold(): i for i in module.get("interventions", [])
    }
    rows: list[Row] = []
    for group in module.get("armGroups", []):
        name = words.slug(group.get("label", ""), 40).casefold() or "arm"
        arm_id = words.unique(name, [r["arm_id"] for r in rows])
        rows.append({"trial_id": nct.lower(), "arm_id": arm_id, **arm(group, details, nct, unmapped)})
    return rows


def arm(group: dict[str, Any], details: dict[str, Any], nct: str, unmapped: list[str]) -> Row:
    """One arm group as a row."""
    label, kind = group.get("label", ""), group.get("type", "")
    role = ROLES.get(kind, "active")
    if kind not in ROLES:
        unmapped.append(f"{nct}: arm {label!r} has type {kind!r}, filed as active")
    names = group.get("interventionNames", [])
    drugs = [d for n in names if (d := words.drug(n))]
    kept = [d for d in drugs if "placebo" not in d] if role != "placebo" else ["placebo"]
    said = " ".join([label, group.get("description", "")])
    more = " ".join(details.get(n.casefold(), {}).get("description", "") for n in names)
    amount, unit = words.dose(said) if words.dose(said)[0] else words.dose(more)
    row = {
        "arm_label": label,
        "drug": "+".join(dict.fromkeys(kept)) or ("placebo" if drugs else "standard care"),
        "dose": "" if role == "placebo" else amount,
        "dose_unit": "" if role == "placebo" else unit,
        "route": words.route(said) or words.route(more),
        "schedule": words.schedule(said) or words.schedule(more),
        "role": role,
    }
    row["regimen"] = row["schedule"]
    for column in ("dose", "route", "schedule"):
        if not row[column] and not (role == "placebo" and column == "dose"):
            unmapped.append(f"{nct}: {column} of arm {label!r} not read from {(said.strip() or more)[:120]!r}")
    return row
