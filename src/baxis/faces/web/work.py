"""Worker threads and caches: the same screened people are not drawn twice, an arm that did not change is not run twice.

The engine works outside Python's lock, so threads are enough. Sizes are bounded; nothing is written to disk.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
MOST_PATIENTS, MOST_WEEKS = 2000, 156


class Listener(Protocol):
    """Who waits for an answer: is told of progress, and is shown a first look."""

    def __call__(self, done: int, total: int) -> None: ...

    def show(self, answer: Any) -> None: ...


_LISTENER: ContextVar[Listener | None] = ContextVar("baxis_web_listener", default=None)


class Superseded(Exception):
    """The visitor asked something else, stopped the computation, or left: nobody waits for it any more."""


@lru_cache(maxsize=2)
def pool(slow: bool) -> ThreadPoolExecutor:
    """Workers of the slow pages or of all others: however many long questions run, a quick one finds a worker."""
    cores = os.cpu_count() or 2
    return ThreadPoolExecutor(max(2, cores) if slow else max(4, 2 * cores), thread_name_prefix="baxis-web")


def watched(listener: Listener, make: Callable[[], T]) -> T:
    """Run in this thread for a listener, who may raise Superseded when told of progress."""
    token = _LISTENER.set(listener)
    try:
        return make()
    finally:
        _LISTENER.reset(token)


def progress(done: int, total: int) -> None:
    """What every simulation of a page is given as its progress: tells the visitor, stops if none is left to tell."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(done, total)


def show(make: Callable[[], Any]) -> None:
    """Send a first look, made only where somebody waits."""
    listener = _LISTENER.get()
    if listener is not None:
        listener.show(make())


class Cache:
    """The last `size` values by key; a value wanted twice at once is computed once."""

    def __init__(self, size: int) -> None:
        self.size, self.lock = size, threading.Lock()
        self.values: OrderedDict[Hashable, Any] = OrderedDict()
        self.running: dict[Hashable, threading.Lock] = {}

    def has(self, key: Hashable) -> bool:
        """Whether a value is at hand."""
        with self.lock:
            return key in self.values

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a key, made when it is not there."""
        with self.lock:
            mine = self.running.setdefault(key, threading.Lock())
        with mine:
            with self.lock:
                if key in self.values:
                    self.values.move_to_end(key)
                    return self.values[key]  # type: ignore[no-any-return]
            try:
                made = make()
                with self.lock:
                    self.values[key] = made
                    while len(self.values) > self.size:
                        self.values.popitem(last=False)
                return made
            finally:
                with self.lock:
                    self.running.pop(key, None)


@lru_cache(maxsize=1)
def tables() -> Any:
    """The evidence tables. Their frames are copied by whoever changes them."""
    from ... import evidence

    return evidence.load()


def warm() -> None:
    """Load what the first question would otherwise wait for; the settings come with the first page."""
    from ... import axis

    axis.kernel()
