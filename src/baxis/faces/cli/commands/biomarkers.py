"""`baxis biomarkers`: markers ranked by how well they tell who benefits, and what deciding by them is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from baxis.core.storing.written import p_value
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, DrugDose, Endpoint, Seed, SettingOf, Threads
from baxis.faces.cli.words.output import say, say_json

EARLY = 10  # markers on treatment shown

if TYPE_CHECKING:
    from baxis.insight.bench.compared import Compared
    from baxis.insight.biomarkers import Biomarkers
    from baxis.insight.biomarkers.agreement import Findings


def biomarkers(
    drug: Annotated[str | None, typer.Argument(help="International name of a drug.")] = None,
    disease: Annotated[str | None, typer.Option(help="Disease code, such as SLE.")] = None,
    dose: DrugDose = None,
    endpoint: Endpoint = None,
    trial: SettingOf = None,
    against_evidence: Annotated[
        bool, typer.Option("--against-evidence", help="Published subgroup findings beside the model's.")
    ] = False,
    patients: Annotated[int | None, options.patients("Virtual patients (1000; 500 against evidence).")] = None,
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, options.out("Folder for JSON, table, figure.", "DIR")] = None,
    json: AsJson = False,
) -> None:
    """Rank markers, at baseline and early on treatment, by how well they tell who benefits (not merely who does well)."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.core.errors import InvalidValue
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.bench.compared import KIND as AGREEMENT

    if against_evidence and (dose or endpoint or trial):
        raise InvalidValue(
            "--dose, --endpoint or --trial", "given", "none with --against-evidence: each finding has its own"
        )
    if not against_evidence and not (drug and disease):
        lacking = " and ".join(n for n, v in (("a drug", drug), ("--disease", disease)) if not v)
        got = drug or (f"--disease {disease}" if disease else "neither")
        raise InvalidValue("drug and disease", got, "both, or --against-evidence", f"{lacking} is missing")
    if out:
        check_folder(out, AGREEMENT if against_evidence else "baxis biomarkers")
    result: Findings | Biomarkers
    with bar("simulations") as tell:
        usual = 500 if against_evidence else 1000
        size = usual if patients is None else patients
        settings = Settings(patients=size, seed=seed, threads=threads, progress=tell)
        if against_evidence:
            from baxis.insight.biomarkers.agreement import against_evidence as compare

            result = compare(drug, disease, settings=settings)
        else:
            from baxis.insight.biomarkers import biomarkers as run

            result = run(str(drug), str(disease), dose=dose, endpoint=endpoint, trial=trial, settings=settings)
    if out:
        result.save(out)
    if json:
        say_json(result.to_dict(), 2)
        return
    shown = agreed(cast("Findings", result)) if against_evidence else lines(cast("Biomarkers", result))
    for line in shown:
        say(line)
    if out:
        say(f"Written to {out}")


def agreed(result: Compared) -> list[str]:
    """A comparison with the evidence as text."""
    from baxis.faces.cli.words.layout import table, told

    return [
        *result.INTRO,
        *told(result.recipe),
        *table(result.HEAD, result.shown),
        "",
        "; ".join(f"{k}: {v}" for k, v in result.counts.items()),
        f"{result.recipe['patients']} patients, seed {result.recipe['seed']}. Sources and notes with --json.",
        result.recipe["notice"],
    ]


