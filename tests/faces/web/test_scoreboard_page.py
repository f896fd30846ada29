"""The Scoreboard page: numbers of a saved board, filters, and a folder that holds none."""

from __future__ import annotations

import json

import pytest

from baxis.core.errors import InvalidValue
from baxis.faces.web.pages import saved_board
from baxis.faces.web.pages import scoreboard as scoreboard_page


def contrast(trial: str, role: str, published: float, predicted: float, ci: list[float] | None) -> dict:
    both = {"predicted": predicted, "pi90": [predicted - 0.1, predicted + 0.1]}
    crps = {"mechanism": abs(predicted - published), "mechanism_discrepancy": 0.05, "no_effect": 0.2}
    details = {
        "disease": "SLE", "drug": "belimumab", "class": "anti-BAFF", "novelty": "drug seen", "benefit_sign": 1,
        "simulated": trial != "c", "crps": crps, "others": {"no_effect": {"predicted": 0.0, "pi90": [-0.1, 0.1]}},
    }  # fmt: skip
    return {
        "trial_id": trial, "role": role, "arm_id": "x", "versus": "pbo", "endpoint": "SRI-4", "week": 52.0,
        "scale": "risk_difference", **both, "mechanism": predicted, "mechanism_pi90": both["pi90"], "published": published,
        "published_ci": ci, "rival": None, "rival_pi90": None, "details": details,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rows = [
        contrast("a", "validation", 0.10, 0.15, [0.0, 0.2]),
        contrast("b", "validation", 0.30, 0.10, [0.2, 0.4]),
        contrast("c", "validation", 0.20, 0.10, None),
        contrast("d", "calibration", 0.10, 0.10, [0.0, 0.2]),
    ]
    board = {"contrasts": rows, "summary": {"recipe": {"baxis": "0", "seed": 1}}, "skipped": []}
    (tmp_path / "scoreboard.json").write_text(json.dumps(board), encoding="utf-8")
    monkeypatch.setattr(saved_board, "_asked", [])
    saved_board.use(tmp_path)
    return tmp_path


def test_scores_are_those_of_the_asked_contrasts(folder) -> None:
    rows = saved_board.chosen(saved_board.load(), {"role": "validation", "scale": "risk_difference"})
    assert [c["trial_id"] for c in rows] == ["a", "b", "c"]
    found = {r["name"]: r for r in saved_board.scores(rows)}
    assert found["mechanism"]["mae"] == pytest.approx((0.05 + 0.2 + 0.1) / 3)
    assert found["mechanism"]["bias"] == pytest.approx((0.05 - 0.2 - 0.1) / 3)
    assert (found["mechanism"]["coverage"], found["mechanism"]["held"]) == (0.5, 2)
    assert found["no_effect"]["sign_right"] == 0.0
    assert found["mechanism"]["skill"] is None  # three trials are too few


def test_the_page_filters_and_names_a_faulty_one(folder) -> None:
    answer = scoreboard_page.answer({})
    assert answer.figures["calibration"]["label"].startswith("Published against predicted effect of 3 contrasts, 1 in")
    assert "kept out of every fit" in str(answer.html["said"])
    one = scoreboard_page.answer({"simulated": "yes", "of": "no_effect"})
    assert one.figures["calibration"]["label"].startswith("Published against predicted effect of 2 contrasts")
    assert set(scoreboard_page.answer({"class": "anti-BAF"}).faults) == {"class"}
    assert set(scoreboard_page.answer({"of": "mechanisms"}).faults) == {"of"}
    assert "role" in str(scoreboard_page.form({}))


def test_a_folder_without_a_board_and_a_foreign_file_are_refused(tmp_path) -> None:
    with pytest.raises(InvalidValue, match="--out DIR"):
        saved_board.use(tmp_path)
    (tmp_path / "scoreboard.json").write_text('{"contrasts": [{}], "summary": {"recipe": 1}}', encoding="utf-8")
    with pytest.raises(InvalidValue, match="wrote"):
        saved_board.use(tmp_path)
