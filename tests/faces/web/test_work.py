"""Questions in work: joined when alike, left when nobody waits, bounded, and never in the way of quick pages."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("shiny")
from baxis.core.errors import InvalidValue
from baxis.faces.web.frame import downloads, work
from baxis.faces.web.page_list import PAGES
from baxis.faces.web.server import MOST_TEXT, MOST_WORDS, checked


class Visitor:
    def __init__(self) -> None:
        self.here, self.told, self.shown = True, 0, []

    def __call__(self, done: int, total: int) -> None:
        self.told += 1
        if not self.here:
            raise work.Superseded

    def show(self, answer: Any) -> None:
        self.shown.append(answer)


@pytest.fixture
def gate():
    """A computation that goes on when the gate opens, telling its progress meanwhile; how often it was made."""
    opened, made = threading.Event(), []

    def compute() -> str:
        made.append(1)
        work.show(lambda: "first look")
        while not opened.wait(0.01):
            work.progress(1, 2)
        return "answer"

    compute.open, compute.made = opened.set, made
    yield compute
    opened.set()
    deadline = time.monotonic() + 5
    while any(work._QUESTIONS.values()) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_the_same_question_is_computed_once_for_all_who_ask_it(gate) -> None:
    one, two = Visitor(), Visitor()
    first = work.ask("slow", "same", gate, one)
    second = work.ask("slow", "same", gate, two)
    gate.open()
    assert first.result(5) == second.result(5) == "answer"
    assert len(gate.made) == 1


@pytest.mark.promise("The laboratory in the browser", "Questions are bounded, and stop when nobody waits for them.")
def test_it_goes_on_while_one_of_them_waits_and_stops_when_none_does(gate) -> None:
    one, two = Visitor(), Visitor()
    future = work.ask("slow", "left", gate, one)
    work.ask("slow", "left", gate, two)
    one.here = False
    time.sleep(0.1)
    assert not future.done()
    two.here = False
    with pytest.raises(work.Superseded):
        future.result(5)


@pytest.mark.promise("The laboratory in the browser", "Long questions never hold up quick pages.")
def test_long_questions_leave_workers_to_quick_ones(gate) -> None:
    waiting = [Visitor() for _ in range(20)]
    for k, visitor in enumerate(waiting):
        work.ask("slow" if k % 2 else "trial", f"long {k}", gate, visitor)
    assert work.ask("quick", "short", lambda: 42, Visitor()).result(2) == 42
    for visitor in waiting:
        visitor.here = False


@pytest.mark.promise("The laboratory in the browser", "Questions are bounded, and stop when nobody waits for them.")
def test_a_line_is_bounded_and_empties_when_visitors_leave(gate) -> None:
    waiting = [Visitor() for _ in range(work.MOST_WAITING)]
    asked = [work.ask("slow", f"flood {k}", gate, v) for k, v in enumerate(waiting)]
    with pytest.raises(work.Crowded):
        work.ask("slow", "one more", gate, Visitor())
    for visitor in waiting:
        visitor.here = False
    work.ask("slow", "one more", gate, Visitor())  # those in the queue that nobody waits for make room
    for future in asked:
        if not future.cancelled():
            with pytest.raises(work.Superseded):
                future.result(5)


@pytest.mark.promise("The laboratory in the browser", "Questions are bounded, and stop when nobody waits for them.")
def test_who_waits_for_another_s_value_can_leave(gate) -> None:
    cache, gone = work.Cache(3), Visitor()
    first = work.ask("slow", "maker", lambda: cache.get("k", gate), Visitor())
    while not gate.made:
        time.sleep(0.01)
    second = work.ask("slow", "waiter", lambda: cache.get("k", gate), gone)
    gone.here = False
    with pytest.raises(work.Superseded):
        second.result(5)
    assert not first.done()


@pytest.mark.promise("The laboratory in the browser", "Questions are bounded, and stop when nobody waits for them.")
def test_a_file_that_nobody_waits_for_is_no_longer_made(gate) -> None:
    class Request:
        async def is_disconnected(self) -> bool:
            return True

    with pytest.raises(work.Superseded):
        asyncio.run(downloads.text("slow", "file", gate, Request()))
    deadline = time.monotonic() + 5
    while work._QUESTIONS["slow"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "file" not in work._QUESTIONS["slow"]


@pytest.mark.promise("The laboratory in the browser", "Its memory is bounded.")
def test_caches_are_bounded_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Run:
        values: Any
        more: dict[str, Any]

    assert work.weight(Run(np.zeros(10), {"a": [np.zeros(5)], "t": pd.DataFrame({"x": np.zeros(3)})})) >= 80 + 40 + 24
    monkeypatch.setattr(work, "MOST_BYTES", 2000)
    cache = work.Cache(10)
    for k in range(4):
        cache.get(k, lambda: np.zeros(100))
    assert [cache.has(k) for k in range(4)] == [False, False, True, True]


@pytest.mark.promise("The laboratory in the browser", "Its memory is bounded.")
def test_every_field_has_its_length_on_the_server() -> None:
    with pytest.raises(InvalidValue, match=f"at most {MOST_WORDS}"):
        checked(PAGES["evidence"], {"q": "a " * 9000})
    assert checked(PAGES["patient"], {"values": "x" * MOST_TEXT})
    with pytest.raises(InvalidValue, match=f"at most {MOST_TEXT}"):
        checked(PAGES["patient"], {"values": "x" * (MOST_TEXT + 1)})
    assert checked(PAGES["trial"], ["no", "form"]) == {}
    assert checked(PAGES["patient"], {"values": "a\ud800b"}) == {"values": "a?b"}  # half of a pair has no bytes
    assert checked(PAGES["trial"], {str(k): "" for k in range(500)}) == {}
