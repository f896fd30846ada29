"""What a random model is made of: species, reactions, events, values set later, doses."""

from __future__ import annotations

from dataclasses import dataclass, field

SIZES = (1.0, 5.0, 1e-3, 1e-6, 1e-9, 1e-12, 1e-15)
Formula = str


@dataclass
class Species:
    """first: concentration at 0 (a number, or a formula by initial assignment; None for none at all).

    amount: the symbol means an amount; stated: the text gives the first value in the other form than the symbol's.
    """

    home: str
    first: float | Formula | None
    amount: bool = False
    stated: bool = False


@dataclass
class Reaction:
    """Stoichiometries by species; a reactant or product may carry an id that formulas use. local: own parameters."""

    reactants: dict[str, float]
    products: dict[str, float]
    law: Formula
    local: dict[str, float] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Event:
    trigger: Formula
    assignments: dict[str, Formula]
    delay: Formula | None = None


@dataclass
class Model:
    """A model, what is set in it after loading, its doses (state, time, amount) and output times 0 to `end`."""

    end: float = 20.0
    sizes: dict[str, float] = field(default_factory=dict)
    species: dict[str, Species] = field(default_factory=dict)
    parameters: dict[str, float | Formula] = field(default_factory=dict)
    rates: dict[str, Formula] = field(default_factory=dict)
    rules: dict[str, Formula] = field(default_factory=dict)
    functions: list[tuple[str, str, Formula]] = field(default_factory=list)
    reactions: dict[str, Reaction] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    doses: list[tuple[str, float, float]] = field(default_factory=list)
    conditions: dict[str, Formula] = field(default_factory=dict)  # the same values as PEtab formulas
    rests: bool = False  # comes to rest, and is to start from there
    later: dict[str, float] = field(default_factory=dict)  # what is set once it has come to rest
    counters: list[str] = field(default_factory=list)  # parameters that events change, also compared
    marked: bool = False  # the text begins with a byte order mark
    misplaced: bool = False  # notes stand after the annotation
    jumps: list[float] = field(default_factory=list)  # times at which a value jumps
    scales: dict[str, float] = field(default_factory=dict)  # typical value of a state, where it is not about one
    parts: list[str] = field(default_factory=list)

    @property
    def watched(self) -> list[str]:
        """The states that are compared."""
        return [*(n for n, s in self.species.items() if s.first is not None), *self.rates, *self.counters]

    @property
    def valueless(self) -> list[str]:
        """Species without a first value: some ways may refuse the model for them."""
        return [n for n, s in self.species.items() if s.first is None]

    def scale(self, name: str) -> float:
        """Typical value of a state's symbol."""
        kind = self.species.get(name)
        return self.scales.get(name, 1.0) * (self.sizes[kind.home] if kind and kind.amount else 1.0)
