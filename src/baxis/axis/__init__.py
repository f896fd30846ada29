"""The axis: drug -> target -> BCR signalling -> B cells -> autoantibody -> tissue, one model for every disease.

`system` and `kernel` give the composed model, `parameters` a disease's typical patient, `rest` its rest state, `drug`
and `slot_parameters` what a treatment does; `stimulate` runs the pathway alone and `check` compares with experiments.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baxis.axis.assembly.model import kernel, system
    from baxis.axis.assembly.other_constants import variants
    from baxis.axis.assembly.resting import levels, rest
    from baxis.axis.assembly.vector import index
    from baxis.axis.assembly.vector import vector as parameters
    from baxis.axis.checks import check
    from baxis.axis.dosing.slots import (
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
    from baxis.axis.pathway.stimulation import stimulate
    from baxis.axis.tables.disease_table import Disease, Endotype, spreads
    from baxis.axis.tables.disease_table import codes as diseases
    from baxis.axis.tables.disease_table import load as disease
    from baxis.axis.tables.drug_table import Drug
    from baxis.axis.tables.drug_table import file_of as drug_file
    from baxis.axis.tables.drug_table import load as drug
    from baxis.axis.tables.drug_table import names as drugs
    from baxis.axis.tables.drug_table import sheet as drug_sheet
    from baxis.axis.tables.drug_table import status as drug_status
    from baxis.axis.tables.ledger import Parameter, counts
    from baxis.axis.tables.ledger import find as parameter
    from baxis.axis.tables.numbers import count_numbers
    from baxis.axis.tables.observables import Observable, outputs, to_units
    from baxis.axis.tables.words import label

_HOME = {
    "Disease": "tables.disease_table.Disease", "Endotype": "tables.disease_table.Endotype", "spreads": "tables.disease_table.spreads",
    "diseases": "tables.disease_table.codes", "disease": "tables.disease_table.load", "Drug": "tables.drug_table.Drug", "drug": "tables.drug_table.load",
    "drugs": "tables.drug_table.names", "drug_status": "tables.drug_table.status", "drug_file": "tables.drug_table.file_of",
    "drug_sheet": "tables.drug_table.sheet", "Parameter": "tables.ledger.Parameter",
    "parameter": "tables.ledger.find", "kernel": "assembly.model.kernel", "system": "assembly.model.system", "outputs": "tables.observables.outputs",
    "to_units": "tables.observables.to_units", "index": "assembly.vector.index", "parameters": "assembly.vector.vector",
    "label": "tables.words.label", "levels": "assembly.resting.levels", "rest": "assembly.resting.rest", "dose_state": "dosing.slots.dose_state",
    "equivalent_inputs": "dosing.slots.equivalent_inputs", "exposure_inputs": "dosing.slots.exposure_inputs",
    "infusion_parameter": "dosing.slots.infusion_parameter", "slot_parameters": "dosing.slots.slot_parameters",
    "virtual": "dosing.slots.virtual", "background_input": "dosing.slots.background_input", "input_name": "dosing.slots.input_name",
    "weight_names": "dosing.slots.weight_names", "count_numbers": "tables.numbers.count_numbers", "counts": "tables.ledger.counts",
    "Observable": "tables.observables.Observable", "stimulate": "pathway.stimulation.stimulate", "check": "checks.check",
    "variants": "assembly.other_constants.variants",
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
    module, _, attribute = _HOME[name].rpartition(".")
    return getattr(import_module(f"baxis.axis.{module}"), attribute)
