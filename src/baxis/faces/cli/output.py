"""The one way from a command to the terminal: words from files are shown as they are, control characters written out."""

from __future__ import annotations

import sys

from ...core.written import visible

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def say(*lines: str, err: bool = False, strong: bool = False) -> None:
    """Write lines to standard output, or to standard error. strong: in bold where a person looks."""
    stream = sys.stderr if err else sys.stdout
    for line in lines:
        text = visible(str(line))
        stream.write(f"{BOLD}{text}{PLAIN}\n" if strong and stream.isatty() else f"{text}\n")


def told_warning(message: Warning | str, *_: object, **__: object) -> None:
    """In place of Python's own way to show a warning: one line, without the place in the source."""
    say("baxis: " + " ".join(str(message).split()), err=True)
