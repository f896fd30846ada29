"""Trial forms of docs/trial_forms.md: each runs as it stands, moves what it should, and does not depend on threads."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import baxis
from baxis.clinic.design.design import Design, build
from baxis.clinic.design.read import read_design
from baxis.core.errors import Faults

PAGE = Path(__file__).parents[3] / "docs" / "trial_forms.md"
N = 80


def design(name: str, tmp: Path) -> Design:
    for text in re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M):
        if f'"{name}"' in text.splitlines()[0]:
            file = tmp / f"{name}.toml"
            file.write_text(text, encoding="utf-8")
            return read_design(file)
    raise AssertionError(f"{name} is not in the page")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    held: dict[str, baxis.clinic.result.summarise.TrialResult] = {}

    def run(name: str):
        if name not in held:
            held[name] = baxis.run_trial(design(name, tmp_path_factory.mktemp(name)), patients=N, seed=3)
        return held[name]

    return run


def values(found, column: str = "value") -> dict[str, float]:
    return dict(zip(found.arms["arm_id"], found.arms[column], strict=False))


def test_a_sequence_adds_the_second_drug_from_its_week_on(result) -> None:
    found = result("rituximab-then-belimumab")
    _, alone, both = found.runs
    before, after = alone.days < 168.5, alone.days > 250
    assert both.outputs["naive"][:, before] == pytest.approx(alone.outputs["naive"][:, before], rel=1e-2, abs=1e-5)
    assert np.median(both.outputs["naive"][:, after]) < np.median(alone.outputs["naive"][:, after])


def test_maintenance_keeps_b_cells_away_and_prevents_relapse(result) -> None:
    found = result("aav-induction-maintenance")
    short, long = (run.outputs["bcount"][:, -1] for run in found.runs)
    assert np.median(long) < 0.1 * np.median(short)
    assert found.contrasts["predicted"][0] < 0
    assert values(found)["maintenance"] < values(found)["induction-only"]


def test_only_patients_without_response_switch(result) -> None:
    found = result("ra-switch")
    stay, moved = found.runs
    who = np.isfinite(moved.decisions[0].day)
    response = found.measured[1]
    assert 0.05 < who.mean() < 0.6
    assert set(moved.decisions[0].day[who]) == {168.0}
    assert np.array_equal(stay.outputs["bcount"][:, moved.days < 168.5], moved.outputs["bcount"][:, moved.days < 168.5])
    assert np.median(moved.outputs["bcount"][who, -1] / stay.outputs["bcount"][who, -1]) < 0.1
    assert moved.outputs["infl"][~who] == pytest.approx(stay.outputs["infl"][~who], rel=2e-3)
    assert response["DAS28-CRP"][who, 1:].shape[1] == len(moved.days) - 1


def test_rescue_changes_the_course_and_counts_as_failure(result, tmp_path: Path) -> None:
    found = result("ra-rescue")
    plain = found.design.model_dump() | {"trial_id": "plain"}
    plain["rescue"] = {**plain["rescue"], "treatments": []}
    without = baxis.run_trial(build(plain, "plain"), patients=N, seed=3)
    who = np.isfinite(found.runs[0].decisions[0].day)
    assert who.mean() > np.isfinite(found.runs[1].decisions[0].day).mean() > 0
    last = [r.measured[0]["DAS28-CRP"][who, -1].mean() for r in (found, without)]
    assert last[0] < last[1] - 0.3
    acr = found.arms[found.arms["endpoint"] == "ACR20"]["value"].to_numpy()
    assert acr == pytest.approx(without.arms[without.arms["endpoint"] == "ACR20"]["value"].to_numpy())


def test_b_cell_guided_courses_start_when_b_cells_are_back(result) -> None:
    found = result("aav-by-b-cells")
    fixed, guided = found.runs
    rule = guided.decisions[0]
    count = baxis.axis.outputs()["bcount"].measured(guided.outputs["bcount"])
    for patient in np.flatnonzero(np.isfinite(rule.day))[:20]:
        visit = int(np.flatnonzero(guided.days == rule.day[patient])[0])
        assert count[patient, visit] > 10
        assert count[patient, visit + 1] < count[patient, visit]
    given = [sum(c.takes.sum() for c in guided.courses[1:]), 4 * N]
    assert 0 < given[0] < given[1]  # fewer courses than one every 24 weeks
    assert fixed.decisions == ()


def test_only_responders_are_randomised_to_withdrawal(result) -> None:
    found = result("ra-withdrawal")
    n = values(found, "n_simulated")
    assert n["withdrawn"] == n["continued"] < N
    assert values(found)["withdrawn"] < values(found)["continued"] < 1
    gone, kept = found.runs
    same = gone.days < 112.5
    assert gone.outputs["infl"][:, same] == pytest.approx(kept.outputs["infl"][:, same], rel=1e-4)


@pytest.mark.parametrize("name", ["ra-rescue", "aav-by-b-cells"])
def test_decisions_do_not_depend_on_threads(result, name: str) -> None:
    found = result(name)
    again = baxis.run_trial(found.design, patients=N, seed=3, threads=1)
    for one, two in zip(found.runs, again.runs, strict=True):
        for key, seen in one.outputs.items():
            assert np.array_equal(seen, two.outputs[key]), key
    assert found.to_dict() == again.to_dict()


def test_a_switch_that_never_fires_changes_nothing_of_note(result, tmp_path: Path) -> None:
    base = design("ra-switch", tmp_path)
    arms = [a.model_dump() for a in base.arms]
    rule = {"week": 12, "until": 36, "measure": "SJC66", "above": 1000, "treatments": [], "failure": True}
    arms[1]["switches"] = [rule]
    found = baxis.run_trial(base.replace(arms=arms), patients=20, seed=3)
    assert not np.isfinite(found.runs[1].decisions[0].day).any()
    for key, seen in found.runs[0].outputs.items():
        assert found.runs[1].outputs[key] == pytest.approx(seen, rel=5e-3, abs=1e-4), key


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"endpoint": "ACR21"}, "did you mean 'ACR20'"),
        ({"when": None}, "give when with endpoint"),
        ({"measure": "SJC66", "above": 3}, "give one of endpoint, measures or measure"),
        ({"week": 60}, "the trial ends at 48"),
        ({"stop": ["rituximabb"]}, "allowed: abatacept, all, rituximab"),
        ({"until": 3}, "lies before week"),
        ({"stopp": []}, "did you mean 'stop'"),
        ({"endpoint": "DAS28_change"}, "responder endpoint"),
    ],
)
def test_bad_rules_are_refused_before_anything_runs(change: dict, message: str, tmp_path: Path) -> None:
    data = design("ra-switch", tmp_path).model_dump()
    data["arms"][1]["switches"] = [{**data["arms"][1]["switches"][0], **change}]
    with pytest.raises(Faults, match=message):
        baxis.run_trial(build(data, "design"), patients=5)


def test_bad_randomisation_is_refused(tmp_path: Path) -> None:
    base = design("ra-withdrawal", tmp_path)
    with pytest.raises(Faults, match="at or before the randomisation"):
        base.replace(randomisation={"week": 36, "endpoint": "ACR20"})
    with pytest.raises(Faults, match="responder endpoint"):
        baxis.run_trial(base.replace(randomisation={"week": 16, "endpoint": "DAS28_change"}), patients=5)
