"""A model with events over a batch: compiled code runs every lane to its next jump, events are executed, and so on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from baxis.engine.codegen import layout
from baxis.engine.run.ensemble import NOT_RUN
from baxis.engine.run.event_batch import ENDLESS, MOST, EventBatch
from baxis.engine.run.execute import Done, Job, Leg, execute, fresh_carry
from baxis.engine.run.scales import Scales

CREEP = 1e-12  # pauses this close to one another (relative) are at one moment


def execute_with_events(job: Job) -> Done:
    """`execute` for a model that watches something; the bits depend neither on threads nor on company."""
    n = len(job.parameters)
    options = replace(job.options, max_step=_longest_step(job))
    state, own = job.initial.copy(), job.parameters.copy()
    scales, leg = Scales(job), _first_leg(job)
    carry = fresh_carry(n, options)
    base = replace(job, parameters=own, options=options, carry=carry, leg=leg, atol=scales.table)

    def look(rows: np.ndarray) -> np.ndarray:
        kept = carry.copy()
        execute(replace(base, initial=state, who=rows, entry="look"))
        carry[:] = kept
        return leg.marks[rows]

    batch = EventBatch(job, leg, state, own, look)
    status, culprit, steps = np.full(n, NOT_RUN, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    who = batch.settle(np.arange(n))
    scales.learn(np.flatnonzero(batch.executed), state, leg.live, leg.clocks)
    still = np.zeros(n, np.int64)
    while len(who):
        before = leg.clocks.copy()
        done = execute(replace(base, initial=state, who=who))
        state[who] = done.final[who]
        status[who], culprit[who] = done.status[who], done.culprit[who]
        steps[who] += done.steps[who]
        paused = who[done.status[who] == layout.PAUSED]
        spent = steps[paused] >= options.max_steps
        status[paused[spent]] = layout.STEP_LIMIT
        crept = leg.clocks - before <= CREEP * np.abs(leg.clocks)
        still = np.where(crept, still + 1, 0)
        endless = paused[still[paused] > MOST]
        batch.status[endless] = ENDLESS
        who = batch.settle(np.setdiff1d(paused[~spent], endless))
        scales.learn(who[batch.executed[who]], state, leg.live, leg.clocks)
        carry[batch.executed] = fresh_carry(1, options)
    status = np.where(batch.status != 0, batch.status, status)
    return Done(leg.values, state, status.astype(np.int8), leg.clocks, steps, culprit)


def _first_leg(job: Job) -> Leg:
    n, shape = len(job.parameters), job.kernel.shape
    values = np.full((n, len(job.times), len(job.chosen)), np.nan)
    places, marks = np.zeros((n, 2), np.int64), np.zeros((n, shape.watched + shape.surveyed))
    return Leg(values, job.parameters.copy(), np.full(n, job.span[0]), places, np.full(n, np.inf), marks)


def _longest_step(job: Job) -> float:
    """No step longer than the longest wait between outputs, lest two crossings fall into one."""
    if job.options.max_step is not None:
        return job.options.max_step
    gaps = np.diff(np.concatenate([[job.span[0]], job.times]))
    return float(gaps.max()) if gaps.max() > 0 else math.inf
