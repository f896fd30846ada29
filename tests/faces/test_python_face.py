"""Verbs of `baxis.` that join what lies below: power, own models, exports, reports, calendars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import baxis
from baxis.clinic.questions.replicates import Replication

TRIAL = "fenebrutinib-sle-ph2"


def test_power_is_the_replication_of_the_primary_endpoint() -> None:
    found = baxis.power(TRIAL, 50, replicates=40, patients=20, seed=3)
    same = baxis.replicate_trials(TRIAL, Replication(40, (50,)), patients=20, seed=3)
    pd.testing.assert_frame_equal(found.table, same.table)
    assert found.endpoint == found.design.primary


def test_an_own_model_file_follows_its_closed_form(tmp_path: Path) -> None:
    (tmp_path / "decay.ant").write_text("A -> ; k*A\nA = 10\nk = 0.5\n", encoding="utf-8")
    times = np.linspace(0.0, 4.0, 5)
    found = baxis.simulate(tmp_path / "decay.ant", times, values={"k": [0.5, 1.0]})
    expected = 10 * np.exp(-np.outer([0.5, 1.0], times))
    np.testing.assert_allclose(found.values[:, :, 0], expected, rtol=1e-4)


def test_an_own_model_that_is_not_there_is_refused() -> None:
    with pytest.raises(baxis.BaxisError, match=r"lacking\.ant"):
        baxis.simulate("lacking.ant", [0.0, 1.0])


def test_a_disease_by_any_name_is_written(tmp_path: Path) -> None:
    made = baxis.export("lupus", "antimony", tmp_path / "sle.ant")
    assert made.read_text(encoding="utf-8") == baxis.export("SLE", "antimony", tmp_path / "b.ant").read_text("utf-8")


def test_a_trial_a_result_and_its_folder_give_the_same_courses(tmp_path: Path) -> None:
    import xarray

    result = baxis.run_trial(TRIAL, patients=3, seed=2)
    folder = result.save(tmp_path / "saved")
    sources = {"trial": (TRIAL, {"patients": 3, "seed": 2}), "result": (result, {}), "folder": (folder, {})}
    read = {}
    for name, (what, changes) in sources.items():
        made = baxis.export(what, "netcdf", tmp_path / f"{name}.nc", **changes)
        with xarray.open_dataset(made) as data:
            read[name] = data.load()
    xarray.testing.assert_identical(read["trial"].drop_attrs(), read["result"].drop_attrs())
    xarray.testing.assert_allclose(read["folder"].drop_attrs(), read["result"].drop_attrs())


@pytest.mark.parametrize(
    ("what", "kind", "given", "says"),
    [
        ("SLE", "netcdf", {}, "of a disease: sbml, antimony, omex, petab"),
        ("SLE", "sbml", {"patients": 5}, "patients.*none in an export of a disease"),
        ("SLE", "sbml", {"whose": baxis.Whose(patient=1)}, "whose.*none in an export of a disease"),
        (TRIAL, "antimony", {}, "of a trial: sbml, omex, population, netcdf, zarr"),
        (TRIAL, "sbml", {"treatments": ["rituximab 1000 mg iv days 1,15"]}, "treatments"),
        (TRIAL, "sbml", {"weeks": 8.0}, "weeks"),
        (TRIAL, "population", {"whose": baxis.Whose(patient=1)}, "none in an export of population"),
        (TRIAL, "omex", {"whose": baxis.Whose(arm="placebo")}, "none in an export of omex"),
        (TRIAL, "netcdff", {}, "netcdf"),
        ("no-such-trial", "sbml", {}, "no-such-trial"),
    ],
)
def test_an_export_that_would_not_be_as_asked_is_refused(tmp_path: Path, what, kind, given, says) -> None:
    with pytest.raises(baxis.BaxisError, match=says):
        baxis.export(what, kind, tmp_path / "made", **given)
    assert not list(tmp_path.iterdir())


def test_a_report_takes_settings_as_every_verb() -> None:
    with pytest.raises(baxis.BaxisError, match="patients"):
        baxis.report("fenebrutinib", patients=0)
    with pytest.raises(baxis.BaxisError, match="setting"):
        baxis.report(TRIAL, patient=5)
    assert "<html" in baxis.report("SLE")


def test_a_calendar_takes_a_trial_by_its_id() -> None:
    by_id, by_design = baxis.calendar(TRIAL), baxis.calendar(baxis.read_design(TRIAL))
    labels = [[t.get_text() for t in f.axes[0].get_yticklabels()] for f in (by_id, by_design)]
    assert labels[0] == labels[1] != []


def test_a_marker_by_its_name_alone_is_cut_at_its_median() -> None:
    with pytest.raises(baxis.BaxisError, match="smaller side of the cut-off: got 10"):
        baxis.enrich("anifrolumab", "SLE", "ifn", patients=20)


def test_a_patient_and_a_search_take_settings_as_keywords(tmp_path: Path) -> None:
    with pytest.raises(baxis.BaxisError, match="seed"):
        baxis.patient(tmp_path / "none.csv", "SLE", seed=-1)
    with pytest.raises(baxis.BaxisError, match="threads"):
        baxis.combine_search("SLE", threads=0)
    with pytest.raises(baxis.BaxisError, match="patients"):
        baxis.combine(["belimumab", "rituximab"], "SLE", patients=-2)
