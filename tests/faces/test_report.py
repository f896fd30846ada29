"""`baxis report`: the page holds what the run gave, and nothing from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baxis.faces.cli import main

SECTIONS = ("Question", "Design", "Population", "Results", "Figures", "Harms", "Credibility", "Recipe")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["baxis", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
    return int(stop.value.code or 0), capsys.readouterr().err


def test_the_page_is_whole_and_self_contained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    assert run(capsys, "report", "fenebrutinib-sle-ph2", "--patients", 50, "--out", out)[0] == 0
    page = out.read_text()
    titles = re.findall("<h2>(.*?)</h2>", page)
    assert [t for t in titles if t in SECTIONS] == list(SECTIONS)
    assert not re.search(r"(src|href)=['\"]https?:", page)
    assert page.count("data:image/png;base64,") == 2
    assert "Research use only" in page
    assert "validation" in page or "kept out of every fit" in page or "used in fitting" in page
    assert "150qd" in page


def test_wrong_input_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, err = run(capsys, "report", "fenebrutinib-sle-ph2", "--out", tmp_path / "r.pdf")
    assert (code, "an .html file" in err) == (2, True)
    code, err = run(capsys, "report", "fenebrutinib-sle", "--out", tmp_path / "r.html")
    assert (code, "did you mean" in err) == (2, True)
    assert not list(tmp_path.iterdir())
