"""Stiff ordinary differential equations for ensembles: a model is compiled once and run for thousands of patients.

The engine knows no biology. Load a model (`load_antimony`, `load_sbml`), `compile` it, then `simulate` an ensemble,
`start` a run with decision points, find `rest` states, or `stream` a population too large for memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from baxis.core.names import newer

if TYPE_CHECKING:
    from baxis.engine.gpu.device import NoGpu
    from baxis.engine.gpu.gpu import GpuKernel, compile_for_gpu
    from baxis.engine.kernel.kernel import Kernel, compile
    from baxis.engine.model.events import ADD, INFUSE, SET, Events, bolus, concat, infusion, repeat, setting
    from baxis.engine.model.network import Network
    from baxis.engine.model.sensitive_system import SensitiveSystem, with_sensitivities
    from baxis.engine.model.system import System
    from baxis.engine.reading.antimony import load_antimony
    from baxis.engine.reading.export import to_sbml
    from baxis.engine.reading.model_file import read_model
    from baxis.engine.reading.network_file import load_model, load_network
    from baxis.engine.reading.sbml import load_sbml
    from baxis.engine.reading.units import check_units
    from baxis.engine.run.ensemble import NOT_RUN, STATUS_TEXT, Ensemble, Failure
    from baxis.engine.run.options import Options
    from baxis.engine.run.reductions import Mean, Quantiles, Snapshots
    from baxis.engine.run.resting import Rest, rest
    from baxis.engine.run.run import Run, start
    from baxis.engine.run.sensitivity import Sensitivities, sensitivities
    from baxis.engine.run.simulation import simulate
    from baxis.engine.run.streaming import Source, Streamed, stream
    from baxis.engine.single.plain import reference
    from baxis.engine.single.single import trajectory
    from baxis.engine.tables.dosing import dose
    from baxis.engine.tables.scale_out import Study, simulate_to_folder
    from baxis.engine.tables.user_model import Simulated, simulate_model

_HOME = {
    "reading.antimony": ("load_antimony",),
    "run.ensemble": ("Ensemble", "Failure", "NOT_RUN", "STATUS_TEXT"),
    "model.events": ("ADD", "SET", "INFUSE", "Events", "bolus", "concat", "infusion", "repeat", "setting"),
    "gpu.gpu": ("GpuKernel", "compile_for_gpu"),
    "gpu.device": ("NoGpu",),
    "kernel.kernel": ("Kernel", "compile"),
    "run.options": ("Options",),
    "single.plain": ("reference",),
    "run.reductions": ("Mean", "Quantiles", "Snapshots"),
    "run.resting": ("Rest", "rest"),
    "run.run": ("Run", "start"),
    "reading.sbml": ("load_sbml",),
    "reading.export": ("to_sbml",),
    "tables.scale_out": ("Study", "simulate_to_folder"),
    "model.sensitive_system": ("SensitiveSystem", "with_sensitivities"),
    "run.sensitivity": ("Sensitivities", "sensitivities"),
    "run.simulation": ("simulate",),
    "run.streaming": ("Source", "Streamed", "stream"),
    "model.system": ("System",),
    "reading.units": ("check_units",),
    "model.network": ("Network",),
    "reading.network_file": ("load_model", "load_network"),
    "single.single": ("trajectory",),
    "reading.model_file": ("read_model",),
    "tables.dosing": ("dose",),
    "tables.user_model": ("Simulated", "simulate_model"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
_RENAMED = {"Visits": "Snapshots"}  # old name: name now

__all__ = [
    "ADD",
    "INFUSE",
    "NOT_RUN",
    "SET",
    "STATUS_TEXT",
    "Ensemble",
    "Events",
    "Failure",
    "GpuKernel",
    "Kernel",
    "Mean",
    "Network",
    "NoGpu",
    "Options",
    "Quantiles",
    "Rest",
    "Run",
    "SensitiveSystem",
    "Sensitivities",
    "Simulated",
    "Snapshots",
    "Source",
    "Streamed",
    "Study",
    "System",
    "bolus",
    "check_units",
    "compile",
    "compile_for_gpu",
    "concat",
    "dose",
    "infusion",
    "load_antimony",
    "load_model",
    "load_network",
    "load_sbml",
    "read_model",
    "reference",
    "repeat",
    "rest",
    "sensitivities",
    "setting",
    "simulate",
    "simulate_model",
    "simulate_to_folder",
    "start",
    "stream",
    "to_sbml",
    "trajectory",
    "with_sensitivities",
]


def __getattr__(name: str) -> Any:
    name = newer("baxis.engine", name, _RENAMED)
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'baxis.engine' has no attribute {name!r}")
    value = getattr(import_module(f"baxis.engine.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
