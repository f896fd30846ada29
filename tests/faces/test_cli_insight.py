"""`baxis explain` on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]


def test_explain_prints_and_saves(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, _ = cli("explain", "belimumab", "--disease", "SLE", "--patients", "20", "--out", str(out))
    assert code == 0
    assert "Escapes closed on top of the drug" in text
    assert "Research use only" in text
    effect = re.search(r"difference ([+-][\d.]+) .* pp", text)
    first = re.search(r"drug as given .* ([+-][\d.]+)$", text, re.M)
    assert effect
    assert first
    assert first[1] == effect[1]  # points of responders in the table as in the headline
    assert {p.name for p in out.iterdir()} >= {"explain.json", "explain.png", "ladder.csv", "stages.csv"}
    assert json.loads((out / "explain.json").read_text())["disease"] == "SLE"
    asked = ("explain", "belimumab", "--disease", "SLE", "--patients", "20", "--out")
    (out / "notes.csv").write_text("mine")
    code, _, _ = cli(*asked, str(out))
    assert code == 0
    assert (out / "notes.csv").read_text() == "mine"  # the earlier result is replaced, the user's file is not
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    code, _, err = cli(*asked, str(tmp_path / "mine"))
    assert code == 2
    assert "earlier result" in err


def test_explain_json_is_plain_data(cli: Cli) -> None:
    code, text, _ = cli("explain", "belimumab", "--disease", "SLE", "--patients", "20", "--json")
    assert code == 0
    assert json.loads(text)["null"] == 0


def test_a_wrong_name_is_one_line(cli: Cli) -> None:
    code, _, err = cli("explain", "belimumab", "--disease", "lopus")
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert "unknown disease" in err


def test_sensitivity_prints_the_drivers(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["--patients", "100", "--base", "32", "--trajectories", "4", "--out", str(out)]
    code, text, _ = cli("sensitivity", "belimumab", "--disease", "SLE", *words)
    assert code == 0
    assert "dummy (no effect)" in text
    assert {p.name for p in out.iterdir()} == {
        "sensitivity.json",
        "baxis-files.json",
        "sensitivity.png",
        "morris.csv",
        "sobol.csv",
        "prcc.csv",
    }


def test_biomarkers_prints_a_ranking(cli: Cli) -> None:
    code, text, _ = cli("biomarkers", "belimumab", "--disease", "SLE", "--patients", "200")
    assert code == 0
    assert "pure noise (null)" in text
    assert "assay variations assumed" in text
    assert "On treatment: change from baseline" in text
    assert "Beats treating all and none" in text


def test_enrich_prints_designs_and_refuses_a_bad_cutoff(cli: Cli) -> None:
    words = ["enrich", "belimumab", "--disease", "SLE", "--marker", "baff", "--patients", "200"]
    code, text, _ = cli(*words)
    assert code == 0
    assert "stratified" in text
    assert "belong on the other side" in text
    code, _, err = cli(*words, "--cutoff", "2")
    assert code == 2
    assert "between 0 and 1" in err


def test_limits_prints_and_saves(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("limits", "rituximab", "--disease", "AAV", "--dose", "1000 mg iv days 1,15", "--patients", "30")
    code, text, _ = cli(*asked, "--out", str(out))
    assert code == 0
    for words in ("B cells back: median time", "Published", "Not covered", "research use only"):
        assert words in text
    assert {p.name for p in out.iterdir()} == {"limits.json", "limits.png", "baxis-files.json"}
    code, text, _ = cli(*asked, "--json")
    assert json.loads(text) == json.loads((out / "limits.json").read_text(encoding="utf-8"))
    assert cli(*asked, "--out", str(out))[0] == 0  # over its own earlier result
    code, _, err = cli("limits", "rituximab", "--disease", "RA", "--weeks-on", "1")
    assert code == 2
    assert len(err.strip().splitlines()) == 1


def test_strategies_prints_and_saves(cli: Cli, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    for _ in range(2):
        code, text, _ = cli("strategies", "--disease", "SjD", "--patients", "12", "--out", out)
        assert code == 0
    for words in ("time in remission", "B-cell return", "prednisone", "serious infections", "research use only"):
        assert words in text
    code, text, _ = cli("strategies", "--file", "mainritsan2", "--patients", "12")
    assert code == 0
    assert "published" in text
    code, _, err = cli("strategies", "--disease", "SjD", "--file", "none.toml")
    assert code == 2
    assert len(err.strip().splitlines()) == 1


def test_patient_prints_and_saves(cli: Cli, tmp_path: Path) -> None:
    file, out = tmp_path / "p.csv", str(tmp_path / "out")
    file.write_text("day,measure,value,unit\n-60,prednisone,10,mg/day\n0,C3,0.8,g/L\n0,SLEDAI-2K,6,points\n")
    for _ in range(2):
        code, text, _ = cli("patient", str(file), "--disease", "SLE", "--candidates", "belimumab", "--out", out)
        assert code == 0
    for words in ("FOR RESEARCH ONLY", "IFN-high", "as now", "Further measurement", "SLEDAI-2K"):
        assert words in text
    file.write_text("day,measure,value,unit\n0,C3,80,g/L\n")
    code, _, err = cli("patient", str(file), "--disease", "SLE")
    assert code == 2
    assert "check the unit" in err


def test_omics_writes_a_population_that_a_trial_takes(cli: Cli, tmp_path: Path) -> None:
    from baxis.insight.omics.activities import signatures

    genes = [*dict.fromkeys(signatures()["gene"]), *(f"X{i}" for i in range(60))]
    lines = [f"{g},{','.join(str(4 + (i * 7 + k * k * 3) % 5) for k in range(9))}" for i, g in enumerate(genes)]
    (tmp_path / "cases.csv").write_text("\n".join(["gene,a,b,c,d,e,f,g,h,i", *lines]))
    file = str(tmp_path / "cohort.csv")
    code, text, _ = cli("omics", str(tmp_path / "cases.csv"), "--disease", "SLE", "--population", file)
    assert code == 0
    assert "ifn_x" in text
    assert "not mapped" in text
    words = ["trial", "fenebrutinib-sle-ph2", "--patients", "12", "--population", file]
    assert cli(*words)[0] == 0
    code, _, err = cli("omics", str(tmp_path / "cases.csv"), "--population", file)
    assert code == 2
    assert "--disease" in err


def test_omics_prints_a_row_for_each_signature(cli: Cli, tmp_path: Path) -> None:
    from baxis.insight.omics.activities import signatures

    genes = [*dict.fromkeys(signatures()["gene"]), *(f"X{i}" for i in range(60))]
    for name, shift in (("cases", 5), ("healthy", 4)):
        lines = [f"{g},{','.join(str(shift + (i * 7 + k * 3) % 5) for k in range(4))}" for i, g in enumerate(genes)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["gene,a,b,c,d", *lines]))
    files = (str(tmp_path / "cases.csv"), "--reference", str(tmp_path / "healthy.csv"))
    code, text, _ = cli("omics", *files)
    assert code == 0
    for label in signatures()["label"].unique():
        assert label in text
    code, text, _ = cli("omics", *files, "--json")
    assert len(json.loads(text)["table"]) == signatures()["signature"].nunique()
    code, _, err = cli("omics", str(tmp_path / "none.csv"))
    assert code == 2
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("enrich", "belimumab", "--disease", "SLE", "--marker", "crp"), "unknown marker 'crp'"),
        (("enrich", "belimumab", "--disease", "SLE", "--marker", "baff", "--patients", "50"), "at least 100"),
        (("biomarkers", "belimumab", "--disease", "SLE", "--patients", "20"), "at least 200"),
        (("biomarkers", "belimumab"), "--against-evidence"),
        (("explain", "belimumab", "--disease", "SLE", "--patients", "3"), "at least 20"),
        (("sensitivity", "belimumab", "--disease", "SLE", "--patients", "10"), "at least 100"),
        (("combine-search", "--disease", "gout"), "unknown disease 'gout'"),
        (("combine-search", "--disease", "SLE", "--patients", "0"), "at least 1"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(cli: Cli, words: tuple[str, ...], told: str) -> None:
    code, out, err = cli(*words)
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert told in err
