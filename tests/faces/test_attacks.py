"""What surrounds a run is taken away or turned against it: network, clock, cache of another user, streams, process group."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BAXIS = [sys.executable, "-c", "from baxis.faces.cli import main; main()"]
MODEL = "x' = -k*x; x = 1; k = 0.1\n"
COMMAND = ["simulate", "m.ant", "--until", "10", "--points", "6", "--out", "o.csv"]


def answer(folder: Path, *before: str, cache: Path | None = None) -> bytes:
    """The table of one small simulation, run in a folder of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "m.ant").write_text(MODEL, encoding="utf-8")
    env = dict(os.environ) | ({"BAXIS_CACHE": str(cache)} if cache else {})
    done = subprocess.run([*before, *BAXIS, *COMMAND], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    return (folder / "o.csv").read_bytes()


def unshared() -> bool:
    tool = shutil.which("unshare")
    return bool(tool) and subprocess.run([tool, "-n", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not unshared(), reason="needs the right to take the network away")
@pytest.mark.promise("The same numbers", "Nothing is fetched: the same bytes without any network.")
def test_without_a_network_the_same_bytes(tmp_path: Path) -> None:
    assert answer(tmp_path / "a", "unshare", "-n", cache=tmp_path / "c") == answer(tmp_path / "b")


@pytest.mark.promise("The same numbers", "A clock that goes backwards changes nothing.")
def test_a_cache_from_the_future_is_used_and_changes_nothing(tmp_path: Path) -> None:
    first = answer(tmp_path / "a", cache=tmp_path / "c")
    entries = [p for p in (tmp_path / "c").rglob("*") if p.is_file()]
    assert entries
    for k, p in enumerate(entries):
        os.utime(p, (4e9, 4e9) if k % 2 else (0, 0))  # the year 2096, or 1970
    kept = {p: p.stat().st_mtime for p in entries}
    assert answer(tmp_path / "b", cache=tmp_path / "c") == first
    assert {p: p.stat().st_mtime for p in entries} == kept, "made anew though nothing was wrong"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.promise("What is kept on disk", "Nothing that another user could have written is run.")
def test_two_users_on_one_cache_never_run_each_others_code(tmp_path: Path) -> None:
    cache, nobody = tmp_path / "c", pwd.getpwnam("nobody").pw_uid
    first = answer(tmp_path / "a", cache=cache)
    entries = [p for p in cache.rglob("*") if p.is_file()]
    for p in entries:
        os.chown(p, nobody, -1)
    assert answer(tmp_path / "b", cache=cache) == first
    assert {p.stat().st_uid for p in entries} == {os.geteuid()}, "another's entry was taken"


@pytest.mark.promise("What is kept on disk", "Two processes that share a cache give the bytes of one.")
def test_processes_that_share_a_cold_cache_give_the_same_bytes(tmp_path: Path) -> None:
    env = dict(os.environ) | {"BAXIS_CACHE": str(tmp_path / "c")}
    folders = [tmp_path / str(k) for k in range(3)]
    running = []
    for folder in folders:
        folder.mkdir()
        (folder / "m.ant").write_text(MODEL, encoding="utf-8")
        running.append(
            subprocess.Popen(
                [*BAXIS, *COMMAND], cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
    assert [p.wait(120) for p in running] == [0, 0, 0]
    assert len({(f / "o.csv").read_bytes() for f in folders}) == 1
    assert not list((tmp_path / "c").rglob(".part-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are of POSIX")
@pytest.mark.promise("Runs that are stopped", "A stopped process group goes on with the same answer.")
def test_a_stopped_process_group_goes_on(tmp_path: Path) -> None:
    whole = answer(tmp_path / "a")
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "m.ant").write_text(MODEL, encoding="utf-8")
    env = dict(os.environ) | {"BAXIS_CACHE": str(tmp_path / "c")}
    running = subprocess.Popen(
        [*BAXIS, *COMMAND], cwd=folder, env=env, stdout=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(3):
        time.sleep(0.4)
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGSTOP)
            time.sleep(0.2)
            os.killpg(running.pid, signal.SIGCONT)
    assert running.wait(60) == 0
    assert (folder / "o.csv").read_bytes() == whole


EVERY = [["list", "diseases"], ["doctor"], ["simulate", "m.ant", "--until", "1"], ["evidence", "check", "."], ["show", "belimumab"],
         ["trial", "none-such"], ["--version"], ["--help"], ["plot", "."]]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="of a POSIX shell")
@pytest.mark.promise("Runs that are stopped", "Closed standard streams are one true sentence, or nothing to say it on.")
def test_every_command_with_closed_streams(tmp_path: Path) -> None:
    """One process with all: a child a command, its streams closed before it starts."""
    (tmp_path / "m.ant").write_text(MODEL, encoding="utf-8")
    code = (
        "import json, os, sys\nfrom baxis.faces.cli import main\nout = []\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    for closed in ((1,), (2,), (1, 2), (0, 1, 2)):\n"
        "        r, w = os.pipe()\n        pid = os.fork()\n"
        "        if not pid:\n"
        "            os.dup2(w, 9); os.close(r)\n"
        "            for fd in (1, 2):\n                os.dup2(9, fd)\n"
        "            for fd in closed:\n                os.close(fd)\n"
        "            sys.stdin = None if 0 in closed else sys.stdin\n"
        "            sys.stdout = None if 1 in closed else sys.stdout\n"
        "            sys.stderr = None if 2 in closed else sys.stderr\n"
        "            sys.argv = ['baxis', *words]\n"
        "            try:\n                main()\n                code = 0\n"
        "            except SystemExit as e:\n                code = e.code or 0\n"
        "            except BaseException:\n                code = 99\n"
        "            os._exit(code)\n"
        "        os.close(w)\n        said = open(r, 'rb').read().decode()\n"
        "        out.append([words, list(closed), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said])\n"
        "print(json.dumps(out))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(EVERY)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    for words, closed, status, said in json.loads(done.stdout):
        assert status == 2, (words, closed, status, said)
        assert len(said.splitlines()) == (0 if {1, 2} <= set(closed) else 1), (words, closed, said)
        assert ("is closed" in said) == (not {1, 2} <= set(closed)), (words, closed, said)
