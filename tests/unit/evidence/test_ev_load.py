"""Loading: types, isolation of copies, digest, user's folders laid over the library."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

import pandas as pd
import pytest

from baxis import evidence
from baxis.core.errors import Faults, InvalidValue, UnknownName
from baxis.evidence.store import schema

TRIAL = "trial_id,nct,disease,phase,design,blind,n_randomised,primary_endpoint,primary_week,role,provenance\n"
MINE = TRIAL + "mine-1,NCT99999999,SLE,2,parallel-rct,double,100,SRI-4,52,validation,verified\n"
ARMS = "trial_id,arm_id,n,drug,role\nmine-1,pbo,50,placebo,placebo\nmine-1,act,50,belimumab,active\n"
OUT = (
    "trial_id,arm_id,endpoint,week,statistic,value,unit,n,provenance\n"
    "mine-1,pbo,SRI-4,52,proportion,0.4,fraction,50,verified\n"
    "mine-1,act,SRI-4,52,proportion,0.6,fraction,50,verified\n"
)


def folder(tmp_path: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_table_has_its_declared_columns_and_types() -> None:
    ev = evidence.load()
    for name, table in schema.tables().items():
        frame = ev.table(name)
        assert [c for c in frame.columns if c != "role_given"] == list(table.columns)
        for column in table.columns.values():
            if column.numeric:
                assert frame[column.name].dtype == "float64", (name, column.name)
            else:
                assert not frame[column.name].isna().any(), (name, column.name)


def test_what_a_caller_does_to_a_frame_stays_with_the_caller() -> None:
    ev = evidence.load()
    mine = ev.trials
    mine.loc[:, "role"] = "nonsense"
    assert "nonsense" not in set(evidence.load().trials["role"])


def test_unknown_table_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'outcomes'"):
        evidence.load().table("outcome")
    with pytest.raises(AttributeError, match="outcomes"):
        _ = evidence.load().outcome


def test_loading_and_reading_again_are_fast() -> None:
    evidence.load()
    start = time.perf_counter()
    evidence.load()
    assert time.perf_counter() - start < 0.05


def test_folder_adds_a_trial_as_external_and_keeps_its_own_word(tmp_path: Path) -> None:
    ev = evidence.load(folder(tmp_path, trials=MINE, arms=ARMS, outcomes=OUT))
    row = ev.trials.set_index("trial_id").loc["mine-1"]
    assert (row["role"], row["role_given"]) == ("external", "validation")
    assert ev.digest != evidence.load().digest
    pair = evidence.contrasts(ev).query("trial_id == 'mine-1'").iloc[0]
    assert (pair["arm_id"], pair["versus"], pair["role"]) == ("act", "pbo", "external")
    assert pair["value"] == pytest.approx(0.2)


def test_folder_overrides_only_the_columns_it_has_and_marks_the_trial(tmp_path: Path) -> None:
    shipped = evidence.load()
    text = "trial_id,arm_id,drug,role,n\nbliss-52,pbo,placebo,placebo,288\n"
    ev = evidence.load(folder(tmp_path, arms=text))
    pick = "trial_id == 'bliss-52' and arm_id == 'pbo'"
    new, old = ev.arms.query(pick).iloc[0], shipped.arms.query(pick).iloc[0]
    assert new["n"] == 288
    assert old["n"] == 287
    assert new["schedule"] == old["schedule"] != ""
    assert len(ev.arms) == len(shipped.arms)
    assert ev.trials.set_index("trial_id").loc["bliss-52", "role"] == "external"
    assert shipped.trials.set_index("trial_id").loc["bliss-52", "role"] == "calibration"


def test_a_changed_folder_is_read_anew(tmp_path: Path) -> None:
    place = folder(tmp_path, trials=MINE, arms=ARMS, outcomes=OUT)
    first = evidence.load(place)
    folder(tmp_path, outcomes=OUT.replace("0.6", "0.625"))
    assert evidence.load(place).digest != first.digest


def test_nothing_is_half_loaded(tmp_path: Path) -> None:
    place = folder(tmp_path, trials=MINE, arms=ARMS, outcomes=OUT.replace("0.6", "60"))
    with pytest.raises(Faults, match=r"outcomes\.csv row 3, column value: got '60'.*write 0\.6 for 60 %"):
        evidence.load(place)
    assert "mine-1" not in set(evidence.load().trials["trial_id"])


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("trails.csv", b"a\n1\n", "did you mean 'trials.csv'"),
        ("arms.csv", b"", "an empty file"),
        ("arms.csv", b"\n\n", "an empty file"),
        ("arms.csv", b"trial_id,arm_id,n\nx\ny,z\n", "row 2: got 1 cell;.*row 3: got 2 cells"),
        ("arms.csv", b"trial_id|arm_id\nx|y\n", "columns separated by '|'"),
        ("arms.csv", b"trial_id;arm_id\nx;y;z\n", "row 2: got 3 cells"),
        ("arms.csv", "trial_id,arm_id\nx\n".encode("utf-16"), "row 2: got 1 cell"),
        ("arms.csv", b"\xff\xfe\x00", "not UTF-16"),
        ("arms.csv", b"PK\x03\x04rest", "save the sheet as CSV"),
        ("arms.csv", b"trial_id,arm_id\nx,caf\xe9\n", "row 2: got byte 0xe9; allowed: text in UTF-8"),
        ("arms.csv", b'trial_id,arm_id\nx,"y\n', "whose quotes are closed"),
        ("arms.xlsx", b"PK", "save it as CSV"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Faults, match=says):
        evidence.load(tmp_path)
    assert evidence.check(tmp_path).faults


def test_folders_links_and_devices_in_the_place_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "arms.csv").mkdir()
    (tmp_path / "outcomes.csv").symlink_to(tmp_path / "gone")
    (tmp_path / "trials.csv").symlink_to("/dev/zero")
    with pytest.raises(
        Faults, match=r"arms\.csv: got a folder.*outcomes\.csv: got No such.*trials\.csv: got not a regular"
    ):
        evidence.load(tmp_path)


def test_what_spreadsheets_do_to_a_table_is_read(tmp_path: Path) -> None:
    """BOM, Windows line ends, blank lines, empty cells beyond the last column, a name in capitals."""
    folder(tmp_path, arms=ARMS, outcomes=OUT)
    odd = "\n" + MINE.replace("\n", ",,\n") + ",,,\n"
    (tmp_path / "TRIALS.CSV").write_bytes(b"\xef\xbb\xbf" + odd.replace("\n", "\r\n").encode())
    (tmp_path / "._trials.csv").write_bytes(b"\x00\x05\x16")
    ev = evidence.load(tmp_path)
    assert ev.trials.set_index("trial_id").loc["mine-1", "role"] == "external"
    assert not evidence.check(tmp_path).faults


@pytest.mark.parametrize(("separator", "encoding"), [(";", "utf-8"), ("\t", "utf-8"), (",", "utf-16"), (";", "utf-16")])
def test_separators_decimal_commas_and_encodings_give_the_same_evidence(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    plain, other = tmp_path / "plain", tmp_path / "other"
    for place in (plain, other):
        place.mkdir()
        folder(place, trials=MINE, arms=ARMS, outcomes=OUT)
    for file in other.glob("*.csv"):
        rows = list(csv.reader(file.read_text().splitlines()))
        comma = [[c.replace(".", ",") if re.fullmatch(r"\d+\.\d+", c) else c for c in row] for row in rows]
        cells = rows if separator == "," else comma
        file.write_text("\n".join(separator.join(row) for row in cells) + "\n", encoding=encoding)
    assert evidence.check(other).faults == evidence.check(plain).faults == ()
    one, two = evidence.load(plain), evidence.load(other)
    for name in ("trials", "arms", "outcomes"):
        pd.testing.assert_frame_equal(one.table(name), two.table(name))


def test_missing_or_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="--evidence"):
        evidence.load(tmp_path / "nowhere")
    with pytest.raises(InvalidValue, match=r"trials\.csv"):
        evidence.load(tmp_path)
