"""Retreatment strategies: limits, directions and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from baxis.clinic.settings import Settings
from baxis.core.errors import UnknownName, Unsupported
from baxis.insight.strategies import RULES, strategies

SMALL = Settings(patients=24, threads=1)


@pytest.mark.parametrize("disease", ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"])
def test_rules_behave(disease: str) -> None:
    result = strategies(disease, "rituximab 1000 mg iv days 1,15", SMALL)
    t = result.table.set_index("rule")
    assert list(t.index) == list(RULES)
    assert t["failures"].sum() == 0
    assert t.loc["no drug", "courses"] == 0
    assert t.loc["no drug", "mean inflammation"] == pytest.approx(1.0, abs=0.03)  # rest stays rest over two years
    assert t.loc["one course", "courses"] == 1
    assert t.loc["every 24 weeks", "courses"] == 5
    assert 1 <= t.loc["B-cell return", "courses"] <= 9
    assert t.loc["every 24 weeks", "mean inflammation"] < t.loc["one course", "mean inflammation"] < 1
    assert t.loc["every 24 weeks", "last IgG, g/L"] <= t.loc["one course", "last IgG, g/L"]
    assert abs(t.loc["at random", "courses"] - t.loc["B-cell return", "courses"]) < 1.0


def test_segments_equal_one_run() -> None:
    """One course followed visit by visit is the course simulated at a stretch."""
    from baxis.clinic.design import Arm
    from baxis.clinic.trial import Laboratory
    from baxis.insight import strategies as s

    given = s.one_course(s.setting.regimen("rituximab 1000 mg iv days 1,15", "RA"))
    design = s.setting.home("RA").replace(weeks=104, visit_weeks=12, background_therapy=[], entry=[])
    lab = Laboratory(design, SMALL)
    people, _ = lab.screen()
    outputs, _, _ = s.follow("one course", s.prepare(design, given, people), people, (SMALL, 0.0))
    run = lab.run_arm(Arm(arm_id="x", n=1, role="active", treatments=(given,)), people)
    at = [int(np.flatnonzero(run.days == 84.0 * k)[0]) for k in range(1, 9)]
    assert outputs["infl"][:, 1:9] == pytest.approx(run.outputs["infl"][:, at], rel=2e-3)


def test_refusals() -> None:
    with pytest.raises(Unsupported, match="courses of one infused"):
        strategies("RA", "upadacitinib")
    with pytest.raises(UnknownName, match="disease"):
        strategies("MS")
