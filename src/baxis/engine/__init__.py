"""Stiff ordinary differential equations for ensembles: a model is compiled once and run for thousands of patients.

The engine knows no biology. Load a model (`load_antimony`, `load_sbml`), `compile` it, then `simulate` an ensemble,
`start` a run with decision points, find `rest` states, or `stream` a population too large for memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baxis.engine.antimony import load_antimony
    from baxis.engine.dosing import dose
    from baxis.engine.ensemble import NOT_RUN, STATUS_TEXT, Ensemble, Failure
    from baxis.engine.event_system import load_model
    from baxis.engine.events import ADD, INFUSE, SET, Events, bolus, concat, infusion, repeat, setting
    from baxis.engine.gpu import GpuKernel, compile_for_gpu
    from baxis.engine.gpu_device import NoGpu
    from baxis.engine.kernel import Kernel, compile
    from baxis.engine.model_file import read_model
    from baxis.engine.network import Network, load_network
    from baxis.engine.options import Options
    from baxis.engine.plain import reference
    from baxis.engine.reductions import Mean, Quantiles, Visits
    from baxis.engine.resting import Rest, rest
    from baxis.engine.run import Run, start
    from baxis.engine.sbml import load_sbml
    from baxis.engine.scale_out import Study, simulate_to_folder
    from baxis.engine.sensitive_system import SensitiveSystem, with_sensitivities
    from baxis.engine.sensitivity import Sensitivities, sensitivities
    from baxis.engine.simulation import simulate
    from baxis.engine.single import trajectory
    from baxis.engine.streaming import Source, Streamed, stream
    from baxis.engine.system import System
    from baxis.engine.units import check_units
    from baxis.engine.user_model import Simulated, simulate_model

_HOME = {
    "antimony": ("load_antimony",),
    "ensemble": ("Ensemble", "Failure", "NOT_RUN", "STATUS_TEXT"),
    "event_system": ("load_model",),
    "events": ("ADD", "SET", "INFUSE", "Events", "bolus", "concat", "infusion", "repeat", "setting"),
    "gpu": ("GpuKernel", "compile_for_gpu"),
    "gpu_device": ("NoGpu",),
    "kernel": ("Kernel", "compile"),
    "options": ("Options",),
    "plain": ("reference",),
    "reductions": ("Mean", "Quantiles", "Visits"),
    "resting": ("Rest", "rest"),
    "run": ("Run", "start"),
    "sbml": ("load_sbml",),
    "scale_out": ("Study", "simulate_to_folder"),
    "sensitive_system": ("SensitiveSystem", "with_sensitivities"),
    "sensitivity": ("Sensitivities", "sensitivities"),
    "simulation": ("simulate",),
    "streaming": ("Source", "Streamed", "stream"),
    "system": ("System",),
    "units": ("check_units",),
    "network": ("Network", "load_network"),
    "single": ("trajectory",),
    "model_file": ("read_model",),
    "dosing": ("dose",),
    "user_model": ("Simulated", "simulate_model"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

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
    "Source",
    "Streamed",
    "Study",
    "System",
    "Visits",
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
    "trajectory",
    "with_sensitivities",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'baxis.engine' has no attribute {name!r}")
    value = getattr(import_module(f"baxis.engine.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
