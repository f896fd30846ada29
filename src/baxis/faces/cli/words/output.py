"""The one way from a command to the terminal: words from files are shown as they are, control characters written out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from baxis.core.errors import BaxisWarning
from baxis.core.plain import to_json
from baxis.core.storing.written import visible

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def say(*lines: str, err: bool = False, strong: bool = False) -> None:
    """Write lines to standard output, or to standard error. strong: in bold where a person looks."""
    stream = sys.stderr if err else sys.stdout
    for line in lines:
        text = visible(str(line))
        stream.write(
            f"{BOLD}{text}{PLAIN}\n" if strong and stream.isatty() and "NO_COLOR" not in os.environ else f"{text}\n"
        )


def say_json(value: Any, indent: int | None = 1) -> None:
    """Plain data as JSON on standard output."""
    say(to_json(value, indent))


def say_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str) -> None:
    """A table on a terminal, tab-separated text (header first) when piped. Empty columns are left out."""
    from baxis.faces.cli.words import layout

    texts = [["" if v is None else " ".join(str(v).split()) for v in row] for row in rows]
    used = [i for i in range(len(columns)) if not texts or any(r[i] for r in texts)]
    head, body = [columns[i] for i in used], [[r[i] for i in used] for r in texts]
    if sys.stdout.isatty():
        say(title, *layout.table(head, body))
    else:
        say(*("\t".join(line) for line in (head, *body)))


def told_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """In place of Python's own way to show a warning: notices of baxis in one line, nothing of other packages."""
    if issubclass(category, BaxisWarning):
        say("baxis: " + " ".join(str(message).split()), err=True)
