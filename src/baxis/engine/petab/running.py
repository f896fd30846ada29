"""One experiment of a PEtab problem: its periods simulated once, formulas read at any measured time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.model.network import Network
from baxis.engine.model.network_code import NAMESPACE, expression, first_values
from baxis.engine.single.single import MOST_STEPS, IntegrationFailed, Walk
from baxis.engine.tables.user_model import with_values

STILL = 1e-7  # relative change over a tenfold longer time that counts as a steady state
NOTHING = 1e-12  # of a variable's own peak: what is left of one that dies out
LOOKS = (1.9, 3.1, 5.3, 7.7, 10.0)  # within that tenfold time; not in step with any period
LONGEST = 1e12
RTOL, ATOL = 1e-9, 1e-14
REST_STEPS = 30_000


@dataclass(frozen=True)
class Period:
    """From `start` on; `changes` maps targets to formulas in the model's symbols. -infinity: until a steady state."""

    start: float
    changes: Mapping[str, Tree]


@dataclass(frozen=True)
class Experiment:
    """One experiment on a model. periods: in time order; -infinity first asks for a steady state before time starts.

    `forget`: constants that go back to the model's own value after the steady state (version 1: those that only the
    preequilibration's condition sets).
    """

    network: Network
    periods: Sequence[Period]
    forget: tuple[str, ...] = ()

    @property
    def begin(self) -> float:
        """Where the model's clock stands when the experiment starts."""
        return next((p.start for p in self.periods if math.isfinite(p.start)), 0.0)


class ExperimentRun:
    """One experiment, simulated at the parameter table's values `nominal` for measurements at `times`.

    It starts at the first finite period, where the model's clock then stands; without one at 0.
    """

    def __init__(self, plan: Experiment, nominal: Mapping[str, float], times: np.ndarray) -> None:
        network, periods = plan.network, plan.periods
        self.nominal, self.forget = nominal, plan.forget
        self.network = with_values(network, {n: v for n, v in nominal.items() if n in network.starts})
        self.periods = [p for p in periods if math.isfinite(p.start)]
        self.before = next((p for p in periods if not math.isfinite(p.start)), None)
        self.begin = plan.begin
        self.times, self.endless = np.unique(times[np.isfinite(times)]), not np.isfinite(times).all()
        self.found, self.rest, walk = self._walked(None)
        if walk.small:
            self._again(walk.peak)

    def value(self, formula: Tree, time: float, own: Mapping[str, float], where: str) -> float:
        """A formula at a measured time; `own` gives the values of placeholders. Raises UnknownName or InvalidValue."""
        place = int(np.searchsorted(self.times, time)) if math.isfinite(time) else 0
        model = self.found if math.isfinite(time) else self.rest
        known: dict[str, float] = {**self.nominal}
        for name in set(symbols(formula)) - {""}:
            if name in own:
                known[name] = own[name]
            elif name in model:
                known[name] = float(model[name][place])
            elif name not in known:
                raise UnknownName(
                    f"symbol in {where}", name, [n for n in (*own, *model, *self.nominal) if " " not in n]
                )
        value = float(evaluated(formula, known, time))
        if math.isnan(value):
            lacking = [n.removeprefix("amount of ") for n in self._valueless]
            why = f"the model gives no first value to {', '.join(map(repr, lacking))}" if lacking else ""
            raise InvalidValue(f"{where} at time {time:g}", "not a number", "a number", why)
        return value

    def _again(self, peaks: np.ndarray) -> None:
        """Once more with the absolute tolerance of each variable's own size, where that can be done."""
        try:
            self.found, self.rest, _ = self._walked(peaks)
        except IntegrationFailed:
            return  # the size of rounding, not of the variable: the first run stands

    def _walked(self, peaks: np.ndarray | None) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], Walk]:
        first = self.before or (self.periods[0] if self.periods else Period(0.0, {}))
        start = 0.0 if self.before else self.begin
        network = _begun(self.network, first.changes)
        walk = Walk(network, start, rtol=RTOL, atol=ATOL, scaled=True, peaks=peaks)
        self._valueless = [n for n in network.base if math.isnan(walk.x[walk.code.index[n]])]
        if self.before:
            come_to_rest(walk)
            walk.restart(self.begin)
            walk.change(self._returned() | dict(self.periods[0].changes if self.periods else {}))
        found: dict[str, list[float]] = {n: [] for n in walk.code.symbols}
        for k in range(max(len(self.periods), 1)):
            if k:
                walk.advance(self.periods[k].start, hold=True)
                walk.change(self.periods[k].changes)
            end = self.periods[k + 1].start if k + 1 < len(self.periods) else math.inf
            inside = self.times[(self.times >= walk.now) & (self.times < end)]
            if inside.size:
                for name, values in walk.course(inside).items():
                    found[name] += values.tolist()
        table = {n: np.array(v) for n, v in found.items()}
        if not self.endless:
            return table, {}, walk
        come_to_rest(walk)
        return table, {n: np.array([v]) for n, v in walk.symbols().items()}, walk

    def _returned(self) -> dict[str, Tree]:
        """Values that the constants to forget have in the model itself."""
        values = dict(zip(self.network.base, first_values(self.network), strict=True))
        return {n: ("num", values[n]) for n in self.forget if n in values and n not in self.network.rates}


