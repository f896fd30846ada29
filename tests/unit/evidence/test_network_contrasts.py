"""Contrasts of one study agree with each other, or are refused, whatever the order of rows."""

from __future__ import annotations

from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest

from baxis.core.errors import InvalidValue
from baxis.evidence import meta
from baxis.evidence.meta import ArmCount, ArmMean, Contrast
from baxis.evidence.meta.network.data import NetworkData, from_contrasts

LEVEL = {"a": 0.0, "b": 1.0, "c": 2.0, "d": -0.5, "e": 0.7}
SPREAD = {"a": 0.04, "b": 0.09, "c": 0.16, "d": 0.05, "e": 0.02}


def pairs(names: str, **odd: float) -> list[Contrast]:
    """All contrasts of a study whose arms have the levels and variances above; `odd` puts other values in."""
    return [
        Contrast("s", y, x, odd.get(y + x, LEVEL[y] - LEVEL[x]), (SPREAD[x] + SPREAD[y]) ** 0.5)
        for x, y in combinations(names, 2)
    ]


def fit(data: NetworkData) -> dict[str, tuple[float, float]]:
    net = meta.network(data, "FE", reference="a")
    return {t: (float(net.row(t)[0]), float(net.se[net.treatments.index(t), 0])) for t in net.treatments}


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_contrasts_that_do_not_add_up_are_refused(order: tuple[int, ...], turned: bool) -> None:
    rows = [("b", "a", 1.0), ("c", "a", 2.0), ("c", "b", 5.0)]
    rows = [(y, x, -v) for x, y, v in rows] if turned else rows
    with pytest.raises(InvalidValue, match=r"^s: got .*add up within one study; the others make"):
        from_contrasts([Contrast("s", *rows[i], 1.0) for i in order])


def test_the_refusal_names_the_loop_and_what_would_fit() -> None:
    rows = [("b", "a", 1.0), ("c", "a", 2.0), ("c", "b", 5.0)]
    with pytest.raises(InvalidValue) as e:
        from_contrasts(Contrast("s", *r, 1.0) for r in rows)
    assert {x in str(e.value) for x in ("b - a 1", "c - a 2", "c - b 5")} == {True}
    made = str(e.value).rsplit("the others make ", 1)[1]
    assert made in ("c - b 1", "c - a 6", "b - a -3")


def test_one_wrong_contrast_of_four_arms_is_refused() -> None:
    for x, y in combinations("abcd", 2):
        with pytest.raises(InvalidValue, match="add up"):
            from_contrasts(pairs("abcd", **{y + x: 9.0}))
    assert len(from_contrasts(pairs("abcd")).studies) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_rounding_is_tolerated_and_the_order_of_rows_decides_nothing(order: tuple[int, ...]) -> None:
    """Two decimals: the loop misses by 0.01, a hundredth of what is refused here."""
    rows = [
        Contrast("s", "b", "a", 0.33, 0.3),
        Contrast("s", "c", "a", 0.67, 0.35),
        Contrast("s", "c", "b", 0.33, 0.32),
    ]
    got, usual = fit(from_contrasts([rows[i] for i in order])), fit(from_contrasts(rows))
    assert {t: v for t, (v, _) in got.items()} == pytest.approx({t: v for t, (v, _) in usual.items()})
    assert got["b"][0] == pytest.approx(0.33 + 0.01 / 3)  # least squares spreads the miss over the loop
    with pytest.raises(InvalidValue, match="add up"):
        from_contrasts(rows, tolerance=0.01)


def test_sums_of_arms_come_back() -> None:
    for names in ("ab", "abc", "abcd", "abcde"):
        got = fit(from_contrasts(pairs(names)))
        for t in names[1:]:
            assert got[t] == pytest.approx((LEVEL[t], (SPREAD["a"] + SPREAD[t]) ** 0.5))


