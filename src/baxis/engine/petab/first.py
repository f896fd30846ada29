"""Problems of PEtab version 1: conditions with an optional one to equilibrate in before."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

from baxis.core.errors import UnknownName, Unsupported
from baxis.core.reading.numbers import number
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.model.network import Network
from baxis.engine.petab.cells import NAME, WITHOUT, formula
from baxis.engine.petab.files import ProblemFiles
from baxis.engine.petab.likelihood import Observation, placeholders
from baxis.engine.petab.running import Experiment, Period


def observations(files: ProblemFiles, nominal: Mapping[str, float]) -> list[Observation]:
    """What was measured, in the order of the tables."""
    observables = {row.get("observableId"): row for row in files.rows("observable")}
    conditions = {row.get("conditionId") for row in files.rows("condition")}
    out = []
    for row in files.rows("measurement"):
        name = row.get("observableId")
        if name not in observables:
            raise UnknownName(f"observable in {row.where}", name, observables)
        for column in ("simulationConditionId", "preequilibrationConditionId"):
            if row.get(column).lower() not in WITHOUT and row.get(column) not in conditions:
                raise UnknownName(f"condition in {row.where}, column {column!r}", row.get(column), conditions)
        o = observables[name]
        value, noise = (formula(f"{o.where}, column {c!r}", o.get(c)) for c in ("observableFormula", "noiseFormula"))
        own: dict[str, float] = {}
        for kind, column in (("observableParameter", "observableParameters"), ("noiseParameter", "noiseParameters")):
            own |= placeholders(_numbered(f"{kind}%d_{name}", value, noise), row, column, nominal)
        before = row.get("preequilibrationConditionId")
        key: Hashable = ("" if before.lower() in WITHOUT else before, row.get("simulationConditionId"))
        at, measured = float(row.get("time")), float(row.get("measurement"))
        out.append(
            Observation(
                row=row,
                experiment=key,
                observable=name,
                time=at,
                measured=measured,
                formula=value,
                noise=noise,
                own=own,
                distribution=o.get("noiseDistribution") or "normal",
                scale=o.get("observableTransformation") or "lin",
            )
        )
    return out


def _numbered(pattern: str, *trees: Tree) -> list[str]:
    """Placeholders of a kind that formulas use: from 1 on, without a gap."""
    used = {n for tree in trees for n in symbols(tree)}
    count = 0
    while pattern % (count + 1) in used:
        count += 1
    return [pattern % k for k in range(1, count + 1)]


def plan(files: ProblemFiles, networks: Mapping[str, Network], nominal: Mapping[str, float], key: Any) -> Experiment:
    """What one pair of conditions asks. key: (to equilibrate in or empty, simulated)."""
    before, now = key
    (network,) = networks.values()
    periods = [Period(0.0, _changes(files, now, network, nominal))]
    if not before:
        return Experiment(network, periods)
    earlier = _changes(files, before, network, nominal)
    # an empty cell of a parameter means the model's own value; a state's means what the equilibration left
    sized = {c for c in network.compartment.values() if c}
    states = {*network.amounts, *network.rates, *network.compartment, *sized}
    forget = tuple(n for n in earlier if n not in periods[0].changes and n not in states)
    return Experiment(network, [Period(-math.inf, earlier), *periods], forget)


def _changes(files: ProblemFiles, name: str, network: Network, nominal: Mapping[str, float]) -> dict[str, Tree]:
    """What a condition sets; an empty cell sets nothing."""
    row = next(row for row in files.rows("condition") if row.get("conditionId") == name)
    out: dict[str, Tree] = {}
    known = [n for n in (*network.base, *network.derived) if " " not in n]
    for target, cell in row.cells.items():
        if target in ("conditionId", "conditionName") or cell.lower() in WITHOUT[:2]:
            continue
        where = f"{row.where}, column {target!r}"
        if target not in known:
            raise UnknownName(f"column of {row.where.partition(',')[0]}", target, known)
        if cell in nominal:
            out[target] = ("num", nominal[cell])
        elif not NAME.fullmatch(cell):
            out[target] = ("num", number(where, cell))
        elif cell in known:
            out[target] = ("sym", cell)
        else:
            raise UnknownName(f"parameter in {where}", cell, [*nominal, *known])
        if target in network.derived and target not in network.amounts:
            raise Unsupported(f"{where}: the model gives {target!r} by a formula, so no condition can set it")
    return out
