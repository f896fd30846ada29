"""A user's own model: read from SBML, Antimony or a COMBINE archive, simulated once or for a table of parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import Faults, InvalidValue, UnknownName, Unsupported
from baxis.engine.formula.mathml import symbols
from baxis.engine.model.inputs import first_tables, output_times
from baxis.engine.model.network import Network
from baxis.engine.model.system import System
from baxis.engine.reading.network_file import load_network
from baxis.engine.reading.sbml import load_sbml
from baxis.engine.run.options import Options
from baxis.engine.run.scales import low_states
from baxis.engine.tables.columns import column_names
from baxis.engine.tables.cost import Clock
from baxis.engine.tables.dosing import Dose, at_output_times, dose, dose_events, refuse_or_tell_late, rises, value_of

if TYPE_CHECKING:
    import pandas as pd

    from baxis.engine.gpu.gpu import GpuKernel
    from baxis.engine.kernel.kernel import Kernel

DEVICES = ("cpu", "gpu")
MOST_NUMBERS = 250_000_000  # of one answer: 2 GB


@dataclass(frozen=True, eq=False)
class Simulated:
    """Time courses of n rows (patients): values (n, T, K) of `outputs` at `times`.

    `path` says which engine ran: "compiled ensemble", "compiled ensemble with events" or "single trajectory", and `why`
    why one before it could not.
    `failures` maps a row to the sentence why it did not finish; its values are NaN from there on. `cost` gives seconds
    to load, to compile (next to none from cache) and to simulate, and the peak memory of the process in MiB; `code` says
    whether the compiled path runs straight-line code or loops over tables (large networks). `others` names what could have
    been asked for as outputs too; `notes` says what a user should know of how the model was read and dosed.
    """

    values: np.ndarray
    times: np.ndarray
    outputs: tuple[str, ...]
    path: str
    why: str
    failures: dict[int, str]
    cost: dict[str, float] = field(default_factory=dict)
    code: str = ""
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Long table: row, time, then one column an output (see `column_names`)."""
        import pandas as pd

        n, t, _ = self.values.shape
        columns = {"row": np.repeat(np.arange(n), t), "time": np.tile(self.times, n)}
        names = column_names(self.outputs)
        return pd.DataFrame(columns | {name: self.values[:, :, k].ravel() for k, name in enumerate(names)})


def simulate_model(
    sbml: str,
    times: Any,
    *,
    values: Mapping[str, Any] | None = None,
    doses: Sequence[Dose] = (),
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
    device: str = "cpu",
) -> Simulated:
    """Simulate an SBML text at `times` (T,), on the compiled ensemble path where it can, else row by row.

    `values` maps a parameter or a state to a number or to (n,) numbers, one a row; first values that depend on it follow.
    A dose (state, time, amount) is an amount: a state that is a concentration rises by amount / size of its compartment.
    Of one moment the model's own events come first, then the doses, which add up; outputs are read after both. outputs:
    None for every state; options: tolerances (default rtol 1e-6, atol a billionth of each state's own scale); device:
    "cpu", or "gpu" (experimental, see `gpu`). Times and units are the model's own. Raises InvalidValue, UnknownName, Faults or Unsupported for wrong inputs.
    """
    table = {k: np.atleast_1d(np.asarray(v, float)) for k, v in (values or {}).items()}
    rows = max((len(v) for v in table.values()), default=1)
    if any(len(v) not in (1, rows) for v in table.values()):
        raise InvalidValue("values", {k: len(v) for k, v in table.items()}, f"one number or {rows} numbers each")
    options = options or Options(rtol=1e-6)
    _check_numbers(table, doses, options.start)
    if device not in DEVICES:
        raise UnknownName("device", device, DEVICES)
    wanted = output_times(times, options.start)
    late = refuse_or_tell_late(doses, float(wanted[-1]))
    ask = _Ask(wanted, table, rows, at_output_times(doses, wanted), _each_once(outputs), options)
    clock = Clock()
    try:
        system = _system_for(sbml, ask)
    except (Unsupported, Faults) as reason:
        if device == "gpu":
            raise Unsupported(f"--device gpu: {reason}; --device cpu may run it") from None
        found = _by_network(sbml, ask, str(reason), clock)
    else:
        clock.lap("load")
        kernel = kernel_on(device, system)
        clock.lap("compile")
        found = _ensemble(system, kernel, ask)
    clock.lap("simulate")
    return replace(found, cost=clock.told(), notes=(*found.notes, *([late] if late else [])))


def _each_once(outputs: Sequence[str] | None) -> tuple[str, ...] | None:
    if outputs is None:
        return None
    if isinstance(outputs, str):
        raise InvalidValue("outputs", outputs, "a list of names")
    for n in outputs:
        if list(outputs).count(n) > 1:
            raise InvalidValue("outputs", f"{n!r} twice", "each name once")
    return tuple(outputs)


