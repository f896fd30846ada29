"""Tables from people: the same values whatever the separator, decimal mark, encoding, line ends and quotes; or a reason."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis.core import units
from baxis.core.errors import BaxisError, Faults, InvalidValue
from baxis.core.reading import dates, headers, numbers, possible, tables

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9)
BYTES = {"utf-8": b"", "utf-8-sig": b"", "utf-16": b"", "utf-16-le": b"", "utf-16-be": b""}


def all_of(table: tables.Table) -> list[list[float]]:
    return [
        [table.number(cell, line, name) for cell, name in zip(row, table.header, strict=True)]
        for row, line in zip(table.rows, table.lines, strict=True)
    ]


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5),
    separator=st.sampled_from([",", ";", "\t"]),
    comma=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(sorted(BYTES)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    blanks=st.sampled_from(["", " "]),
    trailing=st.booleans(),
)
def test_the_same_numbers_come_out_of_every_way_to_write_them(
    tmp_path_factory, rows, separator, comma, ends, encoding, quoting, blanks, trailing
) -> None:
    """An anchor row makes the decimal mark plain; everything else may be as a program or a person leaves it."""
    rows = [(0.5, 0.25, 0.75), *rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=ends, quoting=quoting)
    writer.writerow([*(f"{blanks}{c}" for c in "abc"), *([""] if trailing else [])])
    for row in rows:
        cells = [repr(x).replace(".", ",") if comma else repr(x) for x in row]
        writer.writerow([*cells, *([""] if trailing else [])])
    file = tmp_path_factory.mktemp("t") / "t.csv"
    file.write_bytes(text.getvalue().encode(encoding))
    table = tables.read(file)
    assert table.header == ("a", "b", "c")
    assert all_of(table) == [list(row) for row in rows]


def refusal(of: Callable[[], object]) -> str:
    """The sentence of a refusal, empty where there was none."""
    try:
        of()
    except BaxisError as e:
        return str(e)
    return ""


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="01.,;\t \"\n\reE+-_'<aN\xa0٥", max_size=60))
@pytest.mark.promise("What people give", "Any text and any bytes are a table or a sentence.")
def test_any_text_is_a_table_or_a_sentence(text: str) -> None:
    said = refusal(lambda: tables.parse(text, "t.csv"))
    if said:
        assert said.startswith("t.csv")
        return
    table = tables.parse(text, "t.csv")
    assert all(len(row) == len(table.header) for row in table.rows)
    for row, line in zip(table.rows, table.lines, strict=True):
        for cell, name in zip(row, table.header, strict=True):
            said = refusal(lambda c=cell, at=line, n=name: table.number(c, at, n))
            assert f"row {line}" in said if said else math.isfinite(table.number(cell, line, name))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
@pytest.mark.promise("What people give", "Any text and any bytes are a table or a sentence.")
def test_any_bytes_are_a_table_or_a_sentence(tmp_path_factory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("b") / "t.csv"
    file.write_bytes(data)
    said = refusal(lambda: tables.read(file))
    if said:
        assert "t.csv" in said
    else:
        table = tables.read(file)
        assert {len(row) for row in table.rows} <= {len(table.header)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ke\n0,1\n", ["row 2", "2 cells", "1 column", "0.5 for 0,5"]),
        ("ka,ke\n1,000,0.1\n", ["row 2", "3 cells", "2 columns", "1000 for 1,000"]),
        ("ka,ke\n1,5,0\n2,5,0\n", ["row 2", "row 3", "2 faults"]),
        ("a,b\n1\n", ["row 2", "1 cell;", "2 cells", "an empty cell keeps its ','"]),
        ("a\tb\n1\t2\t3\n", ["row 2", "3 cells"]),
        ("a,b,\n1,2,x\n", ["row 2", "'x' in column 3, which has no name"]),
        ("a,,b\n1,2,3\n", ["row 1", "no name for column 2"]),
        (",a\n0,1\n", ["row 1", "no name for column 1"]),
        ("a,b,a\n1,2,3\n", ["row 1", "two columns 'a' (columns 1 and 3)"]),
        ("a b\n1 2\n3 4\n", ["row 1", "separated by blanks"]),
        ("a|b\n1|2\n", ["row 1", "separated by '|'"]),
        ("", ["an empty file"]),
        ("\ufeff\n \n", ["an empty file"]),
        ("a,b\n\n\n", ["a header and no rows"]),
        ('a,b\n1,2\n"x,1\n2,3\n', ["row 3", "not closed"]),
        ('a,b\n"x"y,2\n', ["row 2", "not closed, or text behind"]),
        ("a;b,c\n1;2,5\n", ["may be separated by ',' or ';'"]),
        ("a\n" + "x" * 140_000, ["more than 131072 characters"]),
    ],
)
def test_a_table_that_can_be_read_in_no_single_way_is_refused_with_its_row(text: str, says: list[str]) -> None:
    with pytest.raises(BaxisError) as refused:
        tables.parse(text, "t.csv")
    assert str(refused.value).startswith("t.csv")
    assert not [s for s in says if s not in str(refused.value)], str(refused.value)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("1_000", "write 1000"), ("٥٠٠", "write 500"), ("True", "1 for true"), ("inf", "finite"), ("-Infinity", "finite"),
        ("1e999", "finite"), ("1 234", "write 1234,"), ("1\u202f234", "write 1234,"), ("1'234.5", "write 1234.5,"),
        ("1.234.567", "write 1234567,"), ("1.234,5", "write 1234.5,"), ("−5", "write -5"), ("0x10", "a number"),
        ("1,5 mg", "a number"), ("nan", "a number"), ("", "a number"), ("1e", "a number"), ("--1", "a number"),
    ],
)  # fmt: skip
@pytest.mark.promise("What people give", "A number is read whole or not at all.")
def test_a_number_is_read_whole_or_not_at_all(cell: str, says: str) -> None:
    table = tables.Table("t.csv", ("a",), [[cell]], [2], ";")
    with pytest.raises(InvalidValue, match=r"t\.csv, row 2, column 'a'") as refused:
        table.number(cell, 2, "a")
    assert says in str(refused.value)


@pytest.mark.parametrize("cell", ["5", "+5", "-5", "5.", ".5", "5e3", "5E-3", " 5 ", "\xa05\u202f", "1234567.891"])
def test_plain_numbers_are_python_s(cell: str) -> None:
    assert numbers.plain(cell) == float(cell.strip(numbers.BLANKS))


@pytest.mark.parametrize("cell", ["", "NA", "1_0", "٥", "True", "inf", "1e999", "1,5", "1e", "nan", "0x1"])
@pytest.mark.promise("What people give", "A number is read whole or not at all.")
def test_the_quick_way_takes_nothing_that_the_careful_one_refuses(cell: str) -> None:
    assert numbers.all_plain(["1", "-2.5e3", ".5"]) == [1.0, -2500.0, 0.5]
    assert numbers.all_plain(["1", cell]) is None


def test_a_comma_that_may_mean_two_things_is_asked_about() -> None:
    alone = tables.parse("a;b\n1,234;5\n", "t.csv")
    with pytest.raises(InvalidValue, match=r"write 1234 if the comma stands between thousands, 1\.234 if"):
        alone.number("1,234", 2, "a")
    told = tables.parse("a;b\n1,234;0,5\n", "t.csv")
    assert told.number("1,234", 2, "a") == 1.234
    assert "numbers with a decimal comma (0,5)" in told.notes
    point = tables.parse("a;b\n1.234;0,5\n", "t.csv")
    with pytest.raises(InvalidValue, match=r"write 1234 or 1\.234"):
        point.number("1.234", 2, "a")
    both = tables.parse("a;b\n0.25;0,5\n", "t.csv")
    assert both.number("0.25", 2, "a") == 0.25
    with pytest.raises(InvalidValue, match="row 2, column 'a' has the other decimal mark"):
        both.number("0,5", 2, "b")
    assert tables.parse('a,b\n"0,5",1\n', "t.csv").number("0,5", 2, "a") == 0.5


def test_words_beside_numbers_say_nothing_of_the_decimal_mark() -> None:
    table = tables.parse("day;when\n1.234;days 1,15\n2;1,15\n", "t.csv")
    assert table.number("1.234", 2, "day") == 1.234


def test_lines_are_those_of_an_editor() -> None:
    table = tables.parse('\n\na,b\n\n"x\ny",1\r\n\r\n"z",2\n', "t.csv")
    assert list(table.lines) == [5, 8]
    assert list(tables.parse("sep=;\na;b\n1;2,5\n", "t.csv").lines) == [3]


def test_how_it_was_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes("gène;a\nx;0,5\n".encode("latin-1"))
    assert tables.read(file).header == ("gène", "a")
    assert [n.split(",")[0] for n in tables.read(file).notes] == [
        "columns separated by ';'", "text that is not UTF-8", "numbers with a decimal comma (0",
    ]  # fmt: skip
    file.write_text("a,b\n1,2\n", encoding="utf-8-sig")
    assert tables.read(file).notes == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04....", "save the sheet as CSV"), (b"\xd0\xcf\x11\xe0....", "old spreadsheet"),
        (b"\x1f\x8b\x08\x00", "unpack it first"), (b"%PDF-1.4", "a PDF"), (b"PAR1....", "Parquet"),
        (b"a,b\n1,\x00\n", "binary"), (bytes(range(1, 256)), "binary"), (b"\xff\xfe\x00", "not UTF-16"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)  # fmt: skip
@pytest.mark.promise("What people give", "Any text and any bytes are a table or a sentence.")
def test_what_is_no_text_is_told_as_what_it_is(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(data)
    with pytest.raises(InvalidValue, match=says):
        tables.read(file)


@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_no_file_a_folder_a_device_and_a_huge_file_are_told(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    with pytest.raises(InvalidValue, match="no such file"):
        tables.read(file)
    with pytest.raises(InvalidValue, match="a folder"):
        tables.read(tmp_path)
    with pytest.raises(InvalidValue, match="not a regular file"):
        tables.read("/dev/zero")
    with pytest.raises(InvalidValue, match=r"no such file|cannot be used"):
        tables.read("a\0b")
    file.write_text("a\n1\n")
    with pytest.raises(InvalidValue, match="at most"):
        tables.read(file, largest=3)
    with pytest.raises(InvalidValue, match="20001 columns; allowed: at most 20000"):
        tables.parse(",".join(f"c{i}" for i in range(20_001)) + "\n", "t.csv")


@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_too_many_rows_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    with pytest.raises(InvalidValue, match="row 5: got more than 3 rows"):
        tables.parse("a\n" + "1\n" * 9, "t.csv")


def test_row_names_of_r_and_pandas_are_a_column_where_that_is_asked_for() -> None:
    form = tables.Form(row_names=True)
    for text in ("s1\ts2\ng1\t1\t2\n", "\ts1\ts2\ng1\t1\t2\n"):
        assert tables.parse(text, "t.tsv", form).header == (tables.ROW_NAMES, "s1", "s2")
    with pytest.raises(InvalidValue, match="3 cells"):
        tables.parse("s1\ts2\n7\t1\t2\n", "t.tsv", form)


def test_a_long_list_of_faults_is_whole() -> None:
    with pytest.raises(Faults) as refused:
        tables.parse("a,b\n" + "1\n" * 7, "t.csv")
    assert len(refused.value.faults) == 7


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("weight_kg [lb]", ("weight_kg", "lb")), ("IgG (g/L)", ("IgG", "g/L")), ("C3[mg/dL]", ("C3", "mg/dL")),
        (" CL  [ mL/h ] ", ("CL", "mL/h")), ("BVAS (WG)", ("BVAS (WG)", None)), ("ke", ("ke", None)),
    ],
)  # fmt: skip
def test_units_in_headers(header: str, found: tuple[str, str | None]) -> None:
    assert headers.split(header) == found


@pytest.mark.parametrize("header", ["C3 [g/L", "C3 g/L]", "C3 [g/L] x"])
def test_half_a_bracket_is_refused(header: str) -> None:
    with pytest.raises(InvalidValue, match="a name and its unit"):
        headers.split(header)


@pytest.mark.parametrize(
    "text",
    ["2025-03-04", "2025/03/04", "20250304", "04.03.2025", "4.3.2025", "4 Mar 2025", "04-Mar-2025", "4th March 2025",
     "Mar 4, 2025", "March 4 2025", "2025-03-04T08:15:00Z", "2025-03-04 08:15"],
)  # fmt: skip
def test_forms_of_a_date(text: str) -> None:
    assert dates.Dates.of([text], "d").read(text, "d").isoformat() == "2025-03-04"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("03/04/2025", "write 2025-04-03 or 2025-03-04"), ("03-04-2025", "write 2025-04-03"), ("03/04/25", "four digits"),
        ("2025-02-30", "a day of the calendar"), ("45720", "write 2025-03-04"), ("2099-01-01", "not in the future"),
        ("1066-10-14", "from 1900"), ("soon", "a date as"), ("31/31/2025", "a day of the calendar"),
    ],
)  # fmt: skip
def test_a_date_that_is_none_or_two_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        dates.Dates.of([text], "d").read(text, "d")


def test_one_date_of_a_column_tells_the_order_of_all() -> None:
    found = dates.Dates.of(["03/04/2025", "25/12/2024"], "d")
    assert found.read("03/04/2025", "d").isoformat() == "2025-04-03"
    assert "25/12/2024" in found.why
    assert dates.Dates.of(["12/25/2024"], "d").read("03/04/2025", "d").isoformat() == "2025-03-04"
    with pytest.raises(InvalidValue, match="one order"):
        dates.Dates.of(["25/12/2024", "12/25/2024"], "d")


@pytest.mark.parametrize(
    ("key", "value", "unit", "says"),
    [
        ("c3", 62, "g/L", r"did you mean 62 mg/dL \(0.62 g/L\)"), ("igg", 17.5, "mg/L", "did you mean 17.5 g/L"),
        ("igg", 1750, "g/L", r"did you mean 1750 mg/dL \(17.5 g/L\)"), ("c3", 0.9, "mg/dL", "did you mean 0.9 g/L"),
        ("baff", 900, "ng/mL", r"did you mean 900 (pg/mL|ng/L) \(0.9 ng/mL\)"), ("c4", 7, "g/L", "did you mean 7 mg/dL"),
        ("cd19", 0.2, "cells/mL", r"did you mean 0.2 10\^9/L \(200 cells/uL\)"), ("igm", 1e12, "g/L", "check the unit"),
        ("c3", 1, "mg", "a unit that converts"), ("c3", -1, "g/L", "a possible value"),
    ],
)  # fmt: skip
def test_an_impossible_value_names_the_unit_probably_meant(key: str, value: float, unit: str, says: str) -> None:
    usual = {"c3": 1.2, "igg": 11.0, "baff": 0.6, "c4": 0.25, "cd19": 221.0, "igm": 1.1}[key]
    with pytest.raises(InvalidValue, match=says):
        possible.measure(key, usual).check(value, unit, key)


@pytest.mark.parametrize("unit", ["10^9/L", "x10^9/L", "10*9/L", "10⁹/L", "10^3/uL", "10^3/µL", "10^9 cells/L"])
def test_counts_as_laboratories_write_them(unit: str) -> None:
    assert units.factor(unit, "cells/uL") == pytest.approx(1000.0)
    assert units.factor("cells/mm3", "cells/uL") == pytest.approx(1.0)
