"""A saved result is read back whole, compared with what was published, drawn again, and written as arrays."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import baxis
from baxis.clinic import reload
from baxis.clinic.face import TrialResult
from baxis.clinic.files import arrays
from baxis.core.errors import InvalidValue, UnknownName, Unsupported


@pytest.fixture(scope="module")
def result() -> TrialResult:
    return baxis.run_trial("rituximab-reflex", patients=25, seed=3)


@pytest.fixture(scope="module")
def folder(result: TrialResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return result.save(tmp_path_factory.mktemp("saved") / "reflex")


def test_it_is_the_same_result(result: TrialResult, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = baxis.load_result(folder)
    for table in ("arms", "contrasts", "patients", "safety", "visits"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(result, table))
    assert again.to_dict() == result.to_dict()
    assert again.design == result.design
    assert float(abs(again.trajectories - result.trajectories).max().to_array().max()) < 1e-12
    assert again.trajectories["igg"].attrs["units"] == "g/L"


def test_saved_again_it_is_the_same_folder(folder: Path, tmp_path: Path) -> None:
    again = baxis.load_result(folder).save(tmp_path / "again")
    assert {p.name for p in again.iterdir()} == {p.name for p in folder.iterdir()}
    assert (again / "result.json").read_bytes() == (folder / "result.json").read_bytes()
    assert (again / "endpoint.png").read_bytes() == (folder / "endpoint.png").read_bytes()


def test_courses_and_decisions_are_kept(tmp_path: Path) -> None:
    """REFLEX with a rule: who has not improved at week 16 goes on to tocilizumab."""
    from baxis.clinic.design.design import Switch, Treatment
    from baxis.clinic.design.read import read_design

    design = read_design("rituximab-reflex")
    more = Treatment(drug="tocilizumab", dose=8, dose_unit="mg/kg", route="iv", schedule="q4w")
    rule = Switch(week=16, when="no response", endpoint="ACR20", treatments=(more,))
    arms = [a.model_copy(update={"switches": (rule,)}) for a in design.arms]
    ran = baxis.run_trial(design.model_copy(update={"arms": tuple(arms)}), patients=20, seed=2)
    again = baxis.load_result(ran.save(tmp_path / "switched"))
    for a, b in zip(ran.runs, again.runs, strict=True):
        assert [c.treatment for c in a.courses] == [c.treatment for c in b.courses]
        assert len(b.courses) > len(b.arm.treatments)
        for x, y in zip(a.courses, b.courses, strict=True):
            np.testing.assert_array_equal(x.takes, y.takes)
            np.testing.assert_array_equal(x.stop, y.stop)
        assert [d.rule for d in a.decisions] == [d.rule for d in b.decisions]
        np.testing.assert_array_equal(a.decisions[0].day, b.decisions[0].day)
        assert set(np.unique(b.decisions[0].day)) == {112.0, np.inf}
    pd.testing.assert_frame_equal(again.therapy, ran.therapy)
    switched = again.therapy[(again.therapy["drug"] == "tocilizumab") & (again.therapy["arm_id"] == "pbo")]
    assert (switched.loc[switched["day"] < 112, "share"] == 0).all()
    share = float(np.isfinite(again.runs[0].decisions[0].day).mean())
    assert switched["share"].iloc[-1] == pytest.approx(share)
    from baxis.clinic.result.on_drug import figure

    assert [ax.get_title(loc="left") for ax in figure(again).axes] == [a.arm_label for a in design.arms]


def test_a_folder_without_courses_is_read(folder: Path, tmp_path: Path) -> None:
    import shutil

    old = Path(shutil.copytree(folder, tmp_path / "old"))
    (old / "courses.parquet").unlink()
    again = baxis.load_result(old)
    assert all(run.courses == () for run in again.runs)
    assert [c.treatment.drug for c in again.runs[1].taken] == ["rituximab"]  # as the arm begins


def test_a_damaged_folder_is_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    import shutil

    for name, text in (
        ("arms.parquet", "PAR1"),
        ("result.json", '{"recipe": '),
        ("saved.json", '{"format": "baxis-result-1"}'),
    ):
        bad = Path(shutil.copytree(folder, tmp_path / name))
        (bad / name).write_text(text)
        with pytest.raises(InvalidValue, match="whole folder written by"):
            baxis.load_result(bad)
    with pytest.raises(InvalidValue, match="no such folder"):
        baxis.load_result(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidValue, match="and 8 more"):
        baxis.load_result(tmp_path / "empty")


def test_what_made_it_is_told_where_it_differs(folder: Path, tmp_path: Path) -> None:
    import shutil

    other = Path(shutil.copytree(folder, tmp_path / "old"))
    plain = json.loads((other / "result.json").read_text())
    plain["recipe"]["library"] = "0" * 16
    (other / "result.json").write_text(json.dumps(plain))
    with pytest.warns(UserWarning, match=r"made by baxis .* with another library \(0000"):
        baxis.load_result(other)
    saved = json.loads((other / "saved.json").read_text()) | {"format": "baxis-result-9"}
    (other / "saved.json").write_text(json.dumps(saved))
    with pytest.raises(InvalidValue, match=r"baxis-result-9.*read it with the version"):
        baxis.load_result(other)
    (other / "visits.parquet").unlink()
    with pytest.raises(InvalidValue, match=r"no visits\.parquet"):
        baxis.load_result(other)


def test_simulated_beside_published_in_one_call(result: TrialResult) -> None:
    found = result.against_published()
    row = found[(found["table"] == "arm") & (found["arm_id"] == "1000x2") & (found["endpoint"] == "ACR20")].iloc[0]
    assert row["published"] == pytest.approx(0.51, abs=0.005)  # REFLEX, doi:10.1002/art.22025
    assert row["difference"] == pytest.approx(row["simulated"] - row["published"])
    assert row["ratio"] == pytest.approx(row["simulated"] / row["published"])
    assert row["inside"] == (row["pi90"][0] <= row["published"] <= row["pi90"][1])
    assert set(found["table"]) == {"arm", "difference"}


def test_ratios_say_nothing_across_zero_and_are_those_of_hazards() -> None:
    from baxis.clinic.result.against import _ratio

    assert math.isnan(_ratio(0.1, -0.1, "risk_difference"))
    assert math.isnan(_ratio(0.1, 0.0, "proportion"))
    assert _ratio(math.log(0.5), math.log(0.25), "log_hazard_ratio") == pytest.approx(2.0)


def test_any_observable_or_measure_is_drawn(result: TrialResult) -> None:
    figure = result.plot("igg", "DAS28-ESR", "bcount")
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_ylabel() for ax in shown] == ["g/L", "points", "cells/uL"]
    assert all(len(ax.lines) == 2 for ax in shown)
    with pytest.raises(UnknownName, match="DAS28-ESR"):
        result.plot("DAS28-ERS")


@pytest.mark.parametrize("kind", arrays.KINDS)
def test_arrays_hold_values_and_units(result: TrialResult, kind: str, tmp_path: Path) -> None:
    import xarray

    if kind == "zarr":
        pytest.importorskip("zarr")  # of the extra `arrays`
    path = arrays.write_arrays(result, kind, tmp_path / f"x.{kind}")
    path = arrays.write_arrays(result, kind, path)  # over an earlier one
    found = xarray.open_zarr(path) if kind == "zarr" else xarray.open_dataset(path)
    np.testing.assert_array_equal(found["igg"].values, result.trajectories["igg"].values)
    assert list(found["arm"].values) == ["pbo", "1000x2"]
    assert found["igg"].attrs["units"] == "g/L"
    assert found.attrs["seed"] == 3
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_arrays_without_their_packages(result: TrialResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import xarray

    monkeypatch.setattr(arrays, "find_spec", lambda name: None)
    path = arrays.write_arrays(result, "netcdf", tmp_path / "x.nc")
    assert path.read_bytes()[:3] == b"CDF"  # version 3, by SciPy
    assert xarray.open_dataset(path, engine="scipy")["igg"].shape == result.trajectories["igg"].shape
    with pytest.raises(Unsupported, match=r"baxis\[arrays\]"):
        arrays.write_arrays(result, "zarr", tmp_path / "x.zarr")
    assert [p.name for p in tmp_path.iterdir()] == ["x.nc"]


def test_differences_names_each(result: TrialResult) -> None:
    assert reload.differences(result.recipe) == []
    (told,) = reload.differences({**result.recipe, "baxis": "0.0.1", "model": "x"})
    assert "made by baxis 0.0.1" in told
    assert "another model (x; here " in told
    assert "library" not in told
