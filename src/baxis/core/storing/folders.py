"""Folders of results: they list their own files with hashes, and only what is on that list is ever replaced."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from baxis._version import __version__
from baxis.core.errors import BaxisError, BaxisWarning, InvalidValue
from baxis.core.storing import files

LIST = "baxis-files.json"  # name of the list
Writer = Callable[[Path], object]


def check_folder(folder: Path, kind: str, names: Iterable[str] = (), option: str = "--out") -> None:
    """Refuse before any work a folder in which a result cannot stand. names: files that will be written.

    A new or empty folder is taken; so is one with an earlier result of this kind, whose files are replaced if they are
    as baxis wrote them; what else lies there stays. Raises InvalidValue, naming what is in the way.
    """
    place = _writable(folder, option)
    held = _held(place)
    if not held:
        return
    listed = read_list(place)
    if not listed:
        raise InvalidValue(
            option, str(folder), "a new or empty folder, or one that holds an earlier result of this command",
            f"it holds {_named(held)}, which baxis does not know",
        )  # fmt: skip
    if listed["kind"] != kind:
        raise InvalidValue(option, str(folder), f"a folder of {kind}", f"it holds a result of {listed['kind']}")
    _refuse_changed(place, listed, names, option)


def add_check(folder: Path, names: Iterable[str], option: str = "--out") -> None:
    """As `check_folder`, for files that are added to whatever a folder holds: only their own names must be free or ours."""
    place = _writable(folder, option)
    _refuse_changed(place, {"files": {n: h for n, h in _files(place).items() if n in set(names)}}, names, option)


def _writable(folder: Path, option: str) -> Path:
    """The folder at the end of links, there or to be made. InvalidValue where it can be neither."""
    place = files.end_of(folder)
    if place.exists() and not place.is_dir():
        raise InvalidValue(option, str(folder), "a folder, not a file")
    near = next(p for p in (place, *place.parents) if p.exists())
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        raise InvalidValue(option, str(folder), f"a folder that can be written (not inside {near})")
    return place


def whole(folder: str | Path, kind: str, write: Writer, drawings: Mapping[str, Writer] | None = None) -> Path:
    """Write a result into a folder, all or nothing; figures last, so that one that fails costs nothing but itself.

    write: puts the files of the result into a folder it is given; drawings: name of a figure -> what draws it to a path.
    Raises InvalidValue as `check_folder`.
    """
    check_folder(Path(folder), kind)
    place = files.end_of(Path(folder))
    new = [p for p in place.parents if not p.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    files.clear(place)
    work = place.with_name(files.part_name(place.name))
    if place.is_dir():  # on the same disk whatever is mounted there
        files.clear(place / "result")
        work = place / files.part_name("result")
    work.mkdir(mode=0o700)
    try:
        write(work)
        for name, draw in (drawings or {}).items():
            _drawn(work / name, draw, folder)
        made = {p.relative_to(work).as_posix(): files.digest(p) for p in sorted(work.rglob("*")) if p.is_file()}
        _list(work / LIST, kind, made)
        work.chmod(files.usual_mode(folder=True))
        done = _into(place, work, kind, made)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        for made_here in new:  # nearest first: an empty one that was made for this goes
            with suppress(OSError):
                made_here.rmdir()
        raise
    files.note(done)
    return Path(folder) if done == place else done


def add(folder: str | Path, made: Mapping[str, Writer]) -> list[Path]:
    """Put files into a folder beside whatever it holds, each whole, and on its list. made: name -> what writes it to a
    path. Raises InvalidValue as `add_check`."""
    add_check(Path(folder), made)
    place = files.end_of(Path(folder))
    place.mkdir(parents=True, exist_ok=True)
    out = []
    for name, write in made.items():
        with files.aside(place / name) as path:
            write(path)
        _list(place / LIST, "several commands", _files(place) | {name: files.digest(place / name)})
        out.append(Path(folder) / name)
    return out


def read_list(folder: Path) -> dict[str, Any]:
    """What a folder says of its own files: kind, files (name -> hashes that baxis knows); empty without a list."""
    try:
        data = json.loads((folder / LIST).read_text(encoding="utf-8"))
        if isinstance(data["kind"], str) and isinstance(data["files"], dict):
            return dict(data)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}


def unfinished(folder: Path) -> bool:
    """Whether a run was stopped while it replaced the files of a folder: some may be of one run, some of another."""
    return any(isinstance(h, list) for h in _files(folder).values())


def changed(folder: Path, names: Iterable[str]) -> list[str]:
    """Files of a folder's list that are gone or not as baxis wrote them, of those asked for."""
    known = _files(folder)
    return [n for n in names if n in known and not _ours(folder / n, known[n])]


