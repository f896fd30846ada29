"""Primary contrasts: intervals against published examples, orientation, sources of intervals."""

from __future__ import annotations

import math

import pytest

from baxis import evidence
from baxis.evidence import intervals
from baxis.evidence.ask import contrast

NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "zero", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_newcombe_method_10_gives_the_published_limits(one, zero, low, high) -> None:
    """Newcombe RG, Stat Med 1998;17:873, table II, method 10."""
    got = intervals.newcombe(one[0] / one[1], one[1], zero[0] / zero[1], zero[1])
    assert got == pytest.approx((low, high), abs=5e-5)


def test_newcombe_mirrors_when_the_arms_change_places() -> None:
    low, high = intervals.newcombe(0.6, 50, 0.3, 80)
    assert intervals.newcombe(0.3, 80, 0.6, 50) == pytest.approx((-high, -low))


def row(**cells: object) -> dict:
    base = {"value": NAN, "ci_low": NAN, "ci_high": NAN, "ci_level": NAN, "se": NAN, "p_value": "", "n": NAN}
    return base | {"arm_id": "a", "versus": "", "statistic": "difference", "provenance": "verified"} | cells


def test_a_ninety_percent_interval_becomes_ninety_five() -> None:
    got = intervals.from_report(row(value=0.164, ci_low=-0.043, ci_high=0.371, ci_level=0.9))
    assert got["se"] == pytest.approx(0.414 / (2 * 1.6448536), rel=1e-6)
    assert got["ci_high"] == pytest.approx(0.164 + 1.9599640 * got["se"], rel=1e-6)


def test_interval_from_a_p_value() -> None:
    got = intervals.from_report(row(value=-2.0, p_value="0.05"))
    assert got["interval"] == "p"
    assert got["ci_high"] == pytest.approx(0, abs=1e-9)
    for said in ("<0.001", "0.01 (non-inferiority)", "0.0090 (one-sided)", ""):
        assert intervals.from_report(row(value=-2.0, p_value=said))["interval"] == "none"


def test_hazard_ratio_is_on_the_log_scale() -> None:
    got = intervals.from_report(row(value=0.5, ci_low=0.25, ci_high=1.0, ci_level=0.95), math.log)
    assert got["value"] == pytest.approx(math.log(0.5))
    assert got["se"] == pytest.approx(math.log(4) / (2 * 1.959964), rel=1e-6)


def test_hazard_ratio_without_an_interval_takes_it_from_the_events() -> None:
    """MITIGATE: 7 of 68 and 40 of 67 people flared; the hazard ratio 0.13 is printed without limits here."""
    got = evidence.contrasts(evidence.load()).query("trial_id == 'inebilizumab-igg4rd-mitigate'").iloc[0]
    assert (got["interval"], got["value"]) == ("events", pytest.approx(math.log(0.13)))
    assert got["se"] == pytest.approx(math.sqrt(1 / 7 + 1 / 40))


def test_mean_difference_from_the_arms_own_errors() -> None:
    one = row(statistic="mean_change", value=-6.3, se=0.6)
    zero = row(arm_id="b", statistic="mean_change", value=-4.1, ci_low=-5.276, ci_high=-2.924, ci_level=0.95)
    got = contrast.mean([one], [zero], [])
    assert (got["value"], got["interval"]) == (pytest.approx(-2.2), "arms")
    assert got["se"] == pytest.approx(math.hypot(0.6, 0.6), rel=1e-3)


def test_every_calibration_and_validation_trial_gives_a_contrast() -> None:
    ev = evidence.load()
    roles = ev.trials.set_index("trial_id")["role"]
    scored = set(roles[roles.isin(["calibration", "validation"])].index)
    assert scored <= set(evidence.contrasts(ev)["trial_id"])


def test_contrasts_agree_with_the_outcome_rows_they_come_from() -> None:
    ev = evidence.load()
    got = evidence.contrasts(ev).query("trial_id == 'bliss-52' and arm_id == '10mgkg'").iloc[0]
    assert got["value"] == pytest.approx(0.576 - 0.436)
    assert (got["n1"], got["n0"], got["benefit_sign"], got["class"]) == (290, 287, 1, "anti-BAFF")
    table = evidence.contrasts(ev)
    known = table[table["ci_low"].notna()]
    assert ((known["ci_low"] <= known["value"] + 1e-9) & (known["value"] <= known["ci_high"] + 1e-9)).all()
    assert not table.duplicated(["trial_id", "arm_id", "versus", "endpoint", "subgroup"]).any()
    differences = table[table["scale"] == "risk_difference"]
    assert differences["value"].between(-1, 1).all()


def test_trials_without_a_contrast_say_why() -> None:
    ev = evidence.load()
    missing = contrast.without_contrast(ev)
    assert set(missing["trial_id"]) | set(evidence.contrasts(ev)["trial_id"]) == set(ev.trials["trial_id"])
    assert missing["why"].str.len().min() > 10


def test_contrasts_are_a_copy() -> None:
    ev = evidence.load()
    del evidence.contrasts(ev)["value"]
    assert "value" in evidence.contrasts(ev)
