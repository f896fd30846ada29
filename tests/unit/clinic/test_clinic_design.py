from __future__ import annotations

import re
from pathlib import Path

import pytest

from baxis.clinic.design import design as d
from baxis.clinic.design.read import read_design
from baxis.core import library
from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName

ROOT = Path(__file__).parents[3]


def example() -> str:
    """The TOML of docs/design.md, as it stands there."""
    return re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "design.md").read_text(encoding="utf-8"), re.S)[0]


def read(tmp_path: Path, text: str) -> d.Design:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return read_design(file)


def test_documented_example_reads(tmp_path: Path) -> None:
    design = read(tmp_path, example())
    assert design.primary.name == "SRI-4"
    assert design.control.arm_id == "pbo"
    assert design.arms[1].treatments[0].dose == 75


@pytest.mark.parametrize("name", library.names("designs"))
def test_shipped_designs_read_and_agree_with_the_evidence(name: str) -> None:
    design = read_design(name)
    assert design.trial_id == name
    arms = {r["arm_id"]: r for r in library.read_table("evidence/arms") if r["trial_id"] == name}
    for arm in design.arms:
        assert float(arms[arm.arm_id]["n"]) == arm.n
        for t in arm.treatments:
            assert t.drug == arms[arm.arm_id]["drug"]
            assert t.dose == float(arms[arm.arm_id]["dose"])


def test_equal_by_value_and_round_trip() -> None:
    design = read_design("fenebrutinib-sle-ph2")
    assert d.build(design.model_dump(), "copy") == design
    assert design.replace(weeks=52) != design
    assert design.replace(weeks=52).weeks == 52


FAULTS = [
    ('drug = "fenebrutinib"', 'drug = "fenebrutinb"', "did you mean 'fenebrutinib'"),
    ('disease = "SLE"', 'disease = "SLEE"', "did you mean 'SLE'"),
    ("dose = 75", "dose = -75", "arms.75qd.treatments.0.dose"),
    ('dose_unit = "mg"\nroute', 'dose_unit = "mgs"\nroute', "dose_unit"),
    ('schedule = "qd"', 'schedule = "now and then"', "now and then"),
    ("n = 60                       # size", "n = 0  # size", "arms.pbo.n"),
    ("weeks = 24\nback", "weeks = 12\nback", "endpoint after the last week (12): SRI-4 at week 24"),
    ('arm_id = "75qd"', 'arm_id = "pbo"', "arm_id stands twice: pbo"),
    ('role = "active"', 'rol = "active"', "did you mean 'role'"),
    ("min = 6\n", "", "give min, max or both"),
]


@pytest.mark.parametrize(("old", "new", "said"), FAULTS)
def test_a_fault_is_named_with_what_is_allowed(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = example()
    assert old in text
    with pytest.raises(BaxisError) as error:
        read(tmp_path, text.replace(old, new, 1))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = example().replace("dose = 75", "dose = -75").replace('role = "active"', 'role = "actve"')
    with pytest.raises(Faults, match="2 faults"):
        read(tmp_path, text)


def test_malformed_toml_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"mine\.toml"):
        read(tmp_path, "trial_id = \n")
    with pytest.raises(InvalidValue, match="existing TOML file"):
        read_design(tmp_path / "none.toml")


def test_unknown_trial_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'rituximab-reflex'"):
        read_design("rituximab-reflx")
    assert "default" not in read_design("rituximab-reflex").notes


def test_faults_of_arms_are_told_and_not_their_number(tmp_path: Path) -> None:
    text = example().replace('arm_id = "pbo"', 'arm_id = "p/o"').replace('arm_id = "75qd"', 'arm_id = "75/d"')
    with pytest.raises(Faults) as told:
        read(tmp_path, text)
    assert len(told.value.faults) == 2
    assert all("arm_id" in fault for fault in told.value.faults)
