"""Run compiled code over a batch: one shared list of patients, worker threads that hold no lock, clean cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from baxis.core.errors import Unsupported
from baxis.engine.codegen.layout import CARRY, CONTEXT, SLOT, kind_of
from baxis.engine.codegen.model_code import Shape
from baxis.engine.kernel.kernel import Kernel
from baxis.engine.model.system import System
from baxis.engine.run.ensemble import NOT_RUN
from baxis.engine.run.options import Options
from baxis.engine.run.schedule import Timetable

CLOCK_STEPS = 100  # fewest steps over the span of a model whose equations use time
POLL = 0.1  # seconds between looks at progress and at a pressed Ctrl-C


@dataclass(frozen=True, eq=False)
class Leg:
    """What a model with events keeps from pause to pause, one row a patient; compiled code writes all but `pending`.

    values (n, T, K); live (n, P) parameters as they are now; clocks (n,) times; places (n, 2) next output and next
    dose; pending (n,) time of the next delayed event; marks (n, M + V) what was looked at.
    """

    values: np.ndarray
    live: np.ndarray
    clocks: np.ndarray
    places: np.ndarray
    pending: np.ndarray
    marks: np.ndarray


class Elsewhere(Protocol):
    """A kernel whose jobs run on a device of their own (see `gpu`)."""

    @property
    def system(self) -> System: ...

    @property
    def shape(self) -> Shape: ...

    def run_job(self, job: Job) -> Done:
        """The whole job, there and back."""


@dataclass(frozen=True, eq=False)
class Job:
    """Checked arrays of one run. `who` lists the patients to run (None: all); atol: (1 or n, N), see `scales`."""

    kernel: Kernel | Elsewhere
    parameters: np.ndarray
    initial: np.ndarray
    times: np.ndarray
    chosen: np.ndarray
    schedule: Timetable
    options: Options
    span: tuple[float, float]
    who: np.ndarray | None = None
    carry: np.ndarray | None = None
    entry: str = "run"
    leg: Leg | None = None
    atol: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Done:
    """Raw results, one row a patient; rows that were not run keep NaN values and the status NOT_RUN."""

    values: np.ndarray
    final: np.ndarray
    status: np.ndarray
    reached: np.ndarray
    steps: np.ndarray
    culprit: np.ndarray


def execute(job: Job) -> Done:
    """Integrate the patients of a job on as many threads as its options say; the bits do not depend on how many."""
    if not isinstance(job.kernel, Kernel):
        raise Unsupported("decision points and rest states on a GPU; use engine.compile for them")
    arrays = job_arrays(job)
    words = context_words(job, arrays, {name: a.ctypes.data for name, a in arrays.items()})
    _run_threads(job.kernel, job.entry, job.options, words, arrays)
    return collected(arrays)


def job_arrays(job: Job) -> dict[str, np.ndarray]:
    """Every array that the compiled code reads or writes, by its name in the context."""
    n = len(job.parameters)
    leg = job.leg or _no_leg(n, job)
    who = np.arange(n, dtype=np.int64) if job.who is None else np.ascontiguousarray(job.who, dtype=np.int64)
    arrays = {
        "parameters": job.parameters, "initial": job.initial, "times": job.times, "select": job.chosen, "who": who,
        "out": leg.values, "final": job.initial.copy(),
        "status": np.full(n, NOT_RUN, np.int64), "reached": np.full(n, job.span[0]), "steps": np.zeros(n, np.int64),
        "culprit": np.zeros(n, np.int64), "counter": np.zeros(1, np.int64), "cancel": np.zeros(1, np.int64),
    }  # fmt: skip
    arrays["carry"] = job.carry if job.carry is not None else fresh_carry(n, job.options)
    arrays |= {k: getattr(leg, k) for k in ("live", "clocks", "places", "pending", "marks")}
    return arrays | _schedule_arrays(job)


def collected(arrays: dict[str, np.ndarray]) -> Done:
    """Results in the arrays of a job that has run."""
    status = arrays["status"].astype(np.int8)
    return Done(arrays["out"], arrays["final"], status, arrays["reached"], arrays["steps"], arrays["culprit"])


def _no_leg(patients: int, job: Job) -> Leg:
    nothing = np.zeros(0)
    values = np.full((patients, len(job.times), len(job.chosen)), np.nan)
    return Leg(values, nothing, nothing, nothing, nothing, nothing)


def fresh_carry(patients: int, options: Options) -> np.ndarray:
    """(n, 3) step sizes at a start: the wanted first step or 0 (the engine guesses), nothing learned."""
    carry = np.zeros((patients, len(CARRY)))
    carry[:, 0] = options.first_step or 0.0
    return carry


def _schedule_arrays(job: Job) -> dict[str, np.ndarray]:
    s, system = job.schedule, job.kernel.system
    floors = job.options.floors(system)
    return {
        "event_times": s.times, "event_order": s.order, "event_kinds": s.kinds, "event_targets": s.targets,
        "event_amounts": s.amounts, "atol": job.options.absolute(system)[None] if job.atol is None else job.atol,
        "floors": floors if floors is not None else np.zeros(0),
    }  # fmt: skip


def context_words(job: Job, arrays: dict[str, np.ndarray], addresses: Mapping[str, int]) -> np.ndarray:
    """The context of the compiled code: addresses of the arrays, counts and reals in slots of eight bytes."""
    s, o = job.schedule, job.options
    counts: dict[str, float] = {
        "n_who": len(arrays["who"]), "n_times": len(job.times), "n_select": len(job.chosen),
        "n_events": s.times.shape[1],
        "time_stride": _stride(s.times), "order_stride": _stride(s.order), "amount_stride": _stride(s.amounts),
        "atol_stride": _stride(arrays["atol"]),
        "observe": int((job.chosen >= len(job.kernel.system.states)).any()), "max_steps": int(o.max_steps),
        "check_floor": int(len(arrays["floors"]) > 0), "t_start": job.span[0], "t_end": job.span[1], "rtol": o.rtol,
        "max_step": _longest_step(job), "pseudo_rate": 0.1 / max(job.span[1] - job.span[0], 1e-300),
    }  # fmt: skip
    words = np.zeros(len(CONTEXT), np.int64)
    for name in CONTEXT:
        kind, slot = kind_of(name), SLOT[name]
        if kind == "ptr":
            words[slot] = addresses[name]
        elif kind == "i64":
            words[slot] = int(counts[name])
        else:
            words[slot : slot + 1] = np.array([counts[name]], float).view(np.int64)
    return words


def _longest_step(job: Job) -> float:
    """As asked; else no limit, but for a model that reads the clock a share of the span, lest it steps over a pulse."""
    if job.options.max_step is not None:
        return job.options.max_step
    return (job.span[1] - job.span[0]) / CLOCK_STEPS if job.kernel.shape.uses_time else np.inf


def _stride(table: np.ndarray) -> int:
    return table.shape[1] if table.shape[0] > 1 else 0


def _run_threads(
    kernel: Kernel, entry: str, options: Options, words: np.ndarray, arrays: dict[str, np.ndarray]
) -> None:
    total = len(arrays["who"])
    threads = max(1, min(options.thread_count(), -(-total // kernel.lanes)))
    scratch = [kernel.scratch() for _ in range(threads)]
    run, progress = kernel.function(entry), options.progress
    if entry in ("look", "scout") and threads == 1:  # too short for a thread of its own
        run(words.ctypes.data, scratch[0].ctypes.data)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="baxis-engine") as pool:
        pending = {pool.submit(run, words.ctypes.data, s.ctypes.data) for s in scratch}
        try:
            while pending:
                finished, pending = wait(pending, timeout=POLL, return_when=FIRST_EXCEPTION)
                for f in finished:
                    f.result()
                if progress is not None:
                    progress(int(np.count_nonzero(arrays["status"] != NOT_RUN)), total)
        except BaseException:
            arrays["cancel"][0] = 1  # threads leave at their next step
            raise
