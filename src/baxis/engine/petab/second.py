"""Problems of PEtab version 2: experiments with periods, one or several models."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.formula.mathml import Tree, substitute
from baxis.engine.model.network import Network
from baxis.engine.petab.cells import WITHOUT, formula, start, time
from baxis.engine.petab.files import ProblemFiles, Row
from baxis.engine.petab.likelihood import Observation, placeholders
from baxis.engine.petab.running import Experiment, Period, check_symbols


def observations(files: ProblemFiles, nominal: Mapping[str, float]) -> list[Observation]:
    """What was measured, in the order of the tables. Raises Unsupported for a mapping to what SBML does not name."""
    for row in files.rows("mapping"):  # PEtab allows another name only for what has no valid one: no symbol of SBML
        model, name = row.get("modelEntityId"), row.get("petabEntityId")
        if model.lower() not in WITHOUT and model != name:
            raise Unsupported(f"{row.where}: PEtab mapping of {name!r} to {model!r}: no symbol of an SBML model")
    observables = {row.get("observableId"): row for row in files.rows("observable")}
    experiments = {row.get("experimentId") for row in files.rows("experiment")}
    out = []
    for row in files.rows("measurement"):
        name = row.get("observableId")
        if name not in observables:
            raise UnknownName(f"observable in {row.where}", name, observables)
        if _empty(row.get("experimentId")) and row.get("experimentId") not in experiments:
            raise UnknownName(f"experiment in {row.where}", row.get("experimentId"), experiments)
        o = observables[name]
        value, noise = (formula(f"{o.where}, column {c!r}", o.get(c)) for c in ("observableFormula", "noiseFormula"))
        own: dict[str, float] = {}
        for kind in ("observable", "noise"):
            own |= placeholders(_list(o.get(f"{kind}Placeholders")), row, f"{kind}Parameters", nominal)
        law = o.get("noiseDistribution") or "normal"
        scale = "log" if law.startswith("log-") else "lin"
        at, measured = time(row.where, row.get("time")), float(row.get("measurement"))
        key: Hashable = (_model(files, row), _empty(row.get("experimentId")))
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
                distribution=law.removeprefix("log-"),
                scale=scale,
            )
        )
    return out


def _empty(cell: str) -> str:
    return "" if cell.lower() in WITHOUT else cell


def _list(cell: str) -> list[str]:
    return [p.strip() for p in cell.split(";") if p.strip()] if _empty(cell) else []


def _model(files: ProblemFiles, row: Row) -> str:
    """The model that a measurement is of: the only one, or the one named."""
    given = _empty(row.get("modelId"))
    if given and given not in files.models:
        raise UnknownName(f"model in {row.where}", given, files.models)
    if not given and len(files.models) != 1:
        raise InvalidValue(f"{row.where}, column 'modelId'", given, f"one of {', '.join(sorted(files.models))}")
    return given or next(iter(files.models))


def plan(files: ProblemFiles, networks: Mapping[str, Network], nominal: Mapping[str, float], key: Any) -> Experiment:
    """What one experiment on one model asks. key: (model, experiment or empty)."""
    model, experiment = key
    network = networks[model]
    known: dict[str, Tree] = {n: ("num", v) for n, v in nominal.items() if n not in network.starts}
    wanted: dict[float, list[str]] = {}
    for row in files.rows("experiment"):
        if row.get("experimentId") == experiment:
            conditions = wanted.setdefault(start(row.where, row.get("time")), [])
            conditions += [c for c in [_empty(row.get("conditionId"))] if c]
    periods = []
    for k, at in enumerate(sorted(wanted)):
        changes = _changes(files, wanted[at], known)
        if not k:  # the first period is set up before the model has values: parameters stand for their nominal ones
            changes = {n: substitute(t, {p: ("num", v) for p, v in nominal.items()}) for n, t in changes.items()}
        check_symbols(changes, network)
        periods.append(Period(at, changes))
    return Experiment(network, periods)


def _changes(files: ProblemFiles, conditions: list[str], known: Mapping[str, Tree]) -> dict[str, Tree]:
    out: dict[str, Tree] = {}
    for row in files.rows("condition"):
        if row.get("conditionId") not in conditions:
            continue
        target = row.get("targetId")
        if target in out:
            raise InvalidValue(f"{row.where}, column 'targetId'", target, "a target that is set once at a time")
        out[target] = substitute(formula(f"{row.where}, column 'targetValue'", row.get("targetValue")), known)
    return out
