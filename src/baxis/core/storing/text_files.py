"""Files that people give as text: bytes to characters, with a byte order mark or none, or the reason why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from baxis.core.errors import InvalidValue

LARGEST = 256_000_000  # bytes
_MARKS = (  # longer marks first: that of UTF-32 begins like that of UTF-16
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_KINDS = (
    (b"PK\x03\x04", "a spreadsheet or zip archive", "save the sheet as CSV (UTF-8), or unpack the file first"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (.xls)", "save the sheet as CSV (UTF-8)"),
    (b"\x1f\x8b", "a compressed file (gzip)", "unpack it first"),
    (b"BZh", "a compressed file (bzip2)", "unpack it first"),
    (b"\xfd7zXZ", "a compressed file (xz)", "unpack it first"),
    (b"%PDF", "a PDF", "save the table as CSV (UTF-8)"),
    (b"PAR1", "a Parquet file", "name it .parquet where Parquet is taken, or save it as CSV"),
    (b"\x89HDF", "an HDF5 file", "save the table as CSV (UTF-8)"),
    (b"\x89PNG", "a picture", "type the table as CSV (UTF-8)"),
)  # fmt: skip


def file_bytes(path: str | Path, what: str = "table", largest: int = LARGEST) -> bytes:
    """Content of a regular file. InvalidValue for none, a folder, a device, or one of more than `largest` bytes."""
    file = Path(path)
    allowed = f"the path of an existing text file ({what})"
    try:
        if not file.exists():
            raise InvalidValue(what, str(path), allowed, "no such file")
        if not file.is_file():
            raise InvalidValue(what, str(path), allowed, "this is a folder" if file.is_dir() else "not a regular file")
        if file.stat().st_size > largest:
            got = f"{file.name}, {file.stat().st_size / 1e6:.0f} MB"
            raise InvalidValue(what, got, f"at most {largest / 1e6:g} MB", "split it, or leave out what is not needed")
        return file.read_bytes()
    except (OSError, ValueError) as e:  # a name with NUL is a ValueError
        said = getattr(e, "strerror", None) or "a name that cannot be used"
        raise InvalidValue(what, str(path), allowed, said.lower()) from None


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """(text, encoding). UTF-8, UTF-16 and UTF-32 by their mark, UTF-8 without one, else Windows-1252 (`cp1252`).

    InvalidValue for what is no text: a spreadsheet, an archive, any bytes.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding, name), encoding
    for start, kind, do in _KINDS:
        if data.startswith(start):
            raise InvalidValue(name, kind, "a table as text", do)
    if b"\0" in data:
        return _unmarked(data, name)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if any(b < 32 and b not in b"\t\n\r\f\x1a" for b in data[:100_000]):
        raise InvalidValue(name, "a binary file", "a table as text", "save it as CSV (UTF-8)")
    return _strictly(data, "cp1252", name), "cp1252"


def utf8(path: Path, allowed: str = "text in UTF-8") -> str:
    """Text of a file that is UTF-8, with or without a mark. InvalidValue with the line of the first byte that is not."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        where = f"{path}, line {data.count(10, 0, e.start) + 1}"
        got = f"byte 0x{data[e.start]:02x}, which is not UTF-8"
        raise InvalidValue(where, got, allowed, "save it as UTF-8") from None


def json_of(path: Path) -> Any:
    """What a JSON file holds. InvalidValue with line and character where it is none; OSError as it comes."""
    try:
        return json.loads(utf8(path))
    except json.JSONDecodeError as e:
        got = "no JSON: cut short or mistyped"
        raise InvalidValue(f"{path}, line {e.lineno}, character {e.colno}", got, "a JSON file") from None
    except (ValueError, RecursionError):  # a whole number of thousands of digits; nested too deep
        raise InvalidValue(str(path), "numbers too long or parts nested too deep", "a JSON file") from None


def _unmarked(data: bytes, name: str) -> tuple[str, str]:
    """UTF-16 without a mark has a NUL in every other byte of plain text; any other file with NULs is binary."""
    head = data[:2000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[first::2].count(0) > 0.9 * len(head[first::2]) and not head[1 - first :: 2].count(0):
            return _strictly(data, encoding, name), encoding
    raise InvalidValue(name, "a binary file", "a table as text", "save it as CSV (UTF-8)")


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        got = f"byte 0x{data[e.start]:02x} that is not {encoding.removesuffix('-sig').upper()}"
        raise InvalidValue(f"{name}, row {line}", got, "text in UTF-8", "save it as CSV (UTF-8)") from None
