"""Worker threads, the questions in work, and caches: nothing is computed twice, and nothing holds up a quick page.

The engine works outside Python's lock, so threads are enough. A question that two visitors ask is computed once; one that
nobody waits for any more is dropped from its queue, or stopped where it runs. Queues and caches are bounded; nothing is
written to disk.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
MOST_PATIENTS, MOST_WEEKS = 2000, 156
LINES = {"quick": 4, "trial": 2, "slow": 2}  # least workers of each line of questions
MOST_WAITING = 40  # questions of a line, in work or queued
MOST_BYTES = 128 << 20  # held by one cache
NICE = 10  # what long questions leave to others where the system can rank threads


class Listener(Protocol):
    """Who waits for an answer: is told of progress, and is shown a first look. Superseded from a call: waits no more."""

    def __call__(self, done: int, total: int) -> None: ...

    def show(self, answer: Any) -> None: ...


_LISTENER: ContextVar[Listener | None] = ContextVar("baxis_web_listener", default=None)


class Superseded(Exception):
    """The visitor asked something else, stopped the computation, or left: nobody waits for it any more."""


class Crowded(Exception):
    """A line holds as many questions as it may."""


@lru_cache(maxsize=len(LINES))
def pool(line: str) -> ThreadPoolExecutor:
    """Workers of one line: however many long questions run, a quick one finds a worker."""
    workers = max(LINES[line], os.cpu_count() or 2)
    return ThreadPoolExecutor(
        workers, thread_name_prefix=f"baxis-{line}", initializer=None if line == "quick" else _nice
    )


def _nice() -> None:
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Question:
    """One computation and everybody who waits for it."""

    def __init__(self, listener: Listener) -> None:
        self.listeners, self.lock = [listener], threading.Lock()
        self.future: Future[Any] = Future()

    def join(self, listener: Listener) -> None:
        """One more who waits."""
        with self.lock:
            self.listeners.append(listener)

    def __call__(self, done: int, total: int) -> None:
        """Tell all; those who left are forgotten. Superseded when nobody is left."""
        with self.lock:
            self.listeners = [x for x in self.listeners if _told(x, done, total)]
            if not self.listeners:
                raise Superseded

    def show(self, answer: Any) -> None:
        """A first look for all."""
        with self.lock:
            for listener in self.listeners:
                listener.show(answer)

    def wanted(self) -> bool:
        """Whether anybody still waits."""
        try:
            self(0, 0)
        except Superseded:
            return False
        return True


def _told(listener: Listener, done: int, total: int) -> bool:
    try:
        listener(done, total)
    except Superseded:
        return False
    return True


_QUESTIONS: dict[str, dict[Hashable, Question]] = {line: {} for line in LINES}
_ASKING = threading.Lock()


def ask(line: str, key: Hashable, make: Callable[[], T], listener: Listener) -> Future[T]:
    """The answer to come of a question; joined to the same one where it is in work. Crowded when the line is full."""
    with _ASKING:
        line_now = _QUESTIONS[line]
        for old, waiting in list(line_now.items()):
            if not waiting.wanted() and waiting.future.cancel():
                line_now.pop(old, None)
        same = line_now.get(key)
        if same is not None and same.wanted():
            same.join(listener)
            return same.future
        if len(line_now) >= MOST_WAITING:
            raise Crowded
        question = Question(listener)

        def compute() -> T:
            question(0, 0)
            return watched(question, make)

        question.future = pool(line).submit(compute)
        line_now[key] = question
    question.future.add_done_callback(lambda _: _forget(line, key, question))
    return question.future


def ahead(line: str) -> int:
    """How many questions the newest of a line waits for."""
    workers = max(LINES[line], os.cpu_count() or 2)
    return max(0, len(_QUESTIONS[line]) - workers)


def _forget(line: str, key: Hashable, question: Question) -> None:
    if _QUESTIONS[line].get(key) is question:
        _QUESTIONS[line].pop(key, None)


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
    """The last `size` values by key, of at most MOST_BYTES together; a value wanted twice at once is computed once."""

    def __init__(self, size: int) -> None:
        self.size, self.lock = size, threading.Lock()
        self.values: OrderedDict[Hashable, Any] = OrderedDict()
        self.bytes: dict[Hashable, int] = {}
        self.running: dict[Hashable, threading.Lock] = {}

    def has(self, key: Hashable) -> bool:
        """Whether a value is at hand."""
        with self.lock:
            return key in self.values

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a key, made when it is not there. Who waits for another's may leave meanwhile (Superseded)."""
        with self.lock:
            mine = self.running.setdefault(key, threading.Lock())
        while not mine.acquire(timeout=0.25):
            progress(0, 0)
        try:
            with self.lock:
                if key in self.values:
                    self.values.move_to_end(key)
                    return self.values[key]  # type: ignore[no-any-return]
            made = make()
            with self.lock:
                self._keep(key, made)
            return made
        finally:
            with self.lock:
                self.running.pop(key, None)
            mine.release()

    def _keep(self, key: Hashable, made: Any) -> None:
        self.values[key], self.bytes[key] = made, weight(made)
        while len(self.values) > self.size or (len(self.values) > 1 and sum(self.bytes.values()) > MOST_BYTES):
            oldest, _ = self.values.popitem(last=False)
            self.bytes.pop(oldest, None)


def weight(value: Any) -> int:
    """Bytes of the arrays and tables that a value holds."""
    if hasattr(value, "memory_usage"):
        return int(value.memory_usage().sum())
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, Mapping):
        return sum(map(weight, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(weight, value))
    if is_dataclass(value):
        return sum(weight(getattr(value, f.name)) for f in fields(value))
    return 0


@lru_cache(maxsize=1)
def tables() -> Any:
    """The evidence tables. Their frames are copied by whoever changes them."""
    from baxis import evidence

    return evidence.load()


def warm() -> None:
    """Load what the first question would otherwise wait for; the settings come with the first page."""
    from baxis import axis

    axis.kernel()
