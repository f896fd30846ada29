"""The exported patient runs elsewhere as here: own single-trajectory path, libRoadRunner, and COPASI where installed."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from baxis import axis, engine
from baxis.axis import archive, treatment
from baxis.core.errors import InvalidValue, UnknownName

RITUXIMAB = "rituximab 1000 mg iv days 1,15"
NAMES = tuple(dict.fromkeys(o.output for o in axis.outputs().values()))


@pytest.fixture(scope="module")
def own() -> np.ndarray:
    return treatment.course("SLE", [RITUXIMAB], 12, NAMES).values


@pytest.fixture(scope="module")
def text() -> str:
    return archive.sbml("SLE", [RITUXIMAB], 12)


def near(values: np.ndarray, own: np.ndarray) -> None:
    """Within 0.1 % of a value or of a read-out's largest: both sides integrate at their own tolerance."""
    floor = 1e-3 * np.abs(own).max(axis=0) + 1e-6
    assert np.max(np.abs(values - own) / np.maximum(np.abs(own), floor)) < 1e-2


def test_the_own_reader_gives_the_same_course(text: str, own: np.ndarray) -> None:
    found = engine.trajectory(engine.load_network(text), np.arange(13) * 7.0, rtol=1e-7, atol=1e-10)
    near(np.stack([found[n] for n in NAMES], axis=1), own)
    assert found["bcount"][-1] < 0.2 * found["bcount"][0]


def test_roadrunner_gives_the_same_course(text: str, own: np.ndarray) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-7, 1e-10
    runner.timeCourseSelections = list(NAMES)
    near(np.asarray(runner.simulate(0, 84, 13)), own)


def test_copasi_gives_the_same_course(text: str, own: np.ndarray) -> None:
    basico = pytest.importorskip("basico")
    basico.load_model_from_string(text)
    frame = basico.run_time_course(duration=84, intervals=12, r_tol=1e-8, a_tol=1e-11)
    near(np.stack([frame[f"Values[{n}]"] for n in NAMES], axis=1), own)


def test_the_archive_lists_what_it_holds_and_opens_elsewhere(tmp_path: Path) -> None:
    path = archive.export("RA", "omex", tmp_path / "ra.omex", weeks=4)
    with zipfile.ZipFile(path) as found:
        listed = [e.attrib["location"] for e in ElementTree.fromstring(found.read("manifest.xml"))]
        assert {x.removeprefix("./") for x in listed} - {"."} == set(found.namelist()) - {"manifest.xml"}
        targets = [
            e.attrib["target"]
            for e in ElementTree.fromstring(found.read("simulation.sedml")).iter()
            if "target" in e.attrib
        ]
        model = found.read("model.xml").decode()
    assert len(targets) == len(NAMES)
    assert all(f'id="{t.split(chr(39))[1]}"' in model for t in targets)
    copasi = pytest.importorskip("COPASI")
    assert copasi.CRootContainer.addDatamodel().openCombineArchive(str(path))


def test_antimony_holds_the_same_rest(tmp_path: Path) -> None:
    path = archive.export("healthy", "antimony", tmp_path / "healthy.ant")
    system = engine.load_antimony(path.read_text())
    assert set(system.states) == set(axis.system().states)
    np.testing.assert_allclose(
        [system.initial[n] for n in axis.system().states], axis.rest("healthy"), rtol=1e-6, atol=1e-12
    )


def test_wrong_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="sbml"):
        archive.export("RA", "sbmll", tmp_path / "a")
    with pytest.raises(UnknownName, match="rituximab"):
        archive.export("RA", "sbml", tmp_path / "a", ["rituximap 1000 mg iv days 1"])
    with pytest.raises(InvalidValue, match="above 0"):
        archive.export("RA", "sbml", tmp_path / "a", weeks=0)
    assert not list(tmp_path.iterdir())
