"""The parts of random models: each adds states of its own, with something that simulators are known to get wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from random_shapes import SIZES, Event, Formula, Model, Reaction, Species


def _number(random: Random, low: float, high: float) -> float:
    return float(f"{low * (high / low) ** random.random():.3g}")


def _home(model: Model, random: Random, tag: str) -> str:
    """A compartment: one that is there, or a new one of any size."""
    if model.sizes and random.random() < 0.3:
        return random.choice(sorted(model.sizes))
    model.sizes[f"{tag}c"] = random.choice(SIZES)
    return f"{tag}c"


def _grid(model: Model, random: Random) -> float:
    """A moment within the run: an output time, or one between."""
    return model.end * random.choice([0.1, 0.2, 0.3, 0.5, 0.61, 0.125, 0.237])


def idle_event(model: Model, random: Random, tag: str) -> None:
    """An event that never acts must change nothing."""
    model.parameters[f"{tag}q"] = 1.0
    model.events.append(Event(f"time >= {model.end * 3:g}", {f"{tag}q": "2"}))


def _chain(model: Model, random: Random, tag: str) -> None:
    """A + A -> B -> D and A + B -> D in a compartment of any size."""
    home = _home(model, random, tag)
    amount = random.random() < 0.3
    for name, first in (("A", _number(random, 0.2, 5)), ("B", 0.0), ("D", 0.0)):
        model.species[tag + name] = Species(home, first, amount)
    for name in ("k", "m"):
        model.parameters[tag + name] = _number(random, 0.05, 1.0)
    a, b = (f"({tag}{n}/{home})" if amount else f"{tag}{n}" for n in "AB")
    model.reactions[f"{tag}J1"] = Reaction({f"{tag}A": 1}, {f"{tag}B": 1}, f"{home}*{tag}k*{a}^2")
    model.reactions[f"{tag}J2"] = Reaction({f"{tag}B": 1}, {f"{tag}D": 1}, f"{home}*{tag}m*{b}")
    model.reactions[f"{tag}J3"] = Reaction({f"{tag}A": 1, f"{tag}B": 1}, {f"{tag}D": 1}, f"{home}*{tag}k*{a}*{b}")


def _molar(model: Model, random: Random, tag: str) -> None:
    """Michaelis-Menten with every level far below one."""
    home = _home(model, random, tag)
    unit = random.choice([1e-6, 1e-9, 1e-12])
    model.scales |= {f"{tag}S": unit, f"{tag}P": unit}
    model.species[f"{tag}S"] = Species(home, unit * _number(random, 0.5, 5))
    model.species[f"{tag}P"] = Species(home, 0.0)
    model.parameters |= {f"{tag}v": unit * _number(random, 0.1, 1), f"{tag}K": unit * _number(random, 0.2, 2)}
    law = f"{home}*{tag}v*{tag}S/({tag}K + {tag}S)"
    model.reactions[f"{tag}J1"] = Reaction({f"{tag}S": 1}, {f"{tag}P": 1}, law)
    model.reactions[f"{tag}J2"] = Reaction({f"{tag}P": 1}, {}, f"{home}*{_number(random, 0.05, 0.5):g}*{tag}P")


def _root(model: Model, random: Random, tag: str) -> None:
    """A state that starts at the end of a power below one."""
    x, k, n = f"{tag}x", _number(random, 0.3, 2), random.choice([0.5, 0.2, 0.7])
    forms = [
        (f"{k:g} - sqrt({x})", 0.0),
        (f"{k:g} - {x}^{n}", 0.0),
        (f"-{k:g}*0.2 - 0.1*(1 - {x})^{n}", 1.0),
        (f"({k:g} - sqrt({x}))/3", 0.0),
        (f"{k:g} - {x}^{n}/(0.5 + {x}^{n})", 0.0),
        (f"{k:g}/(1 + {x}^0.8) - 0.3*{x}", 0.0),
    ]
    rate, first = random.choice(forms)
    if first == 1.0:
        rate = f"piecewise(0, {x} < 0.2, {rate})"
    model.rates[x], model.parameters[x] = rate, first


def _guarded(model: Model, random: Random, tag: str) -> None:
    """A right-hand side that is finite where its derivative is not."""
    x, y, n = f"{tag}x", f"{tag}y", f"{tag}n"
    late = 0.5 * model.end
    forms: list[tuple[str, float, dict[str, float]]] = [
        (f"piecewise(0, {y} == 0, {x}/{y}) + 1", 0.0, {y: 0.0}),
        (f"piecewise(0, {x} <= 0, {x}^0.5) + 1 - 0.5*{x}", 0.0, {}),
        (f"piecewise({x} - 1, {x} > 1, 0)^0.5 + 1 - 0.8*{x}", 0.0, {}),
        (f"1 - 0.5*{x}^{n}", 0.0, {n: 0.0}),
        (f"0.1 + 1/(1 + (0.5/{x})^{n}) - {x}", 0.0, {n: 4.0}),
        (
            f"piecewise(0, time < {late:g}, exp(-20*(time - {late:g})) - exp(-30*(time - {late:g}))) + 0.2 - {x}",
            0.0,
            {},
        ),
        (f"1 - {x} + piecewise(ln({y}), {y} > 0, 0)", 0.0, {y: 0.0}),
    ]
    rate, first, more = random.choice(forms)
    model.rates[x], model.parameters[x] = rate, first
    model.parameters |= more


def _pulse(model: Model, random: Random, tag: str) -> None:
    """Something given for a short while, by the clock alone."""
    x, end = f"{tag}x", model.end
    start, width = _grid(model, random) * 1.03, end * random.choice([0.2, 0.02, 2e-3, 2e-4])
    level = _number(random, 1, 5) * end / (20 * width)
    period = end / random.choice([4, 7])
    when = random.choice(
        [
            f"(time >= {start:g}) && (time < {start + width:.12g})",
            f"(time > {start:g}) && (time <= {start + width:.12g})",
            f"abs(time - {start:g}) < {width / 2:.12g}",
            f"time - {period:.12g}*floor(time/{period:.12g}) < {width:.12g}",
        ]
    )
    model.parameters[f"{tag}u"] = level
    model.rates[x], model.parameters[x] = f"piecewise({tag}u, {when}, 0) - 0.1*{x}", 0.0


def _jump(model: Model, random: Random, tag: str) -> None:
    """A fast state whose target jumps with the clock."""
    x, when = f"{tag}x", _grid(model, random)
    model.rates[x] = f"piecewise(0, time < {when:g}, 100) - 10*{x}"
    model.parameters[x] = 0.0


def _doses(model: Model, random: Random, tag: str) -> None:
    """Amounts given into a concentration: two at one moment, one at a moment of an event."""
    home, c = _home(model, random, tag), f"{tag}C"
    size = model.sizes[home]
    model.species[c] = Species(home, 0.0, random.random() < 0.3)
    model.reactions[f"{tag}out"] = Reaction({c: 1}, {}, f"{'' if model.species[c].amount else home + '*'}0.2*{c}")
    when = random.choice([0.0, _grid(model, random)])
    model.doses += [(c, when, 15 * size), (c, when, 5 * size)]
    model.jumps.append(when)
    if random.random() < 0.5:
        model.rates[f"{tag}z"], model.parameters[f"{tag}z"] = f"-0.1*{tag}z", 1.0
        model.events.append(Event(f"time >= {max(when, 0.1 * model.end):g}", {f"{tag}z": f"{tag}z + 3"}))
        model.jumps.append(max(when, 0.1 * model.end))


def _own_event(model: Model, random: Random, tag: str) -> None:
    """An event by time or by state, at once or delayed."""
    x, when = f"{tag}x", _grid(model, random)
    model.rates[x], model.parameters[x] = f"-{_number(random, 0.5, 2) / model.end:g}*{x}", 10.0
    delay = random.choice([None, f"{model.end * 0.2:g}"])
    if random.random() < 0.5:
        model.events.append(Event(f"time >= {when:g}", {x: f"{x} + 7"}, delay))
        model.jumps.append(when + (model.end * 0.2 if delay else 0.0))
    else:
        model.events.append(Event(f"{x} < {random.choice([6.5, 8.3])}", {x: "12"}, delay))


def _set_later(model: Model, random: Random, tag: str) -> None:
    """First values that follow a size or a parameter set after loading."""
    home = f"{tag}V"
    model.sizes[home] = random.choice([1.0, 2.0, 1e-6])
    model.parameters |= {f"{tag}dose": 10.0, f"{tag}k": 0.2}
    form = random.choice(["by size", "by parameter", "by level", "by level", "by formula"])
    first: float | Formula = 3.0
    amount, stated = (random.random() < 0.5 for _ in range(2)) if form == "by level" else (False, False)
    level = f"{tag}C/{home}" if amount else f"{tag}C"
    if form == "by size":
        first = f"{tag}dose/{home}"
    elif form == "by parameter":
        first = f"2*{tag}dose + 1"
    elif form == "by formula":  # a parameter that a formula gives is set in its place
        first, model.parameters[f"{tag}q"] = f"{tag}q + 1", f"2*{tag}dose"
    model.species[f"{tag}C"] = Species(home, first, amount, stated)
    model.reactions[f"{tag}J"] = Reaction({f"{tag}C": 1}, {}, f"{home}*{tag}k*{level}")
    own = {"by size": home, "by parameter": f"{tag}dose", "by formula": f"{tag}q"}
    target = own.get(form) or random.choice([home, f"{tag}C"])
    unit = model.sizes[home] if target == home or (amount and target == f"{tag}C") else 4.0
    model.values[target] = float(f"{unit * 2.5:g}")


def _named_stoichiometry(model: Model, random: Random, tag: str) -> None:
    """A law that uses the id of a stoichiometry."""
    model.sizes.setdefault(f"{tag}c", 1.0)
    model.species |= {f"{tag}S": Species(f"{tag}c", 10.0), f"{tag}P": Species(f"{tag}c", 0.0)}
    law = f"{tag}c*0.05*{tag}st*{tag}S"
    ids = {f"{tag}P": f"{tag}st"}
    model.reactions[f"{tag}J"] = Reaction({f"{tag}S": 1}, {f"{tag}P": random.choice([2.0, 3.0])}, law, ids=ids)


def _local_names(model: Model, random: Random, tag: str) -> None:
    """A reaction's own parameter beside a global name that a reader might make of it."""
    home = _home(model, random, tag)
    model.species |= {f"{tag}S": Species(home, 5.0), f"{tag}P": Species(home, 0.0)}
    model.parameters |= {f"{tag}J_k": 7.0, f"{tag}k": 11.0}
    model.reactions[f"{tag}J"] = Reaction({f"{tag}S": 1}, {f"{tag}P": 1}, f"{home}*k*{tag}S", {"k": 0.3})
    model.reactions[f"{tag}J2"] = Reaction({f"{tag}P": 1}, {}, f"{home}*k*{tag}P", {"k": 0.05})
    model.rates[f"{tag}x"] = f"{tag}J_k - {tag}x"
    model.parameters[f"{tag}x"] = 0.0


