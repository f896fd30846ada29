"""What baxis keeps on disk to be faster, and how it knows that it is what was written.

An entry of the cache is a file named by a hash of everything it depends on; in front of its bytes stands a hash of name
and bytes. One that is damaged, cut, edited, another's or absent is None, and is made anew. A folder that cannot be written
costs one line and the time to make things again, never a result. `Blocks` does the same for the files of a long run,
which stay readable by others: there the hash of the content is the last part of the file's name.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
import warnings
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.errors import BaxisWarning, InvalidValue
from baxis.core.storing.files import write_bytes

if TYPE_CHECKING:
    import numpy as np

_HASH_BYTES = 32


def directory() -> Path:
    """User's cache folder of baxis (BAXIS_CACHE overrides), made on first use; this process's own where it cannot be."""
    override = os.environ.get("BAXIS_CACHE")
    if override:
        folder = Path(override)
    else:
        from platformdirs import user_cache_path

        folder = user_cache_path("baxis")
        if not folder.is_absolute():
            return _own()  # no home: '~' stays as it is
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
        reason = "it cannot be written"
    except OSError as e:
        reason = str(e.strerror or e)
    _say(
        f"the cache {folder} is not used ({reason}): nothing is kept for the next run; set BAXIS_CACHE to a folder of yours"
    )
    return _own()


@lru_cache(maxsize=1)
def _held() -> tempfile.TemporaryDirectory[str]:
    """A cache that lasts as long as the process."""
    return tempfile.TemporaryDirectory(prefix="baxis-")


def _own() -> Path:
    return Path(_held().name)


@lru_cache(maxsize=8)
def _say(text: str) -> None:
    """One line, once a process."""
    warnings.warn(text, BaxisWarning, stacklevel=4)


def load(name: str) -> bytes | None:
    """Bytes stored under a name, or None if absent, unreadable, another user's or not what was written."""
    try:
        with open(directory() / name[:2] / name, "rb") as file:
            if not _mine(file.fileno()):
                return None
            data = file.read()
    except OSError:
        return None
    body = data[_HASH_BYTES:]
    return body if _seal(name, body) == data[:_HASH_BYTES] else None


def store(name: str, body: bytes) -> bool:
    """Keep bytes under a name: written aside first, so that a reader never sees half a file. False, and one line, if not."""
    folder = directory() / name[:2]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / name, _seal(name, body) + body)
    except OSError as e:
        _say(f"the cache {directory()} could not keep a result ({e.strerror or e}); set BAXIS_CACHE to another folder")
        return False
    return True


def load_record(name: str) -> dict[str, Any] | None:
    """A record kept by `store_record`, or None."""
    body = load(name)
    try:
        found = None if body is None else json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def store_record(name: str, record: dict[str, Any]) -> bool:
    """Keep plain data as JSON."""
    return store(name, json.dumps(record).encode())


def load_arrays(name: str) -> dict[str, np.ndarray] | None:
    """Arrays kept by `store_arrays`, or None."""
    import numpy as np

    body = load(name)
    if body is None:
        return None
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as found:
            return {k: found[k] for k in found.files}
    except (ValueError, OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error):
        return None  # sealed, but no arrays


def store_arrays(name: str, **arrays: np.ndarray) -> bool:
    """Keep named arrays."""
    import numpy as np

    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    return store(name, out.getvalue())


def _seal(name: str, body: bytes) -> bytes:
    return hashlib.sha256(name.encode() + body).digest()


def _mine(handle: int) -> bool:
    """Whether a file is this user's and nobody else may write it: what is kept holds machine code, which is run."""
    if not hasattr(os, "geteuid"):
        return True
    seen = os.fstat(handle)
    return seen.st_uid == os.geteuid() and not seen.st_mode & 0o022


def _put(target: Path, data: bytes) -> None:
    """Write a file whole or not at all, for this user alone: others must not write what is run."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".part-{os.getpid()}-")
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


class Blocks:
    """Files of a folder, one a block of a long run, each named by what it depends on and by its own content.

    A block that was damaged, cut or edited no longer fits its name: it is removed, noted in `again`, and made anew.
    """

    def __init__(self, folder: Path, suffix: str = ".parquet") -> None:
        self.folder, self.suffix = folder, suffix
        self.again: list[str] = []

    def open(self) -> None:
        """Look at the place; the folder is made for its first block. InvalidValue when it is a file or cannot be made."""
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidValue("--out", str(self.folder), "a folder, not a file")
        above = next(p for p in (self.folder, *self.folder.absolute().parents) if p.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            raise InvalidValue("--out", str(self.folder), "a folder that can be made", f"{above} cannot be written to")

    def find(self, stem: str) -> Path | None:
        """The whole file of a block, or None."""
        for file in sorted(self.folder.glob(f"{stem}-*{self.suffix}")):
            if not file.is_file():
                continue
            if file.name == self._name(stem, file.read_bytes()):
                return file
            self.drop(file)
        return None

    def drop(self, file: Path) -> None:
        """Take away, and note, a block that is not what was written, so that it is made anew."""
        self.again.append(file.name)
        file.unlink()

    def put(self, stem: str, data: bytes) -> Path:
        """A block in place, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return write_bytes(self.folder / self._name(stem, data), data)

    def _name(self, stem: str, data: bytes) -> str:
        return f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}{self.suffix}"
