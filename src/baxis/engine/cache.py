"""Keys of what the engine keeps (see `core.store`): a hash of the question and of the engine's own code."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from baxis.core.storing.store import load, load_record, store, store_record
from baxis.engine.version import ENGINE_FORMAT

__all__ = ["key", "load", "load_record", "source_digest", "store", "store_record"]


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Hash of the engine's own code, so that a changed code generator never meets an old cache."""
    h = hashlib.sha256(ENGINE_FORMAT.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        h.update(path.read_bytes())
    return h.hexdigest()


def key(*parts: str) -> str:
    """Hash of the parts and of the engine's code; the name of an entry."""
    return hashlib.sha256("\0".join([source_digest(), *parts]).encode()).hexdigest()
