"""Files of the user: nothing that baxis did not write is replaced or taken away; what it writes is whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from baxis.core.errors import BaxisWarning, InvalidValue, UnknownName
from baxis.core.showing.sheets import csv_of, csv_text, harmless
from baxis.core.storing import files, folders

KIND = "baxis test"


def result(text: str) -> folders.Writer:
    return lambda work: (work / "r.json").write_text(text)


def held(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in folder.iterdir() if p.name != folders.LIST}


@pytest.mark.promise("Your files", "Pipes, devices and links stay what they are.")
def test_a_pipe_and_a_device_are_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    files.write_text(pipe, "all of it")
    reader.join(5)
    assert got == ["all of it"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    files.write_text("/dev/null", "gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.promise("Your files", "Pipes, devices and links stay what they are.")
def test_a_link_stays_and_its_end_is_written(tmp_path: Path) -> None:
    end, link, dangling = tmp_path / "far" / "end.txt", tmp_path / "link.txt", tmp_path / "new.txt"
    end.parent.mkdir()
    end.write_text("old")
    link.symlink_to(end)
    dangling.symlink_to(tmp_path / "far" / "later.txt")
    files.write_text(link, "new")
    files.write_text(dangling, "made")
    assert link.is_symlink()
    assert end.read_text() == "new"
    assert dangling.is_symlink()
    assert (tmp_path / "far" / "later.txt").read_text() == "made"


@pytest.mark.promise("Your files", "A file is written whole or not at all, and no litter stays.")
def test_a_file_is_whole_or_as_it_was_and_no_part_stays(tmp_path: Path) -> None:
    target = tmp_path / "t.json"
    target.write_text("before")
    (tmp_path / "t.json.part").write_text("mine")

    def stopped() -> None:
        with files.aside(target) as made:
            made.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert held(tmp_path) == {"t.json": "before", "t.json.part": "mine"}


def test_modes_follow_the_umask_and_a_file_keeps_its_own(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files.write_text(tmp_path / "a", "x")
        out = folders.whole(tmp_path / "out", KIND, result("1"))
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
        assert stat.S_IMODE(out.stat().st_mode) == 0o700
        (tmp_path / "a").chmod(0o644)
        files.write_text(tmp_path / "a", "y")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644
    finally:
        os.umask(before)


@pytest.mark.promise("Your files", "A file is written whole or not at all, and no litter stays.")
def test_litter_of_a_killed_run_is_cleared_and_of_a_living_one_is_not(tmp_path: Path) -> None:
    gone, alive = (
        files.part_name("t.json").replace(f"-{os.getpid()}-", f"-{pid}-") for pid in (2**22 + 1, os.getppid())
    )
    (tmp_path / gone).write_text("")
    (tmp_path / alive).write_text("")
    files.write_text(tmp_path / "t.json", "x")
    assert not (tmp_path / gone).exists()
    assert (tmp_path / alive).exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("r.xlsx", r"'\.xlsx'; allowed: \.csv"),
        ("r", "it has no ending"),
        ("no/such/r.csv", "make .*no/such first"),
        ("folder", "it has no ending"),
    ],
)
@pytest.mark.promise("Your files", "A place that cannot be written is refused before any work.")
def test_a_file_that_could_not_be_written_is_refused_before_any_work(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises((UnknownName, InvalidValue), match=says):
        files.check_file(tmp_path / name, (".csv",))


@pytest.mark.promise("Your files", "No command deletes or replaces what it did not write.")
def test_a_result_replaces_its_own_files_and_leaves_the_users(tmp_path: Path) -> None:
    out = tmp_path / "out"
    folders.whole(out, KIND, lambda w: [(w / n).write_text("1") for n in ("r.json", "old.csv")])
    (out / "notes.txt").write_text("months of work")
    (out / "sub").mkdir()
    (out / "sub" / "y").write_text("mine")
    folders.whole(out, KIND, result("2"))
    assert (out / "r.json").read_text() == "2"
    assert not (out / "old.csv").exists()  # of the earlier result, and no longer made
    assert (out / "notes.txt").read_text() == "months of work"
    assert (out / "sub" / "y").read_text() == "mine"
    assert not folders.unfinished(out)


@pytest.mark.parametrize("hurt", ["edited", "link", "foreign", "other kind", "list of another", "a file"])
@pytest.mark.promise("Your files", "No command deletes or replaces what it did not write.")
def test_a_folder_with_what_baxis_did_not_write_is_refused_and_untouched(tmp_path: Path, hurt: str) -> None:
    out = tmp_path / "out"
    if hurt == "a file":
        out.write_text("mine")
    elif hurt == "foreign":
        out.mkdir()
        (out / "r.json").write_text('{"my": "thesis"}')
    else:
        folders.whole(out, KIND if hurt != "other kind" else "baxis other", result("1"))
        if hurt == "edited":
            (out / "r.json").write_text("my words")
        if hurt == "link":
            (tmp_path / "far.json").write_text("1")
            (out / "r.json").unlink()
            (out / "r.json").symlink_to(tmp_path / "far.json")
        if hurt == "list of another":
            (out / folders.LIST).write_text('{"made": "by another program"}')
    before = held(out) if out.is_dir() else {"": out.read_text()}
    with pytest.raises(InvalidValue):
        folders.whole(out, KIND, result("2"))
    assert (held(out) if out.is_dir() else {"": out.read_text()}) == before
    assert {p.name for p in tmp_path.iterdir()} <= {"out", "far.json"}


@pytest.mark.promise("Your files", "Pipes, devices and links stay what they are.")
def test_a_linked_folder_and_the_current_one_are_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    folders.whole(tmp_path / "link", KIND, result("1"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "r.json").read_text() == "1"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for text in ("1", "2"):
        folders.whole(Path(), KIND, result(text))
        assert Path("r.json").read_text() == text
    assert {p.name for p in here.iterdir()} == {"r.json", folders.LIST}


def test_a_figure_that_fails_costs_only_itself(tmp_path: Path) -> None:
    def bad(_: Path) -> None:
        raise ValueError("no\nroom")

    drawings = {"bad.png": bad, "good.png": lambda p: p.write_text("x")}
    with pytest.warns(BaxisWarning, match=r"bad\.png could not be drawn .*numbers are in"):
        out = folders.whole(tmp_path / "out", KIND, result("1"), drawings)
    assert held(out) == {"r.json": "1", "good.png": "x"}


@pytest.mark.promise("Your files", "A file is written whole or not at all, and no litter stays.")
def test_a_stopped_or_failing_run_leaves_nothing(tmp_path: Path) -> None:
    def fail(work: Path) -> None:
        (work / "r.json").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        folders.whole(tmp_path / "a" / "b", KIND, fail)
    assert not list(tmp_path.iterdir())


@pytest.mark.promise("Your files", "No command deletes or replaces what it did not write.")
def test_a_name_taken_meanwhile_sends_the_result_beside(tmp_path: Path) -> None:
    out = folders.whole(tmp_path / "out", KIND, result("1"))

    def write(work: Path) -> None:
        (work / "r.json").write_text("2")
        (work / "new.png").write_text("2")
        (out / "new.png").write_text("the user's")

    with pytest.warns(BaxisWarning, match="instead"):
        other = folders.whole(out, KIND, write)
    assert other != out
    assert held(other) == {"r.json": "2", "new.png": "2"}
    assert held(out) == {"r.json": "1", "new.png": "the user's"}


@pytest.mark.promise("Your files", "A file is written whole or not at all, and no litter stays.")
def test_a_replacement_that_was_stopped_is_noticed_and_mended(tmp_path: Path) -> None:
    out = folders.whole(tmp_path / "out", KIND, result("1"))
    data = json.loads((out / folders.LIST).read_text())
    data["files"] = {"r.json": [data["files"]["r.json"], "0" * 64]}
    (out / folders.LIST).write_text(json.dumps(data))
    assert folders.unfinished(out)
    folders.whole(out, KIND, result("2"))
    assert held(out) == {"r.json": "2"}


@pytest.mark.promise("Your files", "No command deletes or replaces what it did not write.")
def test_files_are_added_beside_what_a_folder_holds(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for text in ("1", "2"):
        folders.add(tmp_path, {"m.csv": lambda p, t=text: p.write_text(t)})
    assert held(tmp_path) == {"thesis.txt": "mine", "m.csv": "2"}
    (tmp_path / "f.csv").write_text("mine")
    with pytest.raises(InvalidValue, match=r"f\.csv"):
        folders.add(tmp_path, {"f.csv": lambda p: p.write_text("x")})


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "=HYPERLINK(1)"]
)
@pytest.mark.promise("Your files", "No cell of a table that is written is a formula.")
def test_a_cell_that_would_be_a_formula_is_text(cell: str) -> None:
    import pandas as pd

    assert harmless(cell) == "'" + cell.replace("\r", "\n")
    for text in (csv_text(pd.DataFrame({cell: [cell, "a"]})), csv_of([cell], [[cell], ["a"]])):
        rows = list(csv.reader(io.StringIO(text)))
        assert rows == [[harmless(cell)], [harmless(cell)], ["a"]]
        assert "\r" not in text


def test_numbers_and_plain_words_are_left_as_they_are() -> None:
    for value in ("-1.5", "+3", "-1e-9", "-", "+", "a=b", "", "-12 %", 1.5, None, -3):
        assert harmless(value) == value
