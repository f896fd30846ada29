"""Nulls of synergy on curves with known answers; combinations of the model; refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baxis.clinic.conduct.settings import Settings
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.insight.combine import combine, nulls, setting, timing
from baxis.insight.combine.assemble import Excess

LEVELS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
CURVE = LEVELS / (LEVELS + 0.5)
SMALL = Settings(patients=16, threads=1)


@pytest.mark.parametrize(("a", "b"), [(0.25, 0.5), (1.0, 1.0), (0.5, 0.25), (0.25, 1.0)])
def test_a_drug_with_itself_is_loewe_additive(a: float, b: float) -> None:
    null = nulls.loewe(LEVELS, np.stack([CURVE, CURVE]), np.array([a, b]))
    assert null == pytest.approx((a + b) / (a + b + 0.5), abs=1e-9)


GRID = (0.0, 0.25, 0.5, 1.0)
DOSES = [(a, b) for a in GRID for b in GRID] + [(v, 0.0) for v in LEVELS[5:]] + [(0.0, v) for v in LEVELS[5:]]
DOSES += [(0.75, 0.0), (0.0, 0.75)]


def excess(surface: np.ndarray) -> Excess:
    return Excess(DOSES, np.array([[surface(*d) for d in DOSES]]))


def first(x: float) -> float:
    return x / (x + 0.5)


def test_nulls_on_hill_curves() -> None:
    """Independent drugs: no excess over Bliss or ZIP, above the better drug and Loewe."""
    found = excess(lambda a, b: 1 - (1 - first(a)) * (1 - 0.6 * first(b)))
    for n, d in enumerate(DOSES):
        if 0 in d:
            continue
        at = found.at(n)
        assert at["Bliss"][0] == pytest.approx(0, abs=1e-12)
        assert at["ZIP"][0] == pytest.approx(0, abs=2e-3)
        a, b = first(d[0]), 0.6 * first(d[1])  # independent: a + b - a b, less the better one
        assert at["HSA"][0] == pytest.approx(min(b * (1 - a), a * (1 - b)))


def test_zip_is_that_of_the_definition_on_a_surface_with_shifted_potency() -> None:
    """Yadav's delta. Reference: the ZIP model of the Python package synergy 1.0.0 on the same 7 x 7 surface."""
    grid = np.array([0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0])
    seen = np.array([[shifted(a, b, 0.5) for b in grid] for a in grid])
    curves = np.stack([seen[:, 0], seen[0]])[None]
    every = np.array([(a, b) for a in grid for b in grid])
    delta = nulls.zip_fitted(grid, curves, grid, seen[None])[0] - nulls.zip_expected(grid, curves, every).reshape(7, 7)
    reference = {(1, 1): 0.0070, (1, 4): 0.0324, (2, 3): 0.0462, (3, 3): 0.0539, (3, 4): 0.0544, (4, 4): 0.0432}
    reference |= {(5, 3): 0.0281, (6, 6): 0.0035, (4, 1): 0.0129}
    for (i, j), value in reference.items():
        assert delta[i, j] == pytest.approx(value, abs=3e-4)
    assert np.abs(delta[0]).max() < 1e-3
    assert np.abs(delta[:, 0]).max() < 1e-3
    less = np.array([[shifted(a, b, 2.0) for b in grid] for a in grid])
    curves = np.stack([less[:, 0], less[0]])[None]
    delta = nulls.zip_fitted(grid, curves, grid, less[None])[0] - nulls.zip_expected(grid, curves, every).reshape(7, 7)
    assert delta[3, 4] == pytest.approx(-0.0571, abs=3e-4)


def shifted(a: float, b: float, factor: float) -> float:
    """Two drugs, each with its middle dose shifted by the other's presence; the mean of both orders."""

    def curve(x: float, middle: float, slope: float) -> float:
        return x**slope / (x**slope + middle**slope) if x > 0 else 0.0

    one, two = curve(a, 0.5, 1.2), curve(b, 0.8, 1.5)
    over_two = two + (1 - two) * curve(a, 0.5 * factor**two, 1.2)
    over_one = one + (1 - one) * curve(b, 0.8 * factor**one, 1.5)
    return (over_two + over_one) / 2


