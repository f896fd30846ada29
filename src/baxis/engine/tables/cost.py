"""What a run costs: seconds by stage, and the memory of the process."""

from __future__ import annotations

import sys
import time


class Clock:
    """Seconds of named stages, and the memory that the process has held at most."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last = time.perf_counter()

    def lap(self, name: str) -> None:
        """What has passed since the last lap."""
        now = time.perf_counter()
        self.seconds[f"{name} s"], self.last = now - self.last, now

    def told(self) -> dict[str, float]:
        """Seconds by stage, and `peak MiB` where the system tells it."""
        return self.seconds | peak_memory()


def peak_memory() -> dict[str, float]:
    """The most memory that this process has held, in MiB; empty on Windows."""
    try:
        import resource
    except ImportError:
        return {}
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {"peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}
