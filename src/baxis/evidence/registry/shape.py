"""The shape of a study record: which of the fields that are read are lists, records or texts."""

from __future__ import annotations

from typing import Any

from baxis.core.errors import InvalidValue

RECORDS = {  # lists of records
    "armGroups", "interventions", "primaryOutcomes", "secondaryOutcomes", "groups", "periods", "milestones", "achievements",
    "denoms", "counts", "measures", "classes", "categories", "measurements", "outcomeMeasures", "analyses", "eventGroups",
    "seriousEvents", "otherEvents", "stats",
}  # fmt: skip
LISTS = {"conditions", "phases", "interventionNames", "armGroupLabels", "otherNames", "groupIds"}  # lists of texts
PARTS = ("Section", "Module", "Struct", "Info")  # ends of the names of single records
TEXTS = {
    "acronym", "allocation", "briefTitle", "ciNumSides", "date", "description", "dispersionType", "fullName", "groupId", "id",
    "interventionModel", "label", "masking", "measure", "name", "nctId", "officialTitle", "paramType", "statisticalMethod",
    "studyType", "term", "timeFrame", "title", "type", "unitOfMeasure", "units",
}  # fmt: skip
VALUES = {
    "value", "spread", "lowerLimit", "upperLimit", "numSubjects", "paramValue", "pValue", "ciPctValue", "ciLowerLimit",
    "ciUpperLimit", "count",
}  # fmt: skip
MOST_DEEP = 60


def check(study: Any, nct: str) -> None:
    """Raises InvalidValue naming the first field that is of another kind than the register's, by its path."""
    _walk(study, nct, "", 0)


def _walk(record: dict[str, Any], nct: str, path: str, deep: int) -> None:
    for name, value in record.items():
        where = f"{path}.{name}" if path else name
        wanted = _wanted(name)
        if wanted and (deep > MOST_DEEP or not _is(value, wanted)):
            got = "a part nested too deep" if deep > MOST_DEEP else _kind(value)
            raise InvalidValue(f"study record {nct}, {where}", got, wanted, "download the record again")
        if wanted == "a record":
            _walk(value, nct, where, deep + 1)
        elif wanted == "a list of records":
            for k, entry in enumerate(value, 1):
                _walk(entry, nct, f"{where}[{k}]", deep + 1)


def _wanted(name: str) -> str:
    """Kind of a field in words; empty for one that is not read."""
    if name in RECORDS:
        return "a list of records"
    if name in LISTS:
        return "a list of texts"
    if name in TEXTS:
        return "a text"
    if name in VALUES:
        return "a text or a number"
    return "a record" if name.endswith(PARTS) else ""


def _is(value: Any, wanted: str) -> bool:
    if wanted == "a list of records":
        return isinstance(value, list) and all(isinstance(v, dict) for v in value)
    if wanted == "a list of texts":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if wanted == "a text":
        return isinstance(value, str)
    if wanted == "a record":
        return isinstance(value, dict)
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        odd = next((v for v in value if not isinstance(v, dict)), None)
        return "a list" if odd is None else f"a list with {_kind(odd)}"
    names = ((dict, "a record"), (str, "a text"), (int, "a number"), (float, "a number"))
    return next((words for kind, words in names if isinstance(value, kind)), "nothing")
