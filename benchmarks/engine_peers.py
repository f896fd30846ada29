"""Other simulators on the benchmark's workloads, each as `run(workload, rtol) -> (values (n, T, K), seconds)`.

Only the integration is timed: loading, compiling and setting a patient's numbers are not. A peer that is not installed,
or cannot run a workload, raises Skipped with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from engine_workloads import Workload

from baxis.engine import to_sbml

BATCH = 64  # patients that diffrax integrates at once
LIMIT = 60.0  # seconds that a peer may spend on one workload at one tolerance


class Skipped(Exception):
    """Why a peer has no number here."""


def legs(work: Workload) -> Iterator[tuple[float, float, np.ndarray, list[tuple[str, float]]]]:
    """(from, to, output times within, doses at the start) of each stretch between dose days."""
    days = sorted({d for _, d, _ in work.doses} | {0.0})
    for begin, end in zip(days, [*days[1:], work.times[-1]], strict=True):
        inside = work.times[(work.times > begin) & (work.times <= end)]
        yield begin, end, inside, [(s, a) for s, d, a in work.doses if d == begin]


class RoadRunner:
    """libRoadRunner: CVODE, one patient after the other, stopped and restarted at doses."""

    name = "libRoadRunner"

    def __init__(self) -> None:
        try:
            import roadrunner
        except ImportError as error:
            raise Skipped("not installed") from error
        self.module = roadrunner
        self.version = roadrunner.__version__
        self._loaded: dict[str, Any] = {}

    def run(self, work: Workload, rtol: float) -> tuple[np.ndarray, float]:
        rr = self._loaded.get(work.system.digest)
        if rr is None:
            text = to_sbml(work.system, work.parameters[0], work.initial[0])
            rr = self._loaded[work.system.digest] = self.module.RoadRunner(text)
        ids = rr.model.getGlobalParameterIds()
        p_ids = [ids.index(n) for n in work.system.parameters]
        y_ids = [ids.index(n) for n in work.system.states]
        rr.integrator.relative_tolerance, rr.integrator.absolute_tolerance = rtol, rtol * 1e-2
        rr.integrator.maximum_num_steps = 100_000
        rr.timeCourseSelections = list(work.outputs)
        out, spent = np.full((len(work.parameters), len(work.times), len(work.outputs)), np.nan), 0.0
        for i, (p, y) in enumerate(zip(work.parameters, work.initial, strict=True)):
            rr.reset()
            rr.model.setGlobalParameterValues(p_ids, p)
            rr.model.setGlobalParameterValues(y_ids, y)
            row = 0
            for begin, end, inside, doses in legs(work):
                for state, amount in doses:
                    rr[state] = rr[state] + amount
                grid = np.unique([begin, *inside, end])
                clock = time.process_time()
                got = np.asarray(rr.simulate(times=grid.tolist()))
                spent += time.process_time() - clock
                keep = np.isin(grid, inside)
                out[i, row : row + len(inside)] = got[keep]
                row += len(inside)
            if spent > LIMIT:
                raise Skipped(f"over {LIMIT:.0f} s")
        return out, spent


class Copasi:
    """COPASI through basico: LSODA, doses as time-triggered events in the SBML text."""

    name = "COPASI"

    def __init__(self) -> None:
        try:
            import basico
        except ImportError as error:
            raise Skipped("not installed") from error
        self.basico = basico
        self.version = f"basico {basico.__version__}"

    def run(self, work: Workload, rtol: float) -> tuple[np.ndarray, float]:
        out, spent = np.full((len(work.parameters), len(work.times), len(work.outputs)), np.nan), 0.0
        for i, (p, y) in enumerate(zip(work.parameters, work.initial, strict=True)):
            model = self.basico.load_model_from_string(with_events(to_sbml(work.system, p, y), work.doses))
            settings = {"r_tol": rtol, "a_tol": rtol * 1e-2, "max_steps": 1_000_000}
            selection = [f"Values[{n}]" for n in work.outputs]
            clock = time.process_time()
            got = self.basico.run_time_course_with_output(
                selection, values=[0.0, *work.times.tolist()], start_time=0, model=model, **settings
            )
            spent += time.process_time() - clock
            self.basico.remove_datamodel(model)
            values = got.to_numpy()
            if len(values) != len(work.times) + 1:
                raise Skipped(f"gave {len(values)} of {len(work.times) + 1} rows")
            out[i] = values[1:]
            if spent > LIMIT:
                raise Skipped(f"over {LIMIT:.0f} s")
        return out, spent


def with_events(sbml: str, doses: tuple[tuple[str, float, float], ...]) -> str:
    """SBML text in which doses after time 0 are events and a dose at 0 is part of the initial value."""
    import libsbml

    document = libsbml.readSBMLFromString(sbml)
    model = document.getModel()
    for k, (state, day, amount) in enumerate(doses):
        if day == 0:
            parameter = model.getParameter(state)
            parameter.setValue(parameter.getValue() + amount)
            continue
        event = model.createEvent()
        event.setId(f"dose{k}")
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)
        trigger.setPersistent(True)
        trigger.setMath(libsbml.parseL3Formula(f"time >= {day!r}"))
        assignment = event.createEventAssignment()
        assignment.setVariable(state)
        assignment.setMath(libsbml.parseL3Formula(f"{state} + {amount!r}"))
    return libsbml.writeSBMLToString(document)


def infix(tree: tuple, names: dict[str, str]) -> str:
    """A formula tree as infix text, whole powers as products; raises Skipped for what the peers' languages lack."""
    op, *args = tree
    if op == "num":
        return repr(float(args[0]))
    if op == "sym":
        return names[args[0]]
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    if op in signs:
        return f"({infix(args[0], names)} {signs[op]} {infix(args[1], names)})"
    if op == "neg":
        return f"(-{infix(args[0], names)})"
    if op == "power" and args[1][0] == "num" and float(args[1][1]).is_integer():
        return "(" + " * ".join([infix(args[0], names)] * int(args[1][1])) + ")"
    raise Skipped(f"operation {op} is not translated for this peer")


