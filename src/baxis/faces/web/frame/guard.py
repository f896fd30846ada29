"""Who may talk to the laboratory: pages of this very address, by the few routes that it has.

A page of another site that is open in the same browser could otherwise ask it, and read the answers: a WebSocket is not
bound by the rules for pages, and a name that is pointed at this machine (DNS rebinding) passes them.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterable
from typing import Any

from baxis.core.errors import InvalidValue

_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})*")
LOCAL = ("localhost", "127.0.0.1", "::1")
ANY = ("0.0.0.0", "::", "")
METHODS = {"init", "update"}  # of Shiny's messages, those that the pages send
COMPUTED = (".json",)  # what costs a computation to fetch
NO_HOST = "This laboratory does not answer to that host name. Name it with `baxis serve --allow-host NAME`."
NO_SITE = "Another site asked for this; open it from the laboratory itself."


def hosts_of(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """Names under which a laboratory served at `host` answers; at every address: this machine's name, and any number."""
    for name in more:
        if not _HOST.fullmatch(name) and not _number(name.strip("[]")):
            allowed = "a host name or address alone, as lab.example.org: no blank, no port, no http://"
            raise InvalidValue("--allow-host", name, allowed)
    names = {*LOCAL, host.strip("[]").casefold(), *(m.strip("[]").casefold() for m in more)}
    if host in ANY:
        names |= {socket.gethostname().casefold(), "*number*"}
    return frozenset(names - set(ANY))


class Guard:
    """ASGI: refuses other hosts, other sites, other methods and other messages before anything is computed."""

    def __init__(self, app: Any, hosts: frozenset[str]) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] == "http":
            refused = self._page(scope)
            if refused:
                await _say(send, *refused)
                return
        elif scope["type"] == "websocket":
            if not self._known(scope) or not _same(scope):
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
            receive = _only_ours(receive)
        await self.app(scope, receive, send)

    def _page(self, scope: Any) -> tuple[int, str] | None:
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "The laboratory only shows pages."
        if "/session/" in scope["path"]:
            return 404, "Not Found"
        if not self._known(scope):
            return 403, NO_HOST
        site = _header(scope, b"sec-fetch-site")
        foreign = site in ("cross-site", "same-site")
        if foreign and (_header(scope, b"sec-fetch-mode") != "navigate" or scope["path"].endswith(COMPUTED)):
            return 403, NO_SITE
        return None

    def _known(self, scope: Any) -> bool:
        name = _name(_header(scope, b"host"))
        return name in self.hosts or ("*number*" in self.hosts and _number(name))


def _header(scope: Any, name: bytes) -> str:
    """The header's text; empty where it is missing or given twice."""
    found = [v for k, v in scope["headers"] if k == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def _name(host: str) -> str:
    """Host without its port."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    return name.casefold()


def _number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(scope: Any) -> bool:
    """Whether a WebSocket comes from a page of this address; a program that is no browser names no origin."""
    if not any(k == b"origin" for k, _ in scope["headers"]):
        return True
    origin = _header(scope, b"origin")
    return origin.partition("://")[2].casefold() == _header(scope, b"host").casefold() != ""


def _only_ours(receive: Any) -> Any:
    """Messages that the pages do not send end the connection: uploads among them, and a second or a late greeting.

    Whatever else Shiny is given it answers with a traceback in the server's log, one a message.
    """
    begun = False

    async def received() -> Any:
        nonlocal begun
        message = await receive()
        if message["type"] == "websocket.receive":
            if _said(message) != ("update" if begun else "init"):
                return {"type": "websocket.disconnect", "code": 1008}
            begun = True
        return message

    return received


def _said(message: Any) -> str:
    """The method of a message that a page could have sent; empty for any other."""
    try:
        said = json.loads(message.get("text") or "")
    except (ValueError, RecursionError):
        return ""
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict) or not all(_is_input(*pair) for pair in data.items()):
        return ""
    method = said.get("method")
    return method if isinstance(method, str) and method in METHODS else ""


def _is_input(name: str, value: Any) -> bool:
    """Whether a page sends such an input: any of its fields, whose kind Shiny may add after a colon."""
    _, *kinds = name.split(":")
    return not kinds or kinds == ["shiny.number"] or (kinds == ["shiny.file"] and value is None)


async def _say(send: Any, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
