"""Model files: SBML, Antimony or the SBML of a COMBINE archive, as SBML text."""

from __future__ import annotations

import errno
import lzma
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading.tables import Bare
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.reading.encoding import MOST_BYTES, as_utf8_xml, decoded, refuse_large

KINDS = {".xml": "sbml", ".sbml": "sbml", ".ant": "antimony", ".txt": "antimony", ".omex": "archive", ".zip": "archive"}
REPACK = "pack it again, or give the SBML file itself"
MOST_MANIFEST = 10_000_000  # bytes


def read_model(path: str | Path) -> str:
    """SBML text of a model file: .xml, .sbml, .ant, .txt (Antimony), or .omex, .zip (the archive's SBML).

    Text is UTF-8, or what its byte order mark or its XML head says. Raises InvalidValue for a missing, damaged or too
    large file, an unknown kind, or a file that the archive lists and lacks.
    """
    file = Path(path)
    if not file.is_file():
        got = f"{path}, a folder" if file.is_dir() else str(path)
        raise InvalidValue("model", got, "a model file" if file.is_dir() else "a file that exists")
    if file.suffix.lower() not in KINDS:
        raise UnknownName("kind of model file", file.suffix or file.name, KINDS)
    kind = KINDS[file.suffix.lower()]
    if kind == "archive":
        return _from_archive(file)
    refuse_large(file.stat().st_size, file.name)
    text = decoded(file.read_bytes(), file.name)
    if not text.strip():
        raise InvalidValue(str(file), "an empty file", f"a model in {kind}")
    return antimony_to_sbml(text, folder=file.parent) if kind == "antimony" else as_utf8_xml(text)


def _from_archive(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            return _model_of(archive, file)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as problem:
        raise InvalidValue(str(file), str(problem), "an undamaged COMBINE archive", REPACK) from None
    except (zlib.error, lzma.LZMAError, OSError, ValueError) as problem:  # of what packed it; a size that cannot be
        if isinstance(problem, InvalidValue) or getattr(problem, "errno", None) not in (None, errno.EINVAL):
            raise
        raise InvalidValue(str(file), Bare("a damaged archive"), "an undamaged COMBINE archive", REPACK) from None
    except ElementTree.ParseError as problem:
        raise InvalidValue(str(file), f"manifest.xml: {problem}", "an undamaged COMBINE archive", REPACK) from None


def _model_of(archive: zipfile.ZipFile, file: Path) -> str:
    names = set(archive.namelist())
    if "manifest.xml" not in names:
        raise InvalidValue(str(file), "no manifest.xml", "a COMBINE archive")
    manifest = as_utf8_xml(decoded(_content(archive, "manifest.xml", MOST_MANIFEST), f"{file.name}, manifest.xml"))
    entries = [dict(e.attrib) for e in ElementTree.fromstring(manifest)]
    for k, e in enumerate(entries):
        if not e.get("location", "").strip():
            raise InvalidValue(f"{file}, manifest.xml, entry {k + 1}", "no location", "the path of a file", REPACK)
    listed = {e["location"].removeprefix("./") for e in entries} - {"", ".", "manifest.xml"}
    lacking = sorted(listed - names)
    if lacking:
        raise InvalidValue(str(file), f"no {lacking[0]!r}, which its manifest lists", "a complete archive", REPACK)
    models = [e for e in entries if "sbml" in e.get("format", "").lower()]
    models.sort(key=lambda e: e.get("master", "false") != "true")
    if not models:
        raise InvalidValue(str(file), "no SBML file", "an archive with a model in SBML")
    name = models[0]["location"].removeprefix("./")
    return as_utf8_xml(decoded(_content(archive, name, MOST_BYTES), f"{file.name}, {name}"))


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Bytes of a file of the archive; one that unpacks to more than `most` is refused before it is unpacked."""
    size = archive.getinfo(name).file_size
    if size <= most:
        with archive.open(name) as member:
            data = member.read(most + 1)  # what the archive says of the size may be false
        if len(data) <= most:
            return data
        size = len(data)
    raise InvalidValue(f"{name} of the archive", f"{size / 1e6:.0f} MB unpacked", f"at most {most / 1e6:.0f} MB")
