"""Populations too large for memory: patients are made, simulated and reduced block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.ensemble import Failure
from baxis.engine.events import Events
from baxis.engine.kernel import Kernel
from baxis.engine.options import Options
from baxis.engine.reductions import CHUNK, Reduction
from baxis.engine.simulation import simulate

# (first patient, count) -> (parameters, initial, events) of those patients, as `simulate` takes them
Source = Callable[[int, int], tuple[Any, Any, Events | None]]


@dataclass(frozen=True, eq=False)
class Streamed:
    """What a stream left: the reductions' results by name, failures (patients numbered in the population), counts."""

    results: Mapping[str, Any]
    failures: tuple[Failure, ...]
    patients: int
    steps: int


def stream(
    kernel: Kernel,
    source: Source,
    patients: int,
    *,
    times: Any,
    reductions: Mapping[str, Reduction],
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
    block: int = 8192,
) -> Streamed:
    """Simulate `patients` patients, `block` at a time (rounded up to a multiple of 256), keeping only the reductions.

    `source(first, count)` makes each block's inputs. Results do not depend on `block`. Raises what `simulate` raises,
    and InvalidValue if the source gives another number of patients than asked for.
    """
    if patients < 1 or block < 1:
        raise InvalidValue("patients, block", (patients, block), "whole numbers of at least 1")
    options = options or Options()
    size = -(-block // CHUNK) * CHUNK
    failures: list[Failure] = []
    steps = 0
    for first in range(0, patients, size):
        count = min(size, patients - first)
        parameters, initial, events = source(first, count)
        shown = _shifted(options, first, patients)
        done = simulate(kernel, parameters, initial, times=times, events=events, outputs=outputs, options=shown)
        if len(done.status) != count:
            raise InvalidValue("source", f"{len(done.status)} patients", f"{count}, as asked for")
        for reduction in reductions.values():
            reduction.update(first, done)
        failures += [Failure(f.patient + first, f.time, f.reason, f.state) for f in done.failures]
        steps += int(np.sum(done.steps))
    return Streamed({k: r.result() for k, r in reductions.items()}, tuple(failures), patients, steps)


def _shifted(options: Options, first: int, patients: int) -> Options:
    """Options whose progress counts over the whole population."""
    from dataclasses import replace

    report = options.progress
    if report is None:
        return options
    return replace(options, progress=lambda done, _: report(first + done, patients))
