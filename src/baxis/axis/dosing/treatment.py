"""A treatment in words, put on the typical patient: `rituximab 1000 mg iv days 1,15` or `prednisone 10 mg/day`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from baxis.axis.assembly import model, resting, vector
from baxis.axis.dosing import slots
from baxis.axis.tables import disease_table, drug_table
from baxis.core.errors import InvalidValue
from baxis.core.reading import dose_words, schedule

if TYPE_CHECKING:
    from baxis.engine import Options


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Course of one typical patient: `values` (T, K) of `names` at `days` (T,)."""

    days: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray

    def of(self, name: str) -> np.ndarray:
        """Course (T,) of one read-out."""
        return np.asarray(self.values[:, self.names.index(name)])


def parse(text: str) -> tuple[drug_table.Drug, float, str, str, str]:
    """(drug, amount, unit, route, schedule) of `DRUG AMOUNT UNIT [ROUTE SCHEDULE]`; drug names may hold blanks, and unit
    and route are put into the words of a design (`by mouth` is po)."""
    words = re.sub(
        rf"(?<= )({NUMBER})(?=(?:mg|g|ug|mcg|µg|μg|cells)\b)", r"\1 ", " ".join(text.split()), flags=re.ASCII
    ).split()
    number = [is_number(w) for w in words] + [False]
    at = next((i for i, n in enumerate(number[:-1]) if i and n and not number[i + 1]), 0)
    if not at or at + 1 >= len(words):
        raise InvalidValue("treatment", text, FORM)
    drug = drug_table.load(" ".join(words[:at]))
    route, rest = _route(words[at + 2 :])
    return drug, float(words[at]), _unit(words[at + 1]), route, rest


FORM = "DRUG AMOUNT UNIT [ROUTE SCHEDULE], e.g. rituximab 1000 mg iv days 1,15"
NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"


def is_number(word: str) -> bool:
    """Whether a word is an amount: plain digits, no sign, no `1_000`, no other script."""
    return bool(re.fullmatch(NUMBER, word, re.ASCII))


def _unit(word: str) -> str:
    """A unit of dose in a design's spelling; another (cells/kg, mg/day) as it is."""
    try:
        return dose_words.unit(word)
    except InvalidValue:
        return word


def _route(words: list[str]) -> tuple[str, str]:
    """(route, what is left) of the words behind a unit; a route of several words is taken whole."""
    for k in range(min(3, len(words)), 0, -1):
        try:
            return dose_words.route(" ".join(words[:k])), " ".join(words[k:])
        except InvalidValue:
            continue
    if not words or any(c.isdigit() for c in words[0]) or _times(" ".join(words)):
        return "", " ".join(words)  # a schedule at once: the route is missing, not mistyped
    return words[0], " ".join(words[1:])


def _times(text: str) -> bool:
    try:
        schedule.parse(text)
    except InvalidValue:
        return False
    return True


def missing(route: str, timing: str) -> str:
    """What a treatment lacks beside its dose, as a hint; empty where it has both."""
    lacking = [name for name, value in (("ROUTE (po, iv, sc)", route), ("SCHEDULE", timing)) if not value]
    return f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing" if lacking else ""


def has_amount(text: str) -> bool:
    """Whether a text holds an amount, as a regimen does and the name of a drug does not."""
    return any(is_number(w) or re.match(rf"{NUMBER}(?:mg|g|ug|mcg|µg|μg)\b", w) for w in text.split()[1:])


def prepare(
    disease: str | disease_table.Disease, treatments: Sequence[str], weeks: float
) -> tuple[np.ndarray, dict[str, list[tuple[float, float]]]]:
    """Parameters (P,) of the typical patient under treatment, and the doses: state -> [(day, amount in the unit of the state)]."""
    overrides: dict[str, float] = {}
    given: dict[str, list[tuple[float, float]]] = {}
    slot = 0
    for text in treatments:
        drug, amount, unit, route, timing = parse(text)
        if drug.background:
            name, factor = slots.background_input(drug, unit)
            overrides[name] = amount * factor
            continue
        if lacking := missing(route, timing):
            raise InvalidValue("treatment", text, FORM, lacking)
        slot += 1
        overrides.update(slots.slot_parameters(drug, slot))
        doses = schedule.parse(timing).doses(weeks * 7.0)
        sizes = [(amount if d.amount is None else d.amount) * drug.dose_factor for d in doses]
        if any(sizes):
            state = slots.dose_state(drug, slot, route)
            given[state] = [(d.day, size) for d, size in zip(doses, sizes, strict=True)]
    return vector.vector(disease, overrides), given


def course(
    disease: str | disease_table.Disease,
    treatments: Sequence[str],
    weeks: float,
    names: Sequence[str],
    step: float = 7.0,
    options: Options | None = None,
) -> Trajectory:
    """Typical patient of a disease from rest under treatment, dose by dose; read-outs every `step` days.

    options: of the engine (tolerances); default: the engine's own, on one thread.
    """
    from baxis.engine import Options, bolus, concat, simulate

    values, doses = prepare(disease, treatments, weeks)
    events = [bolus(name, [d for d, _ in given], [a for _, a in given]) for name, given in doses.items()]
    times = np.arange(0.0, weeks * 7.0 + 1e-9, step)
    run = simulate(
        model.kernel(), values[None], resting.rest(disease)[None], times=times,
        events=concat(*events) if events else None, outputs=list(names), options=options or Options(atol=1e-6, threads=1),
    )  # fmt: skip
    if run.failures:
        raise InvalidValue("treatment", "; ".join(treatments), f"one that can be run: {run.failures[0]}")
    return Trajectory(times, tuple(names), np.array(run.values[0]))