def lines(result: Biomarkers) -> list[str]:
    """The ranking as text."""
    from baxis.faces.cli.words.layout import table, told
    from baxis.insight.biomarkers import power

    s, recipe = result.scenario, result.recipe
    factor, unit = (100, "pp") if recipe["unit"] == "share" else (1, "points")
    seen = power(result.table, recipe["arm_size"])
    rows = [
        (
            r["label"],
            f"{r['with_benefit']:+.2f}",
            p_value(r["q"], 3),
            f"{r['with_outcome']:+.2f}",
            f"{factor * r['gain_high']:+.1f}",
            f"{factor * r['gain_low']:+.1f}",
            f"{100 * p:.0f}",
        )
        for r, p in zip(result.table.to_dict("records"), seen, strict=True)
    ]
    head = ("marker", "benefit", "FDR", "outcome", f"high, {unit}", f"low, {unit}", "power %")
    return [
        f"{s.regimen} in {s.design.disease} ({s.origin}); {s.endpoint.name} at week {s.endpoint.week:g}",
        *told(recipe),
        "Rank correlation with benefit (relative fall of inflammation) and with inflammation without the drug;",
        "endpoint, drug minus no drug, above and below the marker's median;",
        f"power: a parallel trial of {recipe['arm_size']} an arm sees that interaction",
        *table(head, rows),
        "",
        f"All markers together, cross-validated: {result.composite:+.2f} (permuted benefit: {result.composite_null:+.2f})",
        "",
        *_early(result),
        "",
        *_decision(result, factor, unit),
        "",
        f"{recipe['patients']} patients, {recipe['failures']} failures. {recipe['assumed_assays']} assay variations assumed.",
        recipe["notice"],
    ]


def _early(result: Biomarkers) -> list[str]:
    """Markers on treatment, and what each week adds to those at baseline."""
    from baxis.faces.cli.words.layout import table

    if not len(result.early):
        return ["On treatment: no visit between week 2 and the weeks in which benefit is counted."]
    rows = [
        (r["label"], f"{r['with_benefit']:+.2f}", p_value(r["q"], 3), f"{r['with_outcome']:+.2f}")
        for r in result.early.head(EARLY).to_dict("records")
    ]
    added = [
        f"week {r['week']:g}: {r['composite']:+.2f} ({r['composite_null']:+.2f})"
        for r in result.early_composite.to_dict("records")
    ]
    return [
        f"On treatment: change from baseline, or occupancy, and later benefit; the first {EARLY} of {len(result.early)} looks",
        *table(("marker", "benefit", "FDR", "outcome"), rows),
        f"Baseline with all markers of a week, cross-validated (permuted): {'; '.join(added)}",
    ]


def _decision(result: Biomarkers, factor: int, unit: str) -> list[str]:
    """The decision curve at every other threshold, and where it is of use."""
    from baxis.faces.cli.words.layout import table
    from baxis.insight.biomarkers.decision import ALL, ONE, useful

    found = {rule: useful(result.decision, rule) for rule in (ALL, ONE)}
    rows = []
    for rule in (ALL, ONE):
        own = result.decision[result.decision["rule"] == rule].reset_index(drop=True)
        named = own["threshold"].isin(found[rule] or ())  # what the last line names stands in the table
        for r in own[named | own.index.isin(range(2, 13, 2))].to_dict("records"):
            lead = f"{factor * r['lead']:+.2f} ({factor * r['ci_low']:+.2f} to {factor * r['ci_high']:+.2f})"
            values = (factor * r[k] for k in ("threshold", "net_benefit", "treat_all", "null_95"))
            shown = [f"{v:.{d}f}" for v, d in zip(values, (1, 2, 2, 2), strict=True)]
            rows.append((rule, shown[0], f"{100 * r['treated']:.0f}", shown[1], shown[2], lead, shown[3]))
    said = [
        f"{rule}: " + (_between(factor * f[0], factor * f[1], unit) if f else "nowhere") for rule, f in found.items()
    ]
    head = (
        "treat by",
        f"threshold, {unit}",
        "treated %",
        "net benefit",
        "treat all",
        "lead over all and none",
        "by chance",
    )
    return [
        f"Decision curve: threshold is the gain that just justifies the drug; net benefit in {unit}, 90 % interval",
        *table(head, rows),
        f"Beats treating all and none beyond interval and chance: {'; '.join(said)}",
    ]


def _between(low: float, high: float, unit: str) -> str:
    """Thresholds from the lowest to the highest, or the only one."""
    return f"at {low:.1f} {unit} only" if low == high else f"{low:.1f} to {high:.1f} {unit}"
