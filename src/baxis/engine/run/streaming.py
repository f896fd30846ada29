"""Populations too large for memory: patients are made, simulated and reduced block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.kernel.kernel import Kernel
from baxis.engine.model.events import Events
from baxis.engine.run.ensemble import Failure
from baxis.engine.run.execute import Elsewhere
from baxis.engine.run.options import Options
from baxis.engine.run.reductions import CHUNK, Reduction
from baxis.engine.run.simulation import simulate


@dataclass(frozen=True)
class Source:
    """A population made on demand: `make(first, count)` gives (parameters, initial, events) as `simulate` takes them.

    `block` patients are made at a time, rounded up to a multiple of 256; no result depends on it.
    """

    patients: int
    make: Callable[[int, int], tuple[Any, Any, Events | None]]
    block: int = 8192

    def __post_init__(self) -> None:
        if self.patients < 1 or self.block < 1:
            raise InvalidValue("patients, block", (self.patients, self.block), "whole numbers of at least 1")

    def blocks(self) -> Iterator[tuple[int, int]]:
        """(first patient, count) of each block."""
        size = -(-self.block // CHUNK) * CHUNK
        for first in range(0, self.patients, size):
            yield first, min(size, self.patients - first)


@dataclass(frozen=True, eq=False)
class Streamed:
    """What a stream left: the reductions' results by name, failures (patients numbered in the population), counts."""

    results: Mapping[str, Any]
    failures: tuple[Failure, ...]
    patients: int
    steps: int


def stream(
    kernel: Kernel | Elsewhere,
    source: Source,
    *,
    times: Any,
    reductions: Mapping[str, Reduction],
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
) -> Streamed:
    """Simulate the patients of `source`, block by block, keeping only the reductions.

    Raises what `simulate` raises, and InvalidValue if the source makes another number of patients than asked for.
    """
    options = options or Options()
    failures: list[Failure] = []
    steps = 0
    for first, count in source.blocks():
        parameters, initial, events = source.make(first, count)
        shown = _shifted(options, first, source.patients)
        done = simulate(kernel, parameters, initial, times=times, events=events, outputs=outputs, options=shown)
        if len(done.status) != count:
            raise InvalidValue("source", f"{len(done.status)} patients", f"{count}, as asked for")
        for reduction in reductions.values():
            reduction.update(first, done)
        failures += [Failure(f.patient + first, f.time, f.reason, f.state) for f in done.failures]
        steps += int(np.sum(done.steps))
    return Streamed({k: r.result() for k, r in reductions.items()}, tuple(failures), source.patients, steps)


def _shifted(options: Options, first: int, patients: int) -> Options:
    """Options whose progress counts over the whole population."""
    report = options.progress
    if report is None:
        return options
    return replace(options, progress=lambda done, _: report(first + done, patients))
