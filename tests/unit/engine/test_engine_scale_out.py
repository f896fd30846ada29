"""A user's own model block by block: same bits as at once, resumed, kept through damage and dead workers."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from baxis import engine
from baxis.core.cluster import _worker_states
from baxis.core.errors import BaxisError, InvalidValue, UnknownName
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.tables.scale_out import Study, simulate_to_folder

TEXT = antimony_to_sbml("S -> P; k*S; P -> ; d*P^1.5; k = 0.1; d = 0.2; S = 10; P = 0.1")
STUDY = Study(TEXT, (0.0, 1.0, 5.0), (("P", 2.0, 3.0),), ("S", "P"))
VALUES = {"k": np.linspace(0.1, 2.0, 50), "d": 0.3}


@pytest.mark.promise("The same numbers", "The same bytes whatever the threads, lanes, blocks and company of patients.")
def test_blocks_of_any_size_give_the_bits_of_one_run(tmp_path: Path) -> None:
    whole = engine.simulate_model(
        TEXT, STUDY.times, values={"k": VALUES["k"], "d": 0.3}, doses=STUDY.doses, outputs=STUDY.outputs
    )
    for block in (7, 64):
        done = simulate_to_folder(STUDY, VALUES, tmp_path / str(block), block=block)
        frame = done.to_frame()
        assert (frame.row.to_numpy() == np.repeat(np.arange(50), 3)).all()
        np.testing.assert_array_equal(frame[["S", "P"]].to_numpy().reshape(50, 3, 2), whole.values)
        assert (done.made, done.found, done.failures) == (-(-50 // block), 0, {})


def test_a_second_call_finds_what_is_there(tmp_path: Path) -> None:
    first = simulate_to_folder(STUDY, VALUES, tmp_path, block=20)
    first.files[1].write_bytes(b"PAR1 damaged")
    again = simulate_to_folder(STUDY, VALUES, tmp_path, block=20)
    assert (again.made, again.found, again.again) == (1, 2, [first.files[1].name.rsplit("-", 1)[0]])
    changed = VALUES | {"k": np.where(np.arange(50) == 45, 9.0, VALUES["k"])}
    other = simulate_to_folder(STUDY, changed, tmp_path, block=20)
    assert (other.made, other.found) == (1, 2)  # only the block whose numbers changed
    tighter = Study(TEXT, STUDY.times, STUDY.doses, STUDY.outputs, rtol=1e-8)
    assert simulate_to_folder(tighter, VALUES, tmp_path, block=20).found == 0


@pytest.mark.promise("Runs that are stopped", "A stopped run goes on from what it finished.")
def test_an_interrupted_run_keeps_its_blocks(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, rows: int) -> None:
        if done >= 20:
            raise Stop

    with pytest.raises(Stop):
        simulate_to_folder(STUDY, VALUES, tmp_path, block=10, progress=stop)
    assert simulate_to_folder(STUDY, VALUES, tmp_path, block=10).found == 2
    assert not list(tmp_path.glob("*.part"))


def test_a_failed_row_is_a_status(tmp_path: Path) -> None:
    bad = {"k": [0.1, 0.1, 0.1], "S": [1.0, -1e30, 1.0], "P": [0.1, -5.0, 0.1]}
    done = simulate_to_folder(STUDY, bad, tmp_path, block=2)
    assert list(done.failures) == [1]
    assert done.failures[1].startswith("time ")
    assert (done.to_frame().query("row != 1").status == "").all()


def test_bad_input_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="block"):
        simulate_to_folder(STUDY, VALUES, tmp_path / "a", block=0)
    with pytest.raises(InvalidValue, match="numbers each"):
        simulate_to_folder(STUDY, {"k": [1.0, 2.0], "d": [1.0, 2.0, 3.0]}, tmp_path / "a")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidValue, match="a folder, not a file"):
        simulate_to_folder(STUDY, VALUES, tmp_path / "file")
    with pytest.raises(UnknownName, match="kk"):
        simulate_to_folder(STUDY, {"kk": [1.0]}, tmp_path / "b")
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()


@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_an_unreachable_scheduler_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("baxis.core.cluster.WAIT", 1)
    with pytest.raises(InvalidValue, match="running Dask scheduler"):
        simulate_to_folder(STUDY, VALUES, tmp_path, client="tcp://127.0.0.1:9")


@pytest.mark.parametrize("name", ["rows", "rows.zarr"])
@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_a_worker_killed_midway_loses_nothing(tmp_path: Path, name: str) -> None:
    pytest.importorskip("zarr")
    distributed = pytest.importorskip("distributed")
    here = simulate_to_folder(STUDY, VALUES, tmp_path / "here", block=2).to_frame()
    killed: list[int] = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):

        def kill(done: int, rows: int) -> None:
            if not killed:
                victim = next(iter(cluster.workers.values()))
                killed.append(victim.pid)
                threading.Thread(target=lambda: (time.sleep(0.05), os.kill(victim.pid, signal.SIGKILL))).start()

        where = client if name == "rows" else cluster.scheduler_address  # a client, or the address alone
        done = simulate_to_folder(STUDY, VALUES, tmp_path / name, block=2, client=where, progress=kill)
    assert killed
    assert done.made == 25
    assert done.to_frame().equals(here)


def _pause(dask_worker: Any) -> None:
    from distributed import Status

    dask_worker.periodic_callbacks["memory_monitor"].stop()  # lest it sees that there is memory
    dask_worker.status = Status.paused


@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_paused_and_lost_workers_are_named_and_finished_blocks_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    for name, value in (("LOOK", 0.5), ("PAUSED", 1.0), ("GONE", 1.0)):
        monkeypatch.setattr(f"baxis.core.cluster.{name}", value)
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):

        def pause(done: int, rows: int) -> None:
            if done == 20:
                client.run(_pause)

        with pytest.raises(BaxisError, match="paused for lack of memory"):
            simulate_to_folder(STUDY, VALUES, tmp_path, block=1, client=client, progress=pause)
        kept = len(list(tmp_path.glob("*.parquet")))
        cluster.scale(0)
        while client.run_on_scheduler(_worker_states):
            time.sleep(0.1)
        with pytest.raises(BaxisError, match="no worker has been there"):
            simulate_to_folder(STUDY, VALUES, tmp_path, block=1, client=client)
    assert 20 <= kept < 50
    assert simulate_to_folder(STUDY, VALUES, tmp_path, block=1).found == kept


@pytest.mark.promise("The same numbers", "The same bytes whatever the threads, lanes, blocks and company of patients.")
def test_zarr_holds_the_bits_of_one_run_and_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    import xarray

    one = simulate_to_folder(STUDY, VALUES, tmp_path / "files", block=20)
    done = simulate_to_folder(STUDY, VALUES, tmp_path / "rows.zarr", block=20)
    assert done.to_frame().equals(one.to_frame())
    seen = xarray.open_zarr(tmp_path / "rows.zarr", consolidated=False)
    assert (seen["S"].dims, seen["S"].shape) == (("row", "time"), (50, 3))
    np.testing.assert_array_equal(seen["P"].to_numpy().ravel(), one.to_frame().P)
    changed = VALUES | {"k": np.where(np.arange(50) == 45, 9.0, VALUES["k"])}
    other = simulate_to_folder(STUDY, changed, tmp_path / "rows.zarr", block=20)
    assert (other.made, other.found, other.again) == (1, 2, [])  # only the block whose numbers changed


@pytest.mark.promise("Your files", "No command deletes or replaces what it did not write.")
def test_a_zarr_group_takes_no_neighbour_away(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    mine = tmp_path / "rows.zarr.part" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("kept")
    simulate_to_folder(STUDY, VALUES, tmp_path / "rows.zarr", block=20)
    assert mine.read_text() == "kept"
    assert {p.name for p in tmp_path.iterdir()} == {"rows.zarr", "rows.zarr.part"}


@pytest.mark.promise("Runs that are stopped", "A stopped run goes on from what it finished.")
def test_a_stopped_or_damaged_zarr_group_is_completed(tmp_path: Path) -> None:
    pytest.importorskip("zarr")

    class Stop(Exception):
        pass

    def stop(done: int, rows: int) -> None:
        if done >= 20:
            raise Stop

    place = tmp_path / "rows.zarr"
    with pytest.raises(Stop):
        simulate_to_folder(STUDY, VALUES, place, block=10, progress=stop)
    assert simulate_to_folder(STUDY, VALUES, place, block=10).found == 2
    (place / "S" / "1.0").unlink()  # a chunk is lost
    (place / "P" / "2.0").write_bytes(b"damaged")
    mended = simulate_to_folder(STUDY, VALUES, place, block=10)
    assert (mended.made, mended.found, mended.again) == (2, 3, ["block 1", "block 2"])
    assert mended.to_frame().equals(simulate_to_folder(STUDY, VALUES, tmp_path / "files", block=10).to_frame())


@pytest.mark.parametrize("made", ["empty", "words", "another table"])
@pytest.mark.promise(
    "What is kept on disk", "A block of a long run that was damaged, cut or edited is noticed and made anew."
)
def test_a_block_that_is_no_table_is_made_anew_though_its_name_fits(tmp_path: Path, made: str) -> None:
    simulate_to_folder(STUDY, VALUES, tmp_path, block=25)
    file = sorted(tmp_path.glob("*.parquet"))[0]
    held = io.BytesIO()
    pd.DataFrame({"row": ["a"], "time": [0.0]}).to_parquet(held)
    data = {"empty": b"", "words": b"PAR1 words PAR1", "another table": held.getvalue()}[made]
    whole = file.read_bytes()
    stem = file.stem.rpartition("-")[0]
    file.unlink()
    (tmp_path / f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}.parquet").write_bytes(data)
    mended = simulate_to_folder(STUDY, VALUES, tmp_path, block=25)
    assert (mended.made, len(mended.again)) == (1, 1)
    assert file.read_bytes() == whole


@pytest.mark.parametrize("array", ["S", "status", "block", "time", "row"])
@pytest.mark.parametrize("how", ["cut", "other shape", "gone"])
@pytest.mark.promise("What is kept on disk", "A folder whose description of its arrays was changed is refused by name.")
def test_a_zarr_group_from_elsewhere_is_looked_at(tmp_path: Path, array: str, how: str) -> None:
    pytest.importorskip("zarr")
    place = tmp_path / "rows.zarr"
    simulate_to_folder(STUDY, VALUES, place, block=25)
    file = place / array / ".zarray"
    if how == "gone":
        file.unlink()
    else:
        file.write_text(file.read_text()[:40] if how == "cut" else re.sub(r"\d+", "7", file.read_text(), count=3))
    with pytest.raises(InvalidValue, match=r"damaged description|something else"):
        simulate_to_folder(STUDY, VALUES, place, block=25)


@pytest.mark.promise("Your files", "No command deletes or replaces what it did not write.")
def test_zarr_never_writes_over_something_else(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    place = tmp_path / "rows.zarr"
    bad = {"k": [0.1, 0.1, 0.1], "S": [1.0, -1e30, 1.0], "P": [0.1, -5.0, 0.1]}
    done = simulate_to_folder(STUDY, bad, place, block=2)
    assert list(done.failures) == [1]
    with pytest.raises(InvalidValue, match="3 rows in blocks of 2"):
        simulate_to_folder(STUDY, bad, place, block=3)
    with pytest.raises(InvalidValue, match="other outputs or times"):
        simulate_to_folder(Study(TEXT, STUDY.times, outputs=("S",)), bad, place, block=2)
    assert simulate_to_folder(STUDY, bad, place, block=2).found == 2  # untouched
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "note").write_text("keep")
    with pytest.raises(InvalidValue, match="something else"):
        simulate_to_folder(STUDY, bad, tmp_path / "mine.zarr")


NAMED = "row' = 1; row = 1; clock' = 2; clock = 2; status' = 3; status = 3; block' = 4; block = 4; self = 5; self' = 0"


@pytest.mark.parametrize("folder", ["rows", "rows.zarr"])
def test_states_called_as_our_columns_are_beside_them(tmp_path: Path, folder: str) -> None:
    if folder.endswith(".zarr"):
        pytest.importorskip("zarr")
    done = simulate_to_folder(
        Study(antimony_to_sbml(NAMED).replace('"clock"', '"time"'), (0.0, 1.0)), {"self": [5.0, 6.0]}, tmp_path / folder
    )
    frame = done.to_frame()
    assert frame["row"].tolist() == [0, 0, 1, 1]
    assert frame["time"].tolist() == [0, 1, 0, 1]
    assert frame["status"].tolist() == [""] * 4
    assert frame["self"].tolist() == [5, 5, 6, 6]
    for k, name in enumerate(("row", "time", "status", "block"), start=1):
        assert frame[f"{name} (model)"].tolist() == pytest.approx([k, 2 * k] * 2)
