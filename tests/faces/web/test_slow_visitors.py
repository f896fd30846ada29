"""Visitors who begin and never finish: half a request, half a handshake, and silence."""

from __future__ import annotations

import socket
import time
import urllib.request

import pytest

pytest.importorskip("shiny")
HALVES = (
    b"GET /trial/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    b"GET /evidence/websocket/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgr",
    b"POST /trial/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nabc",
    b"",
)


@pytest.mark.promise("The laboratory in the browser", "Visitors who send half a request hold up nobody.")
def test_two_hundred_half_requests_hold_up_nobody(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    slow = []
    try:
        for k in range(200):
            s = socket.create_connection((host, int(port)), timeout=5)
            s.sendall(HALVES[k % len(HALVES)])
            slow.append(s)
        start = time.monotonic()
        for page in ("trial", "evidence", "diseases"):
            with urllib.request.urlopen(f"{address}/{page}/", timeout=20) as answer:
                assert answer.status == 200
        assert time.monotonic() - start < 15
    finally:
        for s in slow:
            s.close()
