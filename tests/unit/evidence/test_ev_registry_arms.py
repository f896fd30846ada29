"""Results groups of a record are arms by label, else by drug and dose; what is not sure is told, never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from baxis import evidence
from baxis.evidence import registry
from baxis.evidence.meta.run import run
from baxis.evidence.meta.select import Query
from baxis.evidence.registry import words

Group = tuple[str, str, list[str]]  # label, description, interventions
TWO = [("Low dose", "Baricitinib 2 mg orally once daily", ["Drug: Baricitinib"]),
       ("High dose", "Baricitinib 4 mg orally once daily", ["Drug: Baricitinib"]),
       ("Control", "placebo", ["Drug: Placebo"])]  # fmt: skip


def record(arms: list[Group], measures: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A study record of the register's shape."""
    names = dict.fromkeys(n for _, _, given in arms for n in given)
    kinds = [
        "PLACEBO_COMPARATOR" if given and all("lacebo" in g for g in given) else "EXPERIMENTAL" for *_, given in arms
    ]
    return {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT88888888", "briefTitle": "Made-up", **more.pop("identification", {})},
            "conditionsModule": {"conditions": more.pop("conditions", ["Systemic Lupus Erythematosus"])},
            "designModule": {"phases": ["PHASE2"], "designInfo": {
                "allocation": "RANDOMIZED", "interventionModel": more.pop("model", "PARALLEL"),
                "maskingInfo": {"masking": "DOUBLE"}}, "enrollmentInfo": {"count": more.pop("count", 900)}},
            "armsInterventionsModule": {
                "armGroups": [{"label": a, "type": k, "description": d, "interventionNames": g}
                              for (a, d, g), k in zip(arms, kinds, strict=True)],
                "interventions": [{"type": n.split(":")[0].upper(), "name": n.split(": ", 1)[1], **more.get(n, {})} for n in names]},
            "outcomesModule": {"primaryOutcomes": [{"measure": "SRI-4", "timeFrame": "Week 24"}]},
        },
        "resultsSection": {"outcomeMeasuresModule": {"outcomeMeasures": measures or []}},
    }  # fmt: skip


