"""The virtual inhibitor: an input of the size asked for, added to the arm's drugs; bad ones are named."""

from __future__ import annotations

import numpy as np
import pytest

import baxis
from baxis import axis, engine
from baxis.clinic.design.blocks import Arm
from baxis.clinic.design.virtual_arm import with_held
from baxis.clinic.people.population import draw
from baxis.clinic.therapy import regimen
from baxis.core.errors import BaxisError, Faults


@pytest.fixture(scope="module")
def people():
    return draw(baxis.read_design("fenebrutinib-sle-ph2"), 1, np.arange(4), engine.Options())


def arm(*held: dict, treatments: tuple = ()) -> Arm:
    return Arm(arm_id="a", n=10, role="active", treatments=treatments, held=held)


def test_a_held_target_is_an_input_and_adds_to_a_drug(people) -> None:
    design = baxis.read_design("fenebrutinib-sle-ph2")
    _, events = regimen.plan(design, arm({"target": "BTK", "occupancy": 0.7, "start_day": 7, "stop_day": 70}), people)
    at = [i for i, t in enumerate(events.targets) if t == "u_btk"]
    assert [events.times[i] for i in at] == [7.0, 70.0]
    assert events.amounts[:, at[0]] == pytest.approx(0.7 / 0.3)
    assert np.all(events.amounts[:, at[1]] == 0)
    drug = design.arms[1].treatments
    alone = regimen.plan(design, arm(treatments=drug), people, "averaged")[1]
    both = regimen.plan(design, arm({"target": "btk", "exposure": 3.0}, treatments=drug), people, "averaged")[1]
    last = [max(i for i, t in enumerate(e.targets) if t == "u_btk") for e in (alone, both)]
    assert both.amounts[:, last[1]] - alone.amounts[:, last[0]] == pytest.approx(3.0)


def test_no_occupancy_is_no_event(people) -> None:
    design = baxis.read_design("fenebrutinib-sle-ph2")
    assert regimen.plan(design, arm(), people)[1] is None
    assert regimen.plan(design, arm({"target": "btk", "occupancy": 0.0}), people)[1] is None


@pytest.mark.parametrize("target", ["btk", "baff", "cd20", "fcrn"])
def test_every_kind_of_target_can_be_held(target: str) -> None:
    design = with_held(baxis.read_design("rituximab-reflex"), [f"{target}=0.9"])
    assert design.arms[-1].arm_id == f"held-{target}-90"
    assert design.arms[-1].n == max(a.n for a in design.arms[:-1])
    result = baxis.run_trial(design, patients=12, seed=1)
    assert not result.failures
    assert result.arms["arm_id"].iloc[-1] == f"held-{target}-90"


def test_more_occupancy_takes_more_inflammation() -> None:
    levels = []
    for share in (0.3, 0.9):
        p = axis.parameters("RA", axis.virtual("btk", share))
        ran = engine.simulate(axis.kernel(), p[None], axis.rest("RA")[None], times=[168.0], outputs=["infl"])
        levels.append(ran.values[0, -1, 0])
    assert 1 > levels[0] > levels[1]


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ({"target": "btkk", "occupancy": 0.5}, "did you mean 'btk'"),
        ({"target": "btk", "occupancy": 1.0}, "less than 1"),
        ({"target": "btk"}, "one of them"),
        ({"target": "btk", "occupancy": 0.5, "exposure": 2}, "one of them"),
        ({"target": "btk", "occupancy": 0.5, "start_day": 9, "stop_day": 5}, "not after"),
        ({"target": "btk", "occupacy": 0.5}, "did you mean 'occupancy'"),
    ],
)
def test_a_bad_one_is_named(held: dict, says: str) -> None:
    design = baxis.read_design("rituximab-reflex")
    arms = [a.model_dump() for a in design.arms]
    arms[1]["held"] = [held]
    with pytest.raises(Faults, match=says):
        design.replace(arms=arms)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("btk", "TARGET=OCCUPANCY"),
        ("btk=x", "'btk=x'.*TARGET=OCCUPANCY"),
        ("btk=1.5", "from 0 to below 1"),
        ("foo=0.5", "unknown target 'foo'"),
    ],
)
def test_bad_texts_of_the_command_line(text: str, says: str) -> None:
    with pytest.raises(BaxisError, match=says):
        with_held(baxis.read_design("rituximab-reflex"), [text])
