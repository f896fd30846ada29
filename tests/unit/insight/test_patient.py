"""One patient: files refused with a reason, posterior calibrated on virtual patients, measurements that inform."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from baxis.clinic.settings import Settings
from baxis.core.errors import BaxisError, UnknownName
from baxis.insight.patient import infer, patient
from baxis.insight.patient.posterior import calibration_ranks
from baxis.insight.patient.predict import reduction
from baxis.insight.patient.visits import Visits, read

EXAMPLE = Path(__file__).parents[3] / "docs" / "insight" / "data" / "example_patient.csv"
SETTINGS = Settings(threads=1)
HEAD = "day,measure,value,unit\n"
TOMORROW = (dt.date.today() + dt.timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "0,C3,0.6,mg", "unit of C3: got 'mg'"),
        (HEAD + "0,C3,0.6,", "unit of C3"),
        (HEAD + "0,C3,-1,g/L", "possible value"),
        (HEAD + "0,C3,900,g/L", "possible value"),
        (HEAD + "0,C3,low,g/L", "a number"),
        (HEAD + "0,C33,1,g/L", "did you mean"),
        (HEAD + "0,SLEDAI-2K,8,points", "clinical scores and treatments are not read"),
        (HEAD + "0,C3,1,g/L\n0,C3,1.1,g/L", "two values"),
        (f"date,measure,value,unit\n{TOMORROW},C3,1,g/L", "not in the future"),
        (HEAD, "no value"),
        ("", "a CSV table"),
        ("measure,value,unit\nC3,1,g/L", "day or date"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "p.csv"
    file.write_text(text)
    with pytest.raises(BaxisError, match=said):
        read(file)


def test_wide_and_long_form_and_units_agree(tmp_path: Path) -> None:
    wide, long = tmp_path / "w.csv", tmp_path / "l.csv"
    wide.write_text("day,C3 [mg/dL],IgG [g/L]\n-7,60,\n0,,12\n")
    long.write_text(HEAD + "-7,C3,0.6,g/L\n0,IgG,1200,mg/dL\n")
    assert read(wide).names == read(long).names == ("c3", "igg")
    assert read(wide).values == pytest.approx(read(long).values)


def test_unknown_disease_and_drug_before_simulation() -> None:
    with pytest.raises(UnknownName, match="disease"):
        patient(EXAMPLE, "MS")
    with pytest.raises(UnknownName, match="rituximab"):
        patient(EXAMPLE, "SLE", ("rituximb",))


def test_simulation_based_calibration() -> None:
    """Ranks of unmeasured states in their posteriors are uniform over 120 virtual patients (five bins, 99.9 %)."""
    n = 120
    for of in ("plasmablast", "ifn"):
        ranks = calibration_ranks("SLE", ("c3", "c4", "igg"), of, n, SETTINGS)
        counts = np.histogram(ranks, bins=5, range=(0, 1))[0]
        low, high = stats.binom.interval(0.999, len(ranks), 0.2)
        assert counts.min() >= low
        assert counts.max() <= high
        assert stats.kstest(ranks, "uniform").pvalue > 0.01


def test_values_of_one_endotype_raise_its_probability_and_no_news_changes_little() -> None:
    low = infer(Visits(("c3", "c4"), np.array([0.45, 0.3]), ("0", "0")), "SLE", SETTINGS, 5000)
    share, found = low.endotypes()["IFN-high"]
    assert found > share


def test_a_patient_outside_the_population_is_told_so() -> None:
    found = infer(Visits(("igg",), np.array([20.0]), ("0",)), "SLE", SETTINGS, 5000)
    assert any("Outside the virtual population" in w for w in found.warnings)


def test_a_measurement_is_worth_what_it_tells() -> None:
    rng = np.random.default_rng(1)
    x, e = rng.normal(size=400), rng.normal(size=400)
    told = reduction(x, e, 0.3, np.exp(x))
    assert 0.8 < told < 1.0  # 1 - 0.09/1.09 for a normal
    assert reduction(rng.permutation(x), e, 0.3, np.exp(x)) < 0.05


def test_the_example_is_predicted() -> None:
    result = patient(EXAMPLE, "SLE", settings=SETTINGS)
    assert result.recipe["notice"].startswith("FOR RESEARCH ONLY")
    assert result.endotypes["patient"].sum() == pytest.approx(1.0)
    assert (result.courses["low"] <= result.courses["high"]).all()
    assert set(result.courses["drug"]) == {"rituximab", "belimumab"}
