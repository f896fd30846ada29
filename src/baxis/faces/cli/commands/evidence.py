"""`baxis evidence`: check, query, search, import; the meta-analysis commands register themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.errors import InvalidValue
from baxis.core.plain import records
from baxis.core.showing.sheets import csv_text
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, OwnEvidence
from baxis.faces.cli.words.output import say, say_json, say_rows

if TYPE_CHECKING:
    import pandas as pd

    from baxis.evidence import Evidence

app = typer.Typer(help="Trials, claims and pharmacology: query, check, import, pool.", no_args_is_help=True)

AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Disease = Annotated[str | None, typer.Option("--disease", help="RA, SLE, LN, SjD, IgG4-RD or AAV.")]


def tables(folders: list[Path] | None) -> Evidence:
    """The evidence with the user's folders laid over it."""
    from baxis.evidence import load

    return load(*(folders or []))


def show(frame: pd.DataFrame, title: str, as_csv: bool = False, as_json: bool = False) -> None:
    """Print a frame as CSV, JSON, a table on a terminal, or tab-separated lines elsewhere."""
    if as_csv and as_json:
        raise InvalidValue("--csv --json", "both", "one of the two")
    frame = whole_numbers(frame)
    if frame.empty:
        say(f"{title}: nothing fits", err=True)
    if as_csv:
        say(csv_text(frame).removesuffix("\n"))
    elif as_json:
        say_json(records(frame), 2)
    else:
        rows = [[cell(v) for v in row] for row in frame.itertuples(index=False, name=None)]
        print_rows(list(frame.columns), rows, f"{title} ({len(rows)})")


def whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each column of whole numbers (years, patients) as such, unknown ones left as they are."""
    out = frame.copy()
    for name in frame.select_dtypes("float").columns:
        known = frame[name].dropna()
        if len(known) and (known % 1 == 0).all() and known.abs().max() < 1e15:
            out[name] = frame[name].astype("Int64")
    return out


def cell(value: Any) -> str:
    """A cell as text; unknown is empty."""
    if value is None or str(value) == "<NA>":
        return ""
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value)


def print_rows(columns: list[str], rows: list[list[str]], title: str) -> None:
    """A table on a terminal, tab-separated text (header first) when piped. Empty columns are left out."""
    say_rows(columns, rows, title)


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of tables; the shipped library when left out.")] = None,
    uncited: Annotated[bool, typer.Option("--uncited", help="List every number without a citation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check tables: every fault at once, then how the numbers are sourced. Exit code 1 on faults."""
    from baxis.evidence import check as run

    if uncited and as_json:
        raise InvalidValue("--uncited", "with --json", "one of the two: the JSON always lists them")
    report = run(folder)
    if as_json:
        print_report_json(report)
    else:
        for fault in report.faults:
            say(fault.text)
        columns = ["table", "rows", "numbers", "verified", "recalled", "uncited"]
        rows = [[str(getattr(c, name)) for name in columns] for c in (*report.counts, report.total)]
        print_rows(columns, rows, report.where)
        if uncited:
            print_rows(
                ["file", "row", "key"],
                [[f, str(r), k] for f, r, k in report.uncited],
                "numbers without a citation",
            )
        say(f"{report.where}: {len(report.faults)} fault{'s' if len(report.faults) != 1 else ''}")
    raise typer.Exit(1 if report.faults else 0)


def print_report_json(report: Any) -> None:
    """The whole report as JSON."""
    from dataclasses import asdict

    say_json(asdict(report), 2)