class Diffrax:
    """diffrax: Kvaerno5 under vmap and jit; workloads without doses after time 0."""

    name = "diffrax"

    def __init__(self) -> None:
        try:
            import diffrax
            import jax
        except ImportError as error:
            raise Skipped("not installed") from error
        jax.config.update("jax_enable_x64", True)
        self.jax, self.diffrax, self.version = jax, diffrax, diffrax.__version__
        self._loaded: dict[str, Any] = {}

    def run(self, work: Workload, rtol: float) -> tuple[np.ndarray, float]:
        start = started(work)
        if work.name not in self._loaded:
            self._loaded[work.name] = self._compiled(work)
        every = self._loaded[work.name]
        copies = max(1, BATCH // len(start))  # vmap pays off in larger batches only: the same patients several times
        inputs = (np.tile(work.parameters, (copies, 1)), np.tile(start, (copies, 1)), rtol)
        every(*inputs).block_until_ready()
        clock = time.process_time()
        values = every(*inputs).block_until_ready()
        spent = time.process_time() - clock
        return np.asarray(values)[: len(start)], spent / copies

    def _compiled(self, work: Workload) -> Any:
        jnp, dx = self.jax.numpy, self.diffrax
        rates, rules = self._functions(work)
        end = float(work.times[-1])

        def one(p: Any, y: Any, rtol: Any) -> Any:
            solver, term, save = dx.Kvaerno5(), dx.ODETerm(rates), dx.SaveAt(ts=jnp.asarray(work.times))
            control = dx.PIDController(rtol=rtol, atol=rtol * 1e-2)
            found = dx.diffeqsolve(
                term, solver, 0.0, end, None, y, args=p, saveat=save, stepsize_controller=control, max_steps=100_000
            )
            return self.jax.vmap(lambda x: rules(x, p))(found.ys)

        return self.jax.jit(self.jax.vmap(one, in_axes=(0, 0, None)))

    def _functions(self, work: Workload) -> tuple[Any, Any]:
        jnp, system = self.jax.numpy, work.system
        names = {n: f"y[{i}]" for i, n in enumerate(system.states)}
        names |= {n: f"p[{i}]" for i, n in enumerate(system.parameters)} | {n: f"v_{n}" for n in system.assignments}
        body = "".join(f"    v_{n} = {infix(t, names)}\n" for n, t in system.equations.rules.items())
        rates = ", ".join(infix(system.equations.rates[n], names) for n in system.states)
        wanted = ", ".join(names[n] for n in work.outputs)
        scope: dict[str, Any] = {"jnp": jnp}
        exec(f"def rates(t, y, p):\n{body}    return jnp.stack([{rates}])\n", scope)
        exec(f"def rules(y, p):\n{body}    return jnp.stack([{wanted}])\n", scope)
        return scope["rates"], scope["rules"]


class Diffsol:
    """pydiffsol: BDF with a sparse LU; workloads without doses after time 0."""

    name = "pydiffsol"

    def __init__(self) -> None:
        try:
            import pydiffsol
        except ImportError as error:
            raise Skipped("not installed") from error
        self.module, self.version = pydiffsol, pydiffsol.version()
        self._loaded: dict[str, Any] = {}

    def run(self, work: Workload, rtol: float) -> tuple[np.ndarray, float]:
        start, ds = started(work), self.module
        key = work.name
        if key not in self._loaded:
            self._loaded[key] = ds.Ode(self._code(work), matrix_type=ds.faer_sparse)
        ode = self._loaded[key]
        ode.rtol, ode.atol = rtol, rtol * 1e-2
        out, spent = np.empty((len(start), len(work.times), len(work.outputs))), 0.0
        for i, row in enumerate(np.hstack([work.parameters, start])):
            clock = time.process_time()
            out[i] = np.asarray(ode.solve_dense(row, work.times).ys).T
            spent += time.process_time() - clock
            if spent > LIMIT:
                raise Skipped(f"over {LIMIT:.0f} s")
        return out, spent

    def _code(self, work: Workload) -> str:
        """DiffSL text; initial states are inputs too."""
        system = work.system
        every = (*system.states, *system.parameters, *system.assignments)
        names = {n: f"q{i}q" for i, n in enumerate(every)}
        inputs = [*(names[n] for n in system.parameters), *(f"z{i}z" for i in range(len(system.states)))]
        rules = [f"{names[n]} {{ {infix(t, names)} }}" for n, t in system.equations.rules.items()]
        states = ",\n".join(f"{names[n]} = z{i}z" for i, n in enumerate(system.states))
        rates = ",\n".join(infix(system.equations.rates[n], names) for n in system.states)
        wanted = ",\n".join(names[n] for n in work.outputs)
        text = [f"in_i {{ {', '.join(f'{n} = 1' for n in inputs)} }}", f"u_i {{ {states} }}", *rules]
        return "\n".join([*text, f"F_i {{ {rates} }}", f"out_i {{ {wanted} }}"])


def started(work: Workload) -> np.ndarray:
    """Initial states with the doses at time 0; Skipped if there are later ones."""
    if any(d > 0 for _, d, _ in work.doses):
        raise Skipped("its adapter here takes no later doses")
    start = work.initial.copy()
    for state, _, amount in work.doses:
        start[:, work.system.state_index(state)] += amount
    return start


PEERS = (RoadRunner, Copasi, Diffsol, Diffrax)
