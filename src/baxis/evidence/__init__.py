"""Evidence: trials, claims and pharmacology as tables to query, cite, pool and check against.

Nothing heavy is imported here: names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "load": "tables",
    "Evidence": "tables",
    "check": "checks",
    "Report": "checks",
    "contrasts": "contrast",
    "sheet": "sheets",
    "Sheet": "sheets",
    "trials": "query",
    "trial_id": "query",
    "claims": "query",
    "search": "index",
    "grade_claims": "grade",
    "grade_trials": "grade",
    "conflicts": "conflict",
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