def _functions(model: Model, random: Random, tag: str) -> None:
    """Function definitions, the one that uses another first."""
    model.functions += [(f"{tag}outer", "a, b", f"{tag}inner(a)*b + 1"), (f"{tag}inner", "a", "a^2/(1 + a)")]
    model.rates[f"{tag}x"], model.parameters[f"{tag}x"] = f"{tag}outer({tag}x, 0.5) - 2*{tag}x", 3.0


def _many(model: Model, random: Random, tag: str) -> None:
    """Many pieces, or a species that many reactions use."""
    if random.random() < 0.5:
        step = model.end / 260
        pieces = ", ".join(f"{1 + k % 3}, time < {step * (k + 1):.12g}" for k in range(220))
        model.rates[f"{tag}x"], model.parameters[f"{tag}x"] = f"piecewise({pieces}, 0) - 0.3*{tag}x", 0.0
    else:
        home = _home(model, random, tag)
        model.species[f"{tag}S"] = Species(home, 5.0)
        for k in range(220):
            law = f"{home}*{0.001 * (1 + k % 3):g}*{tag}S"
            model.reactions[f"{tag}J{k}"] = Reaction({f"{tag}S": 1}, {}, law)


def _strange_names(model: Model, random: Random, tag: str) -> None:
    """States with names that tables, languages and simulators use themselves."""
    for name in random.sample(["row", "status", "self", "index", "t", "x", "y", "beta", "lambda", "None"], 2):
        if name not in model.rates:
            model.rates[name], model.parameters[name] = f"0.5 - 0.2*{name}", _number(random, 0.5, 4)