def _files(folder: Path) -> dict[str, Any]:
    return dict(read_list(folder).get("files", {}))


def _ours(path: Path, hashes: Any) -> bool:
    """Whether a file stands as baxis wrote it (a stopped replacement leaves the hashes of both)."""
    wanted = hashes if isinstance(hashes, list) else [hashes]
    return path.is_file() and not path.is_symlink() and files.digest(path) in wanted


def _held(folder: Path) -> list[str]:
    """What lies in a folder, but for work of stopped runs."""
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith(files.PART)) if folder.is_dir() else []


def _refuse_changed(place: Path, listed: dict[str, Any], names: Iterable[str], option: str) -> None:
    """InvalidValue for files that would be replaced or removed and are not as baxis wrote them."""
    known = listed["files"]
    hurt = [n for n, h in known.items() if (place / n).exists() and not _ours(place / n, h)]
    hurt += [n for n in names if n not in known and os.path.lexists(place / n)]
    if hurt:
        raise InvalidValue(
            option, str(place), "a folder whose files baxis may replace",
            f"{_named(sorted(set(hurt)))} {'is' if len(set(hurt)) == 1 else 'are'} not as baxis wrote "
            f"{'it' if len(set(hurt)) == 1 else 'them'}: move {'it' if len(set(hurt)) == 1 else 'them'} or give another folder",
        )  # fmt: skip


def _named(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _drawn(path: Path, draw: Writer, folder: str | Path) -> None:
    """Draw a figure; one that cannot be drawn is told and left out."""
    try:
        draw(path)
    except Exception as e:
        path.unlink(missing_ok=True)
        said = " ".join(str(e).split())[:200] if isinstance(e, BaxisError | ValueError) else ""
        why = f"{type(e).__name__}{': ' + said if said else ''}"
        warnings.warn(
            f"{path.name} could not be drawn ({why}); the numbers are in {folder}", BaxisWarning, stacklevel=2
        )


def _list(path: Path, kind: str, made: Mapping[str, Any]) -> None:
    text = json.dumps({"baxis": __version__, "kind": kind, "files": dict(made)}, indent=1, ensure_ascii=False)
    files.write_text(path, text + "\n")


def _into(place: Path, work: Path, kind: str, made: dict[str, str]) -> Path:
    """Finished work to its place: as a folder where there is none, else file by file."""
    if not place.exists():
        os.replace(work, place)
        return place
    old = _files(place)
    try:
        _refuse_changed(place, {"files": old}, made, "--out")
    except InvalidValue as e:  # somebody wrote there meanwhile, or has a file of a name that is new to the result
        other = next(p for k in range(1, 10_000) if not (p := place.with_name(f"{place.name}-{k}")).exists())
        os.replace(work, other)
        warnings.warn(f"{e}; written to {other} instead", BaxisWarning, stacklevel=2)
        return other
    both = {n: [h for h in (old.get(n), made.get(n)) if isinstance(h, str)] for n in old | made}
    _list(place / LIST, kind, both)  # should this be stopped, the next run knows the files of both
    for name in made:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(work / name, place / name)
    for name in old.keys() - made.keys():
        (place / name).unlink(missing_ok=True)
        if "/" in name:
            with suppress(OSError):  # others' files lie there too
                (place / name).parent.rmdir()
    os.replace(work / LIST, place / LIST)
    shutil.rmtree(work, ignore_errors=True)
    return place
