"""Import of register records: a fictitious record of the real shape."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from baxis import evidence
from baxis.core.errors import InvalidValue
from baxis.evidence import registry
from baxis.evidence.registry import words

FILE = Path(__file__).parent / "data" / "registry_example.json"
RECORD = json.loads(FILE.read_text(encoding="utf-8"))


def rows(record: registry.Imported, table: str, **wanted: str) -> list[dict[str, str]]:
    return [r for r in record.tables[table] if all(r.get(k, "") == v for k, v in wanted.items())]


def test_trial_and_arms() -> None:
    got = registry.read_records([FILE])
    trial = got.tables["trials"][0]
    assert (trial["disease"], trial["phase"], trial["design"], trial["blind"]) == (
        "SLE",
        "3",
        "parallel-rct",
        "double",
    )
    assert (trial["primary_endpoint"], trial["primary_week"], trial["n_randomised"]) == ("SRI-4", "52", "200")
    arm = rows(got, "arms", drug="belimumab")[0]
    assert (arm["dose"], arm["dose_unit"], arm["route"], arm["regimen"], arm["n"]) == (
        "200",
        "mg",
        "sc",
        "qw",
        "80",
    )
    assert rows(got, "arms", role="placebo")[0]["dose"] == ""


def test_numbers_of_the_results() -> None:
    got = registry.read_records([FILE])
    primary = rows(got, "outcomes", arm_id="placebo", endpoint="SRI-4")[0]
    assert (primary["value"], primary["ci_low"], primary["ci_high"], primary["n"]) == (
        "0.4",
        "0.292",
        "0.516",
        "80",
    )
    assert rows(got, "outcomes", endpoint="SRI-6", arm_id="placebo")[0]["value"] == "0.25"
    ratio = rows(got, "outcomes", statistic="odds_ratio")[0]
    assert (ratio["arm_id"], ratio["versus"], ratio["value"]) == (
        "belimumab_200_mg_sc_weekly",
        "placebo",
        "1.84",
    )
    weeks = {r["week"]: r for r in rows(got, "outcomes", endpoint="IgG_change", arm_id="placebo")}
    assert set(weeks) == {"24", "52"}
    assert (weeks["52"]["statistic"], weeks["52"]["value"], weeks["52"]["se"]) == (
        "mean_change",
        "-0.2",
        "0.2",
    )
    assert rows(got, "outcomes", endpoint="Invented_Quality_Score")[0]["se"] == "0.2"
    assert rows(got, "outcomes", endpoint="SAE", arm_id="placebo")[0]["value"] == "0.15"
    assert rows(got, "outcomes", endpoint="death", arm_id="placebo")[0]["value"] == "0.0125"
    assert rows(got, "baseline", characteristic="female_frac", arm_id="all")[0]["value"] == "0.925"
    assert rows(got, "baseline", characteristic="SLEDAI")[0]["low"] == "8"


@pytest.mark.parametrize(
    "said",
    [
        "co-primary", "dose of arm 'Novelumab'", "'novelumab' is not in the library", "Open-label extension",
        "Regression, Logistic", "'NA' is no number", "Invented Quality Score", "'All treated'", "seriousEvents",
        "Female, Male | Male",
    ],
)  # fmt: skip
def test_what_has_no_place_is_listed(said: str) -> None:
    assert any(said in line for line in registry.read_records([FILE]).unmapped)


def test_every_posted_number_is_in_a_row_or_in_the_list() -> None:
    """Count of measurements in the record = rows from measurements + lines that name one."""
    got = registry.read_records([FILE])
    posted = sum(
        len(c["measurements"])
        for m in RECORD["resultsSection"]["outcomeMeasuresModule"]["outcomeMeasures"]
        for k in m["classes"]
        for c in k["categories"]
    )
    own = [r for r in got.tables["outcomes"] if not r.get("versus") and r["endpoint"] not in ("SAE", "death")]
    assert posted == len(own) + sum("is no number" in line for line in got.unmapped)


def test_written_folder_passes_check_and_gives_a_contrast(tmp_path: Path) -> None:
    out = tmp_path / "tables"
    registry.write(registry.read_records([FILE]), out)
    report = evidence.check(out)
    assert report.faults == ()
    assert (out / "unmapped.txt").read_text(encoding="utf-8").count("\n") > 5
    ev = evidence.load(out)
    pair = evidence.contrasts(ev).query("trial_id == 'nct99999999'").iloc[0]
    assert pair["value"] == pytest.approx(0.151)
    with pytest.raises(InvalidValue, match="new or empty"):
        registry.write(registry.read_records([FILE]), out)


def test_search_downloads_hold_several_studies(tmp_path: Path) -> None:
    other = copy.deepcopy(RECORD)
    other["protocolSection"]["identificationModule"]["nctId"] = "NCT88888888"
    file = tmp_path / "many.json"
    file.write_text(json.dumps({"studies": [RECORD, other]}), encoding="utf-8")
    assert {t["nct"] for t in registry.read_records([file]).tables["trials"]} == {
        "NCT99999999",
        "NCT88888888",
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[1]", '{"studies": [{}]}', '{"protocolSection": {}}', "null"])
def test_files_that_are_no_record(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidValue, match="ClinicalTrials"):
        registry.read_records([file])
    with pytest.raises(InvalidValue, match="no such file"):
        registry.read_records([tmp_path / "none.json"])


def test_record_without_results_is_kept_and_said() -> None:
    bare = {"protocolSection": RECORD["protocolSection"]}
    got = registry.read_record(bare)
    assert got.tables["outcomes"] == []
    assert got.tables["trials"][0]["provenance"] == "recalled"
    assert any("no results section" in line for line in got.unmapped)


@pytest.mark.parametrize(
    ("text", "week"),
    [("Week 52", "52"), ("Baseline, Week 24", "24"), ("Day 169", "24"), ("Month 6", "26"), ("52 weeks", "52"),
     ("up to 1 year", "52"), ("end of study", ""), ("Baseline up to Week 12 and Week 24", "24")],
)  # fmt: skip
def test_weeks(text: str, week: str) -> None:
    assert words.week(text) == week


@pytest.mark.parametrize(
    ("text", "regimen"),
    [("60 mg once daily", "qd"), ("200 mg BID", "bid"), ("every 4 weeks", "q4w"), ("every other week", "q2w"),
     ("once weekly", "qw"), ("loading dose then every 4 weeks", ""), ("as needed", "")],
)  # fmt: skip
def test_schedules(text: str, regimen: str) -> None:
    assert words.schedule(text) == regimen


def places(part: object, at: tuple = ()) -> list[tuple]:
    """Path of every field and entry of a record."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [at, *(p for k, v in inner for p in places(v, (*at, k)))]