def _condition_formula(model: Model, random: Random, tag: str) -> None:
    """A parameter that a PEtab condition gives by a formula; elsewhere the number is set."""
    p = _number(random, 1.5, 9)
    text, value = random.choice(
        [
            (f"log({p:g})", math.log(p)), (f"ln({p:g})", math.log(p)), (f"sqrt({p:g})", math.sqrt(p)),
            (f"log10({p:g})", math.log10(p)), (f"log2({p:g})", math.log2(p)), (f"log({p:g}, 10)", math.log10(p)),
            (f"exp(-{p:g})", math.exp(-p)), (f"{p:g}^0.5/2", math.sqrt(p) / 2), (f"1/{p:g}", 1 / p),
        ]
    )  # fmt: skip
    model.parameters |= {f"{tag}k": 0.5, f"{tag}x": 0.0}
    model.rates[f"{tag}x"] = f"{tag}k - 0.4*{tag}x"
    model.values[f"{tag}k"], model.conditions[f"{tag}k"] = value, text


def _rests(model: Model, random: Random, tag: str) -> None:
    """A level that comes to rest, from which the run starts after something changed: a source, a size.

    What was set at first stays set, and an event that happened on the way there does not happen again.
    """
    home, level = _home(model, random, tag), f"{tag}R"
    unit, speed = random.choice([1.0, 1e-6, 1e-12, 1e-15]), random.choice([1.0, 1e-2, 1e-4])
    model.species[level], model.scales[level] = Species(home, 0.0), unit
    model.parameters |= {f"{tag}r": 2 * unit, f"{tag}d": 0.5}
    model.reactions[f"{tag}J"] = Reaction({}, {level: 1}, f"{home}*{speed:g}*({tag}r - {tag}d*{level})")
    model.rests = True
    model.later[f"{tag}r"] = 6 * unit
    if random.random() < 0.5:
        model.values[f"{tag}d"] = 0.8
    if random.random() < 0.4:
        model.later[home] = 2.5 * model.sizes[home]
    if random.random() < 0.4:
        model.parameters[f"{tag}n"] = 0.0
        model.counters.append(f"{tag}n")
        model.events.append(Event(f"{level} >= {unit:g}", {f"{tag}n": f"{tag}n + 1"}))


