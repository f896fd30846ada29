"""Content-addressed cache on disk. Files are written atomically and checked by hash when read; a bad one is ignored."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from baxis.engine.version import ENGINE_FORMAT

_HASH_BYTES = 32


def directory() -> Path:
    """Folder of the cache: the environment variable BAXIS_CACHE, else the user's cache directory."""
    override = os.environ.get("BAXIS_CACHE")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("baxis"))


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Hash of the engine's own code, so that a changed code generator never meets an old cache."""
    h = hashlib.sha256(ENGINE_FORMAT.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        h.update(path.read_bytes())
    return h.hexdigest()


def key(*parts: str) -> str:
    """Hash of the parts and of the engine's code; the name of an entry."""
    return hashlib.sha256("\0".join([source_digest(), *parts]).encode()).hexdigest()


def load(name: str) -> bytes | None:
    """Bytes stored under a key, or None if absent, unreadable or not what was written."""
    try:
        data = (directory() / name[:2] / name).read_bytes()
    except OSError:
        return None
    body = data[_HASH_BYTES:]
    return body if hashlib.sha256(name.encode() + body).digest() == data[:_HASH_BYTES] else None


def store(name: str, body: bytes) -> bool:
    """Write bytes under a key: to a private file first, then renamed, so that a reader never sees half a file.

    Returns False, with a warning, when the folder cannot be written; the result is then only not kept.
    """
    folder = directory() / name[:2]
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".part-")
        with os.fdopen(handle, "wb") as f:
            f.write(hashlib.sha256(name.encode() + body).digest() + body)
        os.replace(temporary, folder / name)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        warnings.warn(f"cannot write the compile cache ({error}); set BAXIS_CACHE to a writable folder", stacklevel=3)
        return False
    return True


def load_record(name: str) -> dict[str, Any] | None:
    body = load(name)
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def store_record(name: str, record: dict[str, Any]) -> None:
    store(name, json.dumps(record).encode())
