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
    page = out.read_text(encoding="utf-8")
    titles = re.findall("<h2>(.*?)</h2>", page)
    assert [t for t in titles if t in SECTIONS] == list(SECTIONS)
    assert not re.search(r"(src|href)=['\"]https?:", page)
    assert page.count("data:image/png;base64,") == 2
    assert "Research use only" in page
    assert "This trial was used in fitting tissue weights and instruments" in page  # its role is calibration
    assert "This trial was kept out of every fit" not in page
    assert "150qd" in page


def test_wrong_input_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, err = run(capsys, "report", "fenebrutinib-sle-ph2", "--out", tmp_path / "r.pdf")
    assert (code, "allowed: .htm, .html" in err) == (2, True)
    code, err = run(capsys, "report", "fenebrutinib-sle", "--out", tmp_path / "r.html")
    assert (code, "did you mean" in err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_a_drug_a_disease_and_a_saved_scoreboard(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked: dict[str, list[object]] = {
        "GDC-0853": ["--patients", 20],
        "ra": [],
        "scoreboard": ["--board", Path(__file__).parents[2] / "docs" / "clinic"],
    }
    text = {}
    for name, more in asked.items():
        out = tmp_path / f"{name}.html"
        assert run(capsys, "report", name, "--out", out, *more)[0] == 0
        text[name] = out.read_text(encoding="utf-8")
        assert not re.search(r"src=['\"]https?:|<link", text[name])  # links lead out, nothing is loaded
        assert "Research use only" in text[name]
        assert "data:image/png;base64," in text[name]
        assert "Context of use" in text[name]
    assert "<h1>fenebrutinib: BTK inhibitor reversible</h1>" in text["GDC-0853"]
    assert "<td>fenebrutinib-sle-ph2</td>" in text["GDC-0853"]
    assert "setting and regimen of fenebrutinib-sle-ph2" in text["GDC-0853"]
    assert "C097" in text["ra"]
    assert "contested by" in text["ra"]
    assert "Worst misses" in text["scoreboard"]


def test_a_contested_claim_says_by_which() -> None:
    from baxis import evidence
    from baxis.faces.report.linked import contested

    tables = evidence.load()
    found = contested(tables)
    assert "C113" in found["C114"]
    assert all(a in found[b] for a, others in found.items() for b in others)


def test_the_kind_of_a_name_and_its_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from baxis.faces.report import kind_of

    kinds = {n: kind_of(n) for n in ("Scoreboard", "Rituxan", "sle", "aim", "my/design.toml")}
    assert list(kinds.values()) == ["scoreboard", "drug", "disease", "trial", "trial"]
    out = tmp_path / "r.html"
    for words, said in {
        ("scoreboard",): "baxis scoreboard --out DIR",
        ("scoreboard", "--board", tmp_path): "scoreboard.md",
        ("aim", "--board", tmp_path): "given with `scoreboard` only",
        ("rituximob",): "did you mean 'rituximab'",
        ("healthy",): "unknown disease 'healthy'",
    }.items():
        code, err = run(capsys, "report", *words, "--out", out)
        assert code == 2
        assert said in err
        assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_pdf_needs_a_browser_and_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from baxis.faces.report import pdf

    monkeypatch.setattr(pdf.environment.shutil, "which", lambda name: None)
    code, err = run(capsys, "report", "RA", "--out", tmp_path / "r.html", "--pdf")
    assert code == 2
    assert "--pdf needs a Chromium" in err
    assert not list(tmp_path.iterdir())


def test_pdf_of_a_page(tmp_path: Path) -> None:
    from baxis.core.errors import Unsupported
    from baxis.faces.report import pdf

    try:
        pdf.browser()
    except Unsupported as e:
        pytest.skip(str(e))
    page = tmp_path / "p.html"
    page.write_text("<p>one page</p>")
    assert pdf.write_pdf(page).read_bytes().startswith(b"%PDF")


def test_a_disease_reads_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "sle.html"
    assert run(capsys, "report", "SLE", "--out", out)[0] == 0
    text = out.read_text(encoding="utf-8")
    assert "hydroxychloroquine 280 mg/day; prednisone equivalent 7.5 mg/day" in text
    assert "<td>TNFAIP3 (A20)</td>" in text
    assert "type I interferon made 4.5" in text
    assert "href='https://doi.org/10.1002/art.21416'" in text
    assert "Rules of gradation" in text
    assert text.count("data:image/png;base64,") == 3  # the map, and the contrasts on two pages: none is left out


def test_no_contrast_is_left_out_of_the_figures() -> None:
    from baxis import evidence
    from baxis.faces.report.report_figures import MOST, contrasts_figures

    found = evidence.contrasts(evidence.load())
    for disease, rows in found.groupby("disease"):
        drawn = [ax for f in contrasts_figures(rows, "class") for ax in f.axes]
        assert sum(len(ax.get_yticks()) for ax in drawn) == len(rows), disease
        assert max(len(ax.get_yticks()) for ax in drawn) <= MOST


def test_tables_set_numbers_right_and_lie_down_where_wide() -> None:
    from baxis.faces.report.html import table
    from baxis.faces.report.markdown import render

    text = table(("arm", "90 % PI", "n"), [("a", "1.0 to 2.5", "3"), ("b", "", "12")])
    assert text.count("<td class='n'>") == 4
    assert "across" not in text
    assert "wide across" in table([str(k) for k in range(15)], [["1"] * 15])
    assert render("| a | b |\n|---|---|\n| x | -0.1 (-0.2 to 0.3) |\n").count("class='n'") == 2
