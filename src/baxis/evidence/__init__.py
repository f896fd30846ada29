"""Evidence: trials, claims and pharmacology as tables to query, cite, pool and check against.

Nothing heavy is imported here: names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "load": "store.load",
    "Evidence": "store.tables",
    "check": "store.checks",
    "Report": "store.checks",
    "contrasts": "ask.contrast",
    "sheet": "ask.sheets",
    "Sheet": "ask.sheets",
    "trials": "ask.query",
    "trial_id": "ask.query",
    "claims": "ask.query",
    "search": "ask.index",
    "grade_claims": "ask.grade",
    "grade_trials": "ask.grade",
    "conflicts": "ask.conflict",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    try:
        return import_module(f".{name}", __name__)
    except ModuleNotFoundError as e:
        if e.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
