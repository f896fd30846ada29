"""The reason given for leaving a study out is the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from baxis import evidence
from baxis.core.errors import BaxisError, InvalidValue
from baxis.evidence import meta
from baxis.evidence.ask.contrast import without_contrast
from baxis.evidence.meta.arms import PublishedContrast, spread_fault
from baxis.evidence.meta.compute import contrast_fault
from baxis.evidence.meta.network.run import run_network
from baxis.evidence.meta.run import run
from baxis.evidence.meta.select import Query

ARMS = [(t, a, 40, r) for t in ("good", "odd") for a, r in (("act", "active"), ("pbo", "placebo"))]
NAN = float("nan")


def two(
    statistic: str, good: tuple[dict[str, Any], ...], odd: tuple[dict[str, Any], ...], unit: str = "points"
) -> list:
    return [
        {"trial_id": t, "arm_id": a, "statistic": statistic, "unit": unit, **cells}
        for t, pair in (("good", good), ("odd", odd))
        for a, cells in zip(("act", "pbo"), pair, strict=True)
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"se": 0}, "a standard error of 0 (pbo); no published difference"),
        ({}, "no standard error or interval of the means (pbo); no published difference"),
        ({"ci_low": -1, "ci_high": -1}, "its interval -1 to -1 has no width (pbo); no published difference"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("network", [False, True])
def test_means(folder: Callable[..., Path], cells: dict[str, Any], reason: str, network: bool) -> None:
    usual = {"value": -1, "se": 0.5}
    ev = evidence.load(folder(ARMS, two("mean_change", (usual, usual), (usual, {"value": -1, **cells}))))
    found = run_network(ev, Query("infection_x"), "MD").net if network else run(ev, Query("infection_x"), "MD").effects
    assert [(x.label, x.reason) for x in found.left_out] == [("odd", reason.split(";")[0] if network else reason)]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"value": 0.0}, "no event in either arm"),
        ({"value": 1.0}, "an event in everybody of both arms"),
    ],
)
def test_tables_without_information(folder: Callable[..., Path], cells: dict[str, Any], reason: str) -> None:
    usual = {"value": 0.4}
    ev = evidence.load(folder(ARMS, two("proportion", (usual, usual), (cells, cells), "fraction")))
    assert [(x.label, x.reason) for x in run(ev, Query("infection_x"), "OR").effects.left_out] == [("odd", reason)]


@pytest.mark.parametrize(
    ("column", "row", "says"),
    [
        ("value", {"value": 1.2}, ["row 3", "column value", "'1.2'", "a proportion from 0 to 1"]),
        ("n", {"value": 0.5, "n": 0}, ["row 3", "column n", "'0'"]),
        ("n", {"value": 0.5, "n": 50}, ["row 3", "column n", "at most the arm's n (40)"]),
        ("se", {"value": 0.5, "se": -1}, ["row 3", "column se", "'-1'"]),
        ("ci_low", {"value": 0.5, "ci_low": 0.6, "ci_high": 0.7}, ["row 3", "column ci_low", "no more than the value (0.5)"]),
        ("ci_low", {"value": 0.5, "ci_low": 0.6, "ci_high": 0.4}, ["row 3", "column ci_low", "no more than ci_high"]),
        ("ci_level", {"value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "ci_level": 95}, ["row 3", "column ci_level", "from 0.5 to 0.999"]),
        ("value", {"value": 0, "statistic": "odds_ratio", "unit": "ratio"}, ["row 3", "a ratio above 0"]),
        ("ci_low", {"value": 0.5, "ci_low": -0.1, "ci_high": 2, "statistic": "odds_ratio", "unit": "ratio"}, ["row 3", "ci_low", "not below 0"]),
    ],
)  # fmt: skip
def test_impossible_numbers_are_faults_of_their_row(
    folder: Callable[..., Path], column: str, row: dict[str, Any], says: list[str]
) -> None:
    rows = [{"trial_id": "good", "arm_id": "act", "value": 0.4}, {"trial_id": "good", "arm_id": "pbo", **row}]
    where = folder(ARMS[:2], rows)
    faults = [f for f in evidence.check(where).faults if f.column == column]
    assert len(faults) == 1
    assert all(s in faults[0].text for s in says), faults[0].text
    with pytest.raises(BaxisError, match=r"outcomes\.csv"):
        evidence.load(where)


@pytest.mark.parametrize(
    ("numbers", "scale", "says"),
    [
        ((0.0, 0.5, 1.0, NAN), "OR", "a ratio of 0 has no logarithm"),
        ((0.5, NAN, NAN, NAN), "OR", "no interval"),
        ((0.5, 0.0, 1.0, NAN), "OR", "interval 0 to 1 is not above 0"),
        ((0.5, 0.6, 1.0, NAN), "OR", "its interval 0.6 to 1 does not hold its value 0.5"),
        ((0.5, 1.0, 0.2, NAN), "OR", "its interval 1 to 0.2 is upside down"),
        ((0.5, NAN, NAN, NAN), "MD", "no standard error or interval"),
        ((0.5, NAN, NAN, 0.0), "MD", "a standard error of 0"),
        ((0.5, NAN, NAN, -1.0), "MD", "a negative standard error (-1)"),
        ((0.5, 0.1, 0.9, NAN), "RD", "in points, not as a fraction"),
    ],
)  # fmt: skip
def test_published_contrasts(numbers: tuple[float, ...], scale: str, says: str) -> None:
    value, low, high, se = numbers
    got = PublishedContrast("act", "pbo", "difference", "points", value, low, high, 0.95, se)
    assert contrast_fault(got, scale) == says


def test_a_usable_spread_has_no_fault() -> None:
    assert (
        spread_fault(1.0, 0.5, 2.0, NAN) == spread_fault(1.0, NAN, NAN, 0.3) == spread_fault(1.0, NAN, NAN, NAN) == ""
    )


def test_risk_differences_without_variance_are_told_as_such() -> None:
    counts = meta.Counts.of(["x", "y"], [0, 3], [9, 9], [0, 4], [9, 9])
    made = meta.binary(counts, "RD", correct="none")
    assert [(x.label, x.reason) for x in made.left_out] == [("x", "a variance of 0 without a continuity correction")]


def test_an_unknown_subgroup_is_named(folder: Callable[..., Path]) -> None:
    usual = {"value": 0.4, "subgroup": "IFN-high"}
    ev = evidence.load(folder(ARMS, two("proportion", (usual, usual), (usual, usual), "fraction")))
    with pytest.raises(BaxisError, match="did you mean 'IFN-high'"):
        run(ev, Query("infection_x", subgroup="IFN high"))
    with pytest.raises(InvalidValue, match="one of the subgroups that report it: IFN-high"):
        run(ev, Query("infection_x"))


def test_a_trial_with_two_controls_has_no_contrast_and_is_told_why(folder: Callable[..., Path]) -> None:
    arms = [("good", "act", 40, "active"), ("good", "p1", 40, "placebo"), ("good", "p2", 40, "placebo")]
    rows = [{"trial_id": "good", "arm_id": a[1], "value": 0.5, "endpoint": "ACR20"} for a in arms]
    ev = evidence.load(folder(arms, rows, primary_endpoint="ACR20"))
    why = without_contrast(ev).set_index("trial_id").loc["good", "why"]
    assert why == "several control arms (p1, p2); a row of contrast_map.csv says which counts"


def test_a_p_value_of_zero_gives_no_interval(folder: Callable[..., Path]) -> None:
    rows = [
        {"trial_id": "good", "arm_id": "act", "versus": "pbo", "endpoint": "DAS28_change", "statistic": "difference",
         "value": -1, "unit": "points", "p_value": "0.000"},
    ]  # fmt: skip
    ev = evidence.load(folder(ARMS[:2], rows, primary_endpoint="DAS28_change"))
    row = evidence.contrasts(ev).set_index("trial_id").loc["good"]
    assert row["interval"] == "none"
