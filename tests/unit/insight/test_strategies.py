"""Strategies: limits, directions, known answers by hand, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Arm
from baxis.core.errors import BaxisError, InvalidValue, UnknownName, Unsupported
from baxis.insight import strategies as package
from baxis.insight.combine import setting
from baxis.insight.strategies import Line, Steroid, Strategies, Strategy, Target, strategies
from baxis.insight.strategies.comparing import _place
from baxis.insight.strategies.follow import follow
from baxis.insight.strategies.published import beside

SMALL = Settings(patients=20, threads=1)
DISEASES = ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"]
COURSE = "rituximab 1000 mg iv days 1,15"
CYCLE = "cyclophosphamide 100 mg po qd"


@pytest.fixture(scope="module", params=DISEASES)
def courses(request: pytest.FixtureRequest) -> Strategies:
    return strategies(request.param, COURSE, settings=SMALL)


def test_courses_behave_in_every_disease(courses: Strategies) -> None:
    v = courses.value
    assert courses.recipe["failures"] == 0
    assert v("lines", "no drug") == 0
    assert v("lines", "one course") == 1
    assert v("doses", "one course") == 2
    assert v("lines", "every 24 weeks") == 5
    assert 1 <= v("lines", "B-cell return") <= 9
    assert abs(v("lines", "at random") - v("lines", "B-cell return")) < 1.0
    assert v("mean inf", "every 24 weeks") < v("mean inf", "one course") < 1
    assert v("IgG at", "every 24 weeks") <= v("IgG at", "one course")
    assert v("time without B", "every 24 weeks") >= v("time without B", "one course")
    aimed = next(r for r in courses.runs if r.strategy.name == "treat to target").steroid
    assert (aimed <= np.maximum(aimed[:, :1], 10.0) + 1e-9).all()  # never above the start, or the dose of a flare
    t = courses.table.dropna()
    assert (t["low"] <= t["value"] + 1e-9).all()
    assert (t["value"] <= t["high"] + 1e-9).all()
    json.dumps(courses.to_dict(), allow_nan=False)


def test_rest_stays_rest_without_a_drug() -> None:
    """Under constant background nothing moves for two years (a setting that tapers steroid is another matter)."""
    assert strategies("SLE", COURSE, settings=SMALL).value("mean inf", "no drug") == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("disease", "drug"), [("RA", "adalimumab"), ("SLE", "belimumab"), ("AAV", "avacopan"), ("SjD", "ianalumab")]
)
def test_a_drug_given_throughout(disease: str, drug: str) -> None:
    result = strategies(disease, drug, then=COURSE, settings=Settings(patients=12, threads=1))
    v = result.value
    assert v("time under", "throughout") == 100
    assert v("time under", "one year") == pytest.approx(50)
    assert v("time under", "withdraw on target") <= 100
    assert v("mean inf", "throughout") <= v("mean inf", "one year") + 1e-9 <= 1.0 + 1e-6 + 0.05
    assert v("prednisone", "steroid taper") <= v("prednisone", "throughout") + 1e-9
    assert result.recipe["given"]["treat to target"][1].startswith("rituximab")


def test_segments_equal_one_run() -> None:
    """Two drugs, one begun half a year later: followed visit by visit as simulated at a stretch."""
    design = setting.home("RA").replace(weeks=52, visit_weeks=4, background_therapy=[], entry=[])
    place = _place(design, SMALL)
    plan = Strategy(name="x", lines=(Line(drug=COURSE, weeks=24, keep=True), Line(drug="adalimumab 40 mg sc q2w")))
    run = follow(place, plan)
    second = setting.regimen("adalimumab 40 mg sc q2w", "RA")[0].model_copy(update={"start_day": 168.0})
    both = (setting.regimen(COURSE, "RA")[0], second)
    whole = run_arm(Laboratory(design, SMALL), Arm(arm_id="x", n=1, role="active", treatments=both), place.people)
    for name in ("infl", "bcount", "igg"):
        assert run.outputs[name] == pytest.approx(whole.outputs[name][:, 1:], rel=3e-3)
    assert (run.begun.sum(axis=1) == 2).all()


def test_a_background_drug_as_induction_is_an_exposure_for_its_weeks() -> None:
    design = setting.home("RA").replace(weeks=52, visit_weeks=4, background_therapy=[], entry=[])
    place = _place(design, SMALL)
    run = follow(place, Strategy(name="x", lines=(Line(drug=CYCLE, weeks=24), Line(drug="azathioprine 150 mg po qd"))))
    none = follow(place, Strategy(name="none"))
    assert (run.treated[:, :6] == 0).all()
    assert (run.treated[:, 6:] == 1).all()
    assert (run.outputs["infl"][:, 4] < none.outputs["infl"][:, 4]).all()


def test_steroid_taper_by_hand() -> None:
    """Everyone starts at 40 mg and falls by the weeks; a target that is always met, or never, moves the clock or not."""
    design = setting.home("SLE").replace(weeks=52, visit_weeks=4, background_therapy=[], entry=[])
    place = _place(design, SMALL)
    taper = ((0.0, 40.0), (4.0, 20.0), (12.0, 5.0))
    always = Target(measure="SLEDAI-2K", at_most=200)
    never = Target(measure="SLEDAI-2K", at_most=-1)
    dose = [40, 20, 20] + 11 * [5]

    def steroid(aim: Target, **rule: object) -> np.ndarray:
        rule_ = Steroid(taper=taper, everyone=True, **rule)  # type: ignore[arg-type]
        return follow(place, Strategy(name="x", target=aim, steroid=rule_)).steroid

    assert (steroid(always) == dose).all()
    assert (steroid(never) == dose).all()
    assert (steroid(always, in_target=True) == dose).all()
    assert (steroid(never, in_target=True) == 40).all()
    flared = steroid(Target(measure="SLEDAI-2K", at_most=4), flare=20.0)
    assert set(np.unique(flared)) <= {5.0, 20.0, 40.0}
    assert (flared[:, 4:] == 20).any()


def test_withdrawal_and_return_follow_the_target() -> None:
    place = _place(setting.home("RA").replace(weeks=104, visit_weeks=4), SMALL)
    always = Target(measure="DAS28-CRP", at_most=20, kept=2)
    run = follow(place, Strategy(name="x", lines=(Line(drug="adalimumab 40 mg sc q2w"),), target=always))
    assert (run.treated[:, :6] == 0).all()
    assert (run.treated[:, 6:] == -1).all()
    switch = Target(measure="DAS28-CRP", at_most=-1, missed=2)
    two = (Line(drug="adalimumab 40 mg sc q2w"), Line(drug="tocilizumab 162 mg sc qw"))
    run = follow(place, Strategy(name="x", lines=two, target=switch))
    assert (run.treated[:, :6] == 0).all()
    assert (run.treated[:, 6:] == 1).all()


def test_mainritsan2_stands_beside_what_was_printed() -> None:
    result = strategies(file="mainritsan2", settings=SMALL)
    p = result.published.set_index(["strategy", "measure"])
    assert p.loc[("fixed", "infusions_per_patient"), "value"] == 5
    assert 1 < p.loc[("tailored", "infusions_per_patient"), "value"] < 5
    assert p.loc[("fixed", "relapse_rate"), "published"] == pytest.approx(9.9)
    with pytest.raises(InvalidValue, match="validation"):
        beside("mainritsan3", None, [], 1)  # type: ignore[arg-type]


def test_own_file_saved_twice_and_threads_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        f'disease = "SLE"\nname = "mine"\nlines = [{{ drug = "{COURSE}", again = {{ every_weeks = 48 }} }}]\n'
    )
    one, two = (strategies(file=file, patients=12, threads=t) for t in (1, 2))
    assert one.to_dict() == two.to_dict()
    assert list(dict.fromkeys(one.table["strategy"])) == ["no drug", "mine"]
    for _ in range(2):
        one.save(tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "strategies.json",
        "table.csv",
        "visits.csv",
        "strategies.png",
        "baxis-files.json",
    }
    other = tmp_path / "other"
    other.mkdir()
    (other / "keep.txt").write_text("mine")
    with pytest.raises(InvalidValue, match="earlier result"):
        one.save(other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "a"\nlins = []', "did you mean 'lines'"),
        ('name = "a"\nlines = [{ drug = "rituximab", again = { b_cells = -1 } }]', "greater than 0"),
        ('name = "a"\nlines = [{ drug = "rituximab", again = { off_target = true } }]', "needs a target"),
        ('name = "a"\ntarget = { measure = "SLEDAI", at_most = 4 }', "did you mean 'SLEDAI-2K'"),
        ('name = "a"\nsteroid = { taper = [[0, 5], [4, 10]] }', "doses must fall"),
        ('[[strategies]]\nname = "a"\n[[strategies]]\nname = "a"', "stands twice"),
        ('name = "a"\ncheck_weeks = 5\nlines = [{ drug = "rituximab" }]', "a multiple of 4"),
        ('name = "a"\nlines = [{ drug = "rituximb" }]', "rituximab"),
        ('name = "a"\nlines = [{ drug = "prednisone 5 mg po qd" }]', "steroid"),
        ('name = "a"\nlines = [{ drug = "rituximab", again = { as_often_as = "b" } }]', "before it"),
    ],
)
def test_bad_files_are_refused_with_a_reason(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('disease = "SLE"\n' + text + "\n")
    with pytest.raises(BaxisError, match=said):
        strategies(file=file, settings=SMALL)


def test_refusals() -> None:
    with pytest.raises(Unsupported, match="cells"):
        strategies("SLE", "cd19-car-t 100 mg iv once", settings=SMALL)
    with pytest.raises(UnknownName, match="disease"):
        strategies("MS")
    with pytest.raises(InvalidValue, match="patients"):
        strategies("SLE", patients=3)
    with pytest.raises(UnknownName, match="mainritsan2"):
        package.read_plan("mainritsan")


def counts(found: Strategies, name: str) -> list[int]:
    """Doses of the first patient by visit, those without any left out."""
    run = next(r for r in found.runs if r.strategy.name == name)
    return [int(n) for n in run.doses[0] if n]


@pytest.mark.parametrize(
    ("disease", "drug", "first", "later"),
    [("AAV", "rituximab", 4, 1), ("IgG4-RD", "inebilizumab", 2, 1), ("SLE", "rituximab", 2, 2)],
)
def test_a_further_course_is_the_maintenance_that_is_published_or_scheduled(
    disease: str, drug: str, first: int, later: int
) -> None:
    """RAVE: four weekly doses, MAINRITSAN2: 500 mg once; MITIGATE: two doses, then one in week 26; EXPLORER: two and two."""
    found = strategies(disease, drug, settings=SMALL)
    assert counts(found, "every 24 weeks") == [first, *[later] * 4]
    assert counts(found, "one course") == [first]
    given = found.recipe["given"]["every 24 weeks"][0]
    assert ("each further course" in given) == (first != later)
    told = [x for x in found.recipe["remarks"] if "further course is the first one again" in x]
    assert all("every 24 weeks" not in x for x in told) == (first != later)


def test_a_further_course_has_its_own_amount() -> None:
    """375 mg/m2 is by the patient's surface, 500 mg is the same for all; a patient whose target is missed has all of it."""
    found = strategies("AAV", "rituximab", settings=SMALL)
    for run in found.runs:
        for line in run.lines:
            assert np.std(line.dosings[0].amounts[:, 0]) > 0
            assert len(line.further) == (run.strategy.name not in ("one course", "treat to target"))
            assert all((d.amounts == 500.0).all() for d in line.further)


def test_a_course_of_ones_own_words_is_given_again_as_it_is() -> None:
    found = strategies("AAV", "rituximab 375 mg/m2 iv qw x4", settings=SMALL)
    assert counts(found, "every 24 weeks") == [4, 4, 4, 4, 4]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('further = "rituximab 500 mg iv once"', "further needs again"),
        ('again = { b_cells = 20 }\nfurther = "belimumab 200 mg sc qw"', "another regimen of rituximab"),
        ('again = { b_cells = 20 }\nfurther = "rituximab 500 mg iv q8w"', "end within 12 weeks"),
        ('again = { b_cells = 20 }\nfurther = "rituximab 500 ml iv once"', "500 ml"),
    ],
)
def test_a_further_course_that_cannot_be_meant_is_refused(line: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f'disease = "SLE"\n[[strategies]]\nname = "x"\n[[strategies.lines]]\ndrug = "{COURSE}"\n{line}\n')
    with pytest.raises(BaxisError, match=said):
        strategies(file=file, settings=SMALL)
