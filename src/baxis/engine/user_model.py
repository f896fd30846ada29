"""A user's own model: read from SBML, Antimony or a COMBINE archive, simulated once or for a table of parameters."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.antimony import antimony_to_sbml
from baxis.engine.cost import Clock
from baxis.engine.mathml import Tree
from baxis.engine.network import Event, Network, load_network
from baxis.engine.options import Options
from baxis.engine.sbml import load_sbml
from baxis.engine.system import System

if TYPE_CHECKING:
    import pandas as pd

    from baxis.engine.gpu import GpuKernel
    from baxis.engine.kernel import Kernel

KINDS = {".xml": "sbml", ".sbml": "sbml", ".ant": "antimony", ".txt": "antimony", ".omex": "archive", ".zip": "archive"}
DEVICES = ("cpu", "gpu")
REPACK = "pack it again, or give the SBML file itself"
Dose = tuple[str, float, float]  # state, time, amount


@dataclass(frozen=True)
class Simulated:
    """Time courses of n rows (patients): values (n, T, K) of `outputs` at `times`.

    `path` says which engine ran: "compiled ensemble", "compiled ensemble with events" or "single trajectory", and `why`
    why one before it could not.
    `failures` maps a row to the sentence why it did not finish; its values are NaN from there on. `cost` gives seconds
    to load, to compile (next to none from cache) and to simulate, and the peak memory of the process in MiB; `code` says
    whether the compiled path runs straight-line code or loops over tables (large networks).
    """

    values: np.ndarray
    times: np.ndarray
    outputs: tuple[str, ...]
    path: str
    why: str
    failures: dict[int, str]
    cost: dict[str, float] = field(default_factory=dict)
    code: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Long table: row, time, then one column an output."""
        import pandas as pd

        n, t, _ = self.values.shape
        frame = pd.DataFrame({"row": np.repeat(np.arange(n), t), "time": np.tile(self.times, n)})
        return frame.assign(**{name: self.values[:, :, k].ravel() for k, name in enumerate(self.outputs)})


def read_model(path: str | Path) -> str:
    """SBML text of a model file: .xml, .sbml, .ant, .txt (Antimony), or .omex, .zip (the archive's SBML).

    Raises InvalidValue for a missing or damaged file, an unknown kind, or a file that the archive lists and lacks.
    """
    file = Path(path)
    if not file.is_file():
        raise InvalidValue("model", str(path), "a file that exists")
    if file.suffix.lower() not in KINDS:
        raise UnknownName("kind of model file", file.suffix or file.name, KINDS)
    kind = KINDS[file.suffix.lower()]
    if kind == "archive":
        return _from_archive(file)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise InvalidValue(str(file), f"byte {problem.start} is not text", f"{kind} as text in UTF-8") from None
    if not text.strip():
        raise InvalidValue(str(file), "an empty file", f"a model in {kind}")
    return antimony_to_sbml(text) if kind == "antimony" else text


