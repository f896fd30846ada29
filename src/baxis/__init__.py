"""baxis: the B-cell axis, in silico. Research use only.

Heavy parts load on first use, so `import baxis` stays light:

    >>> import baxis
    >>> result = baxis.run_trial("fenebrutinib-sle-ph2")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from baxis._version import __version__

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design
    from baxis.clinic.design.read import read_design
    from baxis.clinic.questions.replicates import replicate_trials
    from baxis.clinic.reload import load_result
    from baxis.clinic.trial import run_trial
    from baxis.core.errors import BaxisError
    from baxis.insight.biomarkers import biomarkers
    from baxis.insight.biomarkers.enrich import enrich
    from baxis.insight.explain import explain
    from baxis.insight.sensitivity import sensitivity

_PUBLIC = {
    "BaxisError": "core.errors",
    "Design": "clinic.design.design",
    "biomarkers": "insight.biomarkers",
    "enrich": "insight.biomarkers.enrich",
    "explain": "insight.explain",
    "load_result": "clinic.reload",
    "read_design": "clinic.design.read",
    "replicate_trials": "clinic.questions.replicates",
    "run_trial": "clinic.trial",
    "sensitivity": "insight.sensitivity",
}
_LAYERS = ("core", "engine", "evidence", "axis", "clinic", "insight")

__all__ = [
    "BaxisError",
    "Design",
    "__version__",
    "biomarkers",
    "enrich",
    "explain",
    "load_result",
    "read_design",
    "replicate_trials",
    "run_trial",
    "sensitivity",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    if name in _LAYERS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module 'baxis' has no attribute {name!r}; public: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC, *_LAYERS})
