"""What changes a drug's exposure in a patient: read from the drug files, of the published size and direction."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import axis
from baxis.axis.tables import circumstances
from baxis.core.errors import InvalidValue, UnknownName

CITED = {"kind": "measured", "source": "PMC1955110"}
PLAIN = {"CL": 0.2, "V1": 5.0}


def read(**row: object) -> circumstances.Circumstance:
    return circumstances.read({**CITED, **row}, "drugs/x.toml", PLAIN)


def test_a_ratio_of_exposures_divides_clearance_or_multiplies_absorption() -> None:
    assert read(when="cyp3a_inhibitor", exposure_ratio=4).ratio == 0.25
    assert read(when="ppi", exposure_ratio=0.57).ratio == 0.57
    assert read(when="cyp3a_inhibitor", exposure_ratio=24, parameter="F").ratio == 24
    assert read(when="ppi", parameter="CL", parameter_ratio=0.663).ratio == 0.663


def test_a_ratio_of_troughs_gives_the_clearance_that_reaches_it() -> None:
    c = read(when="ada", trough_ratio=0.1, interval_days=14, share=0.2)
    k = PLAIN["CL"] / PLAIN["V1"]
    trough = [1 / np.expm1(k * f * 14) for f in (1.0, c.ratio)]
    assert trough[1] / trough[0] == pytest.approx(0.1)


def test_no_effect_without_the_covariate_or_without_a_ratio() -> None:
    drug = axis.drug("upadacitinib")
    assert drug.circumstance_factors({}) == []
    assert all(np.all(f == 1) for _, _, f in drug.circumstance_factors({"cyp3a_inhibitor": np.zeros(3)}))
    belimumab = axis.drug("belimumab")  # only how often antibodies occur is published
    assert belimumab.circumstance_factors({"ada belimumab": np.ones(3)}) == []


def test_a_genotype_counts_alleles_and_the_heterozygote_is_the_reference() -> None:
    [(day, name, factor)] = axis.drug("rituximab").circumstance_factors({"fcgr3a_v_alleles": np.array([0.0, 1, 2])})
    assert (day, name) == (0.0, "w_cd20")
    assert factor[1] == 1.0
    assert factor[2] / factor[0] == pytest.approx(4.2)  # Dall'Ozzo 2004
    assert f"P1_{name}" in axis.slot_parameters("rituximab", 1)


def test_antibodies_begin_late() -> None:
    people = {"ada adalimumab": np.array([0.0, 1.0])}
    drug = axis.drug("adalimumab")
    assert drug.circumstance_factors(people) == []
    [(day, name, factor)] = drug.circumstance_factors(people, late=True)
    assert (day, name, factor[0]) == (84.0, "CL", 1.0)
    assert 3 < factor[1] < 6


def test_renal_clearance_is_a_share_or_a_power() -> None:
    people = {"crcl_ml_min": np.array([108.7, 30.0])}
    power = axis.drug("upadacitinib").size_factors(people)["CL"]
    assert power == pytest.approx([1.0, (30 / 108.7) ** 0.256])
    half = axis.drug("tofacitinib").size_factors({"crcl_ml_min": np.array([50.0])})["CL"]
    assert half == pytest.approx([1 - 0.308 / 2])


@pytest.mark.parametrize(
    ("row", "error", "says"),
    [
        ({"when": "pip", "exposure_ratio": 2}, UnknownName, "ppi"),
        ({"when": "ppi"}, InvalidValue, "exposure_ratio"),
        ({"when": "ppi", "exposure_ratio": 2, "parameter_ratio": 2}, InvalidValue, "one of"),
        ({"when": "ppi", "exposure_ratio": -2}, InvalidValue, "above 0"),
        ({"when": "ada", "share": 1.7}, InvalidValue, "at most 1"),
        ({"when": "ppi", "parameter": "Cl", "exposure_ratio": 2}, UnknownName, "CL"),
        ({"when": "fcgr3a", "parameter_ratio": 2}, InvalidValue, "target"),
        ({"when": "ppi", "exposure_ratio": 2, "source": ""}, InvalidValue, "source"),
        ({"when": "ada", "trough_ratio": 0.1}, InvalidValue, "interval_days"),
    ],
)
def test_a_bad_row_is_named(row: dict, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        read(**row)
