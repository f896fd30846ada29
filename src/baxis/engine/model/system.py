"""System: an ordinary differential equation model by name, with no biology in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import UnknownName
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.formula.rules import clock_trees

if TYPE_CHECKING:
    import sympy

FORMAT = "baxis-system-1"


@dataclass(frozen=True)
class Equations:
    """Formulas as trees: `rates` d(state)/dt, `rules` in order of use, `starts` initial assignments."""

    rates: dict[str, Tree]
    rules: dict[str, Tree]
    starts: dict[str, Tree]


@dataclass(frozen=True)
class System:
    """States, parameters and ordered assignment rules of a model, with the SBML text that they came from.

    `initial` and `defaults` give a float for each state and parameter (NaN where the model has none), `units` the
    unit id of each name that has one. `notes` says what was left out of the text to read it, `homes` the compartment of
    each state that is a concentration, `computed` the assignments that only give a constant its first value: a text
    loaded with `load_sbml(..., given=[name])` has it as a parameter. `read` gives the formulas of the text. Expressions (`rates`, `rules`, as sympy) are built when first asked for.
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    assignments: tuple[str, ...]
    initial: Mapping[str, float]
    defaults: Mapping[str, float]
    units: Mapping[str, str]
    computed_starts: tuple[str, ...]
    sbml: str = field(repr=False)
    notes: tuple[str, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    computed: tuple[str, ...] = ()
    read: Callable[[str], Equations] | None = field(default=None, repr=False)

    @cached_property
    def digest(self) -> str:
        """Content hash (sha256, hex) of the model text."""
        return hashlib.sha256(f"{FORMAT}\n{self.sbml}".encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, System) and self.digest == other.digest

    @cached_property
    def equations(self) -> Equations:
        """Formulas as nested tuples, read again from the SBML text."""
        assert self.read is not None, "a System is made by a reader of its text"
        return self.read(self.sbml)

    @cached_property
    def rates(self) -> Mapping[str, sympy.Basic]:
        """Right-hand side of each state as sympy; assignment rules appear by name."""
        return _expressions(self.equations.rates)

    @cached_property
    def rules(self) -> Mapping[str, sympy.Basic]:
        """Assignment rules as sympy, in order of use."""
        return _expressions(self.equations.rules)

    @property
    def watched(self) -> tuple[Tree, ...]:
        """Quantities at whose jumps a step must end: none, but for a model with events."""
        return ()

    @property
    def surveyed(self) -> tuple[Tree, ...]:
        """Quantities that events need at their moment."""
        return ()

    @cached_property
    def clock(self) -> tuple[Tree, ...]:
        """Parts of the formulas that hold the clock and parameters alone (see `switches`)."""
        return clock_trees(self.equations.rates.values(), self.equations.rules, self.parameters)

    def sizes(self, parameters: np.ndarray, initial: np.ndarray) -> np.ndarray:
        """(1 or n, N) what 1 in the unit of a state's symbol is in the state itself: 1, but for amounts of concentrations."""
        return np.ones((1, len(self.states)))

    @property
    def uses_time(self) -> bool:
        trees = [*self.equations.rates.values(), *self.equations.rules.values()]
        return any(name == "" for t in trees for name in symbols(t))

    def to_sbml(self) -> str:
        """SBML text of this system; `load_sbml` of it gives an equal one. `engine.to_sbml` writes a patient's numbers in."""
        return self.sbml

    def own_tables(self, parameters: Any, initial: Any, patients: int) -> tuple[np.ndarray, np.ndarray] | None:
        """First values of a system that has its own way to them (see `inputs.first_tables`): none here."""
        return None

    def state_index(self, name: str) -> int:
        return _index(self.states, "state", name)

    def parameter_index(self, name: str) -> int:
        return _index(self.parameters, "parameter", name)

    def as_record(self) -> dict[str, Any]:
        """Plain data, for the cache. `from_record` gives the system back."""
        keys = ("states", "parameters", "assignments", "computed_starts", "sbml", "notes", "computed")
        record: dict[str, Any] = {k: getattr(self, k) for k in keys}
        for k in ("initial", "defaults", "units", "homes"):
            record[k] = dict(getattr(self, k))
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any], read: Callable[[str], Equations]) -> System:
        """The system that `as_record` gave as plain data; `read` gives the formulas of its text."""
        names: dict[str, Any] = {
            k: tuple(record[k]) for k in ("states", "parameters", "assignments", "computed_starts", "notes", "computed")
        }
        tables: dict[str, Any] = {
            k: MappingProxyType(dict(record[k])) for k in ("initial", "defaults", "units", "homes")
        }
        return cls(sbml=record["sbml"], read=read, **names, **tables)


def _expressions(trees: Mapping[str, Tree]) -> Mapping[str, sympy.Basic]:
    from baxis.engine.formula.symbolic import as_number, to_sympy  # sympy takes half a second; runs do without it

    return MappingProxyType({k: as_number(to_sympy(t)) for k, t in trees.items()})


def _index(names: tuple[str, ...], kind: str, name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise UnknownName(kind, name, names) from None
