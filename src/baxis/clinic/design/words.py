"""Names and words of a design as people write them, put into the library's own before the design is checked.

Only plain data are touched; what is not known stays as it is and is told by the check that follows. Every reading that
is more than a matter of case stands in `readings`, which a result prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from baxis import axis
from baxis.clinic.design.blocks import drug_name
from baxis.core import names
from baxis.core.errors import BaxisError
from baxis.core.reading import disease_names, dose_words, schedule

AGE = {"age": "age_y", "age in years": "age_y", "weight": "weight_kg", "body weight": "weight_kg"}
MOST = 200  # entries of a list that are looked at: longer ones are refused by the check that follows
Data = dict[str, Any]


def canonical(data: Mapping[str, Any]) -> Data:
    """The design's data in the library's words, `readings` extended by what was read."""
    out, said = dict(data), list(data.get("readings", ())) if isinstance(data.get("readings", ()), list | tuple) else []
    put = _Put(said)
    put.at(out, "disease", disease_names.code)
    tool = _tool(out.get("disease"))
    for arm in put.each(out, "arms"):
        for t in put.each(arm, "treatments"):
            _treatment(put, t)
        for rule in put.each(arm, "switches"):
            _rule(put, rule, tool)
    for one in ("rescue", "randomisation"):
        if isinstance(out.get(one), Mapping):
            out[one] = dict(out[one])
            _rule(put, out[one], tool)
    for b in put.each(out, "background_therapy"):
        put.at(b, "drug", drug_name)
    for entry in put.each(out, "entry"):
        put.at(entry, "measure", lambda m: measure(m, tool, AGE))
    for endpoint in put.each(out, "endpoints"):
        put.at(endpoint, "name", lambda n: _endpoint(n, tool))
    out["readings"] = tuple(dict.fromkeys(said))
    return out


class _Put:
    """Replaces values in place and notes how they were read."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def at(self, row: Data, key: str, read: Callable[[str], str]) -> None:
        """One value of a table of fields."""
        if isinstance(row.get(key), str):
            row[key] = self.one(row[key], read)

    def one(self, text: str, read: Callable[[str], str]) -> str:
        """One word; as it is where it cannot be read."""
        try:
            meant = read(text)
        except BaxisError:
            return text
        reading = names.reading(text, meant)
        self.said += [reading] if reading else []
        return meant

    def each(self, row: Data, key: str) -> Iterable[Data]:
        """Copies of the tables in a list of them, put in its place; nothing where it is no such list."""
        rows = row.get(key)
        if not isinstance(rows, list | tuple):
            return []
        row[key] = [dict(r) if isinstance(r, Mapping) and k < MOST else r for k, r in enumerate(rows)]
        return [r for r in row[key][:MOST] if isinstance(r, dict)]

    def all(self, row: Data, key: str, read: Callable[[str], str]) -> None:
        """Every word of a list of words."""
        if isinstance(row.get(key), list | tuple):
            row[key] = [self.one(w, read) if isinstance(w, str) else w for w in row[key]]


def _treatment(put: _Put, t: Data) -> None:
    for key, read in (("drug", drug_name), ("route", dose_words.route), ("dose_unit", dose_words.unit)):
        put.at(t, key, read)
    put.at(t, "schedule", lambda text: schedule.parse(text).text)


def _rule(put: _Put, rule: Data, tool: Any) -> None:
    """A switch, a rescue or a randomisation."""
    for t in put.each(rule, "treatments"):
        _treatment(put, t)
    put.at(rule, "endpoint", lambda n: _endpoint(n, tool))
    put.at(rule, "measure", lambda m: measure(m, tool))
    put.all(rule, "measures", lambda m: names.known("measure", m, tool.units) if tool else m)
    put.all(rule, "stop", drug_name)


def _tool(disease: Any) -> Any:
    from baxis.clinic.instruments import instrument

    try:
        return instrument(disease) if isinstance(disease, str) else None
    except BaxisError:
        return None


def _endpoint(name: str, tool: Any) -> str:
    if tool is None:
        return name
    known = [*tool.endpoints(), *tool.hazard]
    return name if name in known else names.known("endpoint", name, known)


def measure(name: str, tool: Any, more: Mapping[str, str] | None = None) -> str:
    """A measure of the instrument, or an output of the model, by name, label or alias. Raises UnknownName."""
    known = {*(tool.units if tool else ()), *(more or {}).values(), *axis.outputs()}
    return name if name in known else names.known("measure", name, known, {**_labels(), **(more or {})})


@lru_cache(maxsize=1)
def _labels() -> dict[str, str]:
    """Key, label and aliases of every output of the model -> its name."""
    out: dict[str, str] = {"interferon signature": "ifn"}
    for o in axis.outputs().values():
        short = o.label.split(" (")[0].split(",")[0]
        for alias in (o.key, o.label, short, short.removeprefix("serum ").removeprefix("blood "), *o.aliases):
            out.setdefault(alias, o.output)
    return out
