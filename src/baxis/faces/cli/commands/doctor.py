"""`baxis doctor`: what this installation has and lacks."""

from __future__ import annotations

from dataclasses import asdict

import typer

from baxis.faces.cli.words.options import AsJson
from baxis.faces.cli.words.output import say, say_json


def doctor(json: AsJson = False) -> None:
    """Check Python, cores, cache, packages and extras; say how to get what is missing. Exit code 1 if a required one is."""
    from baxis.core.environment import report, required_is_whole
    from baxis.faces.cli.words.layout import table

    items = report()
    if json:
        say_json([asdict(i) for i in items], 1)
    else:
        rows = [(i.what, "well" if i.ok else "lacking", i.found, i.advice) for i in items]
        say("\n".join(table(["what", "state", "found", "to do"], rows)))
    if not required_is_whole(items):
        raise typer.Exit(1)
