"""Several control arms, several active arms: nobody is dropped and nobody counts twice, whatever the order of rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baxis import evidence
from baxis.core.errors import InvalidValue
from baxis.evidence.meta.run import MetaResult, run
from baxis.evidence.meta.select import Query

ARMS = [("a2", "act", 60, "active"), ("a2", "pbo1", 30, "placebo"), ("a2", "pbo2", 30, "placebo")]
SHARE = {"act": 0.1, "pbo1": 2 / 30, "pbo2": 0.3}


def share(arm: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"trial_id": "a2", "arm_id": arm, "value": value, **more}


def pooled(folder: Path, scale: str = "auto", **query: Any) -> MetaResult:
    return run(evidence.load(folder), Query("infection_x", **query), scale)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_two_placebo_arms_are_pooled_whatever_their_order(folder: Callable[..., Path], order: tuple[int, ...]) -> None:
    """6 of 60 against 2 + 9 of 60."""
    rows = [share(a, v) for a, v in SHARE.items()]
    result = pooled(folder([ARMS[i] for i in order], [rows[i] for i in order]), "OR")
    row = result.table()[0]
    assert row["estimate"] == pytest.approx(6 * 49 / (54 * 11))
    assert row["n_control"] == 60
    assert row["control"] == pytest.approx(11 / 60)
    assert "a2: control arms pbo1, pbo2 pooled" in result.effects.notes
    se = sqrt(1 / 6 + 1 / 54 + 1 / 11 + 1 / 49)
    assert row["ci_high"] == pytest.approx(exp(log(6 * 49 / (54 * 11)) + 1.959964 * se), rel=1e-6)


def test_two_controls_with_means_are_averaged_by_size(folder: Callable[..., Path]) -> None:
    arms = [("a2", "act", 60, "active"), ("a2", "p1", 30, "placebo"), ("a2", "p2", 90, "placebo")]
    kind = {"statistic": "mean_change", "unit": "points"}
    rows = [share("act", -4, se=0.5, **kind), share("p1", -1, se=0.8, **kind), share("p2", -2, se=0.4, **kind)]
    result = pooled(folder(arms, rows), "MD")
    assert result.effects.y[0] == pytest.approx(-4 - (-1 * 30 - 2 * 90) / 120)
    assert result.effects.se[0] == pytest.approx(sqrt(0.5**2 + (0.25 * 0.8) ** 2 + (0.75 * 0.4) ** 2))


def test_a_control_of_unknown_size_cannot_be_pooled_and_is_named(folder: Callable[..., Path]) -> None:
    arms = [*ARMS[:2], ("a2", "pbo2", "", "placebo")]
    with pytest.raises(InvalidValue, match=r"arm size unknown \(pbo2\)"):
        pooled(folder(arms, [share(a, v) for a, v in SHARE.items()]), "OR")


def test_cohorts_keep_their_own_control(folder: Callable[..., Path]) -> None:
    arms = [("a2", f"c{c}_{x}", 40, "active" if x == "rtx" else "placebo") for c in (1, 2) for x in ("rtx", "pbo")]
    values = {"c1_rtx": 0.5, "c1_pbo": 0.25, "c2_rtx": 0.4, "c2_pbo": 0.35}
    for k, order in enumerate((1, -1)):
        result = pooled(folder(arms[::order], [share(a, v) for a, v in values.items()][::order], f"e{k}"), "RD")
        assert {r["label"]: round(r["estimate"], 9) for r in result.table()} == {"a2 c1_rtx": 0.25, "a2 c2_rtx": 0.05}


def test_a_cohort_without_active_arm_is_named(folder: Callable[..., Path]) -> None:
    arms = [("a2", "c1_rtx", 40, "active"), ("a2", "c1_pbo", 40, "placebo"), ("a2", "c2_pbo", 40, "placebo")]
    result = pooled(folder(arms, [share("c1_rtx", 0.5), share("c1_pbo", 0.25), share("c2_pbo", 0.5)]), "RD")
    assert result.table()[0]["estimate"] == pytest.approx(0.25)
    assert [(x.label, x.reason) for x in result.effects.left_out] == [
        ("a2 c2_pbo", "no active arm of its cohort reports it")
    ]


def test_an_arm_whose_cohort_is_not_told_is_left_out(folder: Callable[..., Path]) -> None:
    arms = [("a2", "c1_rtx", 40, "active"), ("a2", "rtx", 40, "active"), ("a2", "c1_pbo", 40, "placebo"),
            ("a2", "c2_pbo", 40, "placebo")]  # fmt: skip
    result = pooled(folder(arms, [share(a[1], 0.5) for a in arms]), "RD")
    assert ("a2 rtx", "which of the control arms of its cohorts (c1_pbo, c2_pbo) is its own is not told") in [
        (x.label, x.reason) for x in result.effects.left_out
    ]


def test_a_ratio_against_one_of_two_controls_is_left_out_with_the_reason(folder: Callable[..., Path]) -> None:
    kind = {"statistic": "hazard_ratio", "unit": "ratio", "ci_low": 0.3, "ci_high": 0.8, "versus": "pbo1"}
    rows = [share("act", 0.5, **kind), share("pbo2", 0.7, **{**kind, "ci_high": 0.9})]
    with pytest.raises(InvalidValue, match=r"hazard ratio is against single control arms \(pbo1\) of several"):
        pooled(folder(ARMS, rows), "HR")


@pytest.mark.parametrize("k", [2, 3, 4])
def test_a_shared_control_is_counted_once(folder: Callable[..., Path], k: int) -> None:
    """The control's people and events, summed over the comparisons, are those of the arm."""
    arms = [("a2", f"d{i}", 50, "active") for i in range(k)] + [("a2", "pbo", 48, "placebo")]
    rows = [share(f"d{i}", 0.3 + 0.1 * i) for i in range(k)] + [share("pbo", 0.25)]
    result = pooled(folder(arms, rows), "OR", arms="each")
    assert result.overall.k == k
    counts = result.effects.counts
    assert counts is not None
    assert counts.n0.sum() == pytest.approx(48)
    assert counts.e0.sum() == pytest.approx(12)
    assert f"a2: control pbo divided among {k} comparisons" in result.effects.notes


