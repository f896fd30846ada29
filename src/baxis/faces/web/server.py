"""What every page does: the browser sends its form, a worker thread computes, the newest answer is sent back.

Nothing is computed on the event loop, so one visitor's long question never holds up another's page.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from shiny import Inputs, Outputs, Session, reactive

from ...core.errors import BaxisError
from . import work
from .pages import Answer, Page

MOST_FIELDS, MOST_TEXT = 120, 20_000
EVERY = 0.5  # seconds between two reports of progress
log = logging.getLogger("baxis.web")


def server(page: Page) -> Callable[[Inputs, Outputs, Session], None]:
    """Shiny server function of a page: `input.form` in, message `answer` out."""

    def serve(input: Inputs, output: Outputs, session: Session) -> None:
        newest = Newest()
        tasks: set[asyncio.Task[None]] = set()

        @reactive.effect
        def _ask() -> None:
            form = checked(input.form())
            task = asyncio.create_task(reply(page, form, newest.next(), session))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        @reactive.effect
        @reactive.event(input.stop)
        def _stop() -> None:
            newest.end()

        session.on_ended(newest.end)

    return serve


class Newest:
    """Number of a visitor's newest question; an older one is dropped from the queue, or stopped where it runs."""

    def __init__(self) -> None:
        self.number, self.lock = 0, threading.Lock()

    def next(self) -> Callable[[], bool]:
        """A test whether the question just asked is still the newest."""
        with self.lock:
            self.number += 1
            mine = self.number
        return lambda: self.number == mine

    def end(self) -> None:
        """The visitor left or pressed Stop: nothing is wanted any more."""
        self.next()


def checked(form: Any) -> dict[str, str]:
    """The form as text by field; a form of another shape is no form of ours."""
    if not isinstance(form, dict) or len(form) > MOST_FIELDS:
        return {}
    return {str(k)[:40]: str(v)[:MOST_TEXT] for k, v in form.items()}


async def reply(page: Page, form: dict[str, str], wanted: Callable[[], bool], session: Session) -> None:
    """Compute in the pool and send, unless a newer question came."""
    tell = Teller(wanted, session, asyncio.get_running_loop())

    def compute() -> Answer | None:
        return work.watched(tell, lambda: page.answer(form)) if wanted() else None

    try:
        answer = await asyncio.get_running_loop().run_in_executor(work.pool(page.slow), compute)
    except work.Superseded:
        return
    except BaxisError as e:
        answer = Answer(faults={"": str(e)})
    except Exception:
        log.exception("page %s", page.name)
        answer = Answer(faults={"": "An error inside baxis; the server's log has the details. Please report it."})
    if answer is not None and wanted():
        await session.send_custom_message("answer", answer.plain())


class Teller:
    """Progress of one question: sent to its visitor twice a second; stops the computation that nobody wants."""

    def __init__(self, wanted: Callable[[], bool], session: Session, loop: asyncio.AbstractEventLoop) -> None:
        self.wanted, self.session, self.loop, self.last = wanted, session, loop, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Called in the worker thread."""
        if not self.wanted():
            raise work.Superseded
        if total and time.monotonic() - self.last > EVERY:
            self.last = time.monotonic()
            self._send("progress", {"share": min(1.0, done / total)})

    def show(self, answer: Answer) -> None:
        """Send a first look (from the worker thread), unless a newer question came."""
        if self.wanted():
            self._send("answer", answer.plain())

    def _send(self, kind: str, message: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(self.session.send_custom_message(kind, message), self.loop)
