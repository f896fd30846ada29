"""Every interval has the level that was asked for, and every heading names it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2
from typer.testing import CliRunner

from baxis import evidence
from baxis.core.errors import InvalidValue
from baxis.evidence import meta
from baxis.evidence.intervals import said_level
from baxis.evidence.meta.network.run import run_network
from baxis.evidence.meta.run import run
from baxis.evidence.meta.select import Query
from baxis.evidence.meta.wording import level_text, p_cell, p_text
from baxis.faces.cli.commands.evidence import app

COUNTS = {"q1": (19, 20, 1, 8), "q4": (7, 11, 4, 8), "q5": (9, 40, 14, 42), "q6": (30, 60, 22, 61)}
runner = CliRunner()


def tables(folder: Callable[..., Path]) -> Path:
    arms = [
        (t, a, n, r)
        for t, (_, n1, _, n0) in COUNTS.items()
        for a, n, r in (("act", n1, "active"), ("pbo", n0, "placebo"))
    ]
    rows = [
        {"trial_id": t, "arm_id": a, "value": e / n, "n": n}
        for t, (e1, n1, e0, n0) in COUNTS.items()
        for a, e, n in (("act", e1, n1), ("pbo", e0, n0))
    ]
    return folder(arms, rows)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.995])
def test_study_rows_have_the_level_asked_for(folder: Callable[..., Path], level: float) -> None:
    """Wald interval of a risk difference by its definition."""
    result = run(evidence.load(tables(folder)), Query("infection_x"), "RD", options=meta.Pooling(level=level))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    for row in result.table():
        e1, n1, e0, n0 = COUNTS[row["trial"]]
        p, q = e1 / n1, e0 / n0
        half = z * sqrt(p * (1 - p) / n1 + q * (1 - q) / n0)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((p - q - half, p - q + half), abs=1e-9)
        assert row["level"] == level


def test_q1_of_the_report(folder: Callable[..., Path]) -> None:
    result = run(evidence.load(tables(folder)), Query("infection_x"), "RD", options=meta.Pooling(level=0.8))
    row = next(r for r in result.table() if r["trial"] == "q1")
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.663, 0.987), abs=5e-4)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.99])
def test_mantel_haenszel_agrees_with_statsmodels(level: float) -> None:
    peer = pytest.importorskip("statsmodels.stats.contingency_tables")
    e1, n1, e0, n0 = (np.array(x, dtype=float) for x in zip(*COUNTS.values(), strict=True))
    ours = meta.mantel_haenszel(meta.Counts.of(list(COUNTS), e1, n1, e0, n0), "OR", level)
    theirs = peer.StratifiedTable(
        [np.array([[a, n - a], [c, m - c]]) for a, n, c, m in zip(e1, n1, e0, n0, strict=True)]
    )
    assert ours.estimate == pytest.approx(theirs.logodds_pooled, abs=1e-10)
    assert (ours.ci_low, ours.ci_high) == pytest.approx(theirs.logodds_pooled_confint(1 - level), abs=1e-10)


def q_at(tau2: float, effects: Any) -> float:
    """Weighted squares about the weighted mean, with weights 1/(v + tau2)."""
    w = 1 / (effects.se**2 + tau2)
    return float(np.sum(w * (effects.y - np.sum(w * effects.y) / np.sum(w)) ** 2))


@pytest.mark.parametrize("scale", ["RD", "RR", "OR"])
@pytest.mark.parametrize("level", [0.8, 0.975])
def test_every_part_of_a_result_has_the_level(folder: Callable[..., Path], scale: str, level: float) -> None:
    """Half widths of normal intervals are proportional to the normal quantile; the estimates stay."""
    ev = evidence.load(tables(folder))
    one, usual = (run(ev, Query("infection_x"), scale, options=meta.Pooling(level=x)) for x in (level, 0.95))
    ratio = NormalDist().inv_cdf(0.5 + level / 2) / NormalDist().inv_cdf(0.975)
    assert one.half_widths() == pytest.approx(ratio * usual.half_widths())
    for a, b in zip(one.tables, usual.tables, strict=True):
        assert a.level == level
        assert a.ci_high - a.estimate == pytest.approx(ratio * (b.ci_high - b.estimate))
        assert a.estimate - a.ci_low == pytest.approx(ratio * (b.estimate - b.ci_low))
    assert len(one.tables) == (2 if scale == "OR" else 1)
    fit, other = one.overall, usual.overall
    assert fit.ci_high - fit.beta == pytest.approx(ratio * (other.ci_high - other.beta))
    assert (fit.tau2_ci[1] < other.tau2_ci[1]) == (level < 0.95)
    # Q profile (Viechtbauer 2007): the bounds are where the generalised Q meets its chi-squared quantiles, or 0
    low, high = (q_at(t, one.effects) for t in fit.tau2_ci)
    least, most = (chi2.ppf(0.5 + s * level / 2, len(COUNTS) - 1) for s in (-1, 1))
    assert low == pytest.approx(most if q_at(0.0, one.effects) > most else q_at(0.0, one.effects), rel=1e-5)
    assert high == pytest.approx(least, rel=1e-5)
    assert {r["level"] for r in one.summary()} == {level}


def test_bias_test_has_the_level(folder: Callable[..., Path]) -> None:
    effects = run(evidence.load(tables(folder)), Query("infection_x"), "OR").effects
    wide, narrow = (meta.egger(effects, options=meta.Pooling(level=x)) for x in (0.95, 0.5))
    # Student's t on k - 2 = 2 degrees of freedom has a closed quantile: t = (2 p - 1) sqrt(2 / (4 p (1 - p)))
    t = {x: x * sqrt(2 / ((1 + x) * (1 - x))) for x in (0.95, 0.5)}
    assert (wide.limit_ci[1] - wide.limit) / (narrow.limit_ci[1] - narrow.limit) == pytest.approx(t[0.95] / t[0.5])
    assert narrow.level == 0.5


def test_network_and_league_table_have_the_level() -> None:
    ev = evidence.load()
    query = Query("ACR20", ("RA",), control="any")
    usual, one = run_network(ev, query), run_network(ev, query, options=meta.Pooling("DL", level=0.8))
    ratio = NormalDist().inv_cdf(0.9) / NormalDist().inv_cdf(0.975)
    for a, b in zip(one.league(), usual.league(), strict=True):
        assert np.log(a["ci_high"] / a["estimate"]) == pytest.approx(ratio * np.log(b["ci_high"] / b["estimate"]))
        assert a["level"] == 0.8
    assert one.to_dict()["level"] == 0.8
    with pytest.raises(InvalidValue, match=r"write 0\.8 for 80 %"):
        run_network(ev, query, options=meta.Pooling("DL", level=80))


def printed(*args: str) -> str:
    shown = runner.invoke(app, list(args))
    assert shown.exit_code == 0, shown.output
    return shown.output


@pytest.mark.parametrize(
    "args",
    [["meta", "--by", "drug", "--scale", "OR"], ["meta", "--moderator", "year"], ["funnel"], ["network"]],
    ids=" ".join,
)  # fmt: skip
def test_no_heading_names_another_level(folder: Callable[..., Path], tmp_path: Path, args: list[str]) -> None:
    ev = tables(folder)
    more = ["--endpoint", "infection_x", "--evidence", str(ev), "--level", "0.8"]
    text = printed(*args, *more, "--out", str(tmp_path / "o"))
    assert "80 %" in text
    assert "95" not in re.sub(r"\d\.\d+", "", text)
    svg = next((tmp_path / "o").glob("*.svg")).read_text(encoding="utf-8")
    words = " ".join(re.findall(r">([^<>]+)</text>", svg))
    assert "80 %" in words
    assert "95 %" not in words
    data = json.loads(next((tmp_path / "o").glob(f"{args[0]}_*.json")).read_text(encoding="utf-8"))
    assert data["level"] == 0.8
    head, *rows = next((tmp_path / "o").glob(f"{args[0]}_*.csv")).read_text(encoding="utf-8").splitlines()
    at = head.split(",").index("level")
    assert {r.split(",")[at] for r in rows} == {"0.8"}


def contrast(ci_level: Any, unit: str, detail: str = "") -> dict[str, Any]:
    return {"trial_id": "t", "arm_id": "act", "versus": "pbo", "statistic": "difference", "value": -2, "ci_low": -4,
            "ci_high": 0, "ci_level": ci_level, "unit": unit, "detail": detail}  # fmt: skip


@pytest.mark.parametrize(
    ("ci_level", "unit", "detail", "level"),
    [("", "points", "", 0.95), (0.9, "points", "", 0.9), ("", "points (90% CI)", "", 0.9), ("", "points", "99 % limits", 0.99),
     ("", "points; 97.5% confidence interval", "", 0.975), ("", "points", "CI 80 %", 0.8), ("", "points at 50 % improvement", "", 0.95)],
)  # fmt: skip
def test_published_intervals_of_another_level_give_their_own_error(
    folder: Callable[..., Path], ci_level: Any, unit: str, detail: str, level: float
) -> None:
    ev = evidence.load(
        folder([("t", "act", 30, "active"), ("t", "pbo", 30, "placebo")], [contrast(ci_level, unit, detail)])
    )
    result = run(ev, Query("infection_x"), "MD")
    assert result.effects.se[0] == pytest.approx(2 / NormalDist().inv_cdf(0.5 + level / 2))


def test_words_that_name_no_level() -> None:
    assert [t for t in ("", "points", "20 % improvement", "95", "CI not given") if not np.isnan(said_level(t))] == []


def test_a_level_that_contradicts_its_words_is_a_fault(folder: Callable[..., Path]) -> None:
    arms = [("t", "act", 30, "active"), ("t", "pbo", 30, "placebo")]
    found = evidence.check(folder(arms, [contrast(0.95, "points (90% CI)")])).faults
    assert [(f.column, f.value) for f in found] == [("ci_level", "0.95")]
    assert "0.9, the level that the unit names" in found[0].allowed


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, float("nan")])
def test_levels_that_are_none_are_refused(level: float) -> None:
    with pytest.raises(InvalidValue, match="between 0 and 1"):
        meta.Pooling(level=level)
    with pytest.raises(InvalidValue, match="between 0 and 1"):
        meta.mantel_haenszel(meta.Counts.of(["a"], [1], [9], [2], [9]), "OR", level)


@pytest.mark.parametrize(("level", "text"), [(0.95, "95 %"), (0.8, "80 %"), (0.995, "99.5 %"), (0.999, "99.9 %")])
def test_a_level_is_written_with_all_its_digits(level: float, text: str) -> None:
    assert level_text(level) == text


def test_small_p_values_are_not_zero() -> None:
    assert [p_text(p) for p in (0.03125, 1e-4, 9.9e-5, 0.0, float("nan"))] == [
        "= 0.0312",
        "= 0.0001",
        "< 0.0001",
        "< 0.0001",
        "= -",
    ]
    assert (p_cell(0.5), p_cell(1e-9)) == ("0.5000", "< 0.0001")


def test_table_and_figure_tell_one_p_value(tmp_path: Path) -> None:
    text = printed("meta", "--disease", "SLE", "--endpoint", "SRI-4", "--by", "class", "--out", str(tmp_path))
    assert "0.0000" not in text
    assert "< 0.0001" in text
    svg = (tmp_path / "meta_SLE_SRI-4.svg").read_text(encoding="utf-8")
    in_table = re.search(r"heterogeneity: Q = .*?\(p ([<=] [\d.]+)\)", text)
    assert in_table is not None
    assert f"(p {in_table[1].replace('<', '&lt;')})" in svg
