"""The command line as a user meets it: in a process of its own, with right and wrong input."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
SMALL = ["--patients", "40", "--seed", "3"]


def baxis(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "from baxis.faces.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "160"},
    )


@pytest.mark.parametrize("trial", ["fenebrutinib-sle-ph2", "rituximab-reflex"])
def test_a_published_trial_runs_end_to_end(trial: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = baxis("trial", trial, *SMALL, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "Research use only" in done.stdout
    assert {p.name for p in out.iterdir()} == {
        "result.json",
        "arms.parquet",
        "contrasts.parquet",
        "patients.parquet",
        "safety.parquet",
        "visits.parquet",
        "baseline.parquet",
        "conduct.parquet",
        "courses.parquet",
        "decisions.parquet",
        "trajectories.parquet",
        "saved.json",
        "baxis-files.json",
        "survival.parquet",
        "endpoint.png",
        "biomarkers.png",
    }
    data = json.loads((out / "result.json").read_text())
    jsonschema.validate(data, json.loads((ROOT / "docs" / "result.schema.json").read_text()))
    assert all(a["published"] is not None for a in data["arms"] if a["endpoint"] in {"SRI-4", "ACR20"})
    assert all(a["pi90"][0] <= a["pi50"][0] <= a["pi50"][1] <= a["pi90"][1] for a in data["arms"])
    assert len(pd.read_parquet(out / "patients.parquet")) == 40
    assert not [p for p in tmp_path.iterdir() if p.name != "out"]  # no half-written folder is left


def test_json_to_stdout_is_json_alone() -> None:
    done = baxis("trial", "rituximab-reflex", *SMALL, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trial"]["trial_id"] == "rituximab-reflex"


def test_same_recipe_same_bytes_whatever_the_threads() -> None:
    one, two = (baxis("trial", "rituximab-reflex", *SMALL, "--threads", n, "--json", "-") for n in ("1", "2"))
    assert one.stdout == two.stdout != ""


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    done = baxis("trial", "rituximab-reflex", *SMALL, "--quiet", "--json", str(tmp_path / "r.json"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "r.json").read_text())["recipe"]["seed"] == 3


WRONG = [
    (["trial", "rituximab-reflx"], "did you mean 'rituximab-reflex'"),
    (["trial", "bliss-5"], "bliss-52"),
    (["trial", "nowhere.toml"], "existing TOML file"),
    (["trial", "rituximab-reflex", "--patients", "0"], "at least 1"),
    (["trial", "rituximab-reflex", "--seed", "-1"], "at least 0"),
    (["trial", "rituximab-reflex", "--json", "no/such/folder/r.json"], "existing folder"),
    (["list", "drug"], "did you mean 'drugs'"),
    (["show", "rituximb"], "did you mean 'rituximab'"),
    (["show", "C0O1"], "did you mean"),
    (["trail", "rituximab-reflex"], "did you mean 'trial'"),
    (["trial"], "Missing argument"),
    (["trial", "rituximab-reflex", "--patients", "many"], "allowed: a whole number"),
    (["trial", "rituximab-reflex", "--patients", "5", "--out", "/proc/x"], "cannot use"),
    (["trial", "rituximab-reflex", "--dosing", "avreaged"], "did you mean 'averaged'"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_wrong_input_is_one_line_and_exit_code_2(words: list[str], said: str, tmp_path: Path) -> None:
    done = baxis(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = baxis("trial", "rituximab-reflex", *SMALL, "--out", str(tmp_path))
    assert done.returncode == 2
    assert "new or empty folder" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_earlier_result_is_replaced(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        assert (
            baxis(
                "trial", "rituximab-reflex", "--patients", "20", "--seed", seed, "--out", str(tmp_path / "o")
            ).returncode
            == 0
        )
    assert json.loads((tmp_path / "o" / "result.json").read_text())["recipe"]["seed"] == 2


def test_version_and_lists() -> None:
    assert baxis("--version").stdout.startswith("baxis 0.")
    assert "fenebrutinib" in baxis("list", "drugs").stdout
    assert "rituximab-reflex" in baxis("list", "trials").stdout
    assert "SLE" in json.dumps(json.loads(baxis("list", "diseases", "--json").stdout))


@pytest.mark.parametrize(
    ("name", "said", "source"),
    [
        ("rituximab", "CL +0.45 +L/day", "doi_10.1111_bcp.13270"),  # population kinetics in rheumatoid arthritis
        ("SLE", "gc_dose +7.5", "doi:10.1002/art.21416"),  # Liossis 2006: LYN of lupus
        ("bliss-52", "year +2011", "doi:10.1016/s0140-6736(10)61354-2"),  # Navarra 2011
        ("C001", "object_genes +BTK", "doi:10.1002/art.40059"),
        ("lyn_e", "value +1", "doi:10.1002/art.21416"),
    ],
)
def test_show_prints_numbers_with_sources(name: str, said: str, source: str) -> None:
    done = baxis("show", name)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"^ *{said}\b", done.stdout, re.M)
    assert source in done.stdout


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (  # says when candidates begin to be simulated
        "import sys; from baxis.clinic.conduct.laboratory import Laboratory; run = Laboratory.screen\n"
        "def told(*a): print('SIMULATING', file=sys.stderr, flush=True); return run(*a)\n"
        "Laboratory.screen = told\n"
        "from baxis.faces.cli import main; main()"
    )
    words = ["trial", "rituximab-reflex", "--patients", "60000", "--out", str(tmp_path / "deep" / "out")]
    # a suite started in the background inherits "ignore SIGINT", which a user's terminal never does
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    run = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    assert run.stderr is not None
    assert any("SIMULATING" in line for line in run.stderr)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=240)[1]
    assert run.returncode == 130
    assert "nothing was written" in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trial", "x", "--patients", "abc"), "--patients: got 'abc'; allowed: a whole number"),
        (("export", "sbml", "--disase", "SLE"), "did you mean '--disease'?"),
        (("evidence", "sheat", "C001"), "did you mean 'sheet'?"),
        (("map", "SLE"), "Try 'baxis map --help'."),
    ],
)
def test_wrong_words_say_what_was_got_and_what_is_allowed(words: tuple[str, ...], said: str) -> None:
    done = baxis(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_only_what_baxis_says_reaches_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cache that cannot be used is one line; a warning of a library below is none."""
    import warnings

    from baxis.core.errors import BaxisWarning
    from baxis.faces.cli.words.output import told_warning

    monkeypatch.setattr(warnings, "showwarning", told_warning)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = told_warning
        warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=1)
        warnings.warn("the cache is not used", BaxisWarning, stacklevel=1)
    assert capsys.readouterr().err == "baxis: the cache is not used\n"


def test_a_trial_from_a_warm_cache_starts_without_what_it_does_not_use() -> None:
    code = (
        "import sys, contextlib\nfrom baxis.faces.cli import main\nwith contextlib.suppress(SystemExit): main()\n"
        "print(*sorted({'pint', 'sympy', 'matplotlib', 'libsbml'} & set(sys.modules)))"
    )
    for _ in range(2):
        words = ["trial", "rituximab-reflex", "--patients", "20", "--quiet"]
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
