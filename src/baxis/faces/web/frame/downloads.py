"""What a file to download waits in: the same bounded line as the page's questions, left when the visitor leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any

from starlette.requests import Request

from baxis.faces.web.frame import work

CROWDED = "The laboratory has as many questions in work as it takes. Ask again in a moment."
LOOK = 0.5  # seconds between two looks whether the visitor is still there


class Visitor:
    """Who waits for a file."""

    def __init__(self) -> None:
        self.here = True

    def __call__(self, done: int, total: int) -> None:
        """Superseded once the visitor has left."""
        if not self.here:
            raise work.Superseded

    def show(self, answer: Any) -> None:
        """A file has no first look."""


async def text(line: str, key: Hashable, make: Callable[[], str], request: Request) -> str:
    """The text of a file, made in a line of questions. Raises Superseded, Crowded, and what `make` raises."""
    visitor = Visitor()
    question = asyncio.wrap_future(work.ask(line, key, make, visitor))
    while True:
        try:
            return await asyncio.wait_for(asyncio.shield(question), LOOK)
        except TimeoutError:
            if await request.is_disconnected():
                visitor.here = False
                question.add_done_callback(lambda q: q.cancelled() or q.exception())  # nobody asks for it any more
                raise work.Superseded from None
