"""`baxis repertoire`: summary of an AIRR-C rearrangement table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from baxis.faces.cli.words.options import AsJson
from baxis.faces.cli.words.output import say, say_json


def repertoire(
    file: Annotated[Path, typer.Argument(metavar="FILE.tsv", help="AIRR-C rearrangements.")],
    json: AsJson = False,
) -> None:
    """Clonality, isotypes and somatic mutation of a B-cell receptor repertoire. Research use only."""
    from baxis.faces.cli.words.layout import facts
    from baxis.insight.omics.repertoire import repertoire as run

    r = run(file)
    if json:
        say_json(r.to_dict(), 1)
        return
    pairs = [("sequences", f"{r.sequences} in {r.clones} clones; {r.dropped} rows dropped")]
    pairs += [
        ("Shannon entropy", f"{r.shannon:.2f} nats"),
        ("clonality", f"{r.clonality:.3f}"),
        ("Gini", f"{r.gini:.3f}"),
    ]
    pairs += [("isotypes", ", ".join(f"{k} {100 * v:.1f} %" for k, v in r.isotypes.items()))]
    pairs += [("V mutation", f"{r.mutation:.2f} % of bases")]
    say("\n".join([*facts(pairs), "For research use only."]))
