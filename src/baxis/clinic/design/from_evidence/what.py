"""What is measured when: the primary endpoint of the contrast map, and the trial's others that the instrument knows."""

from __future__ import annotations

import re
from typing import Any

from baxis.clinic.design.design import Endpoint
from baxis.clinic.design.from_evidence.rules import rules
from baxis.clinic.instruments import Instrument
from baxis.core.errors import Unsupported


def simulated_endpoint(tool: Instrument, disease: str, name: str) -> str:
    """Instrument's endpoint that stands for an evidence endpoint: its own name, or by the endpoint rules.

    Raises Unsupported when the instrument has none.
    """
    stands = {r["endpoint"]: r["simulated_as"] for r in rules("endpoint", disease)}
    for known in (name, stands.get(name, "")):
        if known in tool.endpoints() or known in tool.hazard:
            return known
    raise Unsupported(f"the instrument of {disease} has no endpoint {name!r}")


def endpoints(
    trial: dict[str, Any], reported: list[tuple[str, float]], tool: Instrument, specs: list[dict[str, Any]]
) -> tuple[list[Endpoint], list[str]]:
    """Endpoints of a trial, the primary one first, and notes.

    Where the instrument does not know the primary endpoint, the others that the trial reported stand, none of them
    marked primary. Unsupported when the instrument knows none of them.
    """
    disease, notes = trial["disease"], []
    out: dict[tuple[str, float], Endpoint] = {}
    try:
        name, week = _primary(trial, tool, specs)
        main = simulated_endpoint(tool, disease, name)
        notes += [] if main == name else [f"endpoint {name} is simulated as {main}"]
        out[main, week] = Endpoint(name=main, week=week, primary=True)
    except Unsupported as e:
        why = str(e)
        notes.append(f"{why}; the endpoints below are others that the trial reported")
    for other, at in [(str(s["endpoint"]), float(s["week"])) for s in specs] + reported:
        known = _known(tool, disease, other)
        if known and at > 0:
            out.setdefault((known, at), Endpoint(name=known, week=at))
    if not out:
        raise Unsupported(why)
    return list(out.values()), notes


def _known(tool: Instrument, disease: str, name: str) -> str:
    """Instrument's endpoint for a reported one, or '' when it has none."""
    try:
        return simulated_endpoint(tool, disease, name)
    except Unsupported:
        return ""


def _primary(trial: dict[str, Any], tool: Instrument, specs: list[dict[str, Any]]) -> tuple[str, float]:
    if specs:
        return str(specs[0]["endpoint"]), float(specs[0]["week"])
    words = trial["primary_endpoint"]
    if not words or not trial["primary_week"] > 0:
        raise Unsupported("primary endpoint or its week is not in the tables")
    return _read(words, tool, trial["disease"]), float(trial["primary_week"])


def _read(words: str, tool: Instrument, disease: str) -> str:
    """Endpoint of the instrument that a printed primary endpoint names: the longest one that it begins with."""
    plain = re.sub(r"-(?:CRP|ESR)\b", "", re.sub(r"\(.*?\)", "", words)).strip().replace(" ", "_")
    known = {*tool.endpoints(), *(r["endpoint"] for r in rules("endpoint", disease))}
    hits = [k for k in known if plain == k or plain.startswith((k + "_", k + ";", k + ","))]
    if not hits:
        raise Unsupported(f"primary endpoint {words!r} is none that the instrument of {disease} knows")
    return max(hits, key=len)
