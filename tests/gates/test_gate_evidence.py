"""Gates on the shipped evidence: no faults, everything scored is mapped, numbers without a citation do not grow."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from baxis import evidence
from baxis.core import library, sources
from baxis.core.reading import schedule
from baxis.evidence.ask import contrast

# Numbers that have no citation yet, by table; a change may only make them fewer.
UNCITED = json.loads((Path(__file__).parent / "evidence_uncited.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report() -> evidence.Report:
    return evidence.check()


def test_shipped_tables_have_no_fault(report) -> None:
    assert [f.text for f in report.faults] == []


def test_counts_add_up(report) -> None:
    for count in report.counts:
        assert count.verified + count.recalled == count.rows, count
    assert report.total.verified > 6 * report.total.recalled


@pytest.mark.parametrize("table", sorted(UNCITED))
def test_numbers_without_a_citation_do_not_grow(report, table: str) -> None:
    bare = [key for file, _, key in report.uncited if file == f"{table}.csv"]
    assert len(bare) <= UNCITED[table], f"{table}: {len(bare)} numbers without a citation, e.g. {bare[:5]}"


def test_no_table_is_outside_the_citation_gate(report) -> None:
    assert {file.removesuffix(".csv") for file, _, _ in report.uncited} <= set(UNCITED)


def test_every_scored_trial_is_in_the_contrast_map_before_any_fit() -> None:
    ev = evidence.load()
    roles = ev.trials.set_index("trial_id")["role"]
    scored = set(roles[roles.isin(["calibration", "validation"])].index)
    assert scored <= set(ev.contrast_map["trial_id"])
    assert scored <= set(evidence.contrasts(ev)["trial_id"])
    assert len(roles[roles == "validation"]) >= len(scored) / 4


def test_no_mapped_row_is_without_numbers() -> None:
    ev = evidence.load()
    pairs = set(evidence.contrasts(ev)[["trial_id", "endpoint"]].itertuples(index=False, name=None))
    mapped = set(ev.contrast_map[["trial_id", "endpoint"]].itertuples(index=False, name=None))
    assert mapped <= pairs


def test_every_endpoint_is_described_and_signs_agree() -> None:
    ev = evidence.load()
    known = ev.endpoints.set_index("endpoint")
    assert set(ev.outcomes["endpoint"]) <= set(known.index)
    for row in ev.contrast_map.itertuples():
        assert row.benefit_sign == known.loc[row.endpoint, "benefit_sign"], row.trial_id


def test_every_schedule_is_read_or_says_why_not() -> None:
    ev = evidence.load()
    listed = ev.schedules.set_index("schedule")
    assert set(ev.arms["schedule"]) - {""} <= set(listed.index)
    for row in ev.schedules.itertuples():
        assert {row.regimen, row.note} != {""}, row.schedule
        if row.regimen:
            schedule.parse(row.regimen)
    active = ev.arms[(ev.arms["role"] != "placebo") & (ev.arms["schedule"] != "")]
    assert (active["regimen"] != "").mean() > 0.85


def test_every_citation_resolves_to_an_identifier() -> None:
    used = {
        k for name in ("trials", "outcomes", "claims", "pk", "kinetics") for k in evidence.load().table(name)["source"]
    }
    known = sources.load()
    assert used - {""} <= set(known)
    text = library.path("sources.bib").read_text(encoding="utf-8")
    for key in used - {""}:
        source = known[key]
        has = (
            source.doi or source.pmid or source.nct or source.title or re.search(rf"{re.escape(key)},[^@]*pmcid", text)
        )
        assert has, key


def test_citations_are_never_the_page_where_a_number_was_seen() -> None:
    assert "http" not in library.path("sources.bib").read_text(encoding="utf-8")


def test_tables_name_no_machine_and_no_store() -> None:
    words = re.compile(r"stored git|/tmp/|localhost", re.I)
    files = list(library.path("evidence/trials.csv").parent.iterdir())
    lines = [(f.name, n, line) for f in files for n, line in enumerate(f.read_text(encoding="utf-8").splitlines(), 1)]
    assert len(lines) > 1000
    assert [(name, n) for name, n, line in lines if words.search(line)] == []


def test_trials_that_give_no_contrast_are_all_context() -> None:
    assert set(contrast.without_contrast(evidence.load())["role"]) <= {"context"}


def test_repeated_patients_are_not_scored_twice() -> None:
    """Pooled and secondary analyses stay context."""
    trials = evidence.load().trials
    pooled = trials[trials["trial_id"].str.contains("pooled|meta|substudy")]
    assert set(pooled["role"]) <= {"context"}


# Whole-arm rows whose printed p belongs to another comparison than the two rates (a model, a follow-up time).
OTHER_P = {("rave", "relapse_rate", 78.0)}


def test_printed_p_values_agree_with_the_counts() -> None:
    """A swapped arm, a wrong denominator or a misread digit would show here."""
    from scipy import stats

    ev = evidence.load()
    sizes = ev.arms.set_index(["trial_id", "arm_id"])["n"].to_dict()
    roles = ev.arms.set_index(["trial_id", "arm_id"])["role"].to_dict()
    rates = ev.outcomes.query("statistic == 'proportion' and subgroup == ''")
    tested, bad = 0, []
    for (trial, endpoint, week), group in rates.groupby(["trial_id", "endpoint", "week"]):
        rows = group.to_dict("records")
        control = [r for r in rows if roles[(trial, r["arm_id"])] == "placebo"] or rows[:1]
        for row in rows:
            said = re.fullmatch(r"=?(0?\.\d+)", row["p_value"])
            if not said or len(control) != 1 or row is control[0] or (trial, endpoint, week) in OTHER_P:
                continue
            n1, n0 = (r["n"] if r["n"] == r["n"] else sizes[(trial, r["arm_id"])] for r in (row, control[0]))
            if n1 == n1 and n0 == n0:
                x1, x0 = round(row["value"] * n1), round(control[0]["value"] * n0)
                table = [[x1, n1 - x1], [x0, n0 - x0]]
                p = (
                    [stats.fisher_exact(table)[1], stats.chi2_contingency(table, correction=False)[1]]
                    if x1 + x0
                    else [1, 1]
                )
                z = [stats.norm.isf(v / 2) for v in (*p, float(said[1]))]
                tested += 1
                if not min(z[:2]) - 0.6 <= z[2] <= max(z[:2]) + 0.6:
                    bad.append(
                        f"{trial} {row['arm_id']} {endpoint}: printed p {row['p_value']}, from counts {p[1]:.3g}"
                    )
    assert tested > 60
    assert bad == []
