"""The exported patient runs elsewhere as here: own reader, libRoadRunner, COPASI and Tellurium; units and identifiers are whole."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from baxis import axis, engine
from baxis.axis.dosing import treatment
from baxis.axis.exchange import archive, identifiers, patient_sbml
from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName

RITUXIMAB = "rituximab 1000 mg iv days 1,15"
NAMES = patient_sbml.read_outs()
CLOSE = 1e-4  # relative
TIGHT = engine.Options(rtol=1e-7, atol=1e-10, threads=1)


@pytest.fixture(scope="module")
def own() -> np.ndarray:
    return treatment.course("SLE", [RITUXIMAB], 12, NAMES, options=TIGHT).values


@pytest.fixture(scope="module")
def text() -> str:
    return patient_sbml.sbml("SLE", [RITUXIMAB], 12)


@pytest.fixture(scope="module")
def omex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive.export("SLE", "omex", tmp_path_factory.mktemp("omex") / "sle.omex", [RITUXIMAB], 6)


def results(path: Path) -> tuple[list[str], np.ndarray]:
    """Names and values (T, K) of the archive's own course."""
    head, *rows = zipfile.ZipFile(path).read("results.csv").decode().splitlines()
    return head.split(","), np.array([[float(v) for v in row.split(",")] for row in rows])


def apart(values: np.ndarray, own: np.ndarray) -> float:
    """Largest relative difference; below a thousandth of a read-out's largest, relative to that."""
    floor = 1e-3 * np.abs(own).max(axis=0) + 1e-12
    return float(np.max(np.abs(values - own) / np.maximum(np.abs(own), floor)))


def test_export_and_import_give_the_same_course() -> None:
    """No dose, so that both run compiled; the healthy start makes a lupus patient move."""
    given = ["prednisone 10 mg/day"]
    again = engine.load_sbml(patient_sbml.sbml("SLE", given, 8))
    assert again.states == axis.system().states
    assert set(again.parameters) == {"body", *axis.system().parameters}
    values, _ = treatment.prepare("SLE", given, 8)
    start = axis.rest("healthy")[None]
    times = np.arange(0, 57.0)
    a = engine.simulate(axis.kernel(), values[None], start, times=times, outputs=NAMES, options=TIGHT).values
    b = engine.simulate(engine.compile(again), None, start, times=times, outputs=NAMES, options=TIGHT).values
    assert np.ptp(a[0, :, NAMES.index("infl")]) > 0.1
    assert np.max(np.abs(a - b) / np.maximum(np.abs(a), 1e-9)) < 1e-8


def test_the_own_reader_gives_the_same_course_with_doses(text: str, own: np.ndarray) -> None:
    found = engine.trajectory(engine.load_network(text), np.arange(4) * 7.0, rtol=1e-6, atol=1e-9)
    assert apart(np.stack([found[n] for n in NAMES], axis=1), own[:4]) < CLOSE
    assert found["bcount"][-1] < 0.2 * found["bcount"][0]


def test_roadrunner_gives_the_same_course(text: str, own: np.ndarray) -> None:
    import roadrunner

    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-8, 1e-11
    runner.timeCourseSelections = list(NAMES)
    assert apart(np.asarray(runner.simulate(0, 84, 13)), own) < CLOSE


def test_copasi_gives_the_same_course(text: str, own: np.ndarray) -> None:
    import basico

    basico.load_model_from_string(text)
    frame = basico.run_time_course(duration=84, intervals=12, r_tol=1e-8, a_tol=1e-11, use_sbml_id=True)
    assert apart(np.stack([frame[n] for n in NAMES], axis=1), own) < CLOSE


def test_copasi_opens_the_archive_with_its_time_course(omex: Path) -> None:
    import basico

    names, own = results(omex)
    basico.load_model(str(omex))
    frame = basico.run_time_course(r_tol=1e-8, a_tol=1e-11, use_sbml_id=True)
    assert len(frame) == len(own) == 43
    assert apart(np.stack([frame[n] for n in names[1:]], axis=1), own[:, 1:]) < CLOSE


# In a process of its own: libsedml, which Tellurium loads, changes libsbml's types for the process that holds it.
TELLURIUM = """
import sys, matplotlib, numpy as np
matplotlib.use("Agg")
from tellurium.sedml import tesedml
ran = tesedml.executeCombineArchive(sys.argv[1], workingDir=sys.argv[2], createOutputs=False)
np.savez(sys.argv[3], **{k: np.ravel(v) for r in ran.values() for k, v in r["dataGenerators"].items()})
"""


