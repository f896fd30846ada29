"""Runs of one scenario with and without cuts: inflammation, endpoint and read-outs of the same patients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Arm
from baxis.clinic.people.population import Population
from baxis.clinic.result.summarise import judge
from baxis.clinic.therapy.regimen import plan
from baxis.insight.bench.scenario import Scenario
from baxis.insight.explain.cuts import Cut, Node, arms, routes, rungs

Array = NDArray[np.float64]
TAIL_DAYS, TAIL_STEP = 28.0, 2.3  # read-outs are means over the last four weeks, at changing times of day


@dataclass(frozen=True, eq=False)
class Responses:
    """Of each patient: inflammation (n,), endpoint (n,) and read-outs (n, K); NaN where the solver failed."""

    infl: Array
    endpoint: Array
    read: Array


class Bench:
    """The patients of a scenario, and every run that explains it."""

    def __init__(self, scenario: Scenario, settings: Settings) -> None:
        self.scenario = scenario
        self.lab = Laboratory(scenario.design, replace(settings, progress=None))
        self.people, _ = self.lab.screen()
        self.tell, self.done, self.total = settings.progress, 0, 0
        last = scenario.endpoint.week * 7.0
        tail = np.arange(last, max(last - TAIL_DAYS, 0.0), -TAIL_STEP)
        self.times = np.unique(np.concatenate([self.lab.days[1:], tail]))
        self.tail = np.isin(self.times, tail)
        self.visits = np.searchsorted(self.times, self.lab.days[1:])

    def run(self, arm: Arm, cuts: tuple[Cut, ...] = (), nodes: tuple[Node, ...] = ()) -> Responses:
        """One arm under some cuts; the read-outs of `nodes` are means over the last four weeks."""
        people = self.people
        parameters, events = plan(self.scenario.design, arm, people, self.lab.settings.dosing)
        initial = people.rest.copy()
        for cut in cuts:
            cut.apply(parameters, initial)
        needs = [axis.outputs()[k].output for k in self.lab.tool.needs]
        names = list(dict.fromkeys(["infl", *needs, *(n.name for n in nodes)]))
        ran = engine.simulate(
            axis.kernel(), parameters, initial, times=self.times, events=events, outputs=names, options=self.lab.options
        )
        values = np.where((ran.status == 0)[:, None, None], ran.values, np.nan)
        column = {name: values[:, :, i] for i, name in enumerate(names)}
        read = [node.value(column[node.name])[:, self.tail].mean(axis=1) for node in nodes]
        self.progress()
        endpoint = self._endpoint(arm, people, column, ran.status)
        return Responses(
            column["infl"][:, self.tail].mean(axis=1),
            endpoint,
            np.stack(read, axis=1) if read else np.empty((len(people.ids), 0)),
        )

    def _endpoint(self, arm: Arm, people: Population, column: dict[str, Array], status: NDArray[np.int8]) -> Array:
        """Endpoint of each patient; screening and baseline are those of the uncut patient."""
        outputs = {}
        for key in self.lab.tool.needs:
            before = np.repeat(people.outputs[key][:, None], 2, axis=1)
            after = column[axis.outputs()[key].output][:, self.visits[1:]]
            outputs[key] = np.concatenate([before, np.where(np.isfinite(after), after, before[:, :1])], axis=1)
        run = ArmRun(arm, self.lab.days, outputs, status, [])
        out = np.full(len(people.ids), np.nan)
        visits = self.lab.measure(people, run)
        out[status == 0] = judge(self.scenario.design, self.lab.tool, self.scenario.endpoint, run, visits, people)
        return out

    def progress(self) -> None:
        """Count one run and tell."""
        self.done += 1
        if self.tell is not None:
            n = len(self.people.ids)
            self.tell(self.done * n, max(self.total, self.done) * n)


@dataclass(frozen=True, eq=False)
class Runs:
    """All runs of a scenario: without and with the drug, at zero dose, up the rungs, each set of routes, each arm."""

    control: Responses
    drug: Responses
    zero: Responses
    rungs: dict[str, Responses]
    routes: dict[frozenset[int], Responses]
    routes_alone: list[Responses]
    arms: dict[str, Responses]
    ok: NDArray[np.bool_]


def run_all(bench: Bench, nodes: tuple[Node, ...], used: list[str]) -> Runs:
    """Every run; `ok` marks the patients whom the solver finished in all of them."""
    s, closed = bench.scenario, routes()
    ladder, silenced = rungs(axis.drug(s.drug)), arms(used)
    n = len(closed)
    sets = [frozenset(c) for k in range(1, n + 1) for c in combinations(range(n), k)]
    bench.total = 3 + len(ladder) + len(sets) + n + len(silenced)
    control, drug = bench.run(s.control, nodes=nodes), bench.run(s.treated, nodes=nodes)
    zero = bench.run(s.zero_dose(), nodes=nodes)
    full = {c.label: bench.run(_basis(s, c), (c,)) for c in ladder}
    games = {c: bench.run(s.treated, tuple(closed[i] for i in sorted(c))) for c in sets}
    alone = [bench.run(s.control, (c,)) for c in closed]
    gone = {c.label: bench.run(s.treated, (c,)) for c in silenced}
    every = [control, drug, zero, *full.values(), *games.values(), *alone, *gone.values()]
    ok = np.all([np.isfinite(r.infl) for r in every], axis=0)
    return Runs(
        control=control,
        drug=drug,
        zero=zero,
        rungs=full,
        routes={frozenset(): drug, **games},
        routes_alone=alone,
        arms=gone,
        ok=ok,
    )


def _basis(s: Scenario, cut: Cut) -> Arm:
    """A rung that holds the targets itself needs no doses; else the drug goes on as given."""
    return s.control if any(k.startswith("u_") for k in cut.parameters) else s.treated
