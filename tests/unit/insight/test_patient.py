"""One patient: files refused with a reason, posterior calibrated on virtual patients, measurements that inform."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people.population import spread_parameters
from baxis.core.errors import BaxisError, InvalidValue, UnknownName
from baxis.insight.patient import calibration, infer, patient, scores
from baxis.insight.patient.file import read, read_text
from baxis.insight.patient.inference.latent import Latent, Steps
from baxis.insight.patient.inference.posterior import Likelihood, Posterior
from baxis.insight.patient.inference.prior import Made
from baxis.insight.patient.inference.refine import independent
from baxis.insight.patient.predict import reduction
from baxis.insight.patient.visits import Given, Measurements, Rating

DISEASES = ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"]
EXAMPLE = Path(__file__).parents[3] / "docs" / "insight" / "data" / "example_patient.csv"
QUANTITIES = ("infl", "plasmablast", "ifn", "parameter")
SETTINGS = Settings(threads=1)
HEAD = "day,measure,value,unit\n"
LONG = "day,measure,value,unit,route,schedule\n"
LATER = (dt.date.today() + dt.timedelta(days=30)).isoformat()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "0,C3,0.6,mg", "unit of C3: got 'mg'"),
        (HEAD + "0,C3,0.6,", "unit of C3"),
        (HEAD + "0,C3,-1,g/L", "possible value"),
        (HEAD + "0,C3,900,g/L", "possible value"),
        (HEAD + "0,C3,nan,g/L", "no value"),
        (HEAD + "0,C3,inf,g/L", "a finite number"),
        (HEAD + "0,C3,low,g/L", "a number"),
        (HEAD + "0,C33,1,g/L", "did you mean"),
        (HEAD + "0,DAS28,5,points", "score of RA"),
        (HEAD + "0,SLEDAI-2K,8,mg", "unit of SLEDAI-2K"),
        (HEAD + "0,SLEDAI-2K,8,", "unit of SLEDAI-2K"),
        (HEAD + "0,SLEDAI-2K,400,points", "possible value"),
        (HEAD + "0,SLEDAI-2K,7.5,points", "whole steps"),
        (HEAD + "0,C3,1,g/L\n-9,prednisone,20,mg", "daily or weekly"),
        (HEAD + "0,C3,1,g/L\n-9,prednisone,-20,mg/day", "at least 0"),
        (HEAD + "0,C3,1,g/L\n-9,rituximab,1000,mg/day", "mg/kg"),
        (LONG + "0,C3,1,g/L,,\n-9,rituximab,1000,mg,iv,sometimes", "schedule"),
        (HEAD + "0,C3,1,g/L\n-9,cd19 car-t,1,mg", "cell therapy"),
        (HEAD + "-9,prednisone,20,mg/day", "at least one laboratory value"),
        (HEAD + "0,C3,1,g/L\n0,C3,1.1,g/L", "two values"),
        (f"date,measure,value,unit\n{LATER},C3,1,g/L", "not in the future"),
        (HEAD, "a header and no rows"),
        ("", "an empty file"),
        ("measure,value,unit\nC3,1,g/L", "day or date"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "p.csv"
    file.write_text(text)
    with pytest.raises(BaxisError, match=said):
        read(file, "SLE")


def test_wide_and_long_form_dates_and_units_agree() -> None:
    wide = read_text("day,C3 [mg/dL],IgG [g/L],SLEDAI [points]\n-7,60,,8\n0,,12,\n", "w", "SLE")
    long = read_text(HEAD + "-7,C3,0.6,g/L\n0,IgG,1200,mg/dL\n-7,SLEDAI-2K,8,points\n", "l", "SLE")
    assert wide.names == long.names == ("c3", "igg")
    assert wide.values == pytest.approx(long.values)
    assert wide.ratings == long.ratings == (Rating("SLEDAI-2K", 8.0, -7.0),)
    dated = read_text("date,measure,value,unit\n2024-01-01,C3,1,g/L\n2024-01-08,IgG,9,g/L\n", "d", "SLE")
    assert np.diff(dated.times) == 7


def test_every_disease_reads_its_scores_and_tells_its_courses_in_one() -> None:
    for disease, text in (
        ("RA", "DAS28,5.1,points"), ("SLE", "SLEDAI-2K,8,points"), ("LN", "UPCR,2.1,g/g"), ("AAV", "BVAS,9,points"),
        ("IgG4-RD", "IgG4-RD RI,6,points"), ("SjD", "ESSDAI,9,points"),
    ):  # fmt: skip
        assert read_text(f"{HEAD}0,{text}\n", "x", disease).ratings
        assert scores.main(disease).measure in scores.scores(disease)


def test_likelihood_of_a_rating_is_a_probability() -> None:
    """Over all ratings of a stepped score it sums to one, floor included; and ratings follow it."""
    score = scores.scores("SLE")["SLEDAI-2K"]
    simulated = np.array([0.0, 3.0, 12.0])
    total = sum(np.exp(score.likelihood(float(k), simulated)) for k in range(0, 60))
    assert total == pytest.approx(np.ones(3), abs=1e-6)
    rated = score.rated(np.full(20000, 3.0), np.random.default_rng(1).standard_normal(20000))
    assert np.mean(rated == 3) == pytest.approx(float(np.exp(score.likelihood(3.0, np.array(3.0)))), abs=0.01)


def test_unknown_disease_and_drug_before_simulation() -> None:
    with pytest.raises(UnknownName, match="disease"):
        patient(EXAMPLE, "MS")
    with pytest.raises(UnknownName, match="rituximab"):
        patient(EXAMPLE, "SLE", ("rituximb",))


def test_a_point_of_the_space_of_patients_is_a_patient() -> None:
    ids, latent = np.arange(400), Latent()
    assert spread_parameters("SLE", 1, ids, latent) == pytest.approx(spread_parameters("SLE", 1, ids), rel=1e-9)
    again = latent.filled(latent.flat)
    assert spread_parameters("SLE", 1, ids, again) == pytest.approx(spread_parameters("SLE", 1, ids, latent))


@pytest.mark.parametrize("size", [0.3, 0.9])
def test_steps_about_a_wrong_law_keep_the_prior_when_they_are_judged(size: float) -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(size=(4000, 5))
    steps = Steps.of(0.5 * z[:500] + np.array([0.5, 0.0, 0.0, -0.3, 0.0]))
    for _ in range(20):
        other = steps.moved(z, size, rng.normal(size=z.shape))
        yes = np.log(rng.uniform(size=len(z))) < steps.excess(other) - steps.excess(z)
        z = np.where(yes[:, None], other, z)
    assert 0.1 < yes.mean() < 0.95  # both answers occur
    assert z.mean(axis=0) == pytest.approx(np.zeros(5), abs=0.07)
    assert z.std(axis=0) == pytest.approx(np.ones(5), abs=0.06)


def test_copies_of_one_ancestor_count_as_one_until_they_part() -> None:
    rng, eve = np.random.default_rng(4), np.repeat(np.arange(100), 6)
    shared = np.repeat(rng.normal(size=(100, 8)), 6, axis=0)
    apart = rng.normal(size=(600, 8))
    assert independent(shared, eve) == pytest.approx(100, rel=0.01)
    assert independent(apart, eve) > 480
    half = independent(np.sqrt(0.5) * shared + np.sqrt(0.5) * apart, eve)
    assert half == pytest.approx(600 / (1 + 5 * 0.5), rel=0.2)  # variance of a mean of six with correlation 1/2
    assert independent(shared, np.zeros(600, dtype=np.int64)) == 1.0


def test_simulation_based_calibration() -> None:
    """Ranks of truths in their posteriors, two virtual patients of each disease: intervals that were far too narrow, too
    wide or to one side would be seen (the sharp test is the nightly one)."""
    ranks = pd.concat([calibration.ranks(calibration.usual(d), 2, SETTINGS, most=5000) for d in DISEASES])
    assert len(ranks) == 2 * len(DISEASES)
    every = ranks[list(QUANTITIES)].to_numpy().ravel()
    for share in (0.5, 0.9):
        low, high = stats.binom.interval(
            0.999, len(ranks), share
        )  # quantities of a patient go together: its number counts
        assert low <= np.mean(np.abs(every - 0.5) <= share / 2) * len(ranks) <= high
    assert abs(every.mean() - 0.5) < 3.3 * np.sqrt(1 / 12 / len(ranks))


@pytest.mark.nightly
@pytest.mark.parametrize("protocol", [calibration.usual, calibration.below])
@pytest.mark.parametrize("disease", DISEASES)
def test_simulation_based_calibration_long(disease: str, protocol: Callable[[str], calibration.Protocol]) -> None:
    ranks = calibration.ranks(protocol(disease), 150, SETTINGS)
    for q in QUANTITIES:
        assert stats.kstest(ranks[q], "uniform").pvalue > 0.001
        for share in (0.5, 0.9):
            inside = int((np.abs(ranks[q] - 0.5) <= share / 2).sum())
            low, high = stats.binom.interval(0.999, len(ranks), share)
            assert low <= inside <= high


def test_a_coarse_laboratory_writes_limits_and_the_usual_one_none() -> None:
    """What lies below detection is written as the limit with its sign, and nothing else differs."""
    files = {}
    for protocol in (calibration.usual("RA"), calibration.below("RA")):
        made = Made(protocol.empty(), "RA", SETTINGS)
        like, truth = Likelihood(protocol.empty(), made), made.pool(calibration.numbers("RA", 4))
        files[bool(protocol.detection)] = [calibration.written(protocol, like, truth, i) for i in range(4)]
    low = dict(calibration.below("RA").detection)
    for fine, coarse in zip(files[False], files[True], strict=True):
        assert set(fine.signs) == {""}
        least = np.array([low.get(n, 0.0) for n in fine.names])
        assert coarse.values == pytest.approx(np.maximum(fine.values, least))
        assert coarse.signs == tuple(np.where(fine.values < least, "<", ""))
    assert 0 < sum(f.signs.count("<") for f in files[True]) < 4 * 4


def test_each_disease_is_calibrated_on_patients_of_its_own() -> None:
    """The same stream numbers in two diseases are one experiment told twice: their ranks go together."""
    every = np.concatenate([calibration.numbers(d, 1000) for d in DISEASES])
    assert np.unique(every).size == every.size


def test_calibration_would_see_intervals_that_are_too_narrow() -> None:
    assert calibration.uniform(np.random.default_rng(1).beta(0.4, 0.4, 100))["ks"] < 0.01
    assert calibration.uniform(np.random.default_rng(2).uniform(size=100))["ks"] > 0.01


def _moments(found: Posterior, name: str) -> tuple[float, float]:
    """Mean and standard deviation of the log of an observable now."""
    x = np.log(found.seen.outputs[name][found.who, -1])
    mean = float(np.average(x, weights=found.weights))
    return mean, float(np.sqrt(np.average((x - mean) ** 2, weights=found.weights)))


def test_moved_particles_are_as_wide_as_a_large_population() -> None:
    """Where a large population suffices and a small one does not, weights and moved particles give the same posterior of
    what was not measured: in place and above all in width."""
    protocol = calibration.usual("AAV")
    made = Made(protocol.empty(), "AAV", SETTINGS)
    truth = made.pool(np.array([30_000_000, 30_000_005]))
    ratios = []
    for i in range(2):
        visits = calibration.written(protocol, Likelihood(protocol.empty(), made), truth, i)
        large, moved = infer(visits, "AAV", SETTINGS), infer(visits, "AAV", SETTINGS, 5000)
        assert moved.moves
        assert not large.moves
        for name in QUANTITIES[:3]:
            (a, wide), (b, own) = _moments(large, name), _moments(moved, name)
            assert abs(a - b) < 0.4 * wide
            ratios.append(np.log(own / wide))
    assert np.abs(ratios).max() < 0.25
    assert abs(np.mean(ratios)) < 0.1


def test_past_rituximab_explains_few_b_cells() -> None:
    """40 cells/uL after a course say little; untreated they are strange."""
    low = Measurements(("bcount",), np.array([0.2]), (0.0,))
    treated = Measurements(
        low.names, low.values, low.days, (), (Given(-150.0, "rituximab", 1000.0, "mg", "iv", "days 1,15"),)
    )
    assert infer(treated, "RA", SETTINGS, 5000).tail["bcount"] > infer(low, "RA", SETTINGS, 5000).tail["bcount"]


def test_values_of_one_endotype_raise_its_probability() -> None:
    low = infer(Measurements(("c3", "c4"), np.array([0.45, 0.3]), (0.0, 0.0)), "SLE", SETTINGS, 5000)
    share, found = low.endotypes()["IFN-high"]
    assert found > share


def test_a_patient_outside_the_population_is_told_so() -> None:
    found = infer(Measurements(("igg",), np.array([20.0]), (0.0,)), "SLE", SETTINGS, 5000)
    assert any("Outside the virtual population" in w for w in found.warnings)


def test_a_measurement_is_worth_what_it_tells() -> None:
    rng = np.random.default_rng(1)
    x, e = rng.normal(size=400), rng.normal(size=400)
    told = reduction(x, e, 0.3, np.exp(x))
    assert 0.8 < told < 1.0  # 1 - 0.09/1.09 for a normal
    assert reduction(rng.permutation(x), e, 0.3, np.exp(x)) < 0.05


def test_too_many_drugs_are_refused() -> None:
    given = tuple(Given(-100.0 + i, d, 100.0, "mg", "sc", "once") for i, d in enumerate(("adalimumab", "abatacept")))
    visits = Measurements(
        ("c3",), np.array([1.0]), (0.0,), (), (*given, Given(-90.0, "tocilizumab", 100.0, "mg", "sc", "once"))
    )
    with pytest.raises(InvalidValue, match="at most 3"):
        patient(visits, "RA", ("rituximab",), SETTINGS)


@pytest.mark.parametrize("disease", DISEASES)
def test_a_patient_of_every_disease_is_predicted(disease: str, tmp_path: Path) -> None:
    score = scores.main(disease)
    value = 2.0 if disease == "LN" else 4.5 if disease == "RA" else 6.0
    visits = Measurements(
        ("igg", "c3"), np.array([1.1, 0.9]), (0.0, 0.0), (Rating(score.measure, value, -60.0), Rating(score.measure, value, 0.0)),
        (Given(-100.0, "prednisone", 10.0, "mg/day"), Given(-100.0, "rituximab", 1000.0, "mg", "iv", "days 1,15")),
    )  # fmt: skip
    result = patient(visits, disease, ("rituximab", "methotrexate 15 mg po qw"), SETTINGS, 5000)
    assert result.recipe["notice"].startswith("FOR RESEARCH ONLY")
    assert list(dict.fromkeys(result.courses["drug"])) == ["as now", "rituximab", "methotrexate 15 mg po qw"]
    end = result.courses[result.courses["week"] == 24].set_index("drug")
    assert end.loc["rituximab", "inflammation"] < end.loc["as now", "inflammation"]
    assert (result.courses["low"] <= result.courses["high"]).all()
    assert (result.past["low"] <= result.past["high"]).all()
    if len(result.endotypes):
        assert result.endotypes["patient"].sum() == pytest.approx(1.0)
    json.dumps(result.to_dict(), allow_nan=False)
    if disease == "SLE":
        for _ in range(2):
            result.save(tmp_path / "out")
        assert {p.name for p in (tmp_path / "out").iterdir()} == {"patient.json", "patient.png", "baxis-files.json"}


def test_the_example_is_predicted() -> None:
    result = patient(EXAMPLE, "SLE", settings=SETTINGS, most=5000)
    assert set(result.courses["drug"]) == {"as now", "rituximab", "belimumab"}
    assert result.to_dict() == patient(EXAMPLE, "SLE", settings=Settings(threads=2), most=5000).to_dict()
