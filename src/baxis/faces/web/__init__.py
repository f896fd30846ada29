"""The web laboratory: `serve` starts it, `laboratory` is the ASGI application. Needs the extra `web` (shiny, plotly)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from baxis.core.errors import InvalidValue, Unsupported

LONGEST_MESSAGE = 1 << 17  # bytes; the longest form is a patient's table
NEEDS = "the web laboratory needs shiny and plotly: pip install 'baxis[web]'"


def laboratory(host: str = "127.0.0.1", allowed: Sequence[str] = ()) -> Any:
    """The ASGI application, which answers to `host`, this machine and the names `allowed`.

    Raises Unsupported, saying what to install, without the extra.
    """
    try:
        import plotly
        import shiny
    except ModuleNotFoundError as e:
        raise Unsupported(f"{e.name} is not installed; {NEEDS}") from None
    assert plotly
    assert shiny
    from baxis.faces.web.frame.guard import hosts_of
    from baxis.faces.web.site import application

    return application(hosts_of(host, allowed))


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    scoreboard: str | Path | None = None,
    *,
    allowed: Sequence[str] = (),
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Serve the laboratory until interrupted; on this machine only unless `host` says otherwise.

    scoreboard: folder that `baxis scoreboard --out` wrote, shown in place of the shipped one. allowed: further names
    under which visitors reach it. tell: is given the lines to show once it is ready. Raises InvalidValue, Unsupported.
    """
    check_free(host, port)
    built = laboratory(host, allowed)
    if scoreboard is not None:
        from baxis.faces.web.pages.saved_board import use

        use(Path(scoreboard))
    import logging

    import uvicorn

    for line in told(host, port):
        tell(line)
    logging.getLogger("shiny").setLevel(logging.CRITICAL)  # a message that is none of ours ends its session, no more
    uvicorn.run(built, host=host, port=port, log_level="warning", ws_max_size=LONGEST_MESSAGE)


def told(host: str, port: int) -> list[str]:
    """What whoever starts the laboratory must know."""
    shown = f"[{host}]" if ":" in host else host
    lines = [f"baxis laboratory at http://{shown}:{port}/  (Ctrl-C stops it; research use only)"]
    if host not in ("127.0.0.1", "localhost", "::1"):
        lines.append(
            "Other machines can reach it: there is no password, and what is typed, patients' values among it, travels "
            "unencrypted. Put a proxy with both before it, or serve 127.0.0.1 and tunnel."
        )
    return lines


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
            raise InvalidValue("--host, --port", f"{host}:{port}", allowed, _remedy(e, port)) from None


def _remedy(error: OSError, port: int) -> str:
    """Why an address cannot be listened on, and what to do."""
    import errno
    import socket

    if isinstance(error, socket.gaierror):
        return "there is no such address; 127.0.0.1 is this machine"
    if error.errno == errno.EADDRINUSE:
        return f"another program listens there; try --port {port % 65535 + 1}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "ports below 1024 are kept for the system; try --port 8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return "the address is not one of this machine's; 127.0.0.1 is, and 0.0.0.0 is all of them"
    return "it cannot be listened on; 127.0.0.1 is this machine"
