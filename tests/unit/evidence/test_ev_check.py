"""`check`: each class of fault is found, named with file, row, column and value, and all come at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis import evidence
from baxis.evidence.store import rules, schema

TRIALS = "trial_id,disease,phase,design,n_randomised,role,provenance\nmine,SLE,2,parallel-rct,100,context,verified\n"
ARMS = "trial_id,arm_id,n,drug,role\nmine,pbo,50,placebo,placebo\nmine,act,50,belimumab,active\n"
HEAD = "trial_id,arm_id,endpoint,week,statistic,value,unit,ci_low,ci_high,n,provenance\n"
FINE = "mine,act,SRI-4,52,proportion,0.5,fraction,0.4,0.6,50,verified\n"


def faults(place: Path, **tables: str) -> list[rules.Violation]:
    for name, text in {"trials": TRIALS, "arms": ARMS, **tables}.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return list(evidence.check(place).faults)


def test_a_sound_folder_has_no_fault_and_counts(tmp_path: Path) -> None:
    assert faults(tmp_path, outcomes=HEAD + FINE) == []
    report = evidence.check(tmp_path)
    assert (report.total.rows, report.total.verified, report.total.uncited) == (2, 2, 2)


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("mine,act,SRI-4,52,proportion,45,fraction,,,50,verified", "value", "0.45 for 45 %"),
        ("mine,act,SRI-4,52,proportion,-0.1,fraction,,,50,verified", "value", "from 0 to 1"),
        ("mine,act,SRI-4,52,proportion,0.5,%,,,50,verified", "unit", "fraction"),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,0.6,0.7,50,verified", "ci_low", "no more than the value"),
        (
            "mine,act,SRI-4,52,proportion,0.5,fraction,0.1,0.2,50,verified",
            "ci_high",
            "no less than the value",
        ),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,0.7,0.3,50,verified", "ci_low", "no more than ci_high"),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,,,51,verified", "n", "at most the arm's n (50)"),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,,,-1,verified", "n", "at least 0"),
        ("mine,act,SRI-4,week 52,proportion,0.5,fraction,,,50,verified", "week", "a plain number"),
        ("mine,act,SRI-4,-4,proportion,0.5,fraction,,,50,verified", "week", "at least 0"),
        ("mine,act,SRI-4,52,proportoin,0.5,fraction,,,50,verified", "statistic", "did you mean 'proportion'"),
        ("mine,act,SRI-4,52,proportion,,fraction,,,50,verified", "value", "may not be empty"),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,0.4,60,50,verified", "ci_high", "write 0.6 for 60 %"),
        ("mine,act,SRI-4,52,difference,14,fraction,,,50,verified", "value", "write 0.14 for 14 %"),
        ("mine,act,SRI-4,1e400,proportion,0.5,fraction,,,50,verified", "week", "computer can hold"),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,NaN,,50,verified", "ci_low", "a plain number"),
        ("mine,act,SRI-4,52,proportion,about 0.5,fraction,,,50,verified", "value", "a plain number"),
        ("mine,act,SRI-4,52,hazard_ratio,-0.5,ratio,,,50,verified", "value", "above 0"),
        ("mine,actt,SRI-4,52,proportion,0.5,fraction,,,50,verified", "arm_id", "did you mean 'act'"),
        ("mime,act,SRI-4,52,proportion,0.5,fraction,,,50,verified", "trial_id", "did you mean 'mine'"),
        ("mine,act,SRI-4,52,proportion,0.5,fraction,,,50,seen", "provenance", "verified, recalled"),
    ],
)
def test_faults_of_an_outcome_row(tmp_path: Path, row: str, column: str, says: str) -> None:
    found = faults(tmp_path, outcomes=HEAD + FINE.replace("SRI-4", "BICLA") + row + "\n")
    hit = [f for f in found if (f.file, f.row, f.column) == ("outcomes.csv", 3, column)]
    assert hit, found
    assert says in hit[0].text


@pytest.mark.parametrize(
    ("table", "text", "place", "says"),
    [
        ("outcomes", HEAD + FINE + FINE, (3, "trial_id"), "row 2 has it"),
        ("outcomes", HEAD.replace("endpoint", "endpiont") + FINE, (1, "endpiont"), "did you mean 'endpoint'"),
        ("outcomes", "trial_id,arm_id\nmine,act\n", (1, "value"), "a file with column value"),
        ("arms", ARMS + "lost,pbo,5,placebo,placebo\n", (4, "trial_id"), "trials.trial_id"),
        ("arms", ARMS + "mine,x,5,belimumabb,active\n", (4, "drug"), "did you mean 'belimumab'"),
        ("arms", ARMS + "mine,x,5,belimumab,aktive\n", (4, "role"), "did you mean 'active'"),
        ("arms", ARMS + "mine,x,101,belimumab,active\n", (2, "n_randomised"), "largest arm's n (101)"),
        ("arms", ARMS + "mine,act,50,belimumab,active\n", (4, "trial_id"), "row 3 has it"),
        ("trials", TRIALS.replace(",SLE,", ",SLEE,"), (2, "disease"), "did you mean 'SLE'"),
        ("trials", TRIALS.replace("context", "training"), (2, "role"), "calibration, validation, context"),
        ("baseline", "trial_id,arm_id,characteristic,value,unit,provenance\nmine,all,female_frac,93,fraction,verified\n",
         (2, "value"), "write 0.93 for 93 %"),
    ],
)  # fmt: skip
def test_faults_of_tables(tmp_path: Path, table: str, text: str, place: tuple[int, str], says: str) -> None:
    found = faults(tmp_path, **{table: text})
    hit = [f for f in found if (f.row, f.column) == place]
    assert hit, found
    assert says in hit[0].text


def test_mixed_units_name_the_other_row(tmp_path: Path) -> None:
    rows = "mine,act,IgG_change,52,mean_change,-1.2,g/L,,,50,verified\nmine,pbo,IgG_change,52,mean_change,-20,mg/dL,,,50,verified\n"
    found = faults(tmp_path, outcomes=HEAD + rows)
    assert [f.text for f in found] == [
        "outcomes.csv row 3, column unit: got 'mg/dL'; allowed: 'g/L', the unit of the same endpoint on row 2 (mixed units)"
    ]


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    bad = "mine,act,SRI-4,52,proportion,45,fraction,0.1,0.2,99,verified\nmine,no,SRI-4,x,proportion,0.5,fraction,,,50,guess\n"
    found = faults(tmp_path, outcomes=HEAD + bad)
    assert {(f.row, f.column) for f in found} >= {
        (2, "value"),
        (2, "n"),
        (2, "ci_high"),
        (3, "arm_id"),
        (3, "week"),
        (3, "provenance"),
    }


@settings(max_examples=60, deadline=None)
@given(cell=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12))
def test_any_cell_gets_a_verdict_and_never_a_crash(cell: str) -> None:
    for column in schema.table("outcomes").columns.values():
        verdict = column.fault(cell.strip())
        assert type(verdict) in (str, type(None))
        assert verdict != ""


def test_rows_are_file_lines_even_after_quoted_line_breaks(tmp_path: Path) -> None:
    text = 'trial_id,arm_id,arm_label,drug,role\nmine,pbo,"two\nlines",placebo,placebo\nmine,act,x,nosuchdrug,active\n'
    found = faults(tmp_path, arms=text)
    assert [f.row for f in found if f.column == "drug"] == [4]


def test_a_cell_that_is_no_number_is_one_fault(tmp_path: Path) -> None:
    assert len(faults(tmp_path, outcomes=HEAD + FINE.replace("0.5", "inf"))) == 1


def only(place: Path, table: str, text: str) -> list[str]:
    (place / f"{table}.csv").write_text(text, encoding="utf-8")
    return [f.text for f in evidence.check(place).faults]


def test_a_row_that_overrides_needs_its_key_and_what_it_changes(tmp_path: Path) -> None:
    assert only(tmp_path, "trials", "trial_id,population\nbliss-52,all comers\n") == []
    new = only(tmp_path, "trials", "trial_id,population\nbliss-52,all comers\nmine,none\n")
    assert any("a file with column disease" in f for f in new)
    assert any("may not be empty" in f for f in only(tmp_path, "trials", "trial_id,disease\nbliss-52,\n"))


@pytest.mark.parametrize(
    ("table", "text", "says"),
    [
        ("arms", "trial_id,arm_id,n\nbliss-52,pbo,5\n", "at least 287"),
        ("outcomes", "trial_id,arm_id,endpoint,week,statistic,value\nbliss-52,10mgkg,SRI-4,52,odds_ratio,9\n", "ci_high"),
        ("outcomes", "trial_id,arm_id,endpoint,week,statistic,value,unit,provenance\n"
         "bliss-52,pbo,SRI-4,24,odds_ratio,1.5,percent,verified\n", "in the library (mixed units)"),
    ],
)  # fmt: skip
def test_what_overrides_must_agree_with_what_stays(tmp_path: Path, table: str, text: str, says: str) -> None:
    assert any(says in f for f in only(tmp_path, table, text)), only(tmp_path, table, text)