def test_a_hill_curve_is_found_again() -> None:
    fit = nulls.hill(LEVELS[1:], np.array([0.1 + 0.5 * LEVELS[1:] ** 2 / (LEVELS[1:] ** 2 + 0.49)]), np.array([0.1]))
    assert fit.rise[0] == pytest.approx(0.5, abs=2e-3)
    assert fit.slope[0] == pytest.approx(2.0, abs=0.02)
    assert np.exp(fit.log_middle[0]) == pytest.approx(0.7, abs=3e-3)


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
    harms = result.surface.set_index(["structure", "doses"]).loc["additive"]
    assert harms.loc[[(1.0, 1.0)], "serious infection"].item() > harms.loc[[(0.0, 0.0)], "serious infection"].item()
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
    with pytest.raises(InvalidValue, match="two to 5 drugs"):
        combine(["rituximab"], "SLE")
    with pytest.raises(Unsupported, match="at most 3 drugs dose by dose"):
        combine(["rituximab", "belimumab", "tocilizumab", "abatacept"], "RA")
    with pytest.raises(InvalidValue, match="at least 10"):
        combine(["rituximab", "belimumab"], "SLE", settings=Settings(patients=5, threads=1))
    with pytest.raises(InvalidValue, match="two"):
        timing(["rituximab", "belimumab", "anifrolumab"], "SLE")
    with pytest.raises(InvalidValue, match="shorter than"):
        timing(["rituximab", "belimumab"], "SLE", gaps=(-60.0,))
    with pytest.raises(UnknownName, match="SRI-4"):
        combine(["rituximab", "belimumab"], "SLE", "SRI-44")
    with pytest.raises(Unsupported, match="cell therapies"):
        combine(["cd19-car-t 100 mg iv once", "belimumab"], "SLE")


def test_four_drugs_and_their_class_harms() -> None:
    result = combine(["rituximab", "upadacitinib", "fenebrutinib", "leniolisib"], "SLE", settings=SMALL)
    assert len(result.surface) == 2 * (16 + 4 * 6)
    row = result.surface.set_index(["structure", "doses"]).loc["additive"].loc[[(0.0, 0.0, 1.0, 1.0)]].iloc[0]
    assert row["other serious harms"] > 0.2  # liver and colitis of the PI3K delta inhibitor, bleeding of the other
    assert "serious hepatotoxicity" in result.recipe["class_harms"]
    assert any("PI3K delta" in f for f in result.flags)


PAIRS = [
    ("rituximab", "belimumab"),
    ("fenebrutinib", "rituximab"),
    ("fenebrutinib", "upadacitinib"),
    ("belimumab", "inebilizumab"),
    ("efgartigimod 10 mg/kg iv qw", "daratumumab"),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_named_sequences_can_be_scanned(pair: tuple[str, str]) -> None:
    result = timing(list(pair), "SLE", weeks=26, gaps=(-8, 8), settings=Settings(patients=12, threads=1))
    table = result.table.set_index(["structure", "gap_weeks"])
    assert table.loc[("additive", 0.0), "gain"] == 0
    assert table.loc[("additive", 0.0), "verdict"] == "not decided"
    assert table.loc[("additive", -8.0), "mean effect"] != table.loc[("additive", 8.0), "mean effect"]
    assert table.loc[("additive", result.best), "mean effect"] == table.loc["additive", "mean effect"].max()


@pytest.mark.parametrize(
    ("pair", "disease"),
    [
        (("fenebrutinib", "upadacitinib"), "RA"),
        (("rituximab", "belimumab"), "LN"),
        (("belimumab", "rituximab"), "SjD"),
        (("inebilizumab", "belimumab"), "IgG4-RD"),
        (("rituximab", "avacopan"), "AAV"),
    ],
)
def test_every_disease_runs(pair: tuple[str, str], disease: str, tmp_path: Path) -> None:
    result = combine(list(pair), disease, settings=Settings(patients=12, threads=1))
    full = result.surface[result.surface["doses"] == (1.0, 1.0)]
    assert np.isfinite(full[["effect", "IgG loss", "serious infection", "other serious harms"]].to_numpy()).all()
    assert set(result.synergy["verdict"]) <= {"more than the null", "less than the null", "not decided"}
    out = result.save(tmp_path / "out")
    assert {p.name for p in result.save(out).iterdir()} == {"result.json", "combination.png", "baxis-files.json"}
