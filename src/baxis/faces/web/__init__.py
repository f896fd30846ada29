"""The web laboratory: `serve` starts it, `site` is the ASGI application. Needs the extra `web` (shiny, plotly)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import InvalidValue, Unsupported

NEEDS = "the web laboratory needs shiny and plotly: pip install 'baxis[web]'"


def site() -> Any:
    """The ASGI application. Raises Unsupported, saying what to install, without the extra."""
    try:
        import plotly
        import shiny
    except ModuleNotFoundError as e:
        raise Unsupported(f"{e.name} is not installed; {NEEDS}") from None
    assert plotly
    assert shiny
    from .site import application

    return application()


def serve(host: str = "127.0.0.1", port: int = 8000, scoreboard: str | Path | None = None) -> None:
    """Serve the laboratory until interrupted; on this machine only unless `host` says otherwise.

    scoreboard: folder that `baxis scoreboard --out` wrote, shown in place of the shipped one. Raises InvalidValue.
    """
    check_free(host, port)
    built = site()
    if scoreboard is not None:
        from .saved_board import use

        use(Path(scoreboard))
    import uvicorn

    uvicorn.run(built, host=host, port=port, log_level="warning", ws_max_size=1 << 20)


def check_free(host: str, port: int) -> None:
    """The address must be one of this machine's and free, said before anything is loaded."""
    import socket

    if not 1 <= port <= 65535:
        raise InvalidValue("--port", port, "a whole number from 1 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as e:
            allowed = "an address of this machine with a free port"
            remedy = "127.0.0.1 is this machine" if isinstance(e, socket.gaierror) else f"try --port {port % 65535 + 1}"
            raise InvalidValue("--host, --port", f"{host}:{port}", allowed, f"{e.strerror}; {remedy}") from None
