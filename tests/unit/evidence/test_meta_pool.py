"""Effects and pooling: properties, zero cells, bad input. Published results are in tests/science/test_metafor.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence import meta
from baxis.evidence.meta import Counts, Pooling
from baxis.evidence.meta.tau import generalised_q, log_likelihood, tau2_of

arm = st.integers(2, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.lists(st.tuples(arm, arm), min_size=2, max_size=8)


def counts(rows: list[tuple[tuple[int, int], tuple[int, int]]]) -> Counts:
    one, zero = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    return Counts.of([f"s{i}" for i in range(len(rows))], one[:, 0], one[:, 1], zero[:, 0], zero[:, 1])


@given(tables)
@settings(max_examples=60, deadline=None)
def test_every_study_is_used_or_named(rows: list) -> None:
    for scale in ("RD", "RR", "OR"):
        effects = meta.binary(counts(rows), scale)
        assert len(effects) + len(effects.left_out) == len(rows)
        assert np.all(effects.v > 0)
        assert np.all(np.isfinite(effects.y))


@given(tables)
@settings(max_examples=40, deadline=None)
def test_exchanging_arms_changes_the_sign(rows: list) -> None:
    table = counts(rows)
    back = Counts(table.labels, table.e0, table.n0, table.e1, table.n1)
    for scale in ("RD", "OR"):
        a, b = meta.binary(table, scale), meta.binary(back, scale)
        assert a.y == pytest.approx(-b.y, abs=1e-12)
        if len(a):
            assert meta.pool(a).beta[0] == pytest.approx(-meta.pool(b).beta[0], abs=1e-7)


def test_zero_cells_are_corrected_or_left_out_by_name() -> None:
    table = Counts.of(["half", "none", "all"], [0, 0, 5], [10, 10, 5], [3, 0, 7], [10, 10, 7])
    effects = meta.binary(table, "OR")
    assert effects.labels == ("half",)
    assert {x.label: x.reason for x in effects.left_out} == {
        "none": "no event in either arm",
        "all": "an event in everybody of both arms",
    }
    assert effects.notes == ("half: 0.5 added to each cell (empty cell)",)
    assert effects.y[0] == pytest.approx(np.log(0.5 * 7.5 / (10.5 * 3.5)))
    assert len(meta.binary(table, "RD")) == 3
    raw = meta.binary(table, "OR", correct="none")
    assert {x.label for x in raw.left_out} == {"half", "none", "all"}


def test_exact_methods_need_no_correction() -> None:
    table = Counts.of(["a", "b", "c"], [0, 2, 0], [30, 40, 20], [3, 5, 0], [30, 40, 20])
    mh, peto = meta.mantel_haenszel(table, "OR"), meta.peto(table)
    r, s = 2 * 35 / 80, (30 * 3 / 60) + 38 * 5 / 80
    assert mh.estimate == pytest.approx(np.log(r / s))
    assert [x.label for x in mh.left_out] == [x.label for x in peto.left_out] == ["c"]
    assert peto.k == 2
    with pytest.raises(InvalidValue, match="Peto"):
        meta.peto(Counts.of(["z"], [0], [5], [0], [5]))
    with pytest.raises(InvalidValue, match="Mantel-Haenszel"):
        meta.mantel_haenszel(Counts.of(["z"], [0], [5], [0], [5]), "OR")


def test_ratio_from_interval() -> None:
    made = meta.ratio(["x"], [0.5], ([0.25], [1.0]), scale="HR")
    assert made.y[0] == pytest.approx(np.log(0.5))
    assert made.v[0] == pytest.approx((np.log(4) / (2 * 1.959963984540054)) ** 2)
    ninety = meta.ratio(["x"], [0.5], ([0.25], [1.0]), scale="HR", level=0.9)
    assert ninety.v[0] == pytest.approx((np.log(4) / (2 * 1.6448536269514722)) ** 2)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Counts.of(["t"], [11], [10], [1], [10]), "t, treated arm: got '11 of 10'"),
        (lambda: Counts.of(["t"], [1], [10], [1], [0]), "t, control arm"),
        (lambda: Counts.of(["t", "u"], [1], [10], [1], [10]), "columns of one length"),
        (lambda: meta.ratio(["t"], [2.0], ([0.5], [1.0])), "lower <= estimate <= upper"),
        (lambda: meta.generic(["t"], [1.0], [0.0]), "error > 0"),
        (lambda: meta.mean_difference(["t"], [(1, 0, 9)], [(1, 1, 9)]), "sd > 0"),
        (lambda: Pooling(level=95), "between 0 and 1"),
        (lambda: Pooling("FE", knha=True), "random-effects"),
        (lambda: meta.pool(meta.generic([], [], [])), "at least one"),
        (lambda: meta.egger(meta.generic(["a", "b"], [1, 2], [1, 1])), "at least 3"),
    ],
)
def test_bad_input_is_named(call: object, text: str) -> None:
    with pytest.raises(InvalidValue, match=text):
        call()  # type: ignore[operator]


def test_unknown_choices_name_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'REML'"):
        Pooling("RELM")
    with pytest.raises(UnknownName, match="effect scale"):
        meta.binary(Counts.of(["t"], [1], [9], [1], [9]), "XX")


rng = np.random.default_rng(3)
Y, V = rng.normal(0.3, 0.5, 14), rng.uniform(0.02, 0.2, 14)
ONE = np.ones((14, 1))


@pytest.mark.parametrize("model", ["REML", "ML"])
def test_likelihood_estimates_are_maxima(model: str) -> None:
    best = tau2_of(model, Y, V, ONE)
    grid = np.concatenate([np.linspace(0, 3, 3001), [best]])
    values = [log_likelihood(t, Y, V, ONE, model == "REML") for t in grid]
    assert np.argmax(values) in (len(grid) - 1, int(np.argmin(np.abs(grid[:-1] - best))))
    assert max(values) - values[-1] < 1e-9


def test_paule_mandel_solves_its_equation() -> None:
    assert generalised_q(tau2_of("PM", Y, V, ONE), Y, V, ONE) == pytest.approx(13, rel=1e-10)


def test_without_heterogeneity_all_models_agree() -> None:
    effects = meta.generic([str(i) for i in range(5)], [0.2] * 5, [0.1, 0.2, 0.3, 0.1, 0.2])
    fits = [meta.pool(effects, Pooling(m)) for m in ("REML", "DL", "PM", "ML", "FE")]
    assert {round(float(f.beta[0]), 12) for f in fits} == {0.2}
    assert all(f.tau2 == 0 for f in fits)


def test_subgroups_add_up_to_the_whole() -> None:
    effects = meta.generic([str(i) for i in range(14)], Y, np.sqrt(V))
    groups = ["a"] * 6 + ["b"] * 8
    parts = meta.subgroups(effects, groups, Pooling("FE"))
    within = sum(f.q for f in parts.groups.values())
    assert within + parts.q_between == pytest.approx(parts.overall.q, rel=1e-10)
    mixed = meta.pool(effects, Pooling("FE"), moderators={"group": groups})
    assert mixed.qm == pytest.approx(parts.q_between, rel=1e-10)
    assert mixed.names == ("intercept", "group=b")
    shared = meta.subgroups(effects, groups, Pooling("REML"), shared_tau2=True)
    assert len({f.tau2 for f in shared.groups.values()}) == 1


def test_collinear_moderators_are_refused() -> None:
    effects = meta.generic([str(i) for i in range(14)], Y, np.sqrt(V))
    with pytest.raises(InvalidValue, match="not collinear"):
        meta.pool(effects, moderators={"x": np.arange(14.0), "twice": 2 * np.arange(14.0)})
    with pytest.raises(InvalidValue, match="a missing value"):
        meta.pool(effects, moderators={"x": [np.nan] * 14})
