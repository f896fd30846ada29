"""Default designs: what is read off a trial's rows, what is refused, and how many trials are covered."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from baxis import evidence
from baxis.clinic.design.design import build
from baxis.clinic.design.from_evidence import coverage, default_design, derive
from baxis.clinic.design.from_evidence.dosing import regimen, treatments
from baxis.clinic.design.from_evidence.rules import cohort_text
from baxis.core.errors import UnknownName, Unsupported

# Trials that had a default design when the rules were written: the count may grow, it may not fall silently.
LEAST_DESIGNED = {"calibration": 59, "validation": 27, "context": 34}


def agents() -> dict[str, dict]:
    return {a["agent"]: a for a in evidence.load().rows("agents")}


def arm(**changes: object) -> dict:
    base = {
        "arm_id": "a",
        "drug": "belimumab",
        "dose": 10.0,
        "dose_unit": "mg/kg",
        "route": "iv",
        "role": "active",
    }
    return {**base, "schedule": "q28d", "regimen": "", **changes}


def test_every_trial_is_designed_or_refused_with_a_reason() -> None:
    table = coverage()
    assert len(table) == len(evidence.load().trials)
    assert (table["designed"] == (table["why"] == "")).all()
    counts = table[table["designed"]].groupby("role").size()
    for role, least in LEAST_DESIGNED.items():
        assert counts[role] >= least, f"{role}: {counts[role]} designs, at least {least} before"


def test_a_design_reads_like_its_rows() -> None:
    design = default_design("bliss-52")
    assert [a.arm_id for a in design.arms] == ["pbo", "1mgkg", "10mgkg"]
    dose = design.arms[2].treatments[0]
    assert (dose.drug, dose.dose, dose.dose_unit, dose.route) == ("belimumab", 10.0, "mg/kg", "iv")
    assert dose.schedule == "days 1,15,29 then q28d"
    assert (design.primary.name, design.primary.week) == ("SRI-4", 52)
    assert {(e.measure, e.min) for e in design.entry} == {("SLEDAI-2K", 6.0), ("age_y", 18.0)}
    assert "not an entry criterion" in design.notes
    assert build(design.model_dump(), "copy") == design


def test_prior_treatment_and_background_are_read() -> None:
    design = default_design("fostamatinib-oskira-3")
    assert design.prior_treatment == "TNF-IR"
    assert {b.drug: b.share for b in design.background_therapy}["methotrexate"] == 1.0
    assert default_design("fostamatinib-taski2").prior_treatment == "MTX-IR"  # some are biologic-experienced


def test_printed_criteria_replace_the_usual_ones() -> None:
    design = default_design("tas5315-ra-ph2a")
    assert {(e.measure, e.min) for e in design.entry} >= {("SJC66", 6.0), ("CRP", 6.0)}
    assert "assumed: usual" not in design.notes


def test_pooled_groups_are_made_of_their_arms() -> None:
    assert derive("tas5315-ra-ph2a").pools == {"pooled": ("2qd", "4qd")}


def test_an_arm_that_cannot_be_simulated_is_left_out_with_why() -> None:
    found = derive("lanraplenib-ra-ph2")
    assert found.design is not None
    assert "no kinetics" in found.left_out["10qd"]
    assert "10qd" not in {a.arm_id for a in found.design.arms}


def test_a_background_drug_can_be_the_treatment_of_an_arm_and_a_stopped_one_is_none() -> None:
    arms = {a.arm_id: a for a in default_design("rituximab-edwards-2004").arms}
    assert [t.drug for t in arms["rtx-cyc"].treatments] == ["rituximab", "cyclophosphamide"]
    arms = {a.arm_id: a for a in default_design("gc-maintenance-aip-masamune2017").arms}
    assert [t.dose for t in arms["maintain"].treatments] == [5.0]
    assert arms["withdraw"].treatments == ()


@pytest.mark.parametrize(
    ("trial", "why"),
    [
        ("chablis-sc1", "no kinetics"),
        ("care-sle-ph2b", "not in the library"),
        ("iguratimod-sjd-jiang2020", "iguratimod"),
    ],
)
def test_refusals_name_what_is_lacking(trial: str, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        default_design(trial)


def test_induction_is_given_to_every_arm_from_entry_on() -> None:
    drugs = {b.drug: b for b in default_design("lunar").background_therapy}
    assert drugs["mycophenolate"].from_entry
    assert drugs["mycophenolate"].dose == 2.5
    steroid = drugs["prednisone"]
    assert steroid.from_entry
    assert [(t.week, t.dose) for t in steroid.taper] == [(2, 30), (4, 20), (8, 15), (12, 10), (16, 7.5)]
    for arm in default_design("access-abatacept-ln").arms:  # azathioprine follows cyclophosphamide
        assert ("azathioprine", 84.0) in {(t.drug, t.start_day) for t in arm.treatments}


def test_a_drug_of_the_arms_is_no_background_too() -> None:
    design = default_design("cycazarem")
    assert "cyclophosphamide" not in {b.drug for b in design.background_therapy}


def test_a_steroid_taper_without_printed_doses_runs_by_the_rule() -> None:
    arms = {a.arm_id: a for a in default_design("clear-avacopan").arms}
    doses = [(t.start_day, t.dose) for t in arms["pred60"].treatments if t.drug == "prednisone"]
    assert doses[0] == (0.0, 60.0)
    assert all(late < early for (_, early), (_, late) in pairwise(doses))
    assert max(day for day, _ in doses) < 12 * 7
    assert next(t.drug for t in arms["ava"].treatments) == "avacopan"


def test_a_population_in_remission_is_not_induced() -> None:
    design = default_design("brevas")
    assert design.prior_treatment == "remission"
    assert {b.drug for b in design.background_therapy} == {"azathioprine", "prednisone"}
    assert design.arms[0].treatments == ()
    assert {(e.measure, e.max) for e in design.entry} >= {("active organs", 0.0)}


def test_where_the_primary_endpoint_is_unknown_the_reported_ones_stand() -> None:
    design = default_design("rituximab-image")
    assert "mTSS_change" in design.notes
    assert {e.name for e in design.endpoints} >= {"ACR50"}
    assert not any(e.primary for e in design.endpoints)


def test_unknown_trial_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="bliss-52"):
        derive("blis-52")


def test_combinations_need_each_drug_with_its_dose() -> None:
    both = arm(drug="belimumab+rituximab", dose=200.0, dose_unit="mg", route="sc", regimen="qw")
    printed = "belimumab qw; rituximab 1000 mg iv wk 4 and 6"
    found, _ = treatments({**both, "schedule": printed}, agents(), {})
    assert [(t.drug, t.dose, t.route, t.schedule) for t in found] == [
        ("belimumab", 200.0, "sc", "qw"),
        ("rituximab", 1000.0, "iv", "weeks 4,6"),
    ]
    with pytest.raises(Unsupported, match="rituximab"):
        treatments({**both, "schedule": "belimumab qw"}, agents(), {})


def test_a_drug_that_another_arm_gives_alone_is_read_there() -> None:
    design = default_design("mycophenolate-igg4rd-yunyun2019")
    alone, both = (a.treatments for a in design.arms)
    assert both[:-1] == alone
    assert (both[-1].drug, both[-1].dose, both[-1].schedule) == ("mycophenolate", 1000.0, "qd")
    arms = {a.arm_id: a.treatments for a in default_design("clear-avacopan").arms}
    assert [t.drug for t in arms["ava_pred20"]][:2] == ["avacopan", "prednisone"]
    assert arms["ava_pred20"][1].dose == 20.0  # as its label prints, not the 60 mg of the other arm


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"dose": float("nan")}, "dose of belimumab"),
        ({"dose_unit": "cells"}, "dose unit 'cells'"),
        ({"schedule": "now and then"}, "schedule 'now and then' cannot be read"),
        ({"schedule": ""}, "schedule is not in the tables"),
        ({"drug": "tnf inhibitor"}, "group of drugs"),
    ],
)
def test_arm_refusals(changes: dict, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        treatments(arm(**changes), agents(), {})


def test_schedule_ends_where_its_note_says() -> None:
    plans = {"q2w to week 24": {"regimen": "q2w", "note": "ends at week 24"}}
    assert regimen(arm(schedule="q2w to week 24"), plans) == ("q2w x12", [])
    plans = {"x": {"regimen": "days 1,15,29 then q4w", "note": "ends at week 24"}}
    assert regimen(arm(schedule="x"), plans)[0] == "days 1,15,29 then q4w x4"


def test_cohorts_have_their_own_text() -> None:
    text = "pop 1: ESSDAI>=5; pop 2: ESSPRI>=5 with ESSDAI<5"
    assert cohort_text(text, "p1_pbo") == "ESSDAI>=5"
    assert cohort_text(text, "p2_pbo") == "ESSPRI>=5 with ESSDAI<5"
    assert cohort_text(text, "pbo") == text


def test_a_folder_of_rows_never_seen_gives_a_design(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(
        "trial_id,disease,phase,design,n_randomised,population,background,primary_endpoint,primary_week,role,provenance,reference\n"
        'new-ra,RA,2,parallel-rct,120,"TNF-IR, SJC/TJC>=8",MTX,ACR20,24,validation,recalled,own\n'
    )
    (tmp_path / "arms.csv").write_text(
        "trial_id,arm_id,arm_label,n,drug,dose,dose_unit,route,schedule,role\n"
        'new-ra,act,Active,60,rituximab,1000,mg,iv,"days 1,15",active\nnew-ra,pbo,Placebo,60,placebo,,,iv,"days 1,15",placebo\n'
    )
    design = default_design("new-ra", evidence.load(tmp_path))
    assert design.prior_treatment == "TNF-IR"
    assert {(e.measure, e.min) for e in design.entry} >= {("SJC66", 8.0), ("TJC68", 8.0)}
    assert [(a.arm_id, a.n, len(a.treatments)) for a in design.arms] == [("pbo", 60, 0), ("act", 60, 1)]
