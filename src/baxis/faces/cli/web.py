"""`baxis serve`: the web laboratory in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import say


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8000,
    scoreboard: Annotated[
        Path | None, typer.Option(help="Folder of `baxis scoreboard --out`, shown in place of the shipped board.")
    ] = None,
) -> None:
    """Serve the web laboratory (extra `web`) until Ctrl-C."""
    from .. import web

    web.check_free(host, port)
    say(f"baxis laboratory at http://{host}:{port}/  (Ctrl-C stops it; research use only)", err=True)
    web.serve(host, port, scoreboard)
