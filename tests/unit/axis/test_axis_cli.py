"""Commands of the axis: output, JSON shape, files, and one line for bad input."""

import json
from pathlib import Path

import pytest

from baxis.faces.cli import main


def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["baxis", *words])
    code = 0
    try:
        found = main()
        code = int(found) if isinstance(found, int) else 0
    except SystemExit as e:
        code = int(e.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_check_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(monkeypatch, capsys, "check", "genetics", "--json")
    data = json.loads(out)
    assert code == 0
    assert set(data["rows"][0]) >= {"id", "what", "expected", "simulated", "error", "passed", "source"}
    assert data["summary"]["genetics"]["failed"] == sum(r["passed"] is False for r in data["rows"])


def test_check_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    code, out, _ = _run(monkeypatch, capsys, "check", "rest", "--disease", "RA", "--page", str(page))
    assert code == 0
    assert "rest: " in out
    assert page.read_text().startswith("# The model against what is known")


def test_stimulate_prints_and_plots(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    figure = tmp_path / "cell.png"
    code, out, _ = _run(
        monkeypatch, capsys, "stimulate", "anti-IgM 10 ug/mL", "--knock-out", "LYN", "--plot", str(figure)
    )
    assert code == 0
    assert "pSYK" in out
    assert figure.stat().st_size > 10_000


def test_dose_response(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "stimulate",
        "anti-IgM 10 ug/mL",
        "--dose-response",
        "fenebrutinib 0.1:1000 nM",
        "--readout",
        "CD69",
        "--json",
    ]
    code, out, _ = _run(monkeypatch, capsys, *words)
    assert code == 0
    assert json.loads(out)["ec50"] > 0


def test_compare_diseases(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(monkeypatch, capsys, "compare-diseases", "RA", "SLE", "--json")
    assert code == 0
    assert {"regulator", "RA", "SLE", "evidence"} <= set(json.loads(out)[0])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("check", "genetic"), "did you mean 'genetics'"),
        (("check", "rest", "--disease", "SLA"), "did you mean 'SLE'"),
        (("stimulate", "anti-IgM 10"), "needs its unit"),
        (("stimulate", "--knock-out", "LYM"), "did you mean 'LYN'"),
        (("stimulate", "--dose-response", "fenebrutinib 10 nM"), "LOW:HIGH"),
        (("stimulate", "--gene", "BTK"), "GENE=ACTIVITY"),
        (("compare-diseases", "XX"), "unknown disease"),
    ],
)
def test_bad_input_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], text: str
) -> None:
    code, out, err = _run(monkeypatch, capsys, *words)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert text in err


def test_a_folder_laid_over_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from baxis.core import library

    shipped = library.path("drugs/fenebrutinib.toml").read_text(encoding="utf-8")
    (tmp_path / "drugs").mkdir()
    own = shipped.replace('inn = "fenebrutinib"', 'inn = "minebrutinib"').replace("GDC-0853", "MINE-1")
    (tmp_path / "drugs" / "minebrutinib.toml").write_text(own.replace("RG7845", "MINE-2"), encoding="utf-8")
    words = ("stimulate", "anti-IgM 10 ug/mL", "--inhibitor", "minebrutinib 100 nM")
    try:
        code, out, _ = _run(monkeypatch, capsys, *words, "--library", str(tmp_path))
        assert code == 0
        assert "pBTK" in out
        code, out, _ = _run(monkeypatch, capsys, "list", "drugs", "--library", str(tmp_path))
        assert code == 0
        assert "minebrutinib" in out
    finally:
        library.reset()
    code, _, err = _run(monkeypatch, capsys, *words)
    assert code == 2
    assert "minebrutinib" in err
    code, _, err = _run(monkeypatch, capsys, "check", "rest", "--library", str(tmp_path / "none"))
    assert code == 2
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("text", ["fenebrutinib 0.1:1000", "fenebrutinib 1000:1 nM", "fenebrutinib x:y nM", "5"])
def test_a_bad_dose_response_is_one_line(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = _run(monkeypatch, capsys, "stimulate", "anti-IgM 10 ug/mL", "--dose-response", text)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
