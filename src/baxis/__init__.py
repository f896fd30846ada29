"""baxis: the B-cell axis, in silico. Research use only.

What has a command has a name here, with the same words. Heavy parts load on first use, so `import baxis` stays light:

    >>> import baxis
    >>> result = baxis.run_trial("fenebrutinib-sle-ph2")
    >>> chances = baxis.power("fenebrutinib-sle-ph2", [100, 200])

Trials: run_trial, power, replicate_trials, transport, calendar, load_result, read_design (Design, Arm, Treatment, Endpoint).
Drugs: explain, biomarkers, enrich, sensitivity, combine, combine_search, limits, strategies. Patients: patient, omics,
repertoire. The model: stimulate, check, compare_diseases, scoreboard; own models: simulate. Files: report, export.
The evidence: `baxis.evidence`. Settings are keywords of each (`patients=200, seed=1`) or one `Settings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baxis._version import __version__

if TYPE_CHECKING:
    from baxis import axis as axis
    from baxis import clinic as clinic
    from baxis import core as core
    from baxis import engine as engine
    from baxis import evidence as evidence
    from baxis import faces as faces
    from baxis import insight as insight
    from baxis.axis.checks.rungs import check
    from baxis.axis.pathway.stimulation import stimulate
    from baxis.axis.tables.comparison import compare_diseases
    from baxis.clinic.conduct.settings import Settings
    from baxis.clinic.design.blocks import Arm, Endpoint, Treatment
    from baxis.clinic.design.calendar import calendar
    from baxis.clinic.design.design import Design
    from baxis.clinic.design.read import read_design
    from baxis.clinic.questions.replicates import power, replicate_trials
    from baxis.clinic.questions.transport import Swap, transport
    from baxis.clinic.reload import load_result
    from baxis.clinic.scoreboard.board import scoreboard
    from baxis.clinic.trial import run_trial
    from baxis.core.errors import BaxisError
    from baxis.engine.tables.own_model import simulate
    from baxis.faces.exporting import Whose, export
    from baxis.faces.report import report
    from baxis.insight.biomarkers.enrich import Cutoff, enrich
    from baxis.insight.biomarkers.ranking import biomarkers
    from baxis.insight.combine.search import combine_search
    from baxis.insight.combine.surface import combine
    from baxis.insight.explain.explaining import explain
    from baxis.insight.limits.stopping import limits
    from baxis.insight.omics.activities import omics
    from baxis.insight.omics.repertoire import repertoire
    from baxis.insight.patient.predict import patient
    from baxis.insight.sensitivity.varying import sensitivity
    from baxis.insight.strategies.comparing import strategies

_PUBLIC = {
    "Arm": "clinic.design.blocks",
    "BaxisError": "core.errors",
    "Cutoff": "insight.biomarkers.enrich",
    "Design": "clinic.design.design",
    "Endpoint": "clinic.design.blocks",
    "Settings": "clinic.conduct.settings",
    "Swap": "clinic.questions.transport",
    "Treatment": "clinic.design.blocks",
    "Whose": "faces.exporting",
    "biomarkers": "insight.biomarkers.ranking",
    "calendar": "clinic.design.calendar",
    "check": "axis.checks.rungs",
    "combine": "insight.combine.surface",
    "combine_search": "insight.combine.search",
    "compare_diseases": "axis.tables.comparison",
    "enrich": "insight.biomarkers.enrich",
    "explain": "insight.explain.explaining",
    "export": "faces.exporting",
    "limits": "insight.limits.stopping",
    "load_result": "clinic.reload",
    "omics": "insight.omics.activities",
    "patient": "insight.patient.predict",
    "power": "clinic.questions.replicates",
    "read_design": "clinic.design.read",
    "repertoire": "insight.omics.repertoire",
    "replicate_trials": "clinic.questions.replicates",
    "report": "faces.report",
    "run_trial": "clinic.trial",
    "scoreboard": "clinic.scoreboard.board",
    "sensitivity": "insight.sensitivity.varying",
    "simulate": "engine.tables.own_model",
    "stimulate": "axis.pathway.stimulation",
    "strategies": "insight.strategies.comparing",
    "transport": "clinic.questions.transport",
}
_LAYERS = ("core", "engine", "evidence", "axis", "clinic", "insight", "faces")

__all__ = [
    "Arm",
    "BaxisError",
    "Cutoff",
    "Design",
    "Endpoint",
    "Settings",
    "Swap",
    "Treatment",
    "Whose",
    "__version__",
    "biomarkers",
    "calendar",
    "check",
    "combine",
    "combine_search",
    "compare_diseases",
    "enrich",
    "explain",
    "export",
    "limits",
    "load_result",
    "omics",
    "patient",
    "power",
    "read_design",
    "repertoire",
    "replicate_trials",
    "report",
    "run_trial",
    "scoreboard",
    "sensitivity",
    "simulate",
    "stimulate",
    "strategies",
    "transport",
]


if not TYPE_CHECKING:  # a checker reads the imports above, so that a name that is not there is an error

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _LAYERS:
            return import_module(f"baxis.{name}")
        if name not in _PUBLIC:
            raise AttributeError(f"module 'baxis' has no attribute {name!r}; public: {', '.join(__all__)}")
        return getattr(import_module(f"baxis.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_LAYERS, *(n for n in globals() if n.startswith("__"))})