@lru_cache(maxsize=4)
def _loaded(sbml: str, given: tuple[str, ...] = ()) -> System:
    """The System of a text; kept, because a table may come block by block."""
    return load_sbml(sbml, given)


def _system_for(sbml: str, ask: _Ask) -> System:
    """The System in which all that is asked has its place. Raises Unsupported where the plain path has none for it."""
    system = _loaded(sbml)
    free = tuple(n for n in ask.table if n in system.computed)
    if free:
        system = _loaded(sbml, free)
    known = {*system.states, *system.parameters}
    asked: tuple[tuple[str, Sequence[str], Collection[str]], ...] = (
        ("parameter or state", tuple(ask.table), known),
        ("output", ask.outputs or (), {*known, *system.assignments}),
        ("state to dose", [name for name, _, _ in ask.doses], system.states),
    )
    for what, names, allowed in asked:
        for n in names:
            if n not in allowed:
                raise Unsupported(f"the plain compiled path has no {what} {n!r}")
    return system


def kernel_on(device: str, system: System) -> Kernel | GpuKernel:
    """The system compiled for the processor or for the GPU."""
    from baxis.engine.gpu.gpu import compile_for_gpu
    from baxis.engine.kernel.kernel import compile

    return compile_for_gpu(system) if device == "gpu" else compile(system)


def _check_numbers(table: Mapping[str, np.ndarray], doses: Sequence[Dose], start: float) -> None:
    """The same refusals on both paths, before one is chosen."""
    for name, column in table.items():
        if not np.isfinite(column).all():
            raise InvalidValue(f"value of {name!r}", float(column[~np.isfinite(column)][0]), "finite numbers")
    for name, when, amount in doses:
        if not np.isfinite(amount):
            raise InvalidValue(f"dose of {name!r}", amount, "a finite amount")
        if not (np.isfinite(when) and when >= start):
            raise InvalidValue(f"time of a dose of {name!r}", when, f"a finite time of at least {start:g}")


@dataclass(frozen=True, eq=False)
class _Ask:
    times: np.ndarray
    table: dict[str, np.ndarray]
    rows: int
    doses: tuple[Dose, ...]
    outputs: tuple[str, ...] | None
    options: Options

    def numbers(self, names: Sequence[str]) -> np.ndarray:
        """An empty (rows, T, K) answer. Raises InvalidValue for one beyond any memory."""
        shape = (self.rows, len(self.times), len(names))
        if self.rows * len(self.times) * len(names) > MOST_NUMBERS:
            got = f"{shape[0]} rows x {shape[1]} times x {shape[2]} outputs"
            hint = "ask for fewer times or outputs, or for rows in blocks (--block)"
            raise InvalidValue("size of the answer", got, f"at most {MOST_NUMBERS} numbers", hint)
        return np.full(shape, np.nan)


def _ensemble(system: System, kernel: Kernel | GpuKernel, ask: _Ask) -> Simulated:
    from baxis.engine.model.events import concat
    from baxis.engine.run.simulation import simulate

    full = {k: np.broadcast_to(v, (ask.rows,)) for k, v in ask.table.items()}
    parameters = {k: v for k, v in full.items() if k in system.parameters} or None
    initial = {k: v for k, v in full.items() if k in system.states} or None
    names = system.states if ask.outputs is None else ask.outputs
    values = ask.numbers(names)
    up = rises(system, ask.doses, ask.times, parameters, initial)
    moving = [n for n in names if n not in system.parameters]
    ruled = [n for n in moving if n in system.assignments]
    seen = list(dict.fromkeys([*moving, *(system.states if up and ruled else ())])) or list(system.states[:1])
    events = (
        concat(*(dose(system, n, [when], a, parameters, initial) for n, when, a in ask.doses)) if ask.doses else None
    )
    done = simulate(kernel, parameters, initial, times=ask.times, events=events, outputs=seen, options=ask.options)
    p, _ = first_tables(system, parameters, initial, ask.rows)
    for j, name in enumerate(names):
        values[:, :, j] = done[name] if name in moving else p[:, system.parameter_index(name), None]
    for k, rise in up.items():  # the engine reads an output before the doses of its time
        for j, name in enumerate(names):
            values[:, k, j] += rise.get(name, 0.0)
        if ruled:
            y = np.stack([done[n][:, k] + rise.get(n, 0.0) for n in system.states], axis=1)
            for name in ruled:
                values[:, k, names.index(name)] = value_of(system, name, p, y, float(ask.times[k]))
    failures = {f.patient: str(f) for f in done.failures}
    others = tuple(n for n in system.assignments if n not in names)
    found = Simulated(values, done.times, names, "compiled ensemble", "", failures, code=kernel.code)
    states = [k for k, n in enumerate(names) if n in system.states]
    low = low_states([names[k] for k in states], values[:, :, states], ask.options.atol)
    return replace(found, others=others, notes=(*system.notes, *low))


