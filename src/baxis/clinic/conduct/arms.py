"""Arms simulated one by one, in stages where a rule may change therapy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from baxis import axis, engine
from baxis.clinic.conduct.arm_run import ArmRun, failure
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Progress
from baxis.clinic.conduct.stages import staged
from baxis.clinic.design.design import Arm
from baxis.clinic.people.population import Population
from baxis.clinic.therapy.courses import of_arm
from baxis.clinic.therapy.decisions import rules
from baxis.clinic.therapy.regimen import plan


def run_arm(lab: Laboratory, arm: Arm, people: Population) -> ArmRun:
    """Simulate one arm, in stages where a rule may change therapy; the patient rests from screening to the first dose."""
    tell = _progress(lab, arm, len(people.ids))
    if rules(lab.design, arm):
        return staged(lab, arm, people, tell)
    courses = of_arm(arm, len(people.ids))
    parameters, events = plan(lab.design, arm, people, lab.settings.dosing, courses)
    names = [o.output for o in axis.outputs().values()]
    options = replace(lab.options, progress=tell)
    ran = engine.simulate(
        axis.kernel(), parameters, people.rest, times=lab.days[1:], events=events, outputs=names, options=options
    )
    values = np.concatenate([ran.values[:, :1], ran.values], axis=1)
    outputs = {name: values[:, :, i] for i, name in enumerate(axis.outputs())}
    failures = [failure(arm, people, f) for f in ran.failures]
    return ArmRun(arm, lab.days, outputs, ran.status, failures, courses)


def _progress(lab: Laboratory, arm: Arm, n: int) -> Progress | None:
    """The engine's count of one arm as a count over all arms."""
    tell = lab.settings.progress
    if tell is None:
        return None
    before = lab.design.arms.index(arm) * n
    return lambda done, _: tell(before + done, n * len(lab.design.arms))
