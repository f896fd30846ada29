"""Networks: multi-arm consistency, disconnected pieces, ranking. Published results: tests/science/test_netmeta.py."""

from __future__ import annotations

import numpy as np
import pytest

from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence import meta
from baxis.evidence.meta import ArmCount, ArmMean, Contrast, Pooling


def arms(study: str, **cells: tuple[int, int]) -> list[ArmCount]:
    return [ArmCount(study, t, e, n) for t, (e, n) in cells.items()]


TWO = arms("s1", a=(10, 50), b=(20, 50)) + arms("s2", a=(12, 60), b=(25, 55)) + arms("s3", a=(8, 40), b=(19, 41))


def test_a_network_of_two_treatments_is_a_pairwise_meta_analysis() -> None:
    net = meta.network(meta.from_counts(TWO, "OR"), "DL", reference="a")
    table = meta.Counts.of(["s1", "s2", "s3"], [20, 25, 19], [50, 55, 41], [10, 12, 8], [50, 60, 40])
    fit = meta.pool(meta.binary(table, "OR"), Pooling("DL"))
    assert net.row("b")[0] == pytest.approx(fit.beta[0], rel=1e-10)
    assert net.se[1, 0] == pytest.approx(fit.se[0], rel=1e-10)
    assert net.tau2 == pytest.approx(fit.tau2, rel=1e-8, abs=1e-12)
    assert net.q == pytest.approx(fit.q, rel=1e-10)


def test_choice_of_first_arm_does_not_matter() -> None:
    rows = [("s1", "abc", (0.1, 0.4, 0.9)), ("s2", "ab", (0.0, 0.5)), ("s3", "bc", (0.2, 0.6))]
    forward = [ArmMean(s, t, m, 0.1) for s, ts, ms in rows for t, m in zip(ts, ms, strict=True)]
    back = [ArmMean(s, t, m, 0.1) for s, ts, ms in rows for t, m in list(zip(ts, ms, strict=True))[::-1]]
    one = meta.network(meta.from_means(forward), "REML", reference="a")
    two = meta.network(meta.from_means(back), "REML", reference="a")
    assert one.effect == pytest.approx(two.effect, abs=1e-6)
    assert one.se == pytest.approx(two.se, abs=1e-6)


def test_all_pairs_of_a_three_arm_study_give_its_covariance() -> None:
    a, b, c = 0.04, 0.09, 0.01
    pairs = [("b", "a", a + b, 0.5), ("c", "a", a + c, 0.8), ("c", "b", b + c, 0.3)]
    data = meta.from_contrasts(Contrast("s", x, y, d, v**0.5) for x, y, v, d in pairs)
    assert data.studies[0].cov == pytest.approx(np.array([[a + b, a], [a, a + c]]))
    with pytest.raises(InvalidValue, match="all 3 of them"):
        meta.from_contrasts(Contrast("s", x, y, d, v**0.5) for x, y, v, d in pairs[:2])


def test_pieces_are_refused_or_named() -> None:
    rows = TWO + arms("far", x=(5, 20), y=(9, 20))
    with pytest.raises(InvalidValue, match=r"2 pieces: a, b \| x, y.*name a reference"):
        meta.network(meta.from_counts(rows))
    net = meta.network(meta.from_counts(rows), reference="x")
    assert net.treatments == ("x", "y")
    assert {x.label for x in net.left_out} == {"s1", "s2", "s3"}
    with pytest.raises(UnknownName, match="reference treatment"):
        meta.network(meta.from_counts(rows), reference="q")


def test_studies_without_events_are_named() -> None:
    data = meta.from_counts(TWO + arms("empty", a=(0, 9), b=(0, 9)) + arms("zero", a=(0, 30), b=(4, 30)))
    assert [(x.label, x.reason) for x in data.left_out] == [("empty", "no event in any arm")]
    assert data.notes == ("zero: 0.5 added to each cell (empty cell)",)


def test_p_scores_average_one_half_and_follow_the_effects() -> None:
    rows = TWO + arms("s4", a=(10, 50), c=(35, 50)) + arms("s5", b=(20, 50), c=(34, 50))
    net = meta.network(meta.from_counts(rows), reference="a")
    scores = meta.p_scores(net)
    assert list(scores) == ["c", "b", "a"]
    assert np.mean(list(scores.values())) == pytest.approx(0.5)
    assert list(meta.p_scores(net, small_is_good=True)) == ["a", "b", "c"]
    table = meta.league(net)
    assert table[0][0] is None
    assert table[1][0][0] == pytest.approx(-table[0][1][0])  # type: ignore[index]


def test_direct_and_indirect_evidence_combine_to_the_network() -> None:
    rows = TWO + arms("s4", a=(10, 50), c=(30, 50)) + arms("s5", b=(20, 50), c=(24, 50))
    net = meta.network(meta.from_counts(rows), "FE", reference="a")
    for s in meta.split(net):
        w1, w2 = s.direct_se**-2, s.indirect_se**-2
        assert (w1 * s.direct + w2 * s.indirect) / (w1 + w2) == pytest.approx(s.network, abs=1e-10)
    d = meta.decompose(net)
    assert d.within.q + d.between.q == pytest.approx(d.total.q)
    assert d.within.df + d.between.df == d.total.df
