"""Random SBML models of a few states, each mixed from parts that simulators are known to get wrong.

`random_model(random)` draws one from a `random.Random`; `random_sbml.sbml(model)` writes it. Every part adds states of its
own; all of them share compartments, the clock, events and doses, so that faults that need two parts together are met too.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from random_parts import BY_NAME, CALM, PARTS, RARE, idle_event
from random_shapes import Model


def random_model(random: Random, only: Sequence[str] = ()) -> Model:
    """A model of one to three parts, on a run of 5 to 200 units of time; of one part where `only` names some."""
    model = Model(end=float(random.choice([5, 20, 50, 200])))
    from_rest = random.random() < 0.15
    count = 1 if only else random.choice([1, 2, 3])
    for k in range(count):
        if only:
            part = BY_NAME[random.choice(list(only))]
        elif from_rest and k == 0:
            part = BY_NAME["rests"]
        else:
            part = random.choice(CALM if from_rest else RARE if random.random() < 0.02 else PARTS)
        part(model, random, f"p{k}_")
        model.parts.append(part.__name__.strip("_"))
    if model.rests and only:
        _beside_rest(model, random)
    if random.random() < 0.3:
        idle_event(model, random, "idle_")
    return model


def _beside_rest(model: Model, random: Random) -> None:
    """What comes to rest beside a part asked for by name."""
    part = random.choice(CALM)
    part(model, random, "p1_")
    model.parts.append(part.__name__.strip("_"))
