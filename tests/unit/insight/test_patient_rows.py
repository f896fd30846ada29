"""A patient's file in the forms that people give it: read to the same visits, or refused with the row."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis.core.errors import BaxisError
from baxis.insight.patient.file import read_text
from baxis.insight.patient.visits import Measurements, Rating

HEAD = "day,measure,value,unit\n"
LONG = "day,measure,value,unit,route,schedule\n"
PLAIN = HEAD + "0,C3,0.62,g/L\n14,IgG,12.5,g/L\n14,SLEDAI-2K,8,points\n"


def same(a: Measurements, b: Measurements) -> bool:
    shift = (a.times[0] - b.times[0]) if a.times else 0.0
    return (
        sorted(zip(a.names, a.signs, [d - shift for d in a.days], strict=True))
        == sorted(zip(b.names, b.signs, b.days, strict=True))
        and np.allclose(np.sort(a.values), np.sort(b.values))
        and [(r.measure, r.value, r.sign) for r in a.ratings] == [(r.measure, r.value, r.sign) for r in b.ratings]
    )


@pytest.mark.parametrize(
    "text",
    [
        "DATE;Test;Result;Units\n01.03.2024;C3;0,62;g/L\n15.03.2024;IgG;12,5;g/L\n15.03.2024;SLEDAI;8;points\n",
        "Day\tMeasure\tValue\tUnit\r\n0\tcomplement C3\t62\tmg/dL\r\n14\ttotal IgG\t1250\tmg/dL\r\n14\tsledai-2k\t8\tpoints\r\n",
        "week,C3 [mg/dL],IgG (g/L),SLEDAI-2K [points]\n0,62,NA,.\n2,,12.5,8\n",
        "\ufeffpatient,date,measure,value,unit\nP1,3/13/2024,C3,0.62,g/L\nP1,3/27/2024,IgG,12.5,g/L\nP1,3/27/2024,SLEDAI-2K,8,points\n",
        "date,measure,value,unit\n1 Mar 2024,C3,0.62,g/L,\n15 Mar 2024,IgG,12.5,g/L,\n15 Mar 2024,SLEDAI-2K,8,points,\n",
        "sep=;\nday;measure;value;unit;note\n0;C3;0,62;g/L;fasting\n14;IgG;12,5;g/L;\n14;SLEDAI-2K;8;points;a, b\n",
        "time [week],C3 [g/L],IgG [g/L],SLEDAI-2K [points]\n0,0.62,,\n2,,12.5,8\n".replace("time", "day"),
    ],
)
def test_every_form_gives_the_same_visits(text: str) -> None:
    assert same(read_text(text, "p.csv", "SLE"), read_text(PLAIN, "p.csv", "SLE"))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["C3", "C4", "IgG"]), st.floats(0.3, 1.9)),
        min_size=1, max_size=6, unique_by=lambda r: r[:2],
    ),
    separator=st.sampled_from([",", ";", "\t"]),
    wide=st.booleans(),
    dated=st.booleans(),
)  # fmt: skip
def test_wide_or_long_dated_or_counted_comma_or_point(rows, separator: str, wide: bool, dated: bool) -> None:
    rows = [*rows, (401, "C3", 0.5)]
    plain = HEAD + "".join(f"{d},{m},{v!r},g/L\n" for d, m, v in rows)

    def day(d: int) -> str:
        return (dt.date(2020, 1, 1) + dt.timedelta(days=d)).strftime("%d.%m.%Y") if dated else str(d)

    def number(v: float) -> str:
        return repr(v) if separator == "," else repr(v).replace(".", ",")

    names = list(dict.fromkeys(m for _, m, _ in rows))
    if wide:
        lines = [["datum" if dated else "Day", *(f"{m} [g/L]" for m in names)]]
        for d in dict.fromkeys(d for d, _, _ in rows):
            lines.append([day(d), *(next((number(v) for e, k, v in rows if (e, k) == (d, m)), "") for m in names)])
    else:
        lines = [["DATE" if dated else "day", "measure", "value", "unit"]]
        lines += [[day(d), m, number(v), "g/L"] for d, m, v in rows]
    text = "\n".join(separator.join(x) for x in lines) + "\n"
    assert same(read_text(text, "p.csv", "SLE"), read_text(plain, "p.csv", "SLE"))


def test_what_was_taken_for_what_is_said() -> None:
    found = read_text(
        "DATUM;Test;Result;Units;note\n01.03.2024;C3;0,62;g/L;x\n15.03.2024;IgG;NA;g/L;\n", "p.csv", "SLE"
    )
    said = " | ".join(found.notes)
    for words in ("separated by ';'", "decimal comma", "'DATUM' taken as date", "'Test' taken as measure",
                  "columns not used: note", "1 row or cells without a value passed over"):  # fmt: skip
        assert words in said
    assert found.dated


def test_other_names_are_taken_and_said() -> None:
    text = "0,complement C3,0.7,g/L\n0,SLEDAI,8,points\n0,MTX,15,mg/week\n"
    assert read_text(HEAD + text, "p.csv", "SLE").notes == (
        "'complement C3' taken as C3", "'SLEDAI' taken as SLEDAI-2K", "p.csv, row 4: 'MTX' taken as methotrexate",
    )  # fmt: skip


def test_below_detection_is_a_value_and_said() -> None:
    found = read_text(HEAD + "0,CD19,<5,cells/uL\n9,CD19,0,cells/uL\n20,CD19,BLQ,10^9/L\n30,IgG,>30,g/L\n", "p", "SLE")
    assert found.signs == ("<", "<", "<", ">")
    assert found.values * [221, 221, 221, 11] == pytest.approx([5, 1, 1, 30])
    assert "CD19 0 cells/uL: taken as a value below 1 cells/uL, an assay's usual limit" in found.notes
    rated = read_text(HEAD + "0,CRP,<5,mg/L\n9,CRP,0,mg/L\n", "p", "RA").ratings
    assert rated == (Rating("CRP", 5.0, 0.0, "<"), Rating("CRP", 0.1, 9.0, "<"))
    assert read_text(HEAD + "0,SLEDAI-2K,0,points\n", "p", "SLE").ratings == (Rating("SLEDAI-2K", 0.0, 0.0),)


@pytest.mark.parametrize("unit", ["cells/uL", "/uL", "/µL", "cells/mm3", "10^6/L"])
def test_counts_in_the_units_of_laboratories(unit: str) -> None:
    assert read_text(f"{HEAD}0,CD19,110.5,{unit}\n", "p", "SLE").values == pytest.approx([0.5])
    assert read_text(f"{HEAD}0,CD19,0.1105,10^9/L\n", "p", "SLE").values == pytest.approx([0.5])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "0,C3,62,g/L\n0,IgG,17.5,mg/L\n", ["2 faults", "row 2", "62 mg/dL (0.62 g/L)", "row 3", "17.5 g/L?"]),
        (HEAD + "0,SLEDAI,300,points\n", ["row 2", "0 to 105 points"]),
        (HEAD + "0,SLEDAI,8,cm\n", ["unit of SLEDAI-2K"]),
        (HEAD + ",C3,0.71,g/L\n0,SLEDAI-2K,8,points\n", ["row 2, column 'day'", "an empty cell"]),
        (HEAD + "inf,C3,0.71,g/L\n", ["row 2, column 'day'", "finite"]),
        (HEAD + "99999,C3,1,g/L\n", ["-36525 to 36525"]),
        (HEAD + "-20000,C3,1,g/L\n0,C3,1,g/L\n", ["55 years", "at most 40 years"]),
        ("day,IgG [g/L]\n-100,8,5\n0,9,5\n", ["row 2", "3 cells", "2 columns"]),
        ("date,C3 [g/L]\n03/04/2024,1\n", ["row 2", "write 2024-04-03 or 2024-03-04"]),
        ("date,C3 [g/L]\n45720,1\n", ["row 2", "write 2025-03-04"]),
        ("date,C3 [g/L]\n,1\n", ["row 2, column 'date'"]),
        ("day,date,C3 [g/L]\n1,2024-03-01,1\n", ["day, date", "one of them is enough"]),
        ("day,visit day,C3 [g/L]\n1,1,1\n", ["one column for the day"]),
        ("patient,day,C3 [g/L]\na,0,1\nb,0,1\n", ["2 patients (a, b)", "one patient a file"]),
        ("month,C3 [g/L]\n1,1\n", ["day or date"]),
        ("day,value,unit\n1,1,g/L\n", ["no measure"]),
        (HEAD + "0,prednison,20,mg/day\n0,C3,1,g/L\n", ["row 2", "did you mean 'prednisone'"]),
        (HEAD + "0,interferon,2,sd\n", ["did you mean 'interferon signature'"]),
        (HEAD + "0,anti-dsDNA,200,IU/mL\n", ["row 2", "no unit in which an assay's value", "delete the row"]),
        (HEAD + "0,CRP,5,mg/L\n", ["CRP is a score of RA"]),
        (HEAD + "0,prednisone,,mg/day\n0,C3,1,g/L\n", ["row 2", "no dose", "0 for none"]),
        (HEAD + "0,C3,1 234,mg/L\n", ["row 2, column 'value'", "write 1234"]),
        (HEAD + "0,C3,1_0,g/L\n", ["write 10"]),
        (HEAD + "0,C3,700,mg/L;\n", ["unit of C3", "mg/L;"]),
        (HEAD + "0,C3,1.2 g/L,\n", ["write the number alone"]),
        (HEAD + "0,C3,<900,g/L\n", ["0.02 to 4 g/L"]),
        (HEAD + "0,CD19,<0,cells/uL\n", ["a limit above 0"]),
        (HEAD + "0,SLEDAI-2K,<0,points\n", ["SLEDAI-2K"]),
        (HEAD + "0,C3,-1,g/L\n", ["possible value"]),
        (HEAD + "5,C3,1,g/L\n5,complement C3,1,g/L\n", ["two values", "row 2", "row 3"]),
        ("day,C3 [g/L\n0,1\n", ["a name and its unit"]),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused_with_its_row(text: str, says: list[str]) -> None:
    with pytest.raises(BaxisError) as refused:
        read_text(text, "p.csv", "SLE")
    assert not [s for s in says if s not in str(refused.value)], str(refused.value)


@pytest.mark.parametrize(
    ("row", "given", "said"),
    [
        ('-5,rituximab,1,g,intravenous,"days 1,15"', ("rituximab", 1.0, "g", "iv", "days 1,15"), "'intravenous' taken as 'iv'"),
        ("-5,belimumab,10,mg/kg,iv,every 4 weeks", ("belimumab", 10.0, "mg/kg", "iv", "q4w"), "'every 4 weeks' taken as 'q4w'"),
        ("-5,tofacitinib,5,mg,oral,twice daily", ("tofacitinib", 5.0, "mg", "po", "bid"), "'oral' taken as 'po'"),
        ("-5,prednisone,1000,mg/day,,", ("prednisone", 1000.0, "mg/day", "", "once"), "far from what is known"),
    ],
)  # fmt: skip
def test_past_treatments_in_people_s_words_are_read_and_said(row: str, given: tuple[object, ...], said: str) -> None:
    found = read_text(f"{LONG}0,C3,0.7,g/L,,\n{row}\n", "p.csv", "SLE")
    g = found.given[0]
    assert (g.drug, g.amount, g.unit, g.route, g.schedule) == given
    assert any(said in n and "row 3" in n for n in found.notes), found.notes


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("-5,rituximab,1000,mg/kg,iv,once", "did you mean 1000 mg?"),
        ("-5,rituximab,1000,mg,po,once", "not taken by mouth"),
        ("-5,prednisone,20,g/day,,", "did you mean 20 mg?"),
        ("-5,methotrexate,15,g/week,,", "did you mean 15 mg?"),
        ("-5,rituximab,1000,mL,iv,once", "mL is a volume"),
        ("-5,rituximab,1000,mg,iv,sometimes", "got 'sometimes'"),
    ],
)
def test_past_treatments_that_cannot_be_are_refused(row: str, says: str) -> None:
    with pytest.raises(BaxisError) as refused:
        read_text(f"{LONG}0,C3,0.7,g/L,,\n{row}\n", "p.csv", "SLE")
    assert says in str(refused.value)
    assert "row 3" in str(refused.value)