def evaluated(formula: Tree, known: Mapping[str, float], time: float) -> Any:
    """A formula's value, symbols as known."""
    op = formula[0]
    if op in ("num", "bool"):
        return formula[1]
    if op == "time":
        return time
    if op == "sym":
        return known[formula[1]]
    if op == "select":
        return evaluated(formula[2] if evaluated(formula[1], known, time) else formula[3], known, time)
    args = [evaluated(part, known, time) for part in formula[1:]]
    places: Tree = (op, *(("sym", str(k)) for k in range(len(args))))
    if places not in _COMPILED:
        names = {str(k): f"a[{k}]" for k in range(len(args))}
        _COMPILED[places] = eval(f"lambda a: {expression(places, names)}", dict(NAMESPACE))
    return _COMPILED[places](args)


_COMPILED: dict[Tree, Any] = {}


def _begun(network: Network, changes: Mapping[str, Tree]) -> Network:
    """The network as a first period sets it up, before its own first values are worked out."""
    starts = dict(network.starts)
    for name, tree in changes.items():
        if name in network.amounts:
            starts[network.amounts[name]] = ("mul", tree, ("sym", str(network.compartment[name])))
        elif name in starts:
            starts[name] = tree
        else:
            raise InvalidValue(f"PEtab condition, {name!r}", "a value", "a target that no formula of the model gives")
    return replace(network, starts=starts)


def come_to_rest(walk: Walk) -> None:
    """Go on until nothing that moves changes any more. Raises Unsupported where that does not come.

    At rest: over a tenfold longer time no variable changed by more than a share of itself or what rounding leaves of
    its own peak, and neither the clock nor a waiting event will change something later.
    """
    moving = [i for i in walk.code.moving if " " not in walk.network.base[i] or walk.network.base[i] in _amounts(walk)]
    walk.most = walk.steps + REST_STEPS
    try:
        moves = _still_moves(walk, moving)
    except IntegrationFailed as problem:
        raise Unsupported(f"a steady state that the model does not reach: {problem}") from None
    if moves is not None:
        why = f"; {moves!r} moves on" if moves else ""
        raise Unsupported(f"a steady state that the model does not reach by time {LONGEST:g}{why}")
    walk.most = walk.steps + MOST_STEPS


def _still_moves(walk: Walk, moving: list[int]) -> str | None:
    """None once at rest; after the longest time the name of what moves on, or nothing if only an event is still due."""
    start, reach, worst = walk.now, max(10.0 * abs(walk.now), 100.0), None
    walk.advance(start + reach)
    while reach <= LONGEST:
        before = np.array([walk.x[i] for i in moving])
        worst = _most_moved(walk, moving, before, start, reach)
        since, reach = start + reach, 10.0 * reach
        ahead = walk.switch_ahead(LONGEST)
        passing = walk.switched > since and not math.isfinite(walk.queue.next_time)
        if worst is None and (passing or not math.isfinite(ahead)):
            return None
    return worst or ""


def _amounts(walk: Walk) -> set[str]:
    return set(walk.network.amounts.values())


def _most_moved(walk: Walk, moving: list[int], before: np.ndarray, start: float, reach: float) -> str | None:
    """Name of the variable that moved most over the next tenfold time, or None if none did. Ends at its end."""
    places = [walk.code.moving.index(i) for i in moving]
    over, worst = 1.0, None
    for part in LOOKS:
        walk.advance(start + part * reach)
        now = np.array([walk.x[i] for i in moving])
        slack = np.maximum(NOTHING * walk.peak[places], 10.0 * walk.tolerance()[places])
        slack += STILL * np.maximum(np.abs(now), np.abs(before))
        excess = np.abs(now - before) / np.maximum(slack, 1e-300)
        excess = np.where(np.isnan(now) & np.isnan(before), 0.0, excess)
        if excess.size and excess.max() > over:
            over, worst = float(excess.max()), walk.network.base[moving[int(excess.argmax())]]
    return worst.removeprefix("amount of ") if worst else None


def check_symbols(changes: Mapping[str, Tree], network: Network) -> None:
    """Targets and symbols of a condition must be the model's. Raises UnknownName."""
    known = [n for n in (*network.base, *network.derived) if " " not in n]
    for target, tree in changes.items():
        for name in (target, *symbols(tree)):
            if name and name not in known:
                raise UnknownName("symbol of a PEtab condition", name, known)
