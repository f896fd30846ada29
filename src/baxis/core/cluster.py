"""Work on the workers of a Dask cluster (extra `cluster`): a client is opened, tasks run as they come, errors are named."""

from __future__ import annotations

import ctypes
import re
import sys
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from baxis.core.errors import BaxisError, InvalidValue

Client = Any  # distributed.Client: imported only where it is used
WAIT = 15  # seconds until a scheduler is called unreachable
ADDRESS = r"([a-z]+://)?[^/\s]+:\d+"
LOOK, PAUSED, GONE = 5.0, 60.0, 300.0  # seconds: between looks at idle workers; all paused; none left
KEPT = "finished blocks are kept, and the same command goes on from them"
ADVICE = f"give workers more memory or a smaller --block; {KEPT}"
LOST = f"the scheduler is gone, or no longer answers: start it and its workers again; {KEPT}"
RUNNING = "the address of a running Dask scheduler, such as tcp://host:8786"


@contextmanager
def open_client(client: Client | str | None) -> Iterator[Client | None]:
    """A client: one that was given, one opened at the address of a scheduler (and closed again), or None.

    Raises BaxisError where the extra is missing, InvalidValue where no scheduler answers or it has no worker.
    """
    if client is None:
        yield None
        return
    try:
        import distributed
    except ImportError:
        raise BaxisError("a Dask cluster needs the extra: pip install baxis[cluster]") from None
    if not isinstance(client, str):
        yield client
        return
    if not re.fullmatch(ADDRESS, client):  # Dask would say so too, then wait half a minute for what it never opened
        raise InvalidValue("scheduler", client, RUNNING)
    try:
        opened = distributed.Client(client, timeout=WAIT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as e:
        raise InvalidValue("scheduler", client, RUNNING, str(e)[:120]) from None
    try:
        if not opened.scheduler_info()["workers"]:
            raise InvalidValue("scheduler", client, "a scheduler with at least one worker: start `dask worker ADDRESS`")
        yield opened
    finally:
        opened.close()


def each_on(client: Client, task: Callable[..., Any], ask: list[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
    """(index, result) of every call as it finishes; a task whose worker dies is run again elsewhere.

    Raises BaxisError when a task kills every worker that it is given to, when every worker is paused for lack of memory
    or when all have gone, and when the scheduler has; what finished before has been yielded.
    """
    import distributed

    futures = {client.submit(_on_worker, task, *words, pure=False): i for i, words in enumerate(ask)}
    try:
        for future in _finished(client, list(futures)):
            try:
                found = future.result()
            except distributed.KilledWorker:
                raise BaxisError(f"workers died again and again on one block (out of memory?): {ADVICE}") from None
            except _gone() as e:
                raise BaxisError(LOST) from e
            yield futures[future], found
            del futures[future]  # the result is taken: let the cluster forget it
    finally:
        with suppress(*_gone(), BaxisError):  # of a scheduler that is gone nothing can be cancelled
            client.cancel(list(futures))


def _gone() -> tuple[type[BaseException], ...]:
    """What Dask raises when its scheduler is no longer there."""
    from distributed import client, comm

    return OSError, TimeoutError, CancelledError, client.CancelledError, comm.CommClosedError


def _finished(client: Client, futures: list[Any]) -> Iterator[Any]:
    """Futures as they finish, with a look at the workers while nothing does. Raises BaxisError where none can work."""
    import distributed

    done = distributed.as_completed(futures, loop=client.loop)
    idle = 0.0  # seconds without a worker that takes tasks
    while done.count():
        start = time.monotonic()
        while not done.has_ready() and time.monotonic() - start < LOOK:
            time.sleep(0.02)
        if done.has_ready():
            idle = 0.0
            yield next(done)
            continue
        try:
            states = client.run_on_scheduler(_worker_states)
        except _gone() as e:
            raise BaxisError(LOST) from e
        idle = 0.0 if "running" in states else idle + LOOK
        if states and idle >= PAUSED:
            raise BaxisError(f"every worker is paused for lack of memory: {ADVICE}")
        if not states and idle >= GONE:
            raise BaxisError(f"no worker has been there for {GONE:g} s: start workers; {KEPT}")


def _worker_states(dask_scheduler: Any) -> list[str]:
    return [w.status.name for w in dask_scheduler.workers.values()]


def _on_worker(task: Callable[..., Any], *words: Any) -> Any:
    """A task as a worker runs it."""
    _keep_freed_memory()
    _stop_sampling()
    return task(*words)


GAUGES = ("profile", "profile-cycle", "tick")  # stacks a hundred times a second, delay of the loop fifty times


@lru_cache(maxsize=1)
def _stop_sampling() -> None:
    """Stop a Dask worker's gauges of itself: reading stacks took 8 % of a block's time, both 2 % of a core at rest.

    The profile page of the dashboard stays empty from there on. Nothing happens outside a worker.
    """
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:
        return
    running = getattr(worker, "periodic_callbacks", {})
    for name in GAUGES:
        if name in running:
            worker.loop.add_callback(running[name].stop)


@lru_cache(maxsize=1)
def _keep_freed_memory() -> None:
    """Undo the small trim threshold that Dask gives glibc in its workers.

    Every freed array would go back to the system and every new one be faulted in again: blocks took twice as long.
    Nothing happens where the C library is another.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(-1, 256 * 2**20)  # M_TRIM_THRESHOLD
    mallopt(-3, 32 * 2**20)  # M_MMAP_THRESHOLD
