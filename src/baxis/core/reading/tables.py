"""The one reader of tables that people give: separator, decimal mark, encoding, line ends, quotes, ragged rows.

A table has one line of names and one line a row. Columns are separated by `,`, `;` or tabs; with `;` or tabs a decimal
comma is read. What cannot be read in one way only is refused with its row (the line as an editor counts it), its column,
what was got and what to type. How the table was taken stands in `Table.notes`.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from baxis.core.errors import Faults, InvalidValue
from baxis.core.reading import numbers
from baxis.core.storing.text_files import LARGEST, decoded, file_bytes

SEPARATORS = {",": "','", ";": "';'", "\t": "tabs"}
MOST_ROWS, MOST_COLUMNS = 2_000_000, 20_000
ROW_NAMES = "(row names)"
Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a table: row (0: the file), column, what was got and what is allowed."""

    row: int
    column: str
    got: str
    allowed: str

    def text(self, name: str) -> str:
        """The fault as one sentence."""
        return f"{place(name, self.row, self.column)}: got {self.got}; allowed: {self.allowed}"


NOTHING = Fault(0, "", "an empty file", "a line of names, and a row below it")


def place(name: str, row: int = 0, column: str = "") -> str:
    """Where something stands: `t.csv, row 3, column 'ke'`."""
    return name + (f", row {row}" if row else "") + (f", column {column!r}" if column else "")


@dataclass(frozen=True)
class Table:
    """Names, and rows of as many cells (stripped), each with the line it begins on; taken: what was found of its form."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[list[str]]
    lines: Sequence[int]
    separator: str
    taken: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """How the table was read, where that is not a matter of course: separator, encoding, decimal comma."""
        if set(self.marks) != {","}:
            return self.taken
        return (*self.taken, f"numbers with a decimal comma ({self.marks[','][0]})")

    def cells(self, column: str) -> list[str]:
        """Cells of a column."""
        k = self.header.index(column)
        return [row[k] for row in self.rows]

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(line, cells by name) of each row."""
        for line, row in zip(self.lines, self.rows, strict=True):
            yield line, dict(zip(self.header, row, strict=True))

    @cached_property
    def marks(self) -> dict[str, tuple[str, str]]:
        """Decimal mark -> (a number that can only be meant with it, where it stands), from columns of numbers."""
        found: dict[str, tuple[str, str]] = {}
        if not any("," in cell for row in self.rows for cell in row):
            return found
        for name in self.header:
            cells = self.cells(name)
            if all(numbers.missing(c) or numbers.nearly(c) for c in cells):
                for line, cell in zip(self.lines, cells, strict=True):
                    mark = numbers.decimal_mark(cell.lstrip("<>≤≥= "))
                    if mark in (".", ","):
                        found.setdefault(mark, (cell, f"row {line}, column {name!r}"))
        return found

    def plain(self, cells: Sequence[str]) -> list[float] | None:
        """These cells of the table as numbers where all are plain ones and nothing is left open; else None (see `number`)."""
        return None if self.marks else numbers.all_plain(cells)

    def number(self, cell: str, line: int, column: str, allowed: str = "a number") -> float:
        """A finite number of a cell. InvalidValue for anything else, and where the table leaves open what is meant."""
        where = place(self.name, line, column)
        value = numbers.plain(cell)
        if value is not None:
            if "," in self.marks and "." in cell and numbers.decimal_mark(cell) != ".":
                raise InvalidValue(where, cell, allowed, self._mixed(cell.replace(".", ""), cell, ","))
            return value
        if "," in cell and self.marks.get(",") and "." not in self.marks:
            read = numbers.plain(numbers.with_point(cell))
            if read is not None:
                return read
        if "," in cell and len(self.marks) == 2:
            raise InvalidValue(where, cell, allowed, self._mixed(cell.replace(",", ""), numbers.with_point(cell), "."))
        raise InvalidValue(where, cell, allowed, numbers.instead(cell))

    def _mixed(self, one: str, other: str, mark: str) -> str:
        seen, at = self.marks[mark]
        return f"write {one} or {other}: {at} has the other decimal mark ({seen})"


@dataclass(frozen=True, slots=True)
class Form:
    """What is known of a table before it is read. tabs: a single column is one of a tab-separated table; row_names: the
    first column may have no name, or its name be left out (as R and pandas write row names); only: columns that are kept
    (none: all)."""

    encoding: str = "utf-8"
    tabs: bool = False
    row_names: bool = False
    only: tuple[str, ...] = ()


