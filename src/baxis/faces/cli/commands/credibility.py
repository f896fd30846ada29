"""`baxis credibility`: the credibility file of one claim, from checks, tables and a test report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from baxis.core.plain import to_json
from baxis.faces.cli.words import options
from baxis.faces.cli.words.output import say

KINDS = (".html", ".json")

CLAIMS = ("effect", "escape", "marker", "combination")


def credibility(
    claim: Annotated[str, options.chosen("claim", CLAIMS, "What is claimed.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as SLE.")],
    out: Annotated[Path, options.out("File to write: .html or .json.", "FILE")],
    drug: Annotated[list[str] | None, typer.Option(help="Drug whose numbers count; repeat.")] = None,
    endpoint: Annotated[str, typer.Option(help="Endpoint that is asked about, such as ACR20.")] = "",
    tests: Annotated[
        Path | None, typer.Option(help="JUnit XML of the test suite, as `make test` writes.", metavar="FILE")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print the HTML to PDF, by the system's Chromium.")] = False,
) -> None:
    """Write a claim's credibility: question, context, risk, evidence by category, 13 factors, analysis plan. Research use only."""
    from baxis.core import library
    from baxis.core.errors import InvalidValue, UnknownName
    from baxis.core.storing import files
    from baxis.faces.report import assessment, write
    from baxis.faces.report import pdf as printer

    files.check_file(out, KINDS)
    if pdf and out.suffix != ".html":
        raise InvalidValue("--pdf", str(out), "an .html file to print")
    known = {row["endpoint"] for row in library.read_table("evidence/endpoints")}
    if endpoint and endpoint not in known:
        raise UnknownName("endpoint", endpoint, known)
    if pdf:
        printer.browser()
    found = assessment.assess(claim, disease, drug or (), endpoint, tests)
    plain = to_json(found.to_dict(), 1) + "\n"
    say(f"Written to {write(plain if out.suffix == '.json' else assessment.html(found), out)}")
    if pdf:
        say(f"Written to {printer.write_pdf(out)}")