def with_part(at: tuple, value: object) -> str:
    record = copy.deepcopy(RECORD)
    part = record
    for key in at[:-1]:
        part = part[key]
    part[at[-1]] = value
    return json.dumps(record)


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, "1e999"], ids=repr)
def test_a_record_of_another_shape_is_read_or_refused(tmp_path: Path, value: object) -> None:
    file = tmp_path / "r.json"
    read = 0
    for at in places(RECORD)[1::5]:
        file.write_text(with_part(at, value), encoding="utf-8")
        try:
            got = registry.read_records([file])
        except InvalidValue:
            continue
        read += 1
        cells = [c for rows in got.tables.values() for row in rows for c in row.values()]
        assert all(isinstance(c, str) for c in cells), at
        assert not {"nan", "inf", "None"} & set(cells), at
    assert read > 0


def test_nulls_and_a_byte_order_mark_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    text = with_part(("protocolSection", "designModule", "phases"), None)
    file.write_text(text, encoding="utf-8-sig")
    assert registry.read_records([file]).tables["trials"][0]["phase"] == ""


@pytest.mark.parametrize("nct", [None, 5, "", "../../etc", "NCT1", "ISRCTN12345678"])
def test_only_register_numbers_name_a_trial(tmp_path: Path, nct: object) -> None:
    file = tmp_path / "r.json"
    file.write_text(with_part(("protocolSection", "identificationModule", "nctId"), nct), encoding="utf-8")
    with pytest.raises(InvalidValue, match="nctId"):
        registry.read_records([file])


def test_one_bad_study_stops_all_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text(json.dumps([RECORD, {}]), encoding="utf-8")
    with pytest.raises(InvalidValue, match="study 2 of 2"):
        registry.read_records([file])


def test_the_same_file_twice_counts_once() -> None:
    once, twice = registry.read_records([FILE]), registry.read_records([FILE, FILE])
    assert (once.tables, once.unmapped) == (twice.tables, twice.unmapped)


def test_deep_nesting_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    for file in (tmp_path / "deep.json", tmp_path):
        with pytest.raises(InvalidValue, match="ClinicalTrials"):
            registry.read_records([file])


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baxis.evidence.registry import record as module

    def fail(*_: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_tables", fail)
    with pytest.raises(InvalidValue, match="no space left"):
        registry.write(registry.read_records([FILE]), tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    files = registry.write(registry.read_records([FILE]), tmp_path)
    assert {*(f.name for f in files), "baxis-files.json"} == {p.name for p in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (
            ("protocolSection", "designModule", "phases"),
            "PHASE2",
            "designModule.phases: got 'a text'; allowed: a list of texts",
        ),
        (("protocolSection", "armsInterventionsModule", "armGroups"), [[]], "armGroups: got 'a list with a list'"),
        (
            ("protocolSection", "identificationModule", "briefTitle"),
            True,
            "briefTitle: got 'true or false'; allowed: a text",
        ),
        (("resultsSection",), [1], "resultsSection: got 'a list with a number'; allowed: a record"),
    ],
)
def test_a_field_of_another_kind_is_named_by_its_path(
    tmp_path: Path, at: tuple[str, ...], value: object, says: str
) -> None:
    file = tmp_path / "r.json"
    file.write_text(with_part(at, value), encoding="utf-8")
    with pytest.raises(InvalidValue) as told:
        registry.read_records([file])
    assert says in str(told.value)


def test_what_is_no_json_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(b'{"a": 1,\n "b": }')
    with pytest.raises(InvalidValue, match=r"line 2, character 7.*no JSON.*ClinicalTrials"):
        registry.read_records([file])
    file.write_bytes(b'{"a":\n "\xff"}')
    with pytest.raises(InvalidValue, match=r"line 2.*byte 0xff, which is not UTF-8.*ClinicalTrials"):
        registry.read_records([file])
