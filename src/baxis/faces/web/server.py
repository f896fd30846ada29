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

from baxis.core.errors import BaxisError, InvalidValue
from baxis.faces.web.frame import asked, work
from baxis.faces.web.frame.downloads import CROWDED
from baxis.faces.web.page_list import Answer, Page

MOST_FIELDS, MOST_WORDS, MOST_TEXT = 120, 2_000, 20_000  # fields of a form; characters of a field, and of a long one
EVERY = 0.5  # seconds between two reports of progress
log = logging.getLogger("baxis.web")


def server(page: Page) -> Callable[[Inputs, Outputs, Session], None]:
    """Shiny server function of a page: `input.form` in, message `answer` out."""

    def serve(input: Inputs, output: Outputs, session: Session) -> None:
        newest = Newest()
        tasks: set[asyncio.Task[None]] = set()

        @reactive.effect
        def _ask() -> None:
            task = asyncio.create_task(reply(page, input.form(), newest.next(), session))
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


def checked(page: Page, form: Any) -> dict[str, str]:
    """The form as text by field; a form of another shape is no form of ours.

    Raises InvalidValue, naming the field, for a text longer than the field may hold.
    """
    if not isinstance(form, dict) or len(form) > MOST_FIELDS:
        return {}
    out = {_text(k)[:40]: _text(v) for k, v in form.items()}
    for name, text in out.items():
        most = MOST_TEXT if name in page.long else MOST_WORDS
        if len(text) > most:
            raise InvalidValue(name, f"{len(text)} characters", f"at most {most}")
    return out


def _text(value: Any) -> str:
    """A value as text that has bytes: half of a pair of code units, which JSON can hold, becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


async def reply(page: Page, form: Any, wanted: Callable[[], bool], session: Session) -> None:
    """Compute in the page's line and send, unless a newer question came."""
    tell = Teller(wanted, session, asyncio.get_running_loop())
    try:
        given = checked(page, form)
        key = page.name, frozenset(given.items())
        question = work.ask(page.line, key, lambda: page.answer(given), tell)
        if not question.done() and work.ahead(page.line):
            await session.send_custom_message("progress", {"waiting": work.ahead(page.line)})
        coming = asyncio.wrap_future(question)
        coming.add_done_callback(_heard)
        answer = await asyncio.shield(coming)
    except (work.Superseded, asyncio.CancelledError):
        return
    except work.Crowded:
        answer = Answer(faults={"": CROWDED})
    except InvalidValue as e:
        answer = Answer(faults={e.where if e.where in dict(form) else "": str(e)})
    except BaxisError as e:
        answer = Answer(faults={"": asked.told(e)})
    except Exception:
        log.exception("page %s", page.name)
        answer = Answer(faults={"": "An error inside baxis; the server's log has the details. Please report it."})
    if answer is not None and wanted():
        await session.send_custom_message("answer", answer.plain())


def _heard(coming: asyncio.Future[Any]) -> None:
    """Look at how a question ended though its visitor has left: asyncio would log it as an error of ours."""
    if not coming.cancelled():
        coming.exception()


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
