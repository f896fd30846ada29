"""`baxis doctor` and `baxis export` on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from baxis.core import environment


def test_doctor_finds_this_installation_whole(cli: Callable[..., tuple[int, str, str]]) -> None:
    code, text, _ = cli("doctor", "--json")
    assert code == 0
    by_name = {i["what"]: i for i in json.loads(text)}
    assert by_name["required"]["ok"]
    assert "cores" in by_name["machine"]["found"]


def test_doctor_names_the_data_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert {i.what: i for i in environment.report()}["library"].ok
    (tmp_path / "drugs").mkdir()
    (tmp_path / "drugs" / "x.toml").write_text("")
    monkeypatch.setattr(environment, "SHIPPED", tmp_path)
    items = environment.report()
    found = {i.what: i for i in items}["library"]
    assert not found.ok
    assert "evidence" in found.found
    assert "drugs" not in found.found
    assert "reinstall" in found.advice
    assert not environment.required_is_whole(items)


def test_doctor_says_how_to_get_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        metadata, "requires", lambda name: ["numpy>=2", "no-such-package>=1", 'other-thing; extra == "web"']
    )
    items = {i.what: i for i in environment.report()}
    assert "no-such-package" in items["required"].found
    assert items["extra web"].advice == "pip install 'baxis[web]'"
    assert not environment.required_is_whole(list(items.values()))


def test_export_writes_and_refuses(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    out = tmp_path / "ra.xml"
    assert cli("export", "sbml", "--disease", "RA", "--out", out)[0] == 0
    assert "<sbml" in out.read_text()[:300]
    code, _, err = cli("export", "sbml", "--disease", "RAA", "--out", out)
    assert (code, "RA" in err) == (2, True)
    code, _, err = cli("export", "sbml", "--out", tmp_path / "no" / "a.xml")
    assert (code, "existing folder" in err) == (2, True)


def test_a_result_is_saved_plotted_and_exported(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    saved, figure = tmp_path / "reflex", tmp_path / "igg.svg"
    assert cli("trial", "rituximab-reflex", "--patients", "12", "--out", saved, "-q")[0] == 0
    code, text, _ = cli("plot", saved, "--name", "igg", "--out", figure)
    assert code == 0
    assert "in 90 % PI" in text
    assert "<svg" in figure.read_text()[:1000]
    code, text, _ = cli("plot", saved, "--json")
    assert json.loads(text)[0]["table"] == "arm"
    assert cli("export", "netcdf", "--result", saved, "--out", tmp_path / "x.nc")[0] == 0
    assert cli("export", "population", "--trial", "rituximab-reflex", "--patients", "5",
               "--out", tmp_path / "people.parquet")[0] == 0  # fmt: skip
    for words, told in (
        (("export", "netcdf", "--disease", "RA"), "--trial or --result"),
        (("export", "sbml", "--disease", "RA", "--trial", "rituximab-reflex"), "one of --disease, --trial"),
        (
            (
                "export",
                "netcdff",
            ),
            "netcdf",
        ),
        (("export", "antimony", "--trial", "rituximab-reflex"), "--disease"),
    ):
        code, _, err = cli(*words, "--out", tmp_path / "y")
        assert (code, told in err) == (2, True), err
    code, _, err = cli("plot", tmp_path)
    assert (code, "baxis trial --out" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "offered"), [("baxis cal", "calendar"), ("baxis evidence tr", "trials"), ("baxis report --pd", "--pdf")]
)
def test_the_shell_completes_commands_and_options(words: str, offered: str) -> None:
    code = "from baxis.faces.cli import main; import sys; sys.argv = ['baxis']; main()"
    asked = {"_BAXIS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env={**os.environ, **asked}
    )
    assert offered in made.stdout.split(), made.stderr