def _from_archive(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "manifest.xml" not in names:
                raise InvalidValue(str(file), "no manifest.xml", "a COMBINE archive")
            entries = [dict(e.attrib) for e in ElementTree.fromstring(archive.read("manifest.xml"))]
            listed = {e.get("location", "").removeprefix("./") for e in entries} - {"", ".", "manifest.xml"}
            lacking = sorted(listed - names)
            if lacking:
                raise InvalidValue(
                    str(file), f"no {lacking[0]!r}, which its manifest lists", "a complete archive", REPACK
                )
            models = [e for e in entries if "sbml" in e.get("format", "").lower()]
            models.sort(key=lambda e: e.get("master", "false") != "true")
            if not models:
                raise InvalidValue(str(file), "no SBML file", "an archive with a model in SBML")
            return archive.read(models[0]["location"].removeprefix("./")).decode()
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ElementTree.ParseError,
        UnicodeDecodeError,
    ) as problem:
        raise InvalidValue(str(file), str(problem), "an undamaged COMBINE archive", REPACK) from None


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

    `values` maps a parameter or a state to a number or to (n,) numbers, one a row; a dose adds to a state in the
    meaning of its symbol. outputs: None for every state; options: tolerances
    (default rtol 1e-6, atol 1e-9); device: "cpu", or "gpu" (experimental, see `gpu`). Times and units are the model's own. At the time of a dose
    the compiled path gives the value before it, the single path the value after it.
    """
    table = {k: np.atleast_1d(np.asarray(v, float)) for k, v in (values or {}).items()}
    rows = max((len(v) for v in table.values()), default=1)
    if any(len(v) not in (1, rows) for v in table.values()):
        raise InvalidValue("values", {k: len(v) for k, v in table.items()}, f"one number or {rows} numbers each")
    _check_numbers(table, doses, (options or Options()).start)
    if device not in DEVICES:
        raise UnknownName("device", device, DEVICES)
    ask = _Ask(times, table, rows, tuple(doses), outputs, options or Options(rtol=1e-6, atol=1e-9))
    clock = Clock()
    try:
        system = _loaded(sbml)
    except Unsupported as reason:
        if device == "gpu":
            raise
        network = load_network(sbml)
        clock.lap("load")
        try:
            found = _with_events(network, ask, str(reason), clock)
        except (Unsupported, InvalidValue) as second:
            found = _row_by_row(network, ask, str(second))
    else:
        clock.lap("load")
        kernel = kernel_on(device, system)
        clock.lap("compile")
        found = _ensemble(system, kernel, ask)
    clock.lap("simulate")
    return replace(found, cost=clock.told())


@lru_cache(maxsize=4)
def _loaded(sbml: str) -> System:
    """The System of a text; kept, because a table may come block by block."""
    return load_sbml(sbml)


def kernel_on(device: str, system: System) -> Kernel | GpuKernel:
    """The system compiled for the processor or for the GPU."""
    from baxis.engine.gpu import compile_for_gpu
    from baxis.engine.kernel import compile

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


@dataclass(frozen=True)
class _Ask:
    times: Any
    table: dict[str, np.ndarray]
    rows: int
    doses: tuple[Dose, ...]
    outputs: Sequence[str] | None
    options: Options


def _ensemble(system: System, kernel: Kernel | GpuKernel, ask: _Ask) -> Simulated:
    from baxis.engine.events import bolus, concat
    from baxis.engine.simulation import simulate

    unknown = [n for n in ask.table if n not in system.parameters and n not in system.states]
    if unknown:
        raise UnknownName("parameter or state", unknown[0], [*system.parameters, *system.states])
    full = {k: np.broadcast_to(v, (ask.rows,)) for k, v in ask.table.items()}
    parameters = {k: v for k, v in full.items() if k in system.parameters} or None
    initial = {k: v for k, v in full.items() if k in system.states} or None
    parts = [bolus(name, [when], [amount]) for name, when, amount in ask.doses]
    rest: dict[str, Any] = {"events": concat(*parts) if parts else None, "outputs": ask.outputs, "options": ask.options}
    done = simulate(kernel, parameters, initial, times=ask.times, **rest)
    failures = {f.patient: str(f) for f in done.failures}
    return Simulated(done.values, done.times, done.outputs, "compiled ensemble", "", failures, code=kernel.code)


def _prepared(network: Network, ask: _Ask) -> tuple[Network, tuple[str, ...]]:
    """The network with the doses among its events, and the names to report. Raises UnknownName."""
    symbols = [n for n in (*network.base, *network.derived) if " " not in n]
    states = dict.fromkeys([*network.amounts, *(n for n in network.rates if " " not in n)])
    names = tuple(states if ask.outputs is None else ask.outputs)
    for n in (*names, *ask.table, *(d[0] for d in ask.doses)):
        if n not in symbols:
            raise UnknownName("symbol of the model", n, symbols)
    return replace(network, events=(*network.events, *(_dose(k, d) for k, d in enumerate(ask.doses)))), names


def _with_events(network: Network, ask: _Ask, why: str, clock: Clock) -> Simulated:
    """The compiled ensemble with the model's events; a dose is one of them."""
    from baxis.engine.event_system import event_system
    from baxis.engine.kernel import compile
    from baxis.engine.simulation import simulate

    dosed, names = _prepared(network, ask)
    system = event_system(dosed)
    kernel = compile(system)
    clock.lap("compile")
    given = {k: np.broadcast_to(v, (ask.rows,)) for k, v in ask.table.items()}
    moving = [n for n in names if n in system.states or n in system.assignments]
    done = simulate(kernel, given, times=ask.times, outputs=moving, options=ask.options)
    values = np.empty((ask.rows, len(done.times), len(names)))
    for k, name in enumerate(names):
        still = np.reshape(given.get(name, system.defaults.get(name, np.nan)), (-1, 1))
        values[:, :, k] = done[name] if name in moving else still
    failures = {f.patient: str(f) for f in done.failures}
    return Simulated(values, done.times, names, "compiled ensemble with events", why, failures, code=kernel.code)


def _row_by_row(network: Network, ask: _Ask, why: str) -> Simulated:
    from baxis.engine.single import Stopped, trajectory

    dosed, names = _prepared(network, ask)
    wanted = np.asarray(ask.times, float)
    values, failures = np.full((ask.rows, len(wanted), len(names)), np.nan), {}
    tolerance = {"rtol": ask.options.rtol, "atol": float(np.min(np.asarray(ask.options.atol, float)))}
    for i in range(ask.rows):
        row = {k: float(v[i if len(v) > 1 else 0]) for k, v in ask.table.items()}
        try:
            found = trajectory(with_values(dosed, row), wanted, **tolerance)
        except Stopped as problem:
            failures[i] = str(problem)
            continue
        values[i] = np.stack([found[n] for n in names], axis=1)
    return Simulated(values, wanted, names, "single trajectory", why, failures)


def _dose(k: int, dose: Dose) -> Event:
    name, when, amount = dose
    trigger: Tree = ("ge", ("time",), ("num", float(when)))
    return Event(
        f"dose {k}", trigger, False, True, True, None, None, {name: ("add", ("sym", name), ("num", float(amount)))}
    )


def with_values(network: Network, row: Mapping[str, float]) -> Network:
    starts = dict(network.starts)
    for name, value in row.items():
        if name in network.amounts:
            starts[network.amounts[name]] = ("mul", ("num", value), ("sym", str(network.compartment[name])))
        elif name in starts:
            starts[name] = ("num", value)
        else:
            raise InvalidValue(f"value of {name!r}", value, "a parameter or a state; this one is given by a formula")
    return replace(network, starts=starts)
