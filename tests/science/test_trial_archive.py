"""A simulated trial as an archive: a virtual patient of every arm runs in COPASI and Tellurium as in the trial."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from baxis import axis
from baxis.clinic.questions import archive
from baxis.core.errors import InvalidValue, UnknownName

CLOSE = 1e-4
TELLURIUM = """
import sys, matplotlib, numpy as np
matplotlib.use("Agg")
from tellurium.sedml import tesedml
ran = tesedml.executeCombineArchive(sys.argv[1], workingDir=sys.argv[2], createOutputs=False)
np.savez(sys.argv[3], **{k: np.ravel(v) for r in ran.values() for k, v in r["dataGenerators"].items()})
"""


@pytest.fixture(scope="module")
def found() -> archive.KeptTrial:
    return archive.simulated("rituximab-reflex", patients=6, seed=2, rtol=1e-7, atol=1e-10)


@pytest.fixture(scope="module")
def omex(found: archive.KeptTrial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    number = int(found.people.ids[2])
    return archive.write_archive(found, tmp_path_factory.mktemp("omex") / "reflex.omex", number)


def own(path: Path, arm: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(zipfile.ZipFile(path).read(f"results/{arm}.csv")))


def apart(values: np.ndarray, own: np.ndarray) -> float:
    floor = 1e-3 * np.abs(own).max(axis=0) + 1e-12
    return float(np.max(np.abs(values - own) / np.maximum(np.abs(own), floor)))


def test_it_holds_models_population_and_results(omex: Path, found: archive.KeptTrial) -> None:
    held = zipfile.ZipFile(omex)
    assert {"models/arm_pbo.xml", "models/arm_1000x2.xml", "simulation.sedml", "population.parquet",
            "results/result.json", "results/trajectories.nc", "results/arms.parquet", "recipe.json"} <= set(held.namelist())  # fmt: skip
    assert json.loads(held.read("results/result.json")) == found.result.to_dict()
    people = pd.read_parquet(io.BytesIO(held.read("population.parquet")))
    assert len(people) == 6
    assert sum(c.startswith("rest.") for c in people) == len(axis.system().states)
    assert sum(c.startswith("parameter.") for c in people) > 50


@pytest.mark.parametrize("arm", ["arm_pbo", "arm_1000x2"])
def test_copasi_runs_the_patient_as_the_trial_did(omex: Path, arm: str) -> None:
    import basico

    table = own(omex, arm)
    basico.load_model_from_string(zipfile.ZipFile(omex).read(f"models/{arm}.xml").decode())
    frame = basico.run_time_course(duration=168, intervals=168, r_tol=1e-8, a_tol=1e-11, use_sbml_id=True)
    names = list(table.columns[1:])
    got = frame.loc[table["time"], names].to_numpy()
    assert apart(got, table[names].to_numpy()) < CLOSE
    assert (table["bcount"].iloc[-1] < 0.1 * table["bcount"].iloc[0]) == (arm == "arm_1000x2")


def test_tellurium_executes_every_arm(omex: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-c", TELLURIUM, str(omex), str(tmp_path), str(tmp_path / "ran.npz")]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-1000:]
    with np.load(tmp_path / "ran.npz") as ran:
        for arm in ("arm_pbo", "arm_1000x2"):
            table = own(omex, arm)
            at = np.searchsorted(ran[f"data_{arm}_time"], table["time"])
            names = list(table.columns[1:])
            got = np.stack([ran[f"data_{arm}_{n}"][at] for n in names], axis=1)
            assert apart(got, table[names].to_numpy()) < CLOSE


def test_one_patient_and_the_population_alone(found: archive.KeptTrial, tmp_path: Path) -> None:
    text = archive.write_patient(found, tmp_path / "p.xml").read_text()
    assert text.count("<event ") == 1  # the second infusion; the first is in the initial state
    assert len(pd.read_csv(archive.write_population(found, tmp_path / "people.csv"))) == 6
    with pytest.raises(UnknownName, match="1000x2"):
        archive.write_patient(found, tmp_path / "q.xml", arm="1000x")
    with pytest.raises(InvalidValue, match="number of a patient"):
        archive.write_patient(found, tmp_path / "q.xml", patient=10**6)
    assert {p.name for p in tmp_path.iterdir()} == {"p.xml", "people.csv"}
