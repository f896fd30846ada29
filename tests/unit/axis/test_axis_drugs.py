"""Drugs and slots: potencies, routes, inputs, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from baxis import axis
from baxis.axis.dosing import treatment
from baxis.axis.tables import potency
from baxis.core import library
from baxis.core.errors import Faults, InvalidValue, UnknownName


def test_fenebrutinib_in_model_units() -> None:
    slot = axis.slot_parameters("fenebrutinib", 1)
    assert slot["P1_CL"] == pytest.approx(53 * 24)
    assert 1 / slot["P1_w_btk"] == pytest.approx(8e-9 * 664.8 * 1000)
    assert axis.drug("GDC-0853").name == "fenebrutinib"


def test_occupancy_anchor_is_met_by_the_mean_concentration() -> None:
    drug = axis.drug("spebrutinib")
    mean = potency.mean_concentration(drug.kinetics, 375)
    rate = drug.actions["btk"].kinact / drug.actions["btk"].potency * mean
    resynthesis = axis.parameter("k_btk").value
    assert rate / (rate + resynthesis) == pytest.approx(0.83)


def test_free_basis_uses_the_unbound_fraction() -> None:
    action = axis.drug("pirtobrutinib").actions["btk"]
    assert action.potency == pytest.approx(3.15e-9 * 479.4 * 1000 / 0.04)


def test_belimumab_leaves_a_share_of_baff_at_any_dose() -> None:
    action, slot = axis.drug("belimumab").actions["baff"], axis.slot_parameters("belimumab", 2)
    assert slot["P2_sp"] == action.spared > 0
    high, higher = (slot["P2_w_baff"] * c for c in (20.0, 200.0))  # mg/L: 1 and 10 mg/kg a month
    left = [(1 + action.spared * d) / (1 + d) for d in (high, higher)]
    assert left == pytest.approx([action.spared] * 2, rel=0.1)
    assert axis.slot_parameters("tabalumab", 1)["P1_sp"] == 0


def test_half_life_fills_in_clearance() -> None:
    k = axis.drug("evobrutinib").kinetics
    assert k["CL"] == pytest.approx(np.log(2) / (2 / 24) * k["V1"])


def test_routes_and_inputs() -> None:
    assert axis.dose_state("rituximab", 2, "iv") == "P2_central"
    assert axis.dose_state("belimumab", 1, "sc") == "P1_depot"
    assert axis.dose_state("fenebrutinib", 3) == "P3_depot"
    assert axis.dose_state("cd19 car-t", 1) == "car"
    assert axis.input_name("btk", "covalent") == "uc_btk"
    assert axis.infusion_parameter(2) == "P2_rate"
    assert set(axis.equivalent_inputs()) <= set(axis.system().parameters)
    assert set(axis.exposure_inputs()) <= set(axis.system().parameters)
    assert axis.virtual("btk", 0.7)["u_btk"] == pytest.approx(7 / 3)


def test_background_units() -> None:
    assert axis.background_input("mycophenolate", "mg") == ("mmf", pytest.approx(0.001))
    assert axis.background_input("methotrexate", "mg/day") == ("mtx", pytest.approx(7.0))
    assert axis.background_input("prednisone", "mg/day") == ("gc_dose", 1.0)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: axis.drug("fenebrutinb"), UnknownName, "did you mean 'fenebrutinib'"),
        (lambda: axis.drug("lanraplenib"), InvalidValue, "no kinetics"),
        (lambda: axis.slot_parameters("fenebrutinib", 4), InvalidValue, "1, 2 or 3"),
        (lambda: axis.slot_parameters("prednisone", 1), InvalidValue, "gc_dose"),
        (lambda: axis.dose_state("rituximab", 1, "rectal"), UnknownName, "route"),
        (lambda: axis.virtual("btk", 1.0), InvalidValue, "below 1"),
        (lambda: axis.virtual("btkk", 0.5), UnknownName, "did you mean 'btk'"),
        (lambda: axis.background_input("rituximab", "mg"), InvalidValue, "exposure input"),
        (lambda: potency.mass_concentration(1, "nM", None, "x"), InvalidValue, "molar mass"),
        (lambda: treatment.parse("rituximab iv"), InvalidValue, "AMOUNT UNIT"),
    ],
)
def test_refusals(call: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()  # type: ignore[operator]


def test_every_listed_drug_is_simulated_or_says_why() -> None:
    for row in library.read_table("evidence/drugs"):
        status = axis.drug_status(row["drug"])
        if status == "available":
            axis.drug(row["drug"])
        else:
            with pytest.raises(InvalidValue, match=re.escape(status)):
                axis.drug(row["drug"])
    assert len(axis.drugs()) >= 50


def test_size_factors() -> None:
    people = {"weight_kg": np.array([66.2, 132.4]), "female": np.array([1.0, 0.0]), "bsa_m2": np.array([1.8, 1.8])}
    factors = axis.drug("inebilizumab").size_factors(people)
    assert factors["CL"] == pytest.approx([1.0, 2**0.57])
    assert axis.drug("tocilizumab").size_factors(people)["CL"] == pytest.approx([0.84, 1.0])
    assert axis.drug("obinutuzumab").size_factors({"female": people["female"]})["V1"] == pytest.approx([1.0, 1.18])
    assert axis.drug("fenebrutinib").size_factors(people) == {}
    assert axis.drug("belimumab").size_factors({}) == {}


def test_a_users_drug_is_laid_over(tmp_path: Path) -> None:
    folder = tmp_path / "drugs"
    folder.mkdir()
    shipped = library.path("drugs/fenebrutinib.toml").read_text(encoding="utf-8")
    (folder / "minebrutinib.toml").write_text(shipped.replace("fenebrutinib", "minebrutinib").replace("GDC-0853", "M1"))
    library.overlay(tmp_path)
    assert axis.drug("minebrutinib").kinetics == axis.drug("fenebrutinib").kinetics
    assert "minebrutinib" in axis.drugs()
    library.reset()
    with pytest.raises(UnknownName, match="minebrutinib"):
        axis.drug("minebrutinib")


def test_faults_of_a_users_drug_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "drugs"
    folder.mkdir()
    shipped = library.path("drugs/fenebrutinib.toml").read_text(encoding="utf-8").replace("fenebrutinib", "badbrutinib")
    (folder / "badbrutinib.toml").write_text(shipped.replace('unit = "L/h"', 'unit = "L/parsec"', 1))
    library.overlay(tmp_path)
    with pytest.raises(Faults, match=r"drugs/badbrutinib.toml: kinetics.CL"):
        axis.drug("badbrutinib")
