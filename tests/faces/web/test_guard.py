"""Who may talk to the laboratory: hosts, origins, methods, routes and messages, tried one by one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("shiny")
from baxis.faces.web import told
from baxis.faces.web.frame.guard import Guard, hosts_of

HOSTS = hosts_of("127.0.0.1", ["lab.example"])


def spoken(scope: dict[str, Any], *messages: dict[str, Any], hosts: frozenset[str] = HOSTS) -> list[dict[str, Any]]:
    """What is sent back; the application behind the guard echoes what it receives."""
    given, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        return given.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        for _ in messages or (0,):
            await send({"type": "inside", "got": await receive() if messages else None})

    asyncio.run(Guard(inside, hosts)(scope, receive, send))
    return sent


def page(host: str = "127.0.0.1:8000", method: str = "GET", path: str = "/trial/", **headers: str) -> dict[str, Any]:
    pairs = [(b"host", host.encode())] + [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": pairs}


def socket_from(origin: str | None, host: str = "127.0.0.1:8000") -> dict[str, Any]:
    pairs = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    return {"type": "websocket", "path": "/trial/websocket/", "headers": pairs}


def status(sent: list[dict[str, Any]]) -> int:
    return 200 if sent[0]["type"] == "inside" else sent[0]["status"]


@pytest.mark.parametrize(
    ("host", "answer"),
    [("127.0.0.1:8000", 200), ("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:8000", 200), ("lab.example:8000", 200),
     ("evil.example", 403), ("evil.example:8000", 403), ("127.0.0.1.evil.example:8000", 403), ("", 403),
     ("192.168.1.7:8000", 403), ("localhost.evil", 403)],
)  # fmt: skip
@pytest.mark.promise("The laboratory in the browser", "It answers under its own names only.")
def test_only_its_own_names(host: str, answer: int) -> None:
    assert status(spoken(page(host))) == answer


@pytest.mark.promise("The laboratory in the browser", "It answers under its own names only.")
def test_two_host_headers_are_none() -> None:
    scope = page()
    scope["headers"].append((b"host", b"evil.example"))
    assert status(spoken(scope)) == 403


@pytest.mark.parametrize(
    ("host", "answer"), [("192.168.1.7:8000", 200), ("[fe80::1]:8000", 200), ("evil.example", 403)]
)
@pytest.mark.promise("The laboratory in the browser", "It answers under its own names only.")
def test_at_every_address_numbers_are_names_and_domains_are_not(host: str, answer: int) -> None:
    """A domain pointed at this machine is what rebinding needs; a number cannot be rebound."""
    assert status(spoken(page(host), hosts=hosts_of("0.0.0.0"))) == answer


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.promise("The laboratory in the browser", "No route is open that no page uses.")
def test_it_only_shows_pages(method: str) -> None:
    assert status(spoken(page(method=method, path="/evidence/session/abc/upload/1"))) == 405


@pytest.mark.promise("The laboratory in the browser", "No route is open that no page uses.")
def test_routes_that_no_page_uses_are_closed() -> None:
    assert status(spoken(page(path="/evidence/session/abc/dataobj/x"))) == 404


@pytest.mark.parametrize(
    ("site", "mode", "path", "answer"),
    [("same-origin", "cors", "/trial/result.json", 200), ("none", "navigate", "/trial/result.json", 200),
     ("cross-site", "no-cors", "/trial/result.json", 403), ("cross-site", "navigate", "/trial/result.json", 403),
     ("same-site", "no-cors", "/trial/", 403), ("cross-site", "navigate", "/trial/", 200)],
)  # fmt: skip
@pytest.mark.promise("The laboratory in the browser", "Another site can link to it and do nothing else.")
def test_another_site_may_link_here_and_nothing_else(site: str, mode: str, path: str, answer: int) -> None:
    assert status(spoken(page(path=path, sec_fetch_site=site, sec_fetch_mode=mode))) == answer


@pytest.mark.parametrize(
    ("origin", "opens"),
    [("http://127.0.0.1:8000", True), ("https://127.0.0.1:8000", True), (None, True), ("http://evil.example", False),
     ("null", False), ("http://127.0.0.1:9999", False), ("http://127.0.0.1", False), ("", False)],
)  # fmt: skip
@pytest.mark.promise("The laboratory in the browser", "Another site can link to it and do nothing else.")
def test_only_its_own_pages_open_a_socket(origin: str | None, opens: bool) -> None:
    sent = spoken(socket_from(origin), {"type": "websocket.connect"})
    assert (sent[0]["type"] == "inside") is opens
    if not opens:
        assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.promise("The laboratory in the browser", "Another site can link to it and do nothing else.")
def test_a_socket_needs_a_known_host_too() -> None:
    sent = spoken(socket_from("http://evil.example:8000", "evil.example:8000"), {"type": "websocket.connect"})
    assert sent == [{"type": "websocket.close", "code": 1008}]


def said(method: str = "init", **data: object) -> str:
    return json.dumps({"method": method, "data": data})


def taken(*texts: str) -> list[bool]:
    """Which messages of one socket reach the pages."""
    coming = [{"type": "websocket.receive", "text": t} for t in texts]
    out: list[bool] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        out.extend([(await receive())["type"] == "websocket.receive" for _ in texts])

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(Guard(inside, hosts_of("127.0.0.1"))(socket_from(None), receive, send))
    return out


@pytest.mark.parametrize(
    ("text", "passes"),
    [(said(), True), (said(form={}, **{".clientdata_pixelratio": 2, "f-weeks:shiny.number": 4}), True),
     (said(**{"f-file:shiny.file": None}), True), (said(**{"f-file:shiny.file": "x"}), False),
     (said(**{"form:shiny.action": "x"}), False), (said(**{"form:x": 1}), False), (said(**{"a:b:shiny.number": 1}), False),
     (json.dumps({"method": "uploadInit", "args": [[]], "tag": 1}), False), ("[" * 50_000, False), ("{", False),
     (json.dumps([1]), False), (json.dumps({"method": "init"}), False), (json.dumps({"method": ["init"], "data": {}}), False)],
)  # fmt: skip
@pytest.mark.promise("The laboratory in the browser", "No route is open that no page uses.")
def test_only_messages_that_pages_send(text: str, passes: bool) -> None:
    assert taken(text) == [passes]
    binary = spoken(socket_from(None), {"type": "websocket.receive", "bytes": text.encode(), "text": None})
    assert binary[0]["got"]["type"] == "websocket.disconnect"


@pytest.mark.promise("The laboratory in the browser", "What a visitor sends does not fill the server's log.")
def test_a_session_begins_once_and_first() -> None:
    assert taken(said(), said("update", form={}), said("update")) == [True, True, True]
    assert taken(said("update", form={})) == [False]
    assert taken(said(), said()) == [True, False]


def test_whoever_opens_it_to_others_is_told_what_that_means() -> None:
    assert len(told("127.0.0.1", 8000)) == 1
    assert "no password" in told("0.0.0.0", 8000)[1]
    assert "http://[::1]:8000/" in told("::1", 8000)[0]
