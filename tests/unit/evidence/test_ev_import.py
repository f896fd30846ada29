"""The import script: corrections, additions, derived columns, same bytes twice."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from baxis.core import library

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


def module(name: str) -> ModuleType:
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made
    finally:
        sys.path.remove(str(SCRIPTS))


imports, derive, units, sources = (
    module(f"{n}") for n in ("import_evidence", "evidence_derive", "evidence_units", "evidence_sources")
)


def tables() -> dict[str, list[dict[str, str]]]:
    made: dict[str, list[dict[str, str]]] = {name: [] for name in imports.KEYS}
    made["arms"] = [{"trial_id": "t", "arm_id": a, "n": "", "doi": "", "pmid": ""} for a in ("pbo", "act")]
    made["pk"] = [{"drug": "x", "model": "m", "parameter": p, "population": "RA", "value": "1"} for p in ("CL", "V")]
    imports.number_rows(made)
    return made


def fix(**cells: str) -> dict[str, str]:
    return {
        "table": "arms",
        "key": "t|pbo",
        "column": "n",
        "old": "",
        "new": "40",
        "reason": "r",
        "source": "s",
        "date": "d",
    } | cells


def corrections(folder: Path, *rows: dict[str, str]) -> Path:
    imports.write_csv(folder / "fixes.csv", list(fix()), list(rows))
    return folder / "fixes.csv"


def test_corrections_are_applied_in_order_and_by_row_id(tmp_path: Path) -> None:
    made = tables()
    again = fix(old="40", new="41")
    third = fix(table="pk", key="pk-x-02", column="value", old="1", new="2")
    assert imports.correct(made, corrections(tmp_path, fix(), again, third)) == 3
    assert made["arms"][0]["n"] == "41"
    assert made["pk"][1]["value"] == "2"


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"old": "39"}, "is '', not '39'"),
        ({"key": "t|nobody"}, "names 0 rows"),
        ({"key": "t"}, "names 2 rows"),
        ({"column": "m"}, "has no column 'm'"),
        ({"table": "arm"}, "no table 'arm'"),
    ],
)
def test_a_correction_that_does_not_fit_stops_the_import(tmp_path: Path, cells: dict[str, str], says: str) -> None:
    with pytest.raises(imports.ImportFault, match=says.replace("|", r"\|")):
        imports.correct(tables(), corrections(tmp_path, fix(**cells)))


def test_delete_removes_the_row(tmp_path: Path) -> None:
    made = tables()
    imports.correct(made, corrections(tmp_path, fix(column="*", new="delete")))
    assert [a["arm_id"] for a in made["arms"]] == ["act"]


def test_additions_refuse_a_row_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "arms.csv").write_text("trial_id,arm_id,n\nt,new,5\n", encoding="utf-8")
    made = tables()
    assert imports.add(made, tmp_path) == 1
    with pytest.raises(imports.ImportFault, match="already there"):
        imports.add(made, tmp_path)
    (tmp_path / "arms.csv").write_text("trial_id,arm_id,size\nt,n2,5\n", encoding="utf-8")
    with pytest.raises(imports.ImportFault, match="no column size"):
        imports.add(made, tmp_path)


def outcome(**cells: str) -> dict[str, str]:
    base = dict.fromkeys(("ci_low", "ci_high", "se", "subgroup", "endpoint", "unit"), "") | {
        "value": "1",
        "statistic": "proportion",
    }
    return base | {"trial_id": "t", "arm_id": "act"} | cells


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"unit": "10 of 13"}, {"unit": "fraction", "detail": "10 of 13"}),
        ({"statistic": "mean_change", "unit": "DAS28-CRP points (LS mean)", "endpoint": "DAS28_change"},
         {"unit": "points", "instrument": "DAS28-CRP", "detail": "LS mean"}),
        ({"statistic": "rate", "unit": "incidence rate ratio vs CYC"}, {"statistic": "rate_ratio", "unit": "ratio"}),
        ({"statistic": "rate", "unit": "events/100PY"}, {"statistic": "rate", "unit": "per 100 patient-years", "detail": ""}),
        ({"statistic": "median_days", "unit": "d"}, {"statistic": "median", "unit": "d"}),
        ({"statistic": "difference", "unit": "percentage points vs control (90% limits)", "value": "16.4", "ci_low": "-4.3",
          "ci_high": "37.1"}, {"value": "0.164", "ci_low": "-0.043", "ci_high": "0.371", "ci_level": "0.9", "unit": "fraction"}),
        ({"statistic": "hazard_ratio", "unit": "vs no PEX", "ci_low": "0.6", "ci_high": "1.1"}, {"unit": "ratio", "ci_level": "0.95"}),
    ],
)  # fmt: skip
def test_units_of_outcome_rows(cells: dict[str, str], wanted: dict[str, str]) -> None:
    row = outcome(**cells)
    units.outcome_row(row)
    assert {k: row[k] for k in wanted} == wanted


def test_comparator_of_a_contrast_row() -> None:
    arms = [{"arm_id": a, "role": r} for a, r in (("act", "active"), ("pbo", "placebo"), ("ada", "comparator"))]
    row = outcome(statistic="hazard_ratio", detail="")
    assert units.versus(row, arms) == "pbo"
    assert units.versus(outcome(detail=""), arms) == ""
    assert units.versus(outcome(statistic="hazard_ratio", detail="PR3 vs MPO"), arms) == ""


def test_genes_of_a_text() -> None:
    terms = {r["term"]: r["genes"] for r in library.read_table("evidence/gene_terms")}
    assert derive.genes("BTK (protein and phospho-BTK)", terms) == "BTK"
    assert derive.genes("CD19+ B cells and plasmablasts", terms) == ""
    assert derive.genes("BCR signalling", terms) == ""
    assert derive.genes("SHP-1 and LYN", terms) == "LYN;PTPN6"


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("https://onlinelibrary.wiley.com/doi/10.1002/art.27435", {"doi": "10.1002/art.27435"}),
        (
            "https://www.frontiersin.org/articles/10.3389/fimmu.2019.02221/full",
            {"doi": "10.3389/fimmu.2019.02221"},
        ),
        ("https://pubmed.ncbi.nlm.nih.gov/30040076", {"pmid": "30040076"}),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC7021855/table/t1", {"pmc": "PMC7021855"}),
        (
            "https://www.cell.com/immunity/fulltext/S1074-7613(00)80541-5?x=1",
            {"doi": "10.1016/s1074-7613(00)80541-5"},
        ),
        ("https://tomesphere.com/paper/1003.1415", {"doi": "10.48550/arxiv.1003.1415"}),
        (
            "http://ashpublications.com/blood/article/118/5/1305/28976/Toll-like",
            {"journal": "Blood", "volume": "118", "number": "5", "pages": "1305"},
        ),
        (
            "https://ard.bmj.com/content/81/Suppl_1/210.2.full",
            {"journal": "Ann Rheum Dis", "volume": "81", "number": "Suppl 1", "pages": "210.2"},
        ),
        ("https://example.org/page", {}),
    ],
)
def test_identifiers_from_page_addresses(url: str, ids: dict[str, str]) -> None:
    assert sources.url_identifiers(url) == ids


def test_natural_order_and_slug() -> None:
    assert sorted(["w12", "w4", "w2.5"], key=derive.natural) == ["w2.5", "w4", "w12"]
    assert derive.slug("Anti-CD19 (x)") == "anti-cd19-x"
