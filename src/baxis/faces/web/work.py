"""Worker threads and caches: the same screened people are not drawn twice, an arm that did not change is not run twice.

The engine works outside Python's lock, so threads are enough. Sizes are bounded; nothing is written to disk.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
MOST_PATIENTS, MOST_WEEKS = 2000, 156


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    """One worker a core (at least two, so that a quick page is not stuck behind a long one)."""
    return ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="baxis-web")


class Cache:
    """The last `size` values by key; a value wanted twice at once is computed once."""

    def __init__(self, size: int) -> None:
        self.size, self.lock = size, threading.Lock()
        self.values: OrderedDict[Hashable, Any] = OrderedDict()
        self.running: dict[Hashable, threading.Lock] = {}

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
    """Load what the first question would otherwise wait for."""
    from ... import axis
    from . import trial_settings

    axis.kernel()
    trial_settings.settings()
