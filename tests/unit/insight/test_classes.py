"""Classes by disease: pooled effects agree with the meta-analysis, settings never come from trials kept for validation."""

from __future__ import annotations

import math

import pytest

from baxis import evidence
from baxis.evidence.meta.run import Query, run
from baxis.insight.omics import classes


def test_an_observed_effect_is_that_of_the_meta_analysis() -> None:
    tables = evidence.load()
    mine = classes.observed(tables)["anti-CD20", "RA"]
    rows = {r["group"]: r for r in run(tables, Query("ACR20", ("RA",)), by="class").summary()}
    assert (mine.endpoint, mine.k, mine.scale) == ("ACR20", rows["anti-CD20"]["k"], "RD")
    assert math.isclose(mine.estimate, rows["anti-CD20"]["estimate"], rel_tol=1e-6)


def test_a_fraction_reported_with_its_error_is_a_difference_in_proportions() -> None:
    assert classes.observed(evidence.load())["anti-CD20", "AAV"].scale == "RD"


def test_a_trial_that_cannot_be_pooled_stands_alone() -> None:
    only = classes.observed(evidence.load())["anti-CD19", "IgG4-RD"]
    assert (only.scale, only.k, only.trials) == ("HR", 1, ("inebilizumab-igg4rd-mitigate",))
    assert only.ci_low < only.estimate < only.ci_high < 1


@pytest.mark.parametrize(
    "cell", [("anti-CD20", "RA"), ("anti-IFNAR1", "SLE"), ("anti-CD40", "SjD"), ("anti-BAFF", "LN")]
)
def test_no_setting_is_a_trial_kept_for_validation(cell: tuple[str, str]) -> None:
    tables = evidence.load()
    chosen = classes.setting(tables, *cell)
    assert chosen is not None
    roles = tables.trials.set_index("trial_id")["role"]
    assert roles[chosen[1]] == "calibration"


def test_what_cannot_be_run_says_why() -> None:
    tables = evidence.load()
    effect = classes.observed(tables)["S1P1 modulator", "SLE"]
    assert "can be simulated" in classes.predicted(tables, ("S1P1 modulator", "SLE"), effect, 20, None).why
    assert "no-such" in classes.simulated(("belimumab", "no-such", None), "AAV", "PSE", 20).why


def test_an_endpoint_not_judged_in_single_patients_gives_way_to_the_settings_own() -> None:
    found = classes.simulated(("inebilizumab", "inebilizumab-igg4rd-mitigate", None), "IgG4-RD", "flare_HR", 20)
    assert (found.why, found.endpoint) == ("", "flare_free")
    assert 0 < found.taken_pct < 100
    assert found.independent_pct < 100 - found.taken_pct + 1e-6
