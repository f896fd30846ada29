"""Large trials: the same numbers as in memory, resumed after an interruption, kept through damage and dead workers."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from baxis import run_trial
from baxis.clinic.questions.large import run_large
from baxis.core.errors import BaxisError, InvalidValue
from baxis.faces.cli import main

TRIAL = "rituximab-reflex"


def text(table) -> list[str]:
    return [str(r) for r in table.to_dict("records")]


@pytest.fixture(scope="module")
def whole():
    return run_trial(TRIAL, patients=150)


@pytest.mark.promise("The same numbers", "The same bytes whatever the threads, lanes, blocks and company of patients.")
def test_blocks_of_any_size_give_the_numbers_of_one_run(whole, tmp_path: Path) -> None:
    for block in (40, 256):
        found = run_large(TRIAL, tmp_path / str(block), patients=150, block=block)
        assert text(found.arms) == text(whole.arms)
        assert text(found.contrasts) == text(whole.contrasts)
        assert found.screened == whole.screened


def test_hazard_ratios_too(tmp_path: Path) -> None:
    trial = "inebilizumab-igg4rd-mitigate"
    found = run_large(trial, tmp_path / "a", patients=60, block=32)
    assert text(found.contrasts) == text(run_trial(trial, patients=60).contrasts)


@pytest.mark.promise("Runs that are stopped", "A stopped run goes on from what it finished.")
def test_an_interrupted_run_goes_on_and_a_damaged_file_is_made_again(whole, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, wanted: int) -> None:
        if done >= 60:
            raise Stop

    with pytest.raises(Stop):
        run_large(TRIAL, tmp_path, patients=150, block=40, progress=stop)
    kept = sorted(tmp_path.glob("block-*.parquet"))
    assert 0 < len(kept) < 5
    assert not list(tmp_path.glob("*.part"))
    kept[0].write_bytes(b"PAR1 damaged")
    found = run_large(TRIAL, tmp_path, patients=150, block=40)
    assert found.again == (kept[0].name,)
    assert found.blocks[1] == len(kept) - 1
    assert text(found.contrasts) == text(whole.contrasts)
    again = run_large(TRIAL, tmp_path, patients=150, block=40)
    assert again.blocks[0] == 0


@pytest.mark.promise(
    "What is kept on disk", "A block of a long run that was damaged, cut or edited is noticed and made anew."
)
def test_a_block_that_is_no_table_of_the_trial_is_made_anew_though_its_name_fits(tmp_path: Path) -> None:
    run_large(TRIAL, tmp_path, patients=30, block=64)
    file = sorted(tmp_path.glob("block-*.parquet"))[0]
    whole, stem = file.read_bytes(), file.stem.rpartition("-")[0]
    fewer, words = io.BytesIO(), io.BytesIO()
    table = pd.read_parquet(file)
    table.iloc[:, :-1].to_parquet(fewer)
    table.astype({table.columns[-1]: str}).to_parquet(words)
    for data in (b"", b"PAR1 PAR1", fewer.getvalue(), words.getvalue()):
        file.unlink()
        (tmp_path / f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}.parquet").write_bytes(data)
        again = run_large(TRIAL, tmp_path, patients=30, block=64)
        assert (again.blocks[0], len(again.again)) == (1, 1)
        assert file.read_bytes() == whole


def test_another_seed_or_design_does_not_read_these_blocks(tmp_path: Path) -> None:
    first = run_large(TRIAL, tmp_path, patients=30, block=64)
    other = run_large(TRIAL, tmp_path, patients=30, block=64, seed=2)
    assert first.blocks[0] >= 1
    assert other.blocks[1] == 0


def test_bad_input_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidValue, match="block"):
        run_large(TRIAL, tmp_path, block=0)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidValue, match="a folder, not a file"):
        run_large(TRIAL, tmp_path / "file", patients=10)
    monkeypatch.setattr(sys, "argv", ["baxis", "trial", TRIAL, "--patients", "20", "--stream"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "a folder for the blocks" in capsys.readouterr().err


def test_the_command_streams_into_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["trial", TRIAL, "--patients", "40", "--stream", "--block", "64", "--out", str(tmp_path / "big")]
    monkeypatch.setattr(sys, "argv", ["baxis", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    shown = capsys.readouterr().out
    assert "Blocks: 1 made, 0 found" in shown
    assert "Research use only" in shown
    assert json.loads((tmp_path / "big" / "large.json").read_text(encoding="utf-8"))["trial"]["patients"] == 40


@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_an_unreachable_scheduler_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("baxis.core.cluster.WAIT", 1)
    with pytest.raises(InvalidValue, match="running Dask scheduler"):
        run_large(TRIAL, tmp_path, patients=10, client="tcp://127.0.0.1:9")


@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_a_worker_killed_midway_loses_nothing(whole, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        killed = []

        def kill() -> None:
            time.sleep(1.0)
            victim = next(iter(cluster.workers.values()))
            killed.append(victim.pid)
            os.kill(victim.pid, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        found = run_large(TRIAL, tmp_path, patients=150, block=16, threads=1, client=client)
        thread.join()
    assert killed
    assert text(found.contrasts) == text(whole.contrasts)


@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_a_block_that_kills_every_worker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    from baxis.core import cluster

    class Future:
        def result(self) -> None:
            raise distributed.KilledWorker("block", None, 3)

    class Client:
        def submit(self, *words, **options) -> Future:
            return Future()

        def cancel(self, futures) -> None:
            pass

    monkeypatch.setattr(cluster, "_finished", lambda client, futures: iter(futures))
    with pytest.raises(BaxisError, match="smaller --block"):
        list(cluster.each_on(Client(), print, [(1,)]))


SCHEDULER = """
import asyncio, sys
from distributed import Scheduler, Worker
async def main():
    async with Scheduler(port=0, dashboard=False) as s:
        print(s.address, flush=True)
        async with Worker(s.address, nthreads=1):
            await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.promise(
    "Runs that are stopped", "A worker or scheduler that is lost costs time, never a result, and is named."
)
def test_a_scheduler_killed_midway_is_told_and_the_run_goes_on_without_it(whole, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with subprocess.Popen([sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, text=True) as scheduler:
        try:
            assert scheduler.stdout is not None
            address = scheduler.stdout.readline().strip()

            def kill(done: int, wanted: int) -> None:
                if done:
                    scheduler.kill()

            with pytest.raises(BaxisError, match=r"the scheduler is gone.*finished blocks are kept"):
                run_large(TRIAL, tmp_path, patients=150, block=16, threads=1, client=address, progress=kill)
        finally:
            scheduler.kill()
    kept = len(list(tmp_path.glob("block-*.parquet")))
    assert kept >= 1
    found = run_large(TRIAL, tmp_path, patients=150, block=16)
    assert found.blocks[1] == kept
    assert text(found.contrasts) == text(whole.contrasts)
