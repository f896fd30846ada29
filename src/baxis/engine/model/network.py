"""Full SBML core as one network of formulas, for single trajectories: events, moving compartments, stoichiometries.

The compiled ensemble path (`load_sbml`) takes fewer constructs and runs thousands of patients; this one takes one
trajectory of nearly any model. What it cannot do (algebraic rules that are not linear, constraints, packages
that change the mathematics) it refuses by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from baxis.engine.formula.mathml import Tree


@dataclass(frozen=True)
class Event:
    """One SBML event. `assignments` maps a symbol to its formula; `priority` and `delay` are formulas or None.

    `last`: of what is due at one moment it comes after all else, as a dose does.
    """

    name: str
    trigger: Tree
    initially: bool
    persistent: bool
    at_trigger: bool
    delay: Tree | None
    priority: Tree | None
    assignments: dict[str, Tree]
    last: bool = False


@dataclass(frozen=True)
class Network:
    """Formulas of a model. `base` variables are stored and change by `rates` or events; `derived` follow from them.

    `starts` gives each base variable its first value. `amounts` maps a species whose symbol is a concentration to its
    stored amount, `compartment` each species to its compartment (None in one without dimensions), and `per_size` tells
    whether a species' symbol means a concentration. `quick` gives what fast reactions alone add to the rates (see `fast`);
    `notes` says what was left out of the text to read it, `constants` names species that are never to change.
    """

    base: tuple[str, ...]
    derived: dict[str, Tree]
    rates: dict[str, Tree]
    starts: dict[str, Tree]
    events: tuple[Event, ...]
    amounts: dict[str, str]
    compartment: dict[str, str | None]
    per_size: dict[str, bool]
    quick: dict[str, Tree] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
