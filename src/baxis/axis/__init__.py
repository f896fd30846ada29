"""The axis: drug -> target -> BCR signalling -> B cells -> autoantibody -> tissue, one model for every disease.

`system` and `kernel` give the composed model, `parameters` a disease's typical patient, `rest` its rest state, `drug`
and `slot_parameters` what a treatment does; `stimulate` runs the pathway alone and `check` compares with experiments.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baxis.axis.checks import check
    from baxis.axis.disease_table import Disease, Endotype, spreads
    from baxis.axis.disease_table import codes as diseases
    from baxis.axis.disease_table import load as disease
    from baxis.axis.drug_table import Drug
    from baxis.axis.drug_table import file_of as drug_file
    from baxis.axis.drug_table import load as drug
    from baxis.axis.drug_table import names as drugs
    from baxis.axis.drug_table import sheet as drug_sheet
    from baxis.axis.drug_table import status as drug_status
    from baxis.axis.ledger import Parameter, counts
    from baxis.axis.ledger import find as parameter
    from baxis.axis.model import kernel, system
    from baxis.axis.numbers import count_numbers
    from baxis.axis.observables import Observable, outputs, to_units
    from baxis.axis.other_constants import variants
    from baxis.axis.resting import levels, rest
    from baxis.axis.slots import (
        background_input,
        dose_state,
        equivalent_inputs,
        exposure_inputs,
        infusion_parameter,
        input_name,
        slot_parameters,
        virtual,
        weight_names,
    )
    from baxis.axis.stimulation import stimulate
    from baxis.axis.vector import index
    from baxis.axis.vector import vector as parameters
    from baxis.axis.words import label

_HOME = {
    "Disease": "disease_table.Disease", "Endotype": "disease_table.Endotype", "spreads": "disease_table.spreads",
    "diseases": "disease_table.codes", "disease": "disease_table.load", "Drug": "drug_table.Drug", "drug": "drug_table.load",
    "drugs": "drug_table.names", "drug_status": "drug_table.status", "drug_file": "drug_table.file_of",
    "drug_sheet": "drug_table.sheet", "Parameter": "ledger.Parameter",
    "parameter": "ledger.find", "kernel": "model.kernel", "system": "model.system", "outputs": "observables.outputs",
    "to_units": "observables.to_units", "index": "vector.index", "parameters": "vector.vector",
    "label": "words.label", "levels": "resting.levels", "rest": "resting.rest", "dose_state": "slots.dose_state",
    "equivalent_inputs": "slots.equivalent_inputs", "exposure_inputs": "slots.exposure_inputs",
    "infusion_parameter": "slots.infusion_parameter", "slot_parameters": "slots.slot_parameters",
    "virtual": "slots.virtual", "background_input": "slots.background_input", "input_name": "slots.input_name",
    "weight_names": "slots.weight_names", "count_numbers": "numbers.count_numbers", "counts": "ledger.counts",
    "Observable": "observables.Observable", "stimulate": "stimulation.stimulate", "check": "checks.check",
    "variants": "other_constants.variants",
}  # fmt: skip

__all__ = [
    "Disease",
    "Drug",
    "Endotype",
    "Observable",
    "Parameter",
    "background_input",
    "check",
    "count_numbers",
    "counts",
    "disease",
    "diseases",
    "dose_state",
    "drug",
    "drug_file",
    "drug_sheet",
    "drug_status",
    "drugs",
    "equivalent_inputs",
    "exposure_inputs",
    "index",
    "infusion_parameter",
    "input_name",
    "kernel",
    "label",
    "levels",
    "outputs",
    "parameter",
    "parameters",
    "rest",
    "slot_parameters",
    "spreads",
    "stimulate",
    "system",
    "to_units",
    "variants",
    "virtual",
    "weight_names",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'baxis.axis' has no attribute {name!r}")
    module, attribute = _HOME[name].split(".")
    return getattr(import_module(f"baxis.axis.{module}"), attribute)
