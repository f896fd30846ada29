"""Harms of arms: the table's rows, factors that act, and limits."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import run_trial
from baxis.clinic.design.read import read_design
from baxis.clinic.result import safety
from baxis.core import library


@pytest.fixture(scope="module")
def reflex() -> object:
    return run_trial("rituximab-reflex", patients=60).safety.set_index(["arm_id", "harm"])


def test_every_row_has_a_source_and_an_interval_around_its_value() -> None:
    for row in library.read_table(safety.TABLE):
        assert all(row[k] for k in ("source", "place", "kind")), row
        if row["low"]:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row


def test_a_class_harm_is_only_under_the_class(reflex) -> None:
    reaction = reflex.xs("infusion_reaction", level="harm").expected
    assert reaction["1000x2"] == pytest.approx(0.25)
    assert np.isnan(reaction["pbo"])
    assert set(reflex.index.get_level_values("harm")) == {
        "serious_infection",
        "hypogammaglobulinaemia",
        "infusion_reaction",
    }


def test_the_base_rate_is_that_of_the_arm_without_drug(reflex) -> None:
    row = reflex.loc[("pbo", "serious_infection")]
    assert row.per_100_years == pytest.approx(4.7, rel=0.02)
    assert row.expected == pytest.approx(1 - np.exp(-0.047 * 24 * 7 / 365.25), rel=0.02)
    assert row.published == 3.7
    assert row.pi90[0] <= row.pi50[0] <= row.pi50[1] <= row.pi90[1]


def test_more_prednisone_means_more_infection() -> None:
    design = read_design("rituximab-reflex")

    def rate(dose: float) -> float:
        arm = {"arm_id": "gc", "n": 100, "role": "active"}
        arm["treatments"] = [{"drug": "prednisone", "dose": dose, "dose_unit": "mg", "route": "po", "schedule": "qd"}]
        control = {"arm_id": "pbo", "n": 100, "role": "placebo"}
        found = run_trial(design.replace(background_therapy=[], arms=[control, arm]), patients=30).safety
        return float(found.set_index(["arm_id", "harm"]).loc[("gc", "serious_infection"), "per_100_years"])

    low, high = rate(5.0), rate(15.0)
    assert low == pytest.approx(4.7 * 1.30, rel=0.05)
    assert high == pytest.approx(4.7 * 2.44, rel=0.05)


def test_classes_of_drugs_fall_within_their_family() -> None:
    assert safety._within("BTK inhibitor", {"BTK inhibitor covalent"})
    assert safety._within("CAR-T", {"CD19 CAR-T"})
    assert not safety._within("anti-CD20", {"anti-CD19"})


def test_the_same_recipe_gives_the_same_table() -> None:
    one, two = (run_trial("fostamatinib-taski2", patients=20, threads=t).safety for t in (1, 2))
    assert one.equals(two)
    assert "neutropenia" in set(one.harm)
