"""`baxis serve`: the web laboratory in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from baxis.faces.cli.words.output import say


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8000,
    scoreboard: Annotated[
        Path | None, typer.Option(help="Folder of `baxis scoreboard --out`, shown in place of the shipped board.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further host name under which visitors reach it (repeat).")
    ] = None,
) -> None:
    """Serve the web laboratory (extra `web`) until Ctrl-C."""
    from baxis.faces import web

    web.serve(host, port, scoreboard, allowed=allow_host or (), tell=lambda line: say(line, err=True))
