"""What every page does: the browser sends its form, a worker thread computes, the newest answer is sent back.

Nothing is computed on the event loop, so one visitor's long question never holds up another's page.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from shiny import Inputs, Outputs, Session, reactive

from ...core.errors import BaxisError
from . import work
from .pages import Answer, Page

MOST_FIELDS, MOST_TEXT = 120, 20_000
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

        session.on_ended(newest.end)

    return serve


class Newest:
    """Number of a visitor's newest question; an older one that still waits in the queue is dropped."""

    def __init__(self) -> None:
        self.number, self.lock = 0, threading.Lock()

    def next(self) -> Callable[[], bool]:
        """A test whether the question just asked is still the newest."""
        with self.lock:
            self.number += 1
            mine = self.number
        return lambda: self.number == mine

    def end(self) -> None:
        """The visitor left: nothing is wanted any more."""
        self.next()


def checked(form: Any) -> dict[str, str]:
    """The form as text by field; a form of another shape is no form of ours."""
    if not isinstance(form, dict) or len(form) > MOST_FIELDS:
        return {}
    return {str(k)[:40]: str(v)[:MOST_TEXT] for k, v in form.items()}


async def reply(page: Page, form: dict[str, str], wanted: Callable[[], bool], session: Session) -> None:
    """Compute in the pool and send, unless a newer question came."""

    def compute() -> Answer | None:
        return page.answer(form) if wanted() else None

    try:
        answer = await asyncio.get_running_loop().run_in_executor(work.pool(), compute)
    except BaxisError as e:
        answer = Answer(faults={"": str(e)})
    except Exception:
        log.exception("page %s", page.name)
        answer = Answer(faults={"": "An error inside baxis; the server's log has the details. Please report it."})
    if answer is not None and wanted():
        await session.send_custom_message("answer", answer.plain())