@app.command()
def trials(
    disease: Disease = None,
    drug_class: Annotated[
        str | None, typer.Option("--class", help="Drug class by its words, e.g. 'BTK inhibitor'.")
    ] = None,
    drug: Annotated[str | None, typer.Option("--drug", help="Drug by INN.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="calibration, validation, context or external.")] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="Show the arms' values of this endpoint.")] = None,
    evidence: OwnEvidence = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Trials and their arms that fit, with the values of an endpoint when one is asked."""
    from baxis.evidence import trials as query

    found = query(tables(evidence), disease=disease, drug_class=drug_class, drug=drug, role=role, endpoint=endpoint)
    show(found, "arms", as_csv, as_json)


@app.command()
def claims(
    gene: Annotated[str | None, typer.Option("--gene", help="HGNC symbol, or the claims' word for it (BAFF).")] = None,
    disease: Disease = None,
    text: Annotated[str | None, typer.Option("--text", help="Words that the claim contains.")] = None,
    evidence: OwnEvidence = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Signed mechanistic statements, with their grade."""
    from baxis.evidence import claims as query
    from baxis.evidence import grade_claims

    ev = tables(evidence)
    found = query(ev, gene=gene, disease=disease, text=text).merge(
        grade_claims(ev)[["claim_id", "grade"]], on="claim_id"
    )
    if not (as_csv or as_json):
        found = found[["claim_id", "disease", "statement", "direction_in_disease", "evidence_type", "grade", "source"]]
    show(found, "claims", as_csv, as_json)


@app.command()
def contrasts(
    disease: Disease = None,
    role: Annotated[str | None, typer.Option("--role", help="calibration, validation, context or external.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="List the trials that give none, with why.")] = False,
    evidence: OwnEvidence = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Active-minus-control contrasts of every trial's primary endpoint, with intervals."""
    from baxis.evidence import contrasts as query
    from baxis.evidence.ask.contrast import without_contrast
    from baxis.evidence.ask.query import disease_code, known

    ev = tables(evidence)
    found = without_contrast(ev) if missing else query(ev)
    if disease is not None:
        found = found[found["disease"] == disease_code(ev, disease)]
    if role is not None:
        found = found[found["role"] == known("role", role, {"calibration", "validation", "context", "external"})]
    show(found, "contrasts", as_csv, as_json)


@app.command()
def grades(evidence: OwnEvidence = None, as_csv: AsCsv = False, as_json: AsJson = False) -> None:
    """Evidence grade of every trial: design, risk of bias, directness, precision."""
    from baxis.evidence import grade_trials

    show(grade_trials(tables(evidence)), "trials", as_csv, as_json)


@app.command()
def sheet(
    name: Annotated[str, typer.Argument(help="Trial (id, acronym or NCT number), claim, experiment, drug or gene.")],
    audit: Annotated[bool, typer.Option("--audit", help="Also list the pages where numbers were seen.")] = False,
    evidence: OwnEvidence = None,
    as_json: AsJson = False,
) -> None:
    """Everything that the tables hold about one trial, claim, experiment, drug or gene."""
    from dataclasses import asdict

    from baxis.evidence import sheet as make

    made = make(name, tables(evidence), audit)
    if audit and made == make(name, tables(evidence), False):
        raise InvalidValue("--audit", name, "a name with numbers whose pages were noted; leave --audit out")
    if as_json:
        say_json(asdict(made), 2)
        return
    say(f"{made.kind} {made.name}: {made.title}")
    for section in made.sections:
        say("")
        print_rows(list(section.columns), [list(r) for r in section.rows], section.title)


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(help="Words to find.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Most matches to show.")] = 20,
    evidence: OwnEvidence = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Full-text search over trials, claims, drugs and experiments."""
    from baxis.evidence import search as query

    show(query(tables(evidence), " ".join(text), limit), "matches", as_csv, as_json)


@app.command()
def conflicts(
    disease: Disease = None, evidence: OwnEvidence = None, as_csv: AsCsv = False, as_json: AsJson = False
) -> None:
    """Claims that contradict each other."""
    from baxis.evidence import conflicts as query

    show(query(tables(evidence), disease), "conflicts", as_csv, as_json)


@app.command("import")
def import_record(
    files: Annotated[list[Path], typer.Argument(help="Study records as ClinicalTrials.gov gives them (API v2, JSON).")],
    out: Annotated[Path, options.out("Folder to write the tables to; for use with --evidence.")] = Path("imported"),
) -> None:
    """Turn ClinicalTrials.gov study records into evidence tables; what cannot be mapped is listed, not dropped."""
    from baxis.evidence import check as check_tables
    from baxis.evidence.registry import read_records, write

    record = read_records(files)
    written = write(record, out)
    for name, rows in record.tables.items():
        say(f"{name}: {len(rows)} rows")
    for item in record.unmapped:
        say(f"not mapped: {item}")
    for fault in check_tables(out).faults:
        say(f"to mend before use: {fault.text}")
    say("wrote " + ", ".join(str(f) for f in written))


def _register() -> None:
    """Let the meta-analysis commands add themselves."""
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec(f"{__package__}.evidence_meta"):
        import_module(f"{__package__}.evidence_meta").register(app)


_register()
