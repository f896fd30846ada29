"""Files that commands write: whole or not at all, and nothing of the user's is ever replaced or taken away.

A file is written aside, under a name that nobody can foresee, and renamed. Devices, pipes and the ends of links are
written through. Work that a killed run left behind (`.baxis-part-…` of this machine and a process that is gone) is
cleared by the next run for the same place. Folders are in `folders`.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from baxis.core.errors import InvalidValue, UnknownName

PART = ".baxis-part"
_WRITTEN: list[Path] = []


def written() -> tuple[Path, ...]:
    """What this process has written so far, in order."""
    return tuple(_WRITTEN)


def note(path: Path) -> None:
    """Remember that a file or folder is in its place."""
    _WRITTEN.append(path)


def check_file(path: str | Path, suffixes: Sequence[str] = (), option: str = "--out") -> None:
    """Refuse before any work a file that could not be written: its ending, its folder, a folder in its place.

    Raises UnknownName for the ending, else InvalidValue.
    """
    target = Path(path)
    if suffixes and not target.suffix:
        raise InvalidValue(option, str(path), f"a name that ends in {', '.join(suffixes)}", "it has no ending")
    if suffixes and target.suffix.lower() not in suffixes:
        raise UnknownName(f"kind of output file, {option} {path}:", target.suffix or "no ending", suffixes)
    if str(path).endswith(("/", os.sep)) or target.is_dir():
        raise InvalidValue(option, str(path), "a file, not a folder")
    folder = end_of(target).parent if target.is_symlink() else target.absolute().parent
    if not folder.is_dir():
        raise InvalidValue(option, str(path), "a file in an existing folder", f"make {folder} first")
    if target.exists() and (not os.access(target, os.W_OK)):
        raise InvalidValue(option, str(path), "a file that may be written")
    if not through(target) and not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidValue(option, str(path), f"a file in a folder that may be written (not in {folder})")


def through(target: Path) -> bool:
    """Whether a place is written through instead of replaced: a device, a pipe, anything under /dev and /proc."""
    if str(target.absolute()).startswith(("/dev/", "/proc/")):
        return True
    try:
        return not stat.S_ISREG(target.stat().st_mode)
    except OSError:
        return False  # nothing there yet


def end_of(target: Path) -> Path:
    """The file at the end of links, absolute: the link stays, what it names is written."""
    return Path(os.path.realpath(target))


@contextmanager
def aside(path: str | Path) -> Iterator[Path]:
    """A path with the same ending to write to; when the block ends, what stands there is in its place, else nothing is."""
    target = Path(path)
    if through(target):
        with tempfile.TemporaryDirectory(prefix="baxis-") as folder:
            made = Path(folder) / (target.name or "file")
            yield made
            regular = target.exists() and stat.S_ISREG(target.stat().st_mode)
            with open(target, "ab" if regular else "wb") as out, made.open("rb") as held:
                shutil.copyfileobj(held, out)
        return
    place = end_of(target)
    clear(place)
    made = place.with_name(part_name(place.name))
    try:
        yield made
        os.chmod(made, _mode(place))
        os.replace(made, place)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise
    note(target)


def write_text(path: str | Path, text: str) -> Path:
    """Write a text, whole or not at all."""
    with aside(path) as made:
        made.write_text(text, encoding="utf-8")
    return Path(path)


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write bytes, whole or not at all."""
    with aside(path) as made:
        made.write_bytes(data)
    return Path(path)


def part_name(name: str) -> str:
    """A name for work on `name`: of this machine and process, with a part that cannot be foreseen, and the same ending."""
    return f"{PART}-{_machine()}-{os.getpid()}-{secrets.token_hex(6)}-{name[-120:]}"


def clear(place: Path) -> None:
    """Take away what killed runs of this machine left beside a place."""
    pattern = re.compile(rf"{re.escape(PART)}-{_machine()}-(\d+)-[0-9a-f]{{12}}-{re.escape(place.name[-120:])}")
    with suppress(OSError):
        for left in place.parent.iterdir():
            found = pattern.fullmatch(left.name)
            if found and not _alive(int(found[1])):
                remove(left)


def remove(path: Path) -> None:
    """A file or folder of ours, gone; a link itself, never what it names."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    h = sha256()
    with path.open("rb") as held:
        while block := held.read(1 << 20):
            h.update(block)
    return h.hexdigest()


def usual_mode(folder: bool = False) -> int:
    """Mode of a new file or folder under the user's umask."""
    mask = os.umask(0)
    os.umask(mask)
    return (0o777 if folder else 0o666) & ~mask


def _mode(place: Path) -> int:
    """The mode that a file has, else that of a new one."""
    try:
        return stat.S_IMODE(place.stat().st_mode)
    except OSError:
        return usual_mode()


def _machine() -> str:
    return sha256(platform.node().encode()).hexdigest()[:8]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # of another user
    return True