def read(path: str | Path, what: str = "table", form: Form = Form(), largest: int = LARGEST) -> Table:
    """The table of a file of at most `largest` bytes. Raises InvalidValue or Faults that list every bad row."""
    file = Path(path)
    text, encoding = decoded(file_bytes(file, what, largest), file.name)
    return parse(text, file.name, replace(form, encoding=encoding, tabs=file.suffix.lower() in (".tsv", ".tab")))


def parse(text: str, name: str, form: Form = Form()) -> Table:
    """The table of a text; `name` stands in messages. Raises InvalidValue or Faults that list every bad row."""
    table, faults = scan(text, name, form)
    if len(faults) == 1:
        f = faults[0]
        raise InvalidValue(place(name, f.row, f.column), Bare(f.got), f.allowed)
    if faults:
        raise Faults(name, [f.text(name) for f in faults])
    if not table.rows:
        raise InvalidValue(name, Bare("a header and no rows"), "a line of names, and at least one row below it")
    return table


class Bare(str):
    """Words that stand in a message without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def scan(text: str, name: str, form: Form = Form()) -> tuple[Table, list[Fault]]:
    """The table with the rows that could be read, and what is wrong with the others."""
    text, given, skipped = _told_separator(text.removeprefix("\ufeff"))
    first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    empty = Table(name, (), [], [], ",")
    if not first.strip():
        return empty, [NOTHING]
    separator = given or _separator(text, first, form.tabs)
    if separator not in SEPARATORS:
        return Table(name, (), [], [], ","), [
            Fault(skipped + 1, "", separator, "columns separated by ',', ';' or tabs")
        ]
    records = _records(text, separator, skipped)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[Fault] = []
    try:
        start = next(records, None)
        if start is None:
            return empty, [NOTHING]
        at, header = start
        ahead = next(records, None)
        header, wide = _header(header, ahead, form.row_names)
        faults = _header_faults(header, at)
        kept = [k for k, n in enumerate(header) if not form.only or n in form.only]
        for line, cells in itertools.chain([ahead] if ahead else [], records):
            short = _shortened(cells, len(header))
            fault = _row_fault(short, line, (len(header), wide), separator)
            if fault:
                faults.append(fault)
            else:
                rows.append([short[k] for k in kept] if form.only else short)
                lines.append(line)
            if len(rows) > MOST_ROWS:
                faults.append(Fault(line, "", f"more than {MOST_ROWS} rows", f"at most {MOST_ROWS}"))
                break
    except csv.Error as e:
        faults.append(_quote_fault(str(e), records.begun))
    names = tuple(n for n in header if not form.only or n in form.only)
    return Table(name, names, rows, lines, separator, _taken(separator, form.encoding, len(header))), faults


def _header(header: list[str], ahead: Row | None, row_names: bool) -> tuple[list[str], int]:
    """Names without the empty ones at the end, and how many there were with them; row names get a name."""
    if row_names and not header[0]:
        header = [ROW_NAMES, *header[1:]]
    elif row_names and ahead is not None and header[-1]:
        cells = ahead[1]
        if len(cells) == len(header) + 1 and numbers.plain(cells[0]) is None:
            header = [ROW_NAMES, *header]
    wide = len(header)
    named = list(header)
    while named and not named[-1]:
        named.pop()
    return named, wide


def _taken(separator: str, encoding: str, columns: int) -> tuple[str, ...]:
    said = []
    if separator != "," and columns > 1:
        said.append(f"columns separated by {SEPARATORS[separator]}")
    if encoding == "cp1252":
        said.append("text that is not UTF-8, read as Windows-1252 (Latin-1)")
    elif encoding not in ("utf-8", "utf-8-sig"):
        said.append(f"text in {encoding.upper()}")
    return tuple(said)


def _told_separator(text: str) -> tuple[str, str, int]:
    """A first line `sep=;`, as spreadsheets write it: (the text below it, the separator, lines taken away)."""
    match = re.match(r'"?sep=([,;\t])"?[ \t]*(?:\r\n|\r|\n)', text)
    return (text[match.end() :], match[1], 1) if match else (text, "", 0)


def _separator(text: str, first: str, tabs: bool) -> str:
    """The separator that the line of names has; where two are possible, the one that gives every row as many cells."""
    counts = {s: len(_split(first, s)) for s in SEPARATORS}
    most = max(counts.values())
    if most == 1:
        return _other_separator(text, first) or ("\t" if tabs else ",")
    likely = [s for s, n in counts.items() if n > 1]
    if len(likely) == 1:
        return likely[0]
    lines = [line for line in io.StringIO(text, newline="") if line.strip()][:200]
    even = [s for s in likely if all(len(_split(line, s)) == counts[s] for line in lines)]
    best = even or [s for s in likely if counts[s] == most]
    return best[0] if len(best) == 1 else f"columns that may be separated by {' or '.join(SEPARATORS[s] for s in best)}"


def _other_separator(text: str, first: str) -> str:
    """Why a line of one name has no separator of ours: `|`, or blanks that every row has too."""
    if "|" in first:
        return "columns separated by '|'"
    names = first.split()
    if len(names) < 2:
        return ""
    lines = [line.split() for line in io.StringIO(text, newline="") if line.strip()][1:200]
    even = lines and all(
        len(cells) == len(names) and any(numbers.plain(c) is not None for c in cells) for cells in lines
    )
    return "columns separated by blanks" if even else ""


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=separator != "\t"), [])
    except csv.Error:
        return [line]


class _records(Iterator[Row]):
    """Rows that are not blank, stripped, with the line on which each begins (a quoted cell may hold several)."""

    def __init__(self, text: str, separator: str, skipped: int) -> None:
        blanks = separator != "\t"
        stream = io.StringIO(text.rstrip("\x1a"), newline="")
        self.reader = csv.reader(stream, delimiter=separator, skipinitialspace=blanks, strict=True)
        self.skipped, self.begun = skipped, 1 + skipped

    def __next__(self) -> Row:
        while True:
            self.begun = self.reader.line_num + 1 + self.skipped
            cells = [c.strip(numbers.BLANKS) for c in next(self.reader)]
            if any(cells):
                return self.begun, cells


def _quote_fault(said: str, begun: int) -> Fault:
    if "limit" in said:
        return Fault(begun, "", "a cell of more than 131072 characters", "shorter cells; is a quote left open?")
    if "NUL" in said:
        return Fault(begun, "", "a NUL character", "text")
    return Fault(
        begun,
        "",
        'a quote (") that is not closed, or text behind a closed one',
        'cells whose quotes are closed, as "a, b"; a quote inside is doubled',
    )


def _shortened(cells: list[str], width: int) -> list[str]:
    """Without the empty cells that spreadsheets and trailing separators leave beyond the last column."""
    n = len(cells)
    while n > width and not cells[n - 1]:
        n -= 1
    return cells[:n]


def _header_faults(header: list[str], line: int) -> list[Fault]:
    faults = []
    if len(header) > MOST_COLUMNS:
        return [Fault(line, "", f"{len(header)} columns", f"at most {MOST_COLUMNS}")]
    for i, name in enumerate(header):
        if not name:
            faults.append(Fault(line, "", f"no name for column {i + 1}", "a name for every column"))
    for name, count in Counter(n for n in header if n).items():
        if count > 1:
            at = [str(i + 1) for i, n in enumerate(header) if n == name]
            faults.append(Fault(line, "", f"two columns {name!r} (columns {' and '.join(at)})", "each name once"))
    return faults


def _row_fault(cells: list[str], line: int, widths: tuple[int, int], separator: str) -> Fault | None:
    """A row that has not as many cells as the header. widths: columns with a name, and with those left without one."""
    columns, wide = widths
    n = len(cells)
    if n == columns:
        return None
    said = f"{n} cell{'s' if n != 1 else ''}"
    want = (
        f"{columns} cell{'s' if columns != 1 else ''}, as the header has {columns} column{'s' if columns != 1 else ''}"
    )
    if n < columns:
        return Fault(line, "", said, f"{want} (an empty cell keeps its {SEPARATORS[separator]})")
    if n <= wide:
        return Fault(
            line, "", f"{cells[-1]!r} in column {n}, which has no name", "a name for every column that holds something"
        )
    whole = [c for c in cells if c and re.fullmatch(r"[+-]?\d+", c)]
    if separator == "," and len(whole) > 1:
        want += "; write 0.5 for 0,5 and 1000 for 1,000, or separate the columns by ';'"
    return Fault(line, "", said, want)