def measure(cells: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A measure with one number a group; `cells`: title, or (title, description), -> value or whole measurement."""
    groups, found, sizes = [], [], []
    for i, (title, cell) in enumerate(cells.items()):
        name, said = title if isinstance(title, tuple) else (title, "")
        groups.append({"id": f"OG{i:03}", "title": name, "description": said})
        found.append({"groupId": f"OG{i:03}", **(cell if isinstance(cell, dict) else {"value": str(cell)})})
        sizes.append({"groupId": f"OG{i:03}", "value": "100"})
    base = {"title": "Percentage of participants with an SRI-4 response", "paramType": "NUMBER", "timeFrame": "Week 24",
            "unitOfMeasure": "percentage of participants", "groups": groups,
            "denoms": [{"units": "Participants", "counts": sizes}]}  # fmt: skip
    return {**base, "classes": [{"categories": [{"measurements": found}]}], **more}


def filed(arms: list[Group], cells: dict[str, Any], **more: Any) -> tuple[dict[str, str], list[str]]:
    """Value by arm, and what was not mapped."""
    got = registry.read_record(record(arms, [measure(cells)], **more))
    return {r["arm_id"]: r["value"] for r in got.tables["outcomes"]}, got.unmapped


def test_groups_are_matched_by_drug_and_dose_not_by_likeness() -> None:
    """The case of the report: the groups' titles stand in the arms' descriptions."""
    got, unmapped = filed(TWO, {"Baricitinib 4 mg": 45, "Baricitinib 2 mg": 55, "Placebo": 30})
    assert got == {"high_dose": "0.45", "low_dose": "0.55", "control": "0.3"}
    assert not any("group" in line for line in unmapped)


def arm(label: str, drug: str = "Drug: Baricitinib") -> Group:
    return (label, "", [drug])


PLAIN = [
    arm("Baricitinib 2 mg QD"),
    arm("Baricitinib 4 mg QD"),
    arm("Baricitinib 20 mg QD"),
    arm("Placebo QD", "Drug: Placebo"),
]


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Baricitinib 2 mg QD", "baricitinib_2_mg_qd"), ("BARICITINIB 2-MG", "baricitinib_2_mg_qd"),
        ("20 mg baricitinib", "baricitinib_20_mg_qd"), ("Baricitinib 4 mg once daily", "baricitinib_4_mg_qd"),
        ("Baricitinib 0.004 g", "baricitinib_4_mg_qd"), ("Baricitinib 2000 µg", "baricitinib_2_mg_qd"),
        ("Placebo", "placebo_qd"), ("Matching placebo", "placebo_qd"), ("Placebo matching baricitinib", "placebo_qd"),
        (("Group 1", "Baricitinib 4 mg tablets by mouth"), "baricitinib_4_mg_qd"), (("Arm A", "matching placebo"), "placebo_qd"),
    ],
)  # fmt: skip
def test_what_is_sure(title: Any, found: str) -> None:
    assert filed(PLAIN, {title: 40})[0] == {found: "0.4"}


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("Baricitinib", "3 arms get baricitinib"), ("Baricitinib 8 mg", "no arm gets baricitinib at 8 mg"),
        ("Baricitinib 2 mg/kg", "no arm gets baricitinib at 2 mg/kg"), ("Baricitinib 4 mg BID", "its schedule (bid) is not"),
        ("All Baricitinib", "joins arms"), ("Total", "joins arms"), ("Combined baricitinib 2 mg and 4 mg", "joins arms"),
        ("Baricitinib 2 mg + 4 mg", "no arm gets baricitinib at 2 mg, 4 mg"),
        ("Group 1", "neither title nor description names a drug"), ("Tofacitinib 5 mg", "neither title nor description names a drug"),
        ("Placebo to Baricitinib 4 mg", "change of treatment"), ("Placebo/Baricitinib 4 mg", "change of treatment"),
        ("Period 2: Baricitinib 4 mg", "period or part"), ("Baricitinib 4 mg, open-label extension", "period or part"),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_listed_and_under_no_arm(title: str, why: str) -> None:
    got, unmapped = filed(PLAIN, {title: 40, "Placebo QD": 20})
    assert got.pop("placebo_qd") == "0.2"
    assert all(name.startswith("group_") for name in got)
    assert any(why in line and repr(title) in line for line in unmapped), unmapped


def test_two_groups_are_never_one_arm() -> None:
    got, unmapped = filed(PLAIN, {"Baricitinib 2 mg QD": 40, "Baricitinib 2 mg (all sites)": 90})
    assert got == {"baricitinib_2_mg_qd": "0.4", "group_baricitinib_2_mg_all_sites": "0.9"}
    assert any("'Baricitinib 2 mg (all sites)'" in line and "joins arms" in line for line in unmapped), unmapped
    got, unmapped = filed(PLAIN, {"Baricitinib 2 mg QD": 40, "Baricitinib 2 mg": 90})
    assert got == {"baricitinib_2_mg_qd": "0.4", "group_baricitinib_2_mg": "0.9"}
    assert any("another group of the same measure is arm baricitinib_2_mg_qd" in line for line in unmapped), unmapped


def test_several_placebo_arms_are_told_apart_or_listed() -> None:
    arms = [
        arm("Drug iv"),
        ("Placebo iv", "intravenous", ["Drug: Placebo"]),
        ("Placebo sc", "subcutaneous", ["Drug: Placebo"]),
    ]
    assert filed(arms, {"Placebo subcutaneous": 10})[0] == {"placebo_sc": "0.1"}
    got, unmapped = filed(arms, {"Placebo": 10})
    assert list(got) == ["group_placebo"]
    assert any("2 placebo arms" in line for line in unmapped)


def test_background_that_everybody_gets_and_other_names_are_known() -> None:
    mtx = "Drug: Methotrexate"
    arms = [("A", "", ["Drug: Baricitinib", mtx]), ("B", "", ["Drug: Placebo", mtx])]
    got, _ = filed(arms, {"LY3009104 + MTX": 40, "Placebo + MTX": 20},
                   **{"Drug: Baricitinib": {"otherNames": ["LY3009104"]}, mtx: {"otherNames": ["MTX"]}})  # fmt: skip
    assert got == {"a": "0.4", "b": "0.2"}


def test_arms_with_like_or_foreign_labels_keep_ids_of_their_own() -> None:
    long = "Baricitinib tablets taken by mouth once a day in the morning, dose of "
    arms = [arm(long + "2 mg"), arm(long + "4 mg"), arm("プラセボ", "Drug: Placebo"), arm("---", "Drug: Placebo")]
    rows = registry.read_record(record(arms)).tables["arms"]
    assert len({r["arm_id"] for r in rows}) == 4
    assert all(r["arm_id"][0].isalnum() and r["arm_id"].isascii() for r in rows)


def test_a_group_that_is_no_arm_enters_no_analysis(tmp_path: Path) -> None:
    cells = {"Baricitinib 2 mg QD": 40, "Placebo QD": 20, "All Baricitinib": 50}
    registry.write(registry.read_record(record(PLAIN, [measure(cells)])), tmp_path / "t")
    assert evidence.check(tmp_path / "t").faults == ()
    ev = evidence.load(tmp_path / "t")
    result = run(ev, Query("SRI-4", ("SLE",), roles=("external",)))
    assert [(r["n_active"], round(r["estimate"], 9)) for r in result.table()] == [(100, 0.2)]
    pairs = evidence.contrasts(ev).query("trial_id == 'nct88888888'")
    assert list(pairs["arm_id"]) == ["baricitinib_2_mg_qd"]


def test_a_crossover_trial_is_not_filed_as_parallel() -> None:
    got = registry.read_record(record(PLAIN, model="CROSSOVER"))
    assert got.tables["trials"][0]["design"] == "open-label"
    assert any("crossover" in line for line in got.unmapped)


def one(cell: dict[str, Any], **more: Any) -> tuple[dict[str, str], list[str]]:
    got = registry.read_record(record(PLAIN, [measure({"Placebo QD": cell}, **more)]))
    rows = got.tables["outcomes"]
    return (rows[0] if rows else {}), got.unmapped


@pytest.mark.parametrize(
    ("unit", "title", "kind", "value", "found"),
    [
        ("Percentage of participants", "Participants with infection", "NUMBER", "0.8", "0.008"),
        ("percentage of participants", "x", "NUMBER", "1.0", "0.01"), ("% of patients", "x", "NUMBER", "45", "0.45"),
        ("percent of subjects", "x", "MEAN", "100", "1"), ("percentage", "Percentage of Participants with x", "NUMBER", "0.5", "0.005"),
        ("%", "Proportion of patients with x", "NUMBER", "12.5", "0.125"), ("Proportion of participants", "x", "NUMBER", "0.8", "0.8"),
        ("proportion of participants", "x", "NUMBER", "1", "1"), ("Participants", "Number of participants with x", "COUNT_OF_PARTICIPANTS", "8", "0.08"),
        ("participants", "Number of participants with x", "NUMBER", "8", "0.08"), ("Participants", "Percentage with x", "COUNT_OF_PARTICIPANTS", "1", "0.01"),
    ],
)  # fmt: skip
def test_per_cent_is_per_cent(unit: str, title: str, kind: str, value: str, found: str) -> None:
    row, _ = one({"value": value}, unitOfMeasure=unit, title=title, paramType=kind)
    assert (row["statistic"], row["value"], row["unit"]) == ("proportion", found, "fraction")


@pytest.mark.parametrize(
    ("unit", "title", "kind", "value", "why"),
    [
        ("Proportion of participants", "x", "NUMBER", "45", "is no proportion of people"),
        ("percentage of participants", "x", "NUMBER", "145", "is no percentage of people"),
        ("percentage of participants", "x", "NUMBER", "-3", "is no percentage of people"),
        ("Participants", "Percentage of participants with x", "NUMBER", "45", "may be a count or a share"),
        ("Participants", "x", "COUNT_OF_PARTICIPANTS", "120", "is no count of 100 participants"),
        ("Participants", "x", "COUNT_OF_PARTICIPANTS", "12.5", "is no count of 100 participants"),
        ("percentage of participants", "x", "NUMBER", "12,5", "is no number"),
        ("percentage of participants", "x", "NUMBER", "1_0", "is no number"),
        ("percentage of participants", "x", "NUMBER", "<0.1", "is no number"),
    ],
)  # fmt: skip
def test_what_is_no_share_is_listed(unit: str, title: str, kind: str, value: str, why: str) -> None:
    row, unmapped = one({"value": value}, unitOfMeasure=unit, title=title, paramType=kind)
    assert row == {}
    assert any(why in line and repr(value) in line for line in unmapped), unmapped


@pytest.mark.parametrize(
    ("kind", "dispersion", "cell", "found"),
    [
        ("MEAN", "Standard Deviation", {"spread": "5"}, {"se": "0.5"}), ("MEAN", "STANDARD_ERROR", {"spread": "0.5"}, {"se": "0.5"}),
        ("LEAST_SQUARES_MEAN", "Standard Error", {"spread": "0.5"}, {"se": "0.5"}),
        ("MEAN", "90% Confidence Interval", {"lowerLimit": "9", "upperLimit": "12"}, {"ci_low": "9", "ci_high": "12", "ci_level": "0.9"}),
        ("MEDIAN", "Inter-Quartile Range", {"lowerLimit": "9", "upperLimit": "12"}, {}), ("MEDIAN", "Full Range", {"lowerLimit": "1", "upperLimit": "99"}, {}),
        ("MEDIAN", "Standard Deviation", {"spread": "5"}, {}), ("GEOMETRIC_MEAN", "Geometric Coefficient of Variation", {"spread": "30"}, {}),
        ("MEAN", "95% Confidence Interval", {"lowerLimit": "11", "upperLimit": "12"}, {}), ("MEAN", "Standard Error", {"spread": "0"}, {}),
        ("MEAN", "Confidence Interval", {"lowerLimit": "9", "upperLimit": "12"}, {}),
    ],
)  # fmt: skip
def test_a_spread_is_what_the_record_says_it_is(
    kind: str, dispersion: str, cell: dict[str, str], found: dict[str, str]
) -> None:
    row, unmapped = one(
        {"value": "10", **cell}, title="Score", unitOfMeasure="points", paramType=kind, dispersionType=dispersion
    )
    assert {k: row[k] for k in ("se", "ci_low", "ci_high", "ci_level") if k in row} == found
    assert bool(found) != any(
        dispersion.lower().replace("_", " ") in line or "standard error must" in line for line in unmapped
    )


def test_an_endpoint_of_another_kind_keeps_a_name_of_its_own() -> None:
    row, unmapped = one({"value": "84"}, title="Time to SRI-4 response", unitOfMeasure="days", paramType="MEDIAN")
    assert (row["endpoint"], row["statistic"]) == ("Time_to_SRI_4_response", "median")
    assert any("is no proportion, so it is not SRI-4" in line for line in unmapped)


@pytest.mark.parametrize(
    ("text", "week"),
    [("Baseline to week 24", "24"), ("Weeks 12, 24 and 52", "52"), ("Day 1 up to 52 weeks", "52"), ("Week 52 Month 12", "52"),
     ("Up to 30 days after last dose", ""), ("28 days after the last dose (up to Week 56)", "56"), ("Weeks 0-24", "24"), ("wk 12", "12"),
     ("Week 4, 10 mg", "4"), ("Year 1, Month 6", "52"), ("Baseline, Weeks 2, 4, 8", "8")],
)  # fmt: skip
def test_time_frames(text: str, week: str) -> None:
    assert words.week(text) == week


@pytest.mark.parametrize(
    ("text", "week"),
    [("Week 24", "24"), ("Baseline", "0"), ("Change from Baseline to Week 12", "12"), ("Age > 2 years", ""), ("<= 5 years", ""),
     ("Week 24 responders", ""), ("Disease duration 2 years", "")],
)  # fmt: skip
def test_titles_that_are_times(text: str, week: str) -> None:
    assert words.only_time(text) == week


def difference(value: str, **more: str) -> tuple[list[dict[str, str]], list[str]]:
    posted = {
        "groupIds": ["OG000", "OG001"],
        "paramType": "Mean Difference (Final Values)",
        "paramValue": value,
        **more,
    }
    cells = {"Placebo QD": 20, "Baricitinib 2 mg QD": 35}
    got = registry.read_record(record(PLAIN, [measure(cells, analyses=[posted])]))
    return [r for r in got.tables["outcomes"] if r.get("versus")], got.unmapped


@pytest.mark.parametrize("value", ["15", "0.15", "15.2"])
def test_a_difference_of_shares_becomes_a_fraction(value: str) -> None:
    rows, _ = difference(value, ciPctValue="90", ciLowerLimit=str(float(value) / 2), ciUpperLimit=str(2 * float(value)))
    assert float(rows[0]["value"]) == pytest.approx(0.15, abs=0.005)
    assert (rows[0]["unit"], rows[0]["ci_level"]) == ("fraction", "0.9")
    assert float(rows[0]["ci_low"]) == pytest.approx(0.075, abs=0.002)


@pytest.mark.parametrize(
    ("value", "more", "why"),
    [
        ("-15", {}, "control minus active"), ("60", {}, "cannot be told"),
        ("15", {"ciLowerLimit": "5", "ciUpperLimit": "25"}, "without a level"),
        ("15", {"ciLowerLimit": "5", "ciPctValue": "95", "ciNumSides": "ONE_SIDED"}, "one side"),
        ("15", {"ciLowerLimit": "16", "ciUpperLimit": "25", "ciPctValue": "95"}, "is none of 15"),
    ],
)  # fmt: skip
def test_contrasts_that_are_not_sure_are_listed(value: str, more: dict[str, str], why: str) -> None:
    rows, unmapped = difference(value, **more)
    assert any(why in line for line in unmapped), unmapped
    assert len(rows) == (1 if more else 0)
    assert all("ci_low" not in r and "se" not in r for r in rows)


def test_nothing_is_written_that_the_check_refuses(tmp_path: Path) -> None:
    """A denominator above the arm's size, a trial smaller than its arms: listed, not written."""
    study = record(PLAIN, [measure({"Placebo QD": 40, "Baricitinib 2 mg QD": 60})], count=50)
    study["resultsSection"]["participantFlowModule"] = {
        "groups": [{"id": "F0", "title": "Placebo QD"}, {"id": "F1", "title": "Baricitinib 2 mg QD"}],
        "periods": [{"milestones": [{"type": "STARTED", "achievements": [
            {"groupId": "F0", "numSubjects": "80"}, {"groupId": "F1", "numSubjects": "120"}]}]}],
    }  # fmt: skip
    got = registry.read_record(study)
    assert {r["arm_id"] for r in got.tables["outcomes"]} == {"baricitinib_2_mg_qd"}
    assert got.tables["trials"][0]["n_randomised"] == ""
    assert any("is not filed" in line and "at most the arm's n (80)" in line for line in got.unmapped)
    registry.write(got, tmp_path / "t")
    assert evidence.check(tmp_path / "t").faults == ()


def test_a_trial_of_another_disease_stays_to_be_mended(tmp_path: Path) -> None:
    got = registry.read_record(record(PLAIN, [measure({"Placebo QD": 40})], conditions=["Psoriasis"]))
    assert any("condition 'Psoriasis' is none of the diseases" in u for u in got.unmapped)
    registry.write(got, tmp_path / "t")
    assert [(f.file, f.column) for f in evidence.check(tmp_path / "t").faults] == [("trials.csv", "disease")]


EVIL = [
    '=HYPERLINK("http://evil","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\x1b[31m=red",
    "＝1+1",
]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_no_cell_of_a_written_table_is_a_formula_or_has_control_characters(tmp_path: Path, evil: str) -> None:
    arms = [(evil, evil, [f"Drug: {evil}"]), ("Placebo", evil, ["Drug: Placebo"])]
    study = record(
        arms,
        [measure({evil: 40, "Placebo": 20}, title=evil)],
        identification={"acronym": evil, "briefTitle": "x" * 900},
    )
    file = tmp_path / "r.json"
    file.write_text(json.dumps(study), encoding="utf-8")
    got = registry.read_records([file])
    registry.write(got, tmp_path / "t")
    import csv

    for table in (tmp_path / "t").glob("*.csv"):
        with table.open(encoding="utf-8", newline="") as f:
            cells = [c for row in csv.reader(f) for c in row]
        assert all(len(c) <= 501 for c in cells)
        assert not [c for c in cells if c[:1] in "=+@\t\r＝" and c]
        assert not [c for c in cells if c.startswith("-") and not c[1:].replace(".", "").isdigit()]
        assert not [c for c in cells if any(ord(x) < 32 or 127 <= ord(x) < 160 for x in c)]
    assert not [u for u in got.unmapped if any(ord(x) < 32 for x in u)]
    assert evidence.check(tmp_path / "t").faults == ()


def test_one_page_of_a_search_is_told(tmp_path: Path) -> None:
    for k, more in enumerate(
        ({"nextPageToken": "abc"}, {"totalCount": 312}, {"nextPageToken": "abc", "totalCount": 312})
    ):
        file = tmp_path / f"p{k}.json"
        file.write_text(json.dumps({"studies": [record(PLAIN)], **more}), encoding="utf-8")
        said = [u for u in registry.read_records([file]).unmapped if "one page of a search" in u]
        assert len(said) == 1
        assert ("1 of 312 studies" in said[0]) == ("totalCount" in more)
        assert ("pageToken=abc" in said[0]) == ("nextPageToken" in more)
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps({"studies": [record(PLAIN)], "totalCount": 1}), encoding="utf-8")
    assert not [u for u in registry.read_records([whole]).unmapped if "one page" in u]


def test_event_terms_without_a_table_are_named() -> None:
    study = record(PLAIN)
    study["resultsSection"]["adverseEventsModule"] = {
        "seriousEvents": [{"term": "Herpes zoster"}, {"term": "Pneumonia"}]
    }
    assert any(
        "2 terms of seriousEvents have no table: Herpes zoster, Pneumonia" in u
        for u in registry.read_record(study).unmapped
    )
