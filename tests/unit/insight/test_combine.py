"""Nulls of synergy on curves with known answers; combinations of the model; refusals."""

from __future__ import annotations

import numpy as np
import pytest

from baxis.clinic.settings import Settings
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.insight.combine import combine, nulls, setting

LEVELS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
CURVE = LEVELS / (LEVELS + 0.5)
SMALL = Settings(patients=16, threads=1)


@pytest.mark.parametrize(("a", "b"), [(0.25, 0.5), (1.0, 1.0), (0.5, 0.25), (0.25, 1.0)])
def test_a_drug_with_itself_is_loewe_additive(a: float, b: float) -> None:
    null = nulls.loewe(LEVELS, np.stack([CURVE, CURVE]), np.array([a, b]))
    assert null == pytest.approx((a + b) / (a + b + 0.5), abs=1e-9)


def test_a_zero_dose_is_the_better_drug_under_every_null() -> None:
    found = nulls.references(LEVELS, np.stack([CURVE, 0.3 * CURVE]), np.array([0.0, 1.0]))
    assert found == dict.fromkeys(nulls.NAMES, pytest.approx(0.3 * CURVE[4]))


def test_nulls_on_hill_curves() -> None:
    found = nulls.references(LEVELS, np.stack([CURVE, 0.6 * CURVE]), np.array([1.0, 1.0]))
    a, b = CURVE[4], 0.6 * CURVE[4]
    assert found["HSA"] == pytest.approx(a)
    assert found["Bliss"] == pytest.approx(a + b - a * b)
    assert found["ZIP"] == pytest.approx(a + b - a * b, abs=2e-3)  # exact Hill curves: ZIP is Bliss
    assert found["HSA"] <= found["Loewe"] <= CURVE[-1]


def test_a_drug_without_effect_leaves_the_other() -> None:
    assert nulls.loewe(LEVELS, np.stack([CURVE, 0 * CURVE]), np.array([0.5, 1.0])) == pytest.approx(0.5)


def test_sham_and_zero_dose_in_the_model() -> None:
    result = combine(["elsubrutinib", "elsubrutinib"], "RA", settings=SMALL)
    loewe = result.synergy[result.synergy["null"] == "Loewe"]
    assert np.abs(loewe[["additive", "product"]].to_numpy()).max() < 1e-6
    assert set(loewe["verdict"]) == {"not decided"}
    bliss = result.synergy[result.synergy["null"] == "Bliss"]
    assert bliss["additive"].min() < -0.05  # Bliss is not a null for one drug split in two: it must say so
    again = combine(["elsubrutinib", "elsubrutinib"], "RA", settings=SMALL)
    assert again.surface.equals(result.surface)


def test_orthogonal_drugs_beat_the_better_one_in_the_model() -> None:
    result = combine(["rituximab", "belimumab"], "SLE", gap_weeks=4, settings=SMALL)
    full = result.synergy[(result.synergy["null"] == "HSA") & (result.synergy["doses"] == (1.0, 1.0))]
    assert full["additive"].item() > 0
    assert result.recipe["start_days"] == [0.0, 28.0]
    igg = result.surface.set_index(["structure", "doses"])["IgG loss"]["additive"]
    assert igg[(1.0, 1.0)] > max(igg[(1.0, 0.0)], igg[(0.0, 1.0)])


@pytest.mark.parametrize("disease", ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"])
def test_every_disease_has_a_setting_outside_validation(disease: str) -> None:
    from baxis import evidence

    trials = evidence.load().trials.set_index("trial_id")
    assert trials.loc[setting.home(disease).trial_id, "role"] != "validation"


def test_loading_doses_scale_with_the_dose() -> None:
    given = setting.regimen("rituximab 240 mg iv 240 mg once then 120 mg q4w", "RA")
    (half,) = setting.scaled(given, 0.5, 7.0)
    assert (half.dose, half.schedule, half.start_day) == (120.0, "120 mg once then 60 mg q4w", 7.0)


def test_bad_input_is_refused_before_anything_runs() -> None:
    with pytest.raises(UnknownName, match="rituximab"):
        combine(["rituximb", "belimumab"], "SLE")
    with pytest.raises(UnknownName, match="disease"):
        combine(["rituximab", "belimumab"], "MS")
    with pytest.raises(InvalidValue, match="two or three drugs"):
        combine(["rituximab"], "SLE")
    with pytest.raises(UnknownName, match="SRI-4"):
        combine(["rituximab", "belimumab"], "SLE", "SRI4")
    with pytest.raises(Unsupported, match="cell therapies"):
        combine(["cd19-car-t 100 mg iv once", "belimumab"], "SLE")
