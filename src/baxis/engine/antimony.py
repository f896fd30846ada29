"""Antimony text to a System, by way of SBML. The system is cached by the text's hash, so libantimony runs once."""

from __future__ import annotations

import threading

from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine import cache
from baxis.engine.sbml_text import strip_comment
from baxis.engine.system import System

_LOCK = threading.Lock()  # libantimony keeps global state


def load_antimony(text: str, main: str | None = None) -> System:
    """System from Antimony text; `main` names the module to flatten (default: the last, or the one marked `*`).

    Raises InvalidValue with libantimony's own sentence for malformed text, UnknownName for an unknown module, and
    Unsupported as `load_sbml` does.
    """
    key = cache.key("antimony", main or "", text)
    record = cache.load_record(key)
    if record is not None:
        return System.from_record(record)
    from baxis.engine.sbml import load_sbml

    system = load_sbml(antimony_to_sbml(text, main))
    cache.store_record(key, system.as_record())
    return system


def antimony_to_sbml(text: str, main: str | None = None) -> str:
    """Flattened SBML Level 3 text of an Antimony model."""
    import antimony

    with _LOCK:
        antimony.clearPreviousLoads()
        if antimony.loadAntimonyString(text) < 0:
            raise InvalidValue("Antimony", antimony.getLastError().strip(), "well-formed Antimony text")
        modules = [m for m in antimony.getModuleNames() if m != "__main"]
        if main is not None and main not in modules:
            raise UnknownName("Antimony module", main, modules)
        name = main if main is not None else antimony.getMainModuleName()
        sbml = antimony.getSBMLString(name)
        if not sbml:
            raise InvalidValue("Antimony", antimony.getLastError().strip(), "a model that can be written as SBML")
    return strip_comment(sbml)