def executed_by_tellurium(omex: Path, folder: Path) -> dict[str, np.ndarray]:
    """Every data generator of the archive's SED-ML, as Tellurium computes it."""
    words = [sys.executable, "-c", TELLURIUM, str(omex), str(folder), str(folder / "ran.npz")]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-1000:]
    with np.load(folder / "ran.npz") as found:
        return dict(found)


def test_tellurium_executes_the_archive(omex: Path, tmp_path: Path) -> None:
    names, own = results(omex)
    found = executed_by_tellurium(omex, tmp_path)
    assert apart(np.stack([found[f"data_axis_{n}"] for n in names], axis=1), own) < CLOSE


def test_units_are_consistent_to_the_last_number(text: str) -> None:
    import libsbml

    document = libsbml.readSBMLFromString(text)
    document.checkConsistency()
    assert [document.getError(i).getMessage() for i in range(document.getNumErrors())] == []


def test_states_are_named_and_identified(text: str) -> None:
    import libsbml

    model = libsbml.readSBMLFromString(text).getModel()
    states = {r.getVariable() for r in model.getListOfRules() if r.isRate()}
    assert states == {s.getId() for s in model.getListOfSpecies()}
    assert not [s for s in states if not model.getSpecies(s).getName()]
    known = {r["entity"] for r in library.read_table("annotations")}
    for state in states:
        terms = model.getSpecies(state).getNumCVTerms()
        if identifiers.entity(state) in known:
            assert terms, state
    found = {model.getSpecies(s).getCVTerm(0).getResourceURI(0) for s in states if model.getSpecies(s).getNumCVTerms()}
    assert "https://identifiers.org/CHEBI:16618" in found
    assert "https://identifiers.org/chembl.compound:CHEMBL1201576" in found  # rituximab, in its slot
    assert model.getCVTerm(0).getResourceURI(0) == "https://identifiers.org/taxonomy:9606"


def test_identifiers_are_well_formed_and_name_things_of_the_model() -> None:
    shapes = {"hgnc": r"\d{1,5}", "uniprot": r"[OPQ]\d[A-Z0-9]{3}\d", "chebi": r"CHEBI:\d+", "cl": r"CL:\d{7}",
              "go": r"GO:\d{7}", "mondo": r"MONDO:\d{7}", "taxonomy": r"\d+"}  # fmt: skip
    rows = library.read_table("annotations")
    entities = {
        *(identifiers.entity(s) for s in axis.system().states),
        *axis.system().assignments,
        "model",
        *axis.diseases(),
    }
    for row in rows:
        collection, _, local = row["identifier"].partition(":")
        assert re.fullmatch(shapes[collection], local), row
        assert row["entity"] in entities, row
        assert row["provenance"] in ("checked", "recalled"), row
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row["identifier"], set()).add(row["label"])
    assert not {k: v for k, v in labels.items() if len(v) > 1}


def test_the_archive_lists_what_it_holds_in_the_same_bytes(tmp_path: Path) -> None:
    path = archive.export("RA", "omex", tmp_path / "ra.omex", weeks=4)
    with zipfile.ZipFile(path) as found:
        listed = [e.attrib["location"] for e in ElementTree.fromstring(found.read("manifest.xml"))]
        assert {x.removeprefix("./") for x in listed} - {"."} == set(found.namelist())
        targets = [
            e.attrib["target"]
            for e in ElementTree.fromstring(found.read("simulation.sedml")).iter()
            if "target" in e.attrib
        ]
        model = found.read("model.xml").decode()
    assert len(targets) == len(NAMES)
    assert all(f'id="{t.split(chr(39))[1]}"' in model for t in targets)
    assert archive.export("RA", "omex", tmp_path / "b.omex", weeks=4).read_bytes() == path.read_bytes()


def test_the_archive_holds_the_calibration_problem(omex: Path, tmp_path: Path) -> None:
    petab = pytest.importorskip("petab.v2")
    with zipfile.ZipFile(omex) as found:
        found.extractall(tmp_path, [n for n in found.namelist() if n.startswith("petab/")])
    problem = petab.Problem.from_yaml(tmp_path / "petab" / "problem.yaml")
    assert [str(i) for i in problem.validate()] == []
    assert len(problem.measurements) > 5


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
