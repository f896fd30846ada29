"""Simulate an ensemble: check the inputs, share the patients among threads, collect values and statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from baxis.core.errors import InvalidValue
from baxis.engine.kernel.kernel import Kernel
from baxis.engine.model.events import Events
from baxis.engine.model.inputs import batch_size, first_tables, output_choice, output_times
from baxis.engine.run.ensemble import Ensemble
from baxis.engine.run.event_run import execute_with_events
from baxis.engine.run.execute import Done, Elsewhere, Job, execute
from baxis.engine.run.options import Options
from baxis.engine.run.scales import with_tolerances
from baxis.engine.run.schedule import lower
from baxis.engine.run.switches import with_switches


def simulate(
    kernel: Kernel | Elsewhere,
    parameters: Any = None,
    initial: Any = None,
    *,
    times: Any,
    events: Events | None = None,
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
) -> Ensemble:
    """Integrate every patient from `options.start` (0) to the last time.

    parameters: (n, P) in the order of `kernel.system.parameters`, (P,), or a mapping of name to number or (n,) array;
    initial: the same for states; None takes the model's own. times: (T,) strictly rising. outputs: names of states or
    assignment rules (None: all states). An output at the time of an event is read before the event.
    Raises InvalidValue or UnknownName for inputs; a patient whose integration fails gets a status instead.
    """
    options = options or Options()
    system = kernel.system
    if events is not None and not isinstance(events, Events):
        raise InvalidValue("events", type(events).__name__, "Events, from bolus(), infusion(), setting() or concat()")
    n = batch_size(system, parameters, initial, events)
    p, y = first_tables(system, parameters, initial, n)
    t = output_times(times, options.start)
    names, chosen = output_choice(system, outputs)
    job = Job(
        kernel=kernel,
        parameters=p,
        initial=y,
        times=t,
        chosen=chosen,
        schedule=lower(events, system, n, options.start),
        options=options,
        span=(options.start, float(t[-1])),
    )
    done = _done(with_switches(with_tolerances(job)))
    units = tuple(system.units.get(k, "") for k in names)
    return Ensemble(
        values=done.values,
        times=t,
        outputs=names,
        final=done.final,
        status=done.status,
        reached=done.reached,
        steps=done.steps,
        states=system.states,
        units=units,
        _culprit=done.culprit,
    )


def _done(job: Job) -> Done:
    """The job where its kernel runs: on a device of its own, or here."""
    if not isinstance(job.kernel, Kernel):
        return job.kernel.run_job(job)
    return (execute_with_events if job.kernel.shape.watched else execute)(job)
