"""Routes and doses that are known of a drug, from its file and the trials' arms."""

from __future__ import annotations

import pytest

from baxis import axis
from baxis.axis.dosing import drug_doses
from baxis.core import library
from baxis.core.reading import schedule


@pytest.mark.parametrize(
    ("drug", "routes"),
    [("remibrutinib", ("po",)), ("rituximab", ("iv",)), ("cd19 car-t", ("iv",)), ("belimumab", ("iv", "sc")),
     ("abatacept", ("iv", "sc")), ("methotrexate", ("po", "sc")), ("cyclophosphamide", ("po", "iv")), ("telitacicept", ("sc",))],
)  # fmt: skip
def test_a_drug_has_the_routes_of_its_file_and_trials(drug: str, routes: tuple[str, ...]) -> None:
    assert drug_doses.routes(drug) == routes


def test_every_drug_has_a_route_and_its_usual_doses_are_not_far() -> None:
    for name in library.names("drugs"):
        assert drug_doses.routes(name), name
        for k in drug_doses.known(name):
            assert not drug_doses.impossible(name, k.amount, k.unit), (name, k)
            assert not drug_doses.far(name, k.amount, k.unit), (name, k)


def test_no_arm_of_a_trial_has_a_dose_that_is_called_impossible() -> None:
    for row in library.read_table("evidence/arms"):
        known = (
            row["drug"]
            and axis.drug_file(row["drug"])
            and row["dose"]
            and row["dose_unit"] in ("mg", "mg/kg", "mg/m2", "g")
        )
        if known and float(row["dose"]) > 0:
            assert not drug_doses.impossible(row["drug"], float(row["dose"]), row["dose_unit"]), row


@pytest.mark.parametrize(
    ("drug", "amount", "unit", "meant"),
    [("rituximab", 1000, "mg/kg", "1000 mg?"), ("rituximab", 1000, "g", "1000 mg?"), ("fenebrutinib", 200, "g", "200 mg?"),
     ("methotrexate", 15, "g", "15 mg?"), ("abatacept", 125, "g", "125 mg?"), ("rituximab", 1e9, "mg", "200 g at once")],
)  # fmt: skip
def test_a_dose_that_cannot_be_meant_says_what_is(drug: str, amount: float, unit: str, meant: str) -> None:
    assert meant in drug_doses.impossible(drug, amount, unit)


def test_a_far_dose_is_told_and_a_known_one_is_not() -> None:
    assert not drug_doses.impossible("remibrutinib", 125_000, "mg")
    assert "1250 times" in drug_doses.far("remibrutinib", 125_000, "mg")  # 125000 over 100 mg, the largest in its file
    assert "did you mean 150 mg?" in drug_doses.far("fenebrutinib", 150, "ug")
    assert drug_doses.far("fenebrutinib", 150, "mg") == ""
    assert drug_doses.far("rituximab", 0, "mg") == ""


def test_a_rhythm_that_nobody_gave_is_told() -> None:
    mg = drug_doses.over_month(schedule.parse("qd").doses(28.0), 1000, "mg")
    assert mg == 28_000
    assert drug_doses.far_month("rituximab", mg)
    assert not drug_doses.far_month("rituximab", 2000)


def test_an_example_is_a_regimen_of_the_drug() -> None:
    assert drug_doses.example("remibrutinib") == "100 mg po bid"
    assert drug_doses.example("cd19 car-t") == ""
