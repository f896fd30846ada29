"""Workloads of the engine benchmark: a 72-state stiff toy of the axis model's shape, and three of the axis model itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from baxis import engine

WEEKLY, DAILY = np.arange(7.0, 365.0, 7.0), np.arange(1.0, 6.1)
SIGNALS, CELLS, SLOW = 40, 20, 8


@dataclass(frozen=True)
class Workload:
    """n patients of one system: boluses (state, day, amount) are the same for all; errors are read on `outputs`."""

    name: str
    system: engine.System
    parameters: np.ndarray
    initial: np.ndarray
    times: np.ndarray
    doses: tuple[tuple[str, float, float], ...]
    outputs: tuple[str, ...]

    @property
    def events(self) -> engine.Events | None:
        if not self.doses:
            return None
        states, days, amounts = zip(*self.doses, strict=True)
        return engine.Events(days, engine.ADD, states, amounts)

    def first(self, count: int) -> Workload:
        return Workload(
            self.name, self.system, self.parameters[:count], self.initial[:count], self.times, self.doses, self.outputs
        )


def toy_text(seed: int = 3) -> str:
    """Antimony text: 4 drug states (hours), 40 signalling cycles (minutes), 20 cell stages (days), 8 slow pools (weeks)."""
    rng = np.random.default_rng(seed)
    lines, values = [], {"ka": 24.0, "CL": 20.0, "V": 10.0, "Q": 5.0, "V2": 20.0, "kd": 0.7, "ki": 30.0, "half": 1.0}
    lines += ["gut' = -ka*gut", "cen' = ka*gut - (CL + Q)/V*cen + Q/V2*per", "per' = Q/V*cen - Q/V2*per"]
    lines += ["tgt' = kd*(1 - tgt) - ki*cen/(cen + half)*tgt"]
    for i in range(SIGNALS):
        others = [j for j in range(SIGNALS) if j != i]
        a, b, stop = rng.choice(others, 3, replace=False)
        values |= {f"on{i}": 1440 * rng.uniform(0.2, 2), f"off{i}": 1440 * rng.uniform(0.2, 2)}
        values |= {f"K{i}": rng.uniform(0.2, 0.8), f"leak{i}": 0.05}
        extra = f" + 0.2*on{i}*tgt*(1 - s{i})" if i % 7 == 0 else ""
        feedback = " + back*w5/(w5 + 5)*(1 - s0)" if i == 0 else ""
        gain = f"on{i}*(s{a} + s{b} + leak{i})*(1 - s{i})/(1 + (s{stop}/K{i})^2)"
        lines.append(f"s{i}' = {gain} - off{i}*s{i}{extra}{feedback}")
    values["back"] = 200.0
    for i in range(CELLS):
        driver = rng.integers(SIGNALS)
        values |= {f"in{i}": 1.0 if i == 0 else 0.3, f"h{i}": 0.3, f"out{i}": rng.uniform(0.02, 0.5), f"cap{i}": 20.0}
        inflow = "in0" if i == 0 else f"in{i}*c{i - 1}*s{driver}^2/(h{i}^2 + s{driver}^2)"
        lines.append(f"c{i}' = {inflow} - out{i}*c{i}*(1 + c{i}/cap{i})")
    for i in range(SLOW):
        values |= {f"make{i}": 0.1, f"lose{i}": rng.uniform(0.01, 0.1)}
        lines.append(f"w{i}' = make{i}*c{rng.integers(6, CELLS)} - lose{i}*w{i}")
    starts = {"gut": 0, "cen": 0, "per": 0, "tgt": 1} | {f"s{i}": 0.1 for i in range(SIGNALS)}
    starts |= {f"c{i}": 1 for i in range(CELLS)} | {f"w{i}": 1 for i in range(SLOW)}
    lines += [f"{k} = {float(v)!r}" for k, v in {**values, **starts}.items()]
    return "model toy()\n  " + "\n  ".join(lines) + "\nend"


def spread(values: np.ndarray, patients: int, sd: float, seed: int) -> np.ndarray:
    """(n, P) lognormal spread of every parameter around `values`."""
    rng = np.random.default_rng(seed)
    return values * np.exp(sd * rng.standard_normal((patients, len(values))))


def toy(patients: int) -> Workload:
    system = engine.load_antimony(toy_text())
    p = spread(np.array([system.defaults[n] for n in system.parameters]), patients, 0.2, 1)
    y = np.tile([system.initial[n] for n in system.states], (patients, 1))
    times = np.arange(7.0, 337.0, 7.0)
    return Workload("toy", system, p, y, times, (("gut", 0.0, 10.0),), system.states)


def twin(work: Workload) -> Workload:
    """The toy under the protocol of another workload: the same patients, times and days of doses."""
    base = toy(len(work.parameters))
    doses = tuple(("gut", day, 10.0) for _, day, _ in work.doses)
    return replace(base, name=f"toy, {work.name}", times=work.times, doses=doses)


def rest_states(patients: int, threads: int) -> dict[str, float]:
    """Seconds (wall, processor) to the rest states of SLE patients, as a trial finds them (ten years from typical)."""
    import time

    from baxis import axis
    from baxis.clinic.people import population

    ids = np.arange(patients)
    p, start = population.spread_parameters("SLE", 1, ids), axis.rest("SLE")
    out: dict[str, float] = {}
    for _ in range(3):
        clocks = time.perf_counter(), time.process_time()
        ran = population.run_in(p, start, engine.Options(rtol=1e-4, atol=1e-6, threads=threads))
        spent = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
        out = {
            "wall s": min(spent[0], out.get("wall s", np.inf)),
            "processor s": min(spent[1], out.get("processor s", np.inf)),
        }
    return {**out, "failures": float((ran.status != 0).sum())}


def axis_workloads(patients: int) -> list[Workload]:
    """Run-in of SLE patients to their own rest, rituximab over 52 weeks, fenebrutinib twice a day over 6 days.

    The last is short because libRoadRunner breaks down on it in the second week (CVODE: convergence failures).
    """
    from baxis import axis

    system, typical = axis.system(), axis.parameters("SLE")
    start = np.tile(axis.rest("SLE"), (patients, 1))
    p = spread(typical, patients, 0.1, 2)
    outputs = tuple(axis.outputs())
    settled = engine.simulate(axis.kernel(), p, start, times=[3650.0], options=engine.Options(rtol=1e-8, atol=1e-10))
    kept = settled.final

    def treated(name: str, drug: str, route: str, days: np.ndarray, amount: float, times: np.ndarray) -> Workload:
        own, given = p.copy(), axis.drug(drug)
        for key, value in axis.slot_parameters(given, 1).items():
            own[:, system.parameter_index(key)] = value
        state = axis.dose_state(given, 1, route)
        doses = tuple((state, float(d), amount * given.dose_factor) for d in days)
        return Workload(name, system, own, kept, times, doses, outputs)

    return [
        Workload("run-in", system, p, start, np.array([30.0, 100.0, 365.0, 1000.0, 3650.0]), (), outputs),
        treated("depleting antibody", "rituximab", "iv", np.array([0.0, 14.0]), 1000.0, WEEKLY),
        treated("twice-daily inhibitor", "fenebrutinib", "oral", np.arange(0, 6, 0.5), 200.0, DAILY),
    ]