def test_a_control_is_divided_among_those_that_can_be_used(folder: Callable[..., Path]) -> None:
    arms = [("a2", "d1", 50, "active"), ("a2", "d2", "", "active"), ("a2", "pbo", 48, "placebo")]
    result = pooled(folder(arms, [share("d1", 0.3), share("d2", 0.4), share("pbo", 0.25)]), "OR", arms="each")
    counts = result.effects.counts
    assert counts is not None
    assert counts.n0.tolist() == [48]
    assert [(x.label, x.reason) for x in result.effects.left_out] == [
        ("a2 d2", "arm size unknown (d2); no published odds ratio")
    ]


def test_joined_arms_of_known_and_unknown_size_are_not_averaged(folder: Callable[..., Path]) -> None:
    arms = [("a2", "d1", 50, "active"), ("a2", "d2", "", "active"), ("a2", "pbo", 48, "placebo")]
    kind = {"statistic": "mean_change", "unit": "points", "se": 0.4}
    rows = [share("d1", -3, **kind), share("d2", -1, **kind), share("pbo", 0, **kind)]
    with pytest.raises(InvalidValue, match=r"arm size unknown \(d2\), so that arms cannot be joined"):
        pooled(folder(arms, rows), "MD")


def test_order_of_statistics_and_instruments_does_not_matter(folder: Callable[..., Path]) -> None:
    mean = {"statistic": "mean_change", "unit": "points", "se": 0.5}
    rows = [share("act", 0.4), share("pbo1", 0.2), share("act", -3, **mean), share("pbo1", -1, **mean)]
    rows += [share(a, v, **mean, instrument=i) for i, shift in (("DAS28-ESR", 0), ("DAS28-CRP", 1)) for a, v in
             (("act", -2 - shift), ("pbo1", -1))]  # fmt: skip
    found = [pooled(folder(ARMS[:2], list(o), f"e{k}")) for k, o in enumerate((rows, rows[::-1]))]
    assert found[0].table() == found[1].table()
    assert np.isfinite(found[0].overall.beta[0])
