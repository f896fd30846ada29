"""A patient's file, read and checked: names and units, possible values, and every fault told at once (its form: `rows`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from baxis import axis
from baxis.axis.tables import observables
from baxis.clinic.people.labs import measures, written
from baxis.core import units
from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName, nearest
from baxis.core.reading import numbers, possible, tables
from baxis.core.storing.text_files import decoded, file_bytes
from baxis.insight.omics.parameters import links
from baxis.insight.patient import scores
from baxis.insight.patient.inference.past import is_drug, treatment
from baxis.insight.patient.rows import WrittenValue, find, split_limit
from baxis.insight.patient.visits import Given, Measurements, Rating, Standing

SIGNATURE = " signature"
LARGEST = 2_000_000  # bytes: a thousand visits fit
Item = tuple[str, float, float, str] | Rating | Given | Standing


def read(file: str | Path, disease: str) -> Measurements:
    """Visits of a CSV file. Raises InvalidValue or Faults listing every bad row."""
    path = Path(file)
    text, encoding = decoded(file_bytes(path, "patient file", LARGEST), path.name)
    return _visits(tables.parse(text, path.name, tables.Form(encoding, path.suffix.lower() == ".tsv")), disease)


def read_text(text: str, name: str, disease: str) -> Measurements:
    """Visits of a CSV text; `name` stands in messages. Raises InvalidValue or Faults listing every bad row."""
    return _visits(tables.parse(text, name), disease)


def _visits(table: tables.Table, disease: str) -> Measurements:
    found = find(table)
    faults, notes = list(found.faults), list(found.notes)
    seen: dict[tuple[float, str], int] = {}
    items: list[Item] = []
    passed = 0
    for line in found.lines:
        try:
            if numbers.missing(line.value):
                passed += 1
                _passed(line)
                continue
            item, said = _item(line, table, disease)
            key = (line.day, _key(item))
            if key in seen:
                got = f"two values of {line.measure} on {line.when} (the other in row {seen[key]})"
                raise InvalidValue(line.where, tables.Bare(got), "one a visit: delete one of them")
            seen[key] = line.row
            items.append(item)
            notes += said
        except BaxisError as e:
            faults.append(str(e))
    if passed:
        notes.append(f"{passed} row{'s' if passed > 1 else ''} or cells without a value passed over")
    if faults:
        raise Faults(table.name, list(dict.fromkeys(faults)))
    visits = _sorted(items)
    if not visits.names and not visits.ratings:  # a standing alone says nothing of when
        raise InvalidValue(table.name, "no value", "at least one laboratory value or score")
    return replace(visits, dated=found.dated, notes=tuple(dict.fromkeys(notes)))


def _passed(line: WrittenValue) -> None:
    """A row without a value is a missing value; a treatment without a dose is a mistake."""
    if line.measure and is_drug(line.measure):
        got = line.value or tables.Bare("no dose")
        raise InvalidValue(f"{line.where}, {line.measure}", got, "a dose", "write it (0 for none), or delete the row")


def _sorted(items: list[Item]) -> Measurements:
    labs = [i for i in items if isinstance(i, tuple)]
    given = sorted((i for i in items if isinstance(i, Given)), key=lambda g: g.day)
    return Measurements(
        tuple(i[0] for i in labs), np.array([i[1] for i in labs], dtype=np.float64), tuple(i[2] for i in labs),
        tuple(i for i in items if isinstance(i, Rating)), tuple(given), tuple(i for i in items if isinstance(i, Standing)),
        signs=tuple(i[3] for i in labs),
    )  # fmt: skip


def _key(item: Item) -> str:
    """What may stand once a day."""
    if isinstance(item, tuple):
        return item[0]
    return item.drug if isinstance(item, Given) else item.measure if isinstance(item, Rating) else item.signature


def _item(line: WrittenValue, table: tables.Table, disease: str) -> tuple[Item, list[str]]:
    """A row as a laboratory value (model name, multiple of health, day, sign), a rating, a treatment or a standing."""
    text = line.measure
    if not text:
        raise InvalidValue(line.where, tables.Bare("no measure"), "the name of a measure, a score or a drug")
    if text.casefold().endswith(SIGNATURE):
        return _standing(line, table, disease), []
    lab = _lab(text)
    score = None if lab else scores.find(text, disease)
    if lab is None and score is None and is_drug(text):
        value = table.number(line.value, line.row, line.column, "a dose of at least 0")
        return treatment(line, value)
    if lab is None and score is None:
        raise _unknown(line, disease)
    where = f"{line.where}, {text}"
    if not line.unit:
        table.number(split_limit(line.value)[1] or "0", line.row, line.column)  # the unit may stand beside the number
        wanted = lab.unit if lab else score.unit if score else ""
        raise InvalidValue(f"{line.where}, unit of {text}", "", f"a unit such as {wanted}")
    if score:
        sign, value, said = _limit(line, table, score.low if score.log else None, score.measure)
        own = scores.checked(score, (value, line.unit), where, sign)
        return Rating(score.measure, own, line.day, sign), [*_alias(text, score.measure), *said]
    assert lab is not None
    span = possible.measure(lab.key, lab.healthy)
    sign, value, said = _limit(line, table, span.detection * _factor(span, line), written(lab.key))
    own = span.check(value, line.unit, where) if sign != "<" else _below(span, value, line.unit, where)
    return (lab.output, own / lab.healthy, line.day, sign), [*_alias(text, written(lab.key)), *said]


def _alias(text: str, name: str) -> list[str]:
    return [] if text.casefold() == name.casefold() else [f"{text!r} taken as {name}"]


def _factor(span: possible.Range, line: WrittenValue) -> float:
    """From the unit of a range to that of a row."""
    try:
        return units.factor(span.unit, line.unit)
    except InvalidValue:
        raise InvalidValue(
            f"{line.where}, unit of {line.measure}", line.unit, f"a unit that converts to {span.unit}"
        ) from None


def _limit(line: WrittenValue, table: tables.Table, least: float | None, name: str) -> tuple[str, float, list[str]]:
    """(sign, number in the row's unit, what to say). least: what counts as below detection where no number is given."""
    sign, text = split_limit(line.value)
    if text:
        value = table.number(text, line.row, line.column)
        if value <= 0 and sign:
            raise InvalidValue(f"{line.where}, {name}", line.value, "a limit above 0")
        if value > 0 or least is None:
            if sign:
                side = "below" if sign == "<" else "above"
                return sign, value, [f"{name} {line.value} {line.unit}: taken as a value {side} {value:g} {line.unit}"]
            return "", value, []
        if value < 0:
            return "", value, []
    if least is None:
        raise InvalidValue(f"{line.where}, {name}", line.value, "a number, or a limit as '<4'")
    return (
        "<",
        least,
        [f"{name} {line.value} {line.unit}: taken as a value below {least:g} {line.unit}, an assay's usual limit"],
    )


def _below(span: possible.Range, value: float, unit: str, where: str) -> float:
    """A limit of detection may lie below what is possible, but not above."""
    own = value * units.factor(unit, span.unit)
    return own if 0 < own <= span.least else span.check(value, unit, where)


def _standing(line: WrittenValue, table: tables.Table, disease: str) -> Standing:
    """`interferon signature`, in sd among patients of the disease."""
    known = links(disease)
    name = line.measure[: -len(SIGNATURE)].strip().casefold()
    if name not in known:
        allowed = [f"{k} signature" for k in known]
        raise UnknownName("signature", line.measure, allowed, "only those mapped to a parameter tell anything")
    where, value = f"{line.where}, {line.measure}", table.number(line.value, line.row, line.column)
    if line.unit.casefold() != "sd":
        raise InvalidValue(f"{where}, unit", line.unit, "sd, among patients of the disease (`baxis omics`)")
    if abs(value) > 5:
        raise InvalidValue(where, value, "-5 to 5 sd among patients of the disease")
    return Standing(name, value)


def _unknown(line: WrittenValue, disease: str) -> BaxisError:
    """Why a name is none of a patient's file, with what was probably meant."""
    text = line.measure
    where, fold = f"{line.where}, measure", text.casefold()
    others = [d for d in scores.diseases_of(text) if d != disease]
    if others:
        return InvalidValue(
            where, text, f"a score of {disease}", f"{text} is a score of {', '.join(others)}: delete the row"
        )
    state = _state(text)
    if state is not None:
        why = f"the model has {state.label}, but no unit in which an assay's value could be set beside it"
        return InvalidValue(where, text, f"a measure with a unit of the model ({_known()})", f"{why}: delete the row")
    signature = next((f"{k} signature" for k in links(disease) if fold and (fold in k or k in fold)), None)
    names = [*measures(), *scores.scores(disease), *(a for s in scores.scores(disease).values() for a in s.aliases)]
    near = signature or nearest(text, [*names, *axis.drugs()])
    hint = f"did you mean {written(near)!r}?" if near else "a drug is given by its international name"
    own = ", ".join(scores.scores(disease))
    return InvalidValue(where, text, f"a measure ({_known()}), a score of {disease} ({own}) or a drug", hint)


def _known() -> str:
    return ", ".join(written(k) for k in measures())


def _state(text: str) -> observables.Observable | None:
    """An observable of the model that no laboratory measures in its terms."""
    try:
        return observables.find(text)
    except UnknownName:
        return None


def _lab(text: str) -> observables.Observable | None:
    found = _state(text)
    return found if found is not None and found.key in measures() else None
