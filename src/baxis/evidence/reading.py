"""Files to text rows: one CSV file, or a user's folder of them. What cannot be read becomes a fault, never a crash."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InvalidValue, nearest
from .rules import Fault

# Tables a user's folder may hold; the rest (schedules, gene terms, ...) belong to the library.
OVERLAID = (
    "trials", "arms", "outcomes", "baseline", "claims", "experiments", "kinetics", "drugs", "pk", "pd",
    "pd_observed", "targets_turnover", "published_models", "agents", "contrast_map",
)  # fmt: skip
OTHER_TABLES = (".xlsx", ".xls", ".ods", ".tsv", ".parquet")  # refused by name, never passed over
LARGEST = 256_000_000  # bytes


@dataclass(frozen=True)
class RawTable:
    """Rows of one file as text, with the line each stands on (header = 1), and what of it could not be read."""

    name: str
    file: str
    header: list[str]
    rows: list[dict[str, str]]
    lines: list[int]
    data: bytes = b""
    faults: tuple[Fault, ...] = ()


def read_raw(file: Path, name: str) -> RawTable:
    """Parse one CSV file. What cannot be read (no file, no UTF-8, ragged rows) is in `faults`, the rest is kept."""
    try:
        data = file_bytes(file)
    except OSError as e:
        return unread(file, name, 0, e.strerror or str(e), "a CSV file that can be read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        said = "UTF-16 text" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{data[e.start]:02x}"
        row = 0 if said.startswith("UTF-16") else data.count(b"\n", 0, e.start) + 1
        return unread(file, name, row, said, "text in UTF-8 (save as 'CSV UTF-8')")
    return parse(file, name, text, data)


def file_bytes(file: Path) -> bytes:
    """Content of a regular file of reasonable size; OSError otherwise."""
    if file.exists() and not file.is_file():
        raise OSError(0, "a folder" if file.is_dir() else "not a regular file")
    if file.stat().st_size > LARGEST:
        raise OSError(0, f"a file of {file.stat().st_size / 1e6:.0f} MB, more than {LARGEST / 1e6:.0f} MB")
    return file.read_bytes()


def unread(file: Path, name: str, row: int, got: str, allowed: str) -> RawTable:
    """A table without rows, and the one reason why."""
    return RawTable(name, file.name, [], [], [], faults=(Fault(file.name, row, "", got, allowed),))


def parse(file: Path, name: str, text: str, data: bytes) -> RawTable:
    """Header and rows of CSV text; rows of another length than the header's become faults."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, lines, faults = [], [], []
    header: list[str] = []
    try:
        for cells in reader:
            cells = trimmed(cells, len(header))
            if not cells:
                continue
            if not header:
                header = [c.strip() for c in cells]
            elif len(cells) != len(header):
                want = f"{len(header)} cells, as in the header"
                faults.append(Fault(file.name, reader.line_num, "", f"{len(cells)} cells", want))
            else:
                rows.append(dict(zip(header, map(str.strip, cells), strict=True)))
                lines.append(reader.line_num)
    except csv.Error as e:
        faults.append(Fault(file.name, reader.line_num, "", str(e), "CSV text whose quotes are closed"))
    if not header:
        return unread(file, name, 0, "an empty file", "a CSV file with a header row")
    if len(header) == 1 and (mark := next((m for m in ";\t|" if m in header[0]), "")):
        return unread(file, name, 1, f"columns separated by {mark!r}", "columns separated by ','")
    return RawTable(name, file.name, header, rows, lines, data, tuple(faults))


def trimmed(cells: list[str], width: int) -> list[str]:
    """Cells without the empty ones that spreadsheets leave beyond the last column; [] for a blank line."""
    if not any(c.strip() for c in cells):
        return []
    last = max(i for i, c in enumerate(cells) if c.strip()) + 1
    return cells[: max(last, width)] if len(cells) > width else cells


def folder_tables(folder: Path) -> tuple[dict[str, RawTable], list[Fault]]:
    """Tables found in a user's folder, and a fault for each file that is none, so that none is ignored in silence."""
    if not folder.is_dir():
        raise InvalidValue("--evidence", str(folder), "a folder with evidence tables (trials.csv, outcomes.csv, ...)")
    found: dict[str, RawTable] = {}
    stray = []
    for file in table_files(folder):
        name = file.stem.lower()
        if file.suffix.lower() != ".csv":
            stray.append(Fault(file.name, 0, "", f"a {file.suffix} file", "tables as CSV; save it as CSV UTF-8"))
        elif name not in OVERLAID:
            near = nearest(file.name, [f"{t}.csv" for t in OVERLAID])
            hint = f"; did you mean {near!r}?" if near else ""
            stray.append(Fault(file.name, 0, "", "a CSV file of another name", ", ".join(OVERLAID) + hint))
        elif name in found:
            stray.append(Fault(file.name, 0, "", f"a second {name}.csv", "one file a table"))
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