def _by_network(sbml: str, ask: _Ask, why: str, clock: Clock) -> Simulated:
    """The paths for what the plain one does not take: with events, else row by row."""
    network = load_network(sbml)
    clock.lap("load")
    try:
        found = _with_events(network, ask, why, clock)
    except (Unsupported, InvalidValue) as second:
        found = _row_by_row(network, ask, str(second))
    beside = dict.fromkeys([*network.derived, *_by_events(network)])
    names = [n for n in beside if " " not in n and n not in network.amounts and n not in found.outputs]
    states = [k for k, n in enumerate(found.outputs) if n in network.amounts or n in network.rates]
    low = low_states([found.outputs[k] for k in states], found.values[:, :, states], ask.options.atol)
    return replace(found, others=tuple(names), notes=(*network.notes, *low))


def _by_events(network: Network) -> list[str]:
    """What events set, but for states: a parameter of the model that is one no more."""
    return [n for event in network.events for n in event.assignments if n not in network.rates]


def _prepared(network: Network, ask: _Ask) -> tuple[Network, tuple[str, ...]]:
    """The network with the doses among its events, and the names to report. Raises UnknownName or InvalidValue."""
    symbols = [n for n in (*network.base, *network.derived) if " " not in n]
    states = dict.fromkeys([*network.amounts, *(n for n in network.rates if " " not in n)])
    told = states or {**network.derived, **dict.fromkeys(_by_events(network))} or symbols
    names = tuple(told if ask.outputs is None else ask.outputs)
    settable = [n for n in symbols if n in network.starts or n in network.amounts]
    dosable = dict.fromkeys([*states, *(n for n in network.compartment if n in network.base)])
    dosable = {n: None for n in dosable if n not in network.constants}
    for n in ask.table:
        refuse_ruled(network, n)
    for what, asked, allowed in (
        ("output", names, symbols),
        ("parameter or state", ask.table, settable),
        ("state to dose", [d[0] for d in ask.doses], dosable),
    ):
        for n in asked:
            if n not in allowed:
                raise UnknownName(what, n, allowed)
    return replace(network, events=(*network.events, *dose_events(network, ask.doses))), names


def _with_events(network: Network, ask: _Ask, why: str, clock: Clock) -> Simulated:
    """The compiled ensemble with the model's events; a dose is one of them."""
    from baxis.engine.kernel.kernel import compile
    from baxis.engine.model.event_system import event_system
    from baxis.engine.run.simulation import simulate

    dosed, names = _prepared(network, ask)
    system = event_system(dosed)
    kernel = compile(system)
    clock.lap("compile")
    given = {k: np.broadcast_to(v, (ask.rows,)) for k, v in ask.table.items()}
    moving = [n for n in names if n in system.states or n in system.assignments]
    values = ask.numbers(names)
    done = simulate(kernel, given, times=ask.times, outputs=moving, options=ask.options)
    p, _ = first_tables(system, given, None, ask.rows)
    for k, name in enumerate(names):
        values[:, :, k] = done[name] if name in moving else p[:, system.parameter_index(name), None]
    failures = {f.patient: str(f) for f in done.failures}
    return Simulated(values, done.times, names, "compiled ensemble with events", why, failures, code=kernel.code)


def _row_by_row(network: Network, ask: _Ask, why: str) -> Simulated:
    from baxis.engine.single.single import IntegrationFailed, trajectory

    dosed, names = _prepared(network, ask)
    values, failures = ask.numbers(names), dict[int, str]()
    given = ask.options.atol
    atol = None if given is None else float(np.min(np.asarray(given, float)))
    for i in range(ask.rows):
        row = {k: float(v[i if len(v) > 1 else 0]) for k, v in ask.table.items()}
        try:
            found = trajectory(with_values(dosed, row), ask.times, rtol=ask.options.rtol, atol=atol)
        except IntegrationFailed as problem:
            failures[i] = str(problem)
            continue
        values[i] = np.stack([found[n] for n in names], axis=1)
    return Simulated(values, ask.times, names, "single trajectory", why, failures)


def refuse_ruled(network: Network, name: str) -> None:
    """Raises InvalidValue for a name that a rule or a reaction gives a value at every moment."""
    if name in network.derived and name not in network.amounts:
        by = [n for n in dict.fromkeys(symbols(network.derived[name])) if n]
        hint = f"set what its formula uses: {', '.join(by[:5])}" if by else ""
        raise InvalidValue(
            f"value of {name!r}", "a number", "a parameter or a state; this one is given by a formula", hint
        )


def with_values(network: Network, row: Mapping[str, float]) -> Network:
    """The network started with these values of parameters and states in place of its own."""
    starts = dict(network.starts)
    for name, value in row.items():
        refuse_ruled(network, name)
        if name in network.amounts:
            starts[network.amounts[name]] = ("mul", ("num", value), ("sym", str(network.compartment[name])))
        elif name in starts:
            starts[name] = ("num", value)
        else:
            raise UnknownName("parameter or state", name, [*network.amounts, *(n for n in starts if " " not in n)])
    return replace(network, starts=starts)
