"""The board on a folder of tables that it has never seen: fields, honesty, determinism, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baxis import evidence
from baxis.clinic.scoreboard import looks, scoreboard
from baxis.clinic.scoreboard.board import select, wanted_roles
from baxis.clinic.scoreboard.shown.files import save
from baxis.clinic.scoreboard.shown.page import page
from baxis.core.errors import InvalidValue, UnknownName

FIELDS = {
    "trial_id", "role", "arm_id", "versus", "endpoint", "week", "scale", "predicted", "pi50", "pi90", "mechanism",
    "mechanism_pi90", "published", "published_ci", "rival", "rival_pi90", "details",
}  # fmt: skip
TRIALS = """trial_id,disease,phase,design,blind,n_randomised,population,background,primary_endpoint,primary_week,role,provenance
own-ra,RA,2,parallel-rct,double,120,"TNF-IR, SJC/TJC>=8",MTX,ACR20,24,validation,recalled
own-sle,SLE,2,parallel-rct,double,100,SLEDAI-2K>=6,SOC,SRI-4,24,validation,recalled
own-new,SLE,2,parallel-rct,double,100,SLEDAI-2K>=6,SOC,SRI-4,24,validation,recalled
"""
ARMS = """trial_id,arm_id,n,drug,dose,dose_unit,route,schedule,role
own-ra,pbo,60,placebo,,,iv,"days 1,15",placebo
own-ra,act,60,rituximab,1000,mg,iv,"days 1,15",active
own-sle,pbo,50,placebo,,,po,bid,placebo
own-sle,act,50,fenebrutinib,200,mg,po,bid,active
own-new,pbo,50,placebo,,,sc,q2w,placebo
own-new,act,50,blisibimod,100,mg,sc,q2w,active
"""
OUTCOMES = """trial_id,arm_id,endpoint,week,statistic,value,unit,n,provenance
own-ra,pbo,ACR20,24,proportion,{low},fraction,60,recalled
own-ra,act,ACR20,24,proportion,0.5,fraction,60,recalled
own-sle,pbo,SRI-4,24,proportion,0.4,fraction,50,recalled
own-sle,act,SRI-4,24,proportion,0.5,fraction,50,recalled
own-new,pbo,SRI-4,24,proportion,0.4,fraction,50,recalled
own-new,act,SRI-4,24,proportion,0.5,fraction,50,recalled
"""


def folder(path: Path, low: float = 0.2) -> Path:
    path.mkdir()
    (path / "trials.csv").write_text(TRIALS)
    (path / "arms.csv").write_text(ARMS)
    (path / "outcomes.csv").write_text(OUTCOMES.format(low=low))
    return path


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory):
    return scoreboard(folders=[folder(tmp_path_factory.mktemp("own") / "t")], patients=80)


def test_a_folder_is_scored_as_external_whatever_it_says(board) -> None:
    found = board.to_dict()
    assert {c["role"] for c in found["contrasts"]} == {"external"}
    assert {c["trial_id"] for c in found["contrasts"]} == {"own-ra", "own-sle", "own-new"}


def test_json_has_its_fields_and_no_nan(board) -> None:
    found = json.loads(json.dumps(board.to_dict(), allow_nan=False))
    assert set(found) == {"contrasts", "summary", "skipped"}
    for contrast in found["contrasts"]:
        assert set(contrast) == FIELDS
        assert contrast["scale"] == "risk_difference"
        low, high = contrast["pi90"]
        assert low <= contrast["pi50"][0] <= contrast["pi50"][1] <= high
        assert len(contrast["published_ci"]) == len(contrast["rival_pi90"]) == 2


def test_what_cannot_be_simulated_counts_as_no_effect_and_is_listed(board) -> None:
    by_id = {r.row["trial_id"]: r for r in board.rows}
    assert by_id["own-new"].predictions["mechanism"].mean == 0.0
    assert not by_id["own-new"].simulated
    assert by_id["own-ra"].simulated
    assert [s["trial_id"] for s in board.skipped] == ["own-new"]
    assert "no kinetics" in board.skipped[0]["why"]
    assert board.summary()["share_simulated"] == pytest.approx(2 / 3)


def test_every_predictor_has_the_same_contrasts(board) -> None:
    scales = board.summary()["by_role"]["external"]
    for found in scales.values():
        assert len({m["contrasts"] for m in found["predictors"].values()}) == 1
        assert {"mechanism", "mechanism_discrepancy", "discrepancy_alone", "no_effect", "shrunken_mean"} <= set(
            found["predictors"]
        )


def test_no_prediction_reads_a_result(board, tmp_path: Path) -> None:
    other = scoreboard(folders=[folder(tmp_path / "other", low=0.45)], patients=80)
    for a, b in zip(board.rows, other.rows, strict=True):
        for name in board.names:
            assert a.predictions[name].mean == b.predictions[name].mean
            assert (a.predictions[name].draws == b.predictions[name].draws).all()
    assert board.rows[2].value == other.rows[2].value
    assert [a.value for a in board.rows] != [b.value for b in other.rows]


def test_same_recipe_same_bytes(board, tmp_path: Path) -> None:
    again = scoreboard(folders=[folder(tmp_path / "t")], patients=80, threads=1)
    assert json.dumps(again.to_dict()) == json.dumps(board.to_dict())


def test_page_and_files(board, tmp_path: Path) -> None:
    save(board, tmp_path / "out")
    names = {f.name for f in (tmp_path / "out").iterdir()}
    assert names == {
        "baxis-files.json",
        "scoreboard.md",
        "scoreboard.json",
        "scoreboard_calibration.png",
        "scoreboard_coverage.png",
    }
    text = (tmp_path / "out" / "scoreboard.md").read_text()
    assert text.index("## Worst misses") < text.index("## Scores by role")
    assert "own-new act: " in text
    assert page(board, []).startswith("# Scoreboard")


def test_a_look_is_logged(board, tmp_path: Path) -> None:
    log = tmp_path / "looks.csv"
    looks.record(board, log, "2030-01-02")
    looks.record(board, log, "2030-01-03")
    lines = log.read_text().splitlines()
    assert lines[0].split(",") == list(looks.HEADER)
    assert [x.split(",")[0] for x in lines[1:]] == ["2030-01-02", "2030-01-03"]
    assert "MAE mechanism" in lines[1]
    (tmp_path / "other.csv").write_text("a,b\n")
    with pytest.raises(InvalidValue, match="header"):
        looks.check(tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("role", "external", "expected"),
    [
        (None, False, {"validation"}),
        (None, True, {"external"}),
        ("validation", True, {"validation", "external"}),
        ("calibration", False, {"calibration"}),
    ],
)
def test_roles(role: str | None, external: bool, expected: set[str]) -> None:
    assert wanted_roles(role, external) == expected


def test_bad_roles_are_refused_before_anything_runs() -> None:
    with pytest.raises(UnknownName, match="validation"):
        scoreboard("validaton")
    with pytest.raises(InvalidValue, match="folder"):
        scoreboard("external")


def test_calibration_and_validation_sets_do_not_overlap() -> None:
    tables = evidence.load()
    sets = {role: {r["trial_id"] for r in select(tables, role, False)} for role in ("calibration", "validation")}
    assert sets["calibration"]
    assert sets["validation"]
    assert not sets["calibration"] & sets["validation"]


def test_control_arms_are_scored_by_themselves(board) -> None:
    found = board.summary()["controls"]["external"]
    assert found["RA"]["arms"] == found["SLE"]["arms"] == 1
    one = found["RA"]["each"][0]
    assert one["published"] == pytest.approx(0.2)
    assert one["pi90"][0] < one["predicted"] < one["pi90"][1]
    assert found["RA"]["bias"] == pytest.approx(one["predicted"] - one["published"])