def _late(model: Model, random: Random, tag: str) -> None:
    """A delayed event that acts at an output time, set off by a count."""
    x, n, step = f"{tag}x", f"{tag}count", model.end / 10
    first, delay = random.choice([1, 2, 3]), random.choice([2, 3, 4])
    model.rates |= {n: f"{1 / step:.17g}", x: f"-0.1*{x}"}
    model.parameters |= {n: 0.0, x: 1.0}
    model.events.append(Event(f"{n} >= {first}", {x: f"{x} + 7"}, f"{delay * step:.17g}"))
    model.jumps.append((first + delay) * step)


def _valueless(model: Model, random: Random, tag: str) -> None:
    """A product without a first value beside what runs without it."""
    home = _home(model, random, tag)
    model.species |= {f"{tag}H": Species(home, _number(random, 0.5, 5)), f"{tag}P": Species(home, None)}
    model.reactions[f"{tag}J"] = Reaction({f"{tag}H": 1}, {f"{tag}P": 1}, f"{home}*0.3*{tag}H")


def _file(model: Model, random: Random, tag: str) -> None:
    """A file with a byte order mark, or with its notes after its annotation."""
    _chain(model, random, tag)
    model.marked = random.random() < 0.5
    model.misplaced = not model.marked


PARTS: list[Callable[[Model, Random, str], None]] = [
    _chain, _molar, _root, _guarded, _pulse, _jump, _doses, _own_event, _set_later, _named_stoichiometry, _local_names,
    _functions, _strange_names, _condition_formula, _late, _file,
]  # fmt: skip
CALM = [
    _molar,
    _set_later,
    _local_names,
    _functions,
    _condition_formula,
]  # come to rest soon by themselves: no second power, whose tail never ends
RARE = [_many, _valueless]
BY_NAME = {part.__name__.strip("_"): part for part in (*PARTS, *RARE, _rests)}
