"""The main job: the same people in every arm, each arm run and recorded once, in the design's order."""

from __future__ import annotations

import numpy as np

import baxis
from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.conduct.simulate import simulate
from baxis.clinic.result.summarise import judge_arms

SMALL = Settings(patients=12, seed=5, threads=1)


def test_a_trial_is_run_once_and_judged_on_what_was_run() -> None:
    design = baxis.read_design("rituximab-reflex")
    screens, ran = [], []

    def screen(lab):
        screens.append(lab.design)
        return lab.screen()

    def run(lab: Laboratory, arm, people):
        ran.append((arm.arm_id, people.ids.tolist()))
        return run_arm(lab, arm, people)

    done = simulate(design, SMALL, screen, run)
    assert screens == [design]
    assert ran == [(arm.arm_id, done.people.ids.tolist()) for arm in design.arms]
    assert [r.arm for r in done.runs] == list(design.arms)
    assert all(seen.days.size == r.days.size for r, seen in zip(done.runs, done.visits, strict=True))
    assert done.people.ids.size == SMALL.patients <= done.screened
    values = judge_arms(done, design.primary)
    table = baxis.run_trial(design, SMALL).arms
    asked = table[(table["endpoint"] == design.primary.name) & (table["week"] == design.primary.week)]
    assert asked.set_index("arm_id")["value"].to_dict() == {k: float(np.nanmean(y)) for k, y in values.items()}
