"""Files to text rows: one CSV file, or a user's folder of them. What cannot be read becomes a fault, never a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baxis.core.errors import InvalidValue, nearest
from baxis.core.reading.numbers import with_point
from baxis.core.reading.tables import scan
from baxis.core.storing.text_files import LARGEST, decoded
from baxis.evidence.store import schema
from baxis.evidence.store.rules import Violation

# Tables a user's folder may hold; the rest (schedules, gene terms, ...) belong to the library.
OVERLAID = (
    "trials", "arms", "outcomes", "baseline", "claims", "experiments", "kinetics", "drugs", "pk", "pd",
    "pd_observed", "targets_turnover", "published_models", "agents", "contrast_map",
)  # fmt: skip
OTHER_TABLES = (".xlsx", ".xls", ".ods", ".tsv", ".parquet")  # refused by name, never passed over


@dataclass(frozen=True)
class RawTable:
    """Rows of one file as text, with the line each stands on (header = 1), and what of it could not be read."""

    name: str
    file: str
    header: list[str]
    rows: list[dict[str, str]]
    lines: list[int]
    data: bytes = b""
    faults: tuple[Violation, ...] = ()


def read_raw(file: Path, name: str) -> RawTable:
    """Read one table. What cannot be read (no file, no text, ragged rows) is in `faults`, the rest is kept."""
    try:
        data = file_bytes(file)
    except OSError as e:
        return unread(file, name, 0, e.strerror or str(e), "a CSV file that can be read")
    try:
        text, encoding = decoded(data, file.name)
    except InvalidValue as e:
        return unread(file, name, 0, str(e.got), f"text in UTF-8 ({e.hint or e.allowed})")
    if encoding == "cp1252":  # names of people and drugs are not guessed at
        at = _not_utf8(data)
        row = data.count(b"\n", 0, at) + 1
        return unread(file, name, row, f"byte 0x{data[at]:02x}", "text in UTF-8 (save as 'CSV UTF-8')")
    return parse(file, name, text, data)


def _not_utf8(data: bytes) -> int:
    """Place of the first byte that is no UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as e:
        return e.start
    return 0


def file_bytes(file: Path) -> bytes:
    """Content of a regular file of reasonable size; OSError otherwise."""
    if file.exists() and not file.is_file():
        raise OSError(0, "a folder" if file.is_dir() else "not a regular file")
    if file.stat().st_size > LARGEST:
        raise OSError(0, f"a file of {file.stat().st_size / 1e6:.0f} MB, more than {LARGEST / 1e6:.0f} MB")
    return file.read_bytes()


def unread(file: Path, name: str, row: int, got: str, allowed: str) -> RawTable:
    """A table without rows, and the one reason why."""
    return RawTable(name, file.name, [], [], [], faults=(Violation(file.name, row, "", got, allowed),))


def parse(file: Path, name: str, text: str, data: bytes) -> RawTable:
    """Header and rows of a table's text; rows of another length than the header's become faults."""
    table, bad = scan(text, file.name)
    faults = tuple(Violation(file.name, f.row, "", f.got, f.allowed) for f in bad)
    if not table.header:
        return RawTable(name, file.name, [], [], [], faults=faults)
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    if table.separator != "," and set(table.marks) == {","}:
        for column in _numeric(name, table.header):
            for row in rows:
                row[column] = with_point(row[column])
    return RawTable(
        name=name,
        file=file.name,
        header=list(table.header),
        rows=rows,
        lines=list(table.lines),
        data=data,
        faults=faults,
    )


def _numeric(name: str, header: Sequence[str]) -> list[str]:
    """Columns of numbers among a table's."""
    known = schema.table(name).columns
    return [c for c in header if c in known and known[c].numeric]


def folder_tables(folder: Path) -> tuple[dict[str, RawTable], list[Violation]]:
    """Tables found in a user's folder, and a fault for each file that is none, so that none is ignored in silence."""
    if not folder.is_dir():
        raise InvalidValue("--evidence", str(folder), "a folder with evidence tables (trials.csv, outcomes.csv, ...)")
    found: dict[str, RawTable] = {}
    stray = []
    for file in table_files(folder):
        name = file.stem.lower()
        if file.suffix.lower() != ".csv":
            stray.append(Violation(file.name, 0, "", f"a {file.suffix} file", "tables as CSV; save it as CSV UTF-8"))
        elif name not in OVERLAID:
            near = nearest(file.name, [f"{t}.csv" for t in OVERLAID])
            hint = f"; did you mean {near!r}?" if near else ""
            stray.append(Violation(file.name, 0, "", "a CSV file of another name", ", ".join(OVERLAID) + hint))
        elif name in found:
            stray.append(Violation(file.name, 0, "", f"a second {name}.csv", "one file a table"))
        else:
            found[name] = read_raw(file, name)
    if not found and not stray:
        raise InvalidValue("--evidence", str(folder), "a folder that holds " + ", ".join(f"{t}.csv" for t in OVERLAID))
    return found, stray


def table_files(folder: Path) -> list[Path]:
    """Files of a folder that are, or look as if they were meant to be, tables; hidden and lock files are not."""
    if not folder.is_dir():
        return []
    files = [f for f in folder.iterdir() if f.suffix.lower() in (".csv", *OTHER_TABLES)]
    return sorted(f for f in files if not f.name.startswith((".", "~")))