def test_what_is_missing_is_derived_where_it_follows() -> None:
    """Four arms have four variances: any five pairs, and four with a triangle, determine the rest."""
    whole = from_contrasts(pairs("abcd")).studies[0]
    for gone in combinations(range(6), 1):
        part = from_contrasts([c for i, c in enumerate(pairs("abcd")) if i not in gone]).studies[0]
        assert part.cov == pytest.approx(whole.cov)
        assert part.y == pytest.approx(whole.y)
    four = [c for c in pairs("abcd") if {c.treatment, c.versus} in ({"a", "b"}, {"a", "c"}, {"b", "c"}, {"c", "d"})]
    assert from_contrasts(four).studies[0].cov == pytest.approx(whole.cov)


@pytest.mark.parametrize("keep", [("ba", "ca"), ("ba", "cb"), ("ca", "cb")])
def test_a_missing_error_that_does_not_follow_is_asked_for(keep: tuple[str, ...]) -> None:
    rows = [c for c in pairs("abc") if c.treatment + c.versus in keep]
    with pytest.raises(InvalidValue, match=r"all 3 of them; give . - .: its standard error does not follow"):
        from_contrasts(rows)


def test_treatments_that_are_not_connected_are_refused() -> None:
    rows = [Contrast("s", "b", "a", 1.0, 1.0), Contrast("s", "d", "c", 1.0, 1.0)]
    with pytest.raises(InvalidValue, match="connect all its treatments"):
        from_contrasts(rows)


@pytest.mark.parametrize("errors", list(permutations((0.3, 0.3, 1.0))) + list(permutations((0.5, 1.0, 1.6))))
def test_errors_that_no_three_arms_can_have_are_refused(errors: tuple[float, ...]) -> None:
    """Largest variance above the sum of the other two: an arm would have a negative one."""
    rows = [
        Contrast("s", y, x, LEVEL[y] - LEVEL[x], e) for (x, y), e in zip(combinations("abc", 2), errors, strict=True)
    ]
    with pytest.raises(InvalidValue, match="a negative variance"):
        from_contrasts(rows)


def test_errors_that_four_arms_cannot_have_are_refused() -> None:
    rows = [c if c.treatment + c.versus != "dc" else Contrast("s", "d", "c", c.y, 1.5 * c.se) for c in pairs("abcd")]
    with pytest.raises(InvalidValue, match="errors that arms of one study can have"):
        from_contrasts(rows)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("b", "a", 1.0, 0.0), "standard error: got 0.0"), (("b", "a", 1.0, -1.0), "standard error: got -1.0"),
        (("b", "a", 1.0, float("nan")), "standard error: got nan"), (("b", "a", float("nan"), 1.0), "a finite contrast"),
        (("b", "b", 1.0, 1.0), "two different treatments"),
    ],
)  # fmt: skip
def test_a_contrast_that_is_none_is_refused(row: tuple[Any, ...], says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        from_contrasts([Contrast("s", *row)])


def test_a_comparison_given_twice_is_refused() -> None:
    for again in (("b", "a"), ("a", "b")):
        with pytest.raises(InvalidValue, match="twice"):
            from_contrasts([Contrast("s", "b", "a", 1.0, 1.0), Contrast("s", *again, 1.0, 1.0)])


def test_arms_that_are_none_are_refused_with_their_reason() -> None:
    for mean, se in ((1.0, 0.0), (1.0, -1.0), (float("nan"), 1.0)):
        with pytest.raises(InvalidValue, match=r"s, b: got .*a standard error above 0"):
            meta.from_means([ArmMean("s", "a", 0.0, 1.0), ArmMean("s", "b", mean, se)])
    for events, n in product((float("nan"), 11), (10, 0, float("nan"))):
        with pytest.raises(InvalidValue, match="0 <= events <= n, n > 0"):
            meta.from_counts([ArmCount("s", "a", 1, 10), ArmCount("s", "b", events, n)])


def test_a_multi_arm_study_from_arms_and_from_contrasts_is_one_study() -> None:
    arms = [ArmMean("s", t, LEVEL[t], SPREAD[t] ** 0.5) for t in "abcde"]
    one, two = fit(meta.from_means(arms)), fit(from_contrasts(pairs("abcde")))
    assert {t: v for t, (v, _) in one.items()} == pytest.approx({t: v for t, (v, _) in two.items()})
    assert np.array([e for _, e in one.values()]) == pytest.approx([e for _, e in two.values()])
