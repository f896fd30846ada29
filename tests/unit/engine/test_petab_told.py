"""PEtab files that are written wrongly or unusually: read right, or told with file, row and column."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("petab")
from baxis.core.errors import BaxisError
from baxis.engine.petab.problem import simulate_petab

Write = Callable[..., Path]
TABLES = {
    "parameter": "parameterId parameterScale lowerBound upperBound nominalValue estimate\nsc lin 0 10 2 1",
    "observable": "observableId observableFormula noiseFormula observableTransformation noiseDistribution\no sc*x 0.5 lin normal",
    "condition": "conditionId k\nc1 3\nc2 4",
    "measurement": "observableId simulationConditionId time measurement\no c1 2 11\no c2 2 15",
}
MODEL = "x' = k; x = 0; k = 1"


def made(write: Write, table: str = "", old: str = "", new: str = "") -> Path:
    tables = dict(TABLES)
    if table:
        assert old in tables[table]
        tables[table] = tables[table].replace(old, new, 1)
    return write(MODEL, tables, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", [*TABLES, "p.yaml", "model.xml"])
def test_marks_of_an_encoding_are_read(problem_of: Write, name: str, encoding: str) -> None:
    problem = made(problem_of)
    file = problem.parent / (name if "." in name else f"{name}.tsv")
    text = file.read_text(encoding="utf-8")
    file.write_bytes(
        text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode(encoding)
        if name == "model.xml" and encoding == "utf-16"
        else text.encode(encoding)
    )
    assert simulate_petab(problem).simulations.simulation.tolist() == pytest.approx([12, 16])


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n", " \n"])
@pytest.mark.parametrize("name", TABLES)
def test_ends_of_lines_of_other_systems_are_read(problem_of: Write, name: str, end: str) -> None:
    problem = made(problem_of)
    file = problem.parent / f"{name}.tsv"
    text = file.read_text()
    header, rest = text.split("\n", 1)
    file.write_bytes((header + end.replace(" ", "") + rest.replace("\n", end)).encode())
    assert simulate_petab(problem).simulations.simulation.tolist() == pytest.approx([12, 16])


CELLS = [
    ("parameter", "10 2", "10 2,5", r"parameter.tsv, row 2, column 'nominalValue': got '2,5'.*write 2.5"),
    ("parameter", "10 2", "10 _", r"parameter.tsv, row 2, parameter 'sc': got 'no nominal value'"),
    ("parameter", "lin", "ln", r"row 2, column 'parameterScale': 'ln'; did you mean 'lin'"),
    ("observable", "sc*x", "sc*(x", r"observable.tsv, row 2, column 'observableFormula'.*it ends too early"),
    ("observable", "sc*x", "sc*+*x", r"column 'observableFormula'.*cannot be read at character 5"),
    ("observable", "sc*x", "sinus(sc*x)", r"PEtab has no function 'sinus'"),
    ("observable", "sc*x", "sc*X", r"formula of observable 'o' 'X'; did you mean 'x'"),
    ("observable", "sc*x", "(" * 2000 + "sc*x" + ")" * 2000, r"nested at most a few hundred deep"),
    ("observable", "0.5", "sc*", r"column 'noiseFormula': got 'sc\*'"),
    ("observable", "0.5", "0", r"measurement.tsv, row 2, observable 'o' at time 2, its noise: got 0.0"),
    ("observable", "0.5", "-1", r"measurement.tsv, row 2, .*its noise: got -1.0"),
    ("observable", "0.5", "x-6", r"measurement.tsv, row 2, .*its noise: got -?[\d.e-]+; allowed: a number above 0"),
    ("observable", "0.5", "sqrt(-x)", r"its noise at time 2: got 'not a number'"),
    ("observable", "normal", "gauss", r"row 2, column 'noiseDistribution': 'gauss'"),
    ("observable", "0.5", "noiseParameter1_o", r"row 2, column 'noiseParameters': got ''; allowed: 1 value"),
    ("condition", "c1 3", "c1 0,3", r"condition.tsv, row 2, column 'k': got '0,3'.*write 0.3"),
    ("condition", "c1 3", "c1 3 4", r"condition.tsv, row 2: got '3 cells'; allowed: 2"),
    ("condition", "c2 4", "c1 4", r"row 3: conditionId 'c1' a second time, after condition.tsv, row 2"),
    ("condition", "Id k", "Id kk", r"unknown column of condition.tsv 'kk'"),
    ("condition", "c1 3", "NA 3", r"condition.tsv, row 2, column 'conditionId': got 'NA'.*read as an empty cell"),
    ("measurement", "2 11", "2 1_1", r"measurement.tsv, row 2, column 'measurement': got '1_1'"),
    ("measurement", "2 11", "2 _", r"measurement.tsv, row 2, column 'measurement': got ''"),
    ("measurement", "c1 2", "c1 day2", r"column 'time': got 'day2'; allowed: a number, or inf"),
    ("measurement", "c1 2", "c1 -2", r"measurement.tsv, row 2, column 'time': got -2.0; allowed: 0, where it starts"),
    ("measurement", "o c2", "o c3", r"row 3, column 'simulationConditionId' 'c3'; allowed: c1, c2"),
    ("measurement", "o c2", "q c2", r"observable in measurement.tsv, row 3 'q'"),
    ("measurement", "time", "measurement", r"two columns 'measurement'"),
    ("measurement", "time", "Time", r"lacks it\) 'time'; did you mean 'Time'"),
    ("measurement", "\no c1 2 11\no c2 2 15", "", r"no measurements"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new", "said"), CELLS, ids=[f"{c[0]}-{c[2][:20]}" for c in CELLS])
def test_a_wrong_cell_is_told_by_its_place(problem_of: Write, table: str, old: str, new: str, said: str) -> None:
    with pytest.raises(BaxisError, match=said) as problem:
        simulate_petab(made(problem_of, table, old, new))
    assert "\n" not in str(problem.value)


def test_several_wrong_cells_are_one_list(problem_of: Write) -> None:
    problem = made(problem_of, "parameter", "10 2", "10 2,5")
    measurement = problem.parent / "measurement.tsv"
    measurement.write_text(measurement.read_text().replace("15", "high"))
    with pytest.raises(BaxisError, match="2 faults.*nominalValue.*row 3, column 'measurement'".replace(".", r".")):
        simulate_petab(problem)


@pytest.mark.parametrize("mark", [";", ","])
@pytest.mark.parametrize("name", TABLES)
def test_tables_of_a_spreadsheet_are_told(problem_of: Write, name: str, mark: str) -> None:
    problem = made(problem_of)
    file = problem.parent / f"{name}.tsv"
    file.write_text(file.read_text().replace("\t", mark))
    with pytest.raises(
        BaxisError, match=f"{name}.tsv: got \"columns separated by '{mark}'\"; allowed: columns separated by tabs"
    ):
        simulate_petab(problem)


YAMLS = [
    ("model.xml", "modell.xml", r"p.yaml, model file: got 'modell.xml'; allowed: a file that exists.*did you mean 'model.xml'"),
    ("[measurement.tsv]", "[measurements.tsv]", r"p.yaml, measurement file: got 'measurements.tsv'.*'measurement.tsv'"),
    ("measurement_files", "measurment_files", r"lacks this one\) 'measurement_files'; did you mean 'measurment_files'"),
    ("[measurement.tsv]", "['http://example.org/m.tsv']", r"a path relative to the YAML file; nothing is fetched"),
    ("[measurement.tsv]", "[/etc/passwd]", r"a path relative to the YAML file; nothing is fetched"),
    ("[measurement.tsv]", "[1]", r"measurement_files: got \[1\]; allowed: names of files"),
    ("format_version: 1", "format_version: 3", r"PEtab format version 3; allowed: 1, 2"),
    ("format_version: 1", "format: 1", r"no format_version"),
    ("problems:", "problems: [", r"p.yaml, line \d+: got"),
    ("problems:", "x: " + "[" * 50_000 + "\nproblems:", r"brackets nested too deep"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), YAMLS, ids=[y[1][:20] for y in YAMLS])
def test_a_wrong_yaml_file_is_told(problem_of: Write, old: str, new: str, said: str) -> None:
    problem = made(problem_of)
    text = problem.read_text()
    assert old in text
    problem.write_text(text.replace(old, new, 1))
    with pytest.raises(BaxisError, match=said) as told:
        simulate_petab(problem)
    assert "\n" not in str(told.value)


def test_two_problems_in_one_file_and_a_required_extension_are_told(problem_of: Write) -> None:
    problem = made(problem_of)
    text = problem.read_text()
    problem.write_text(text + text[text.index("- sbml") :])
    with pytest.raises(BaxisError, match="2 problems in one file"):
        simulate_petab(problem)
    problem.write_text(text + "extensions:\n  select:\n    version: '1'\n    required: true\n")
    with pytest.raises(BaxisError, match="extension 'select'.*required".replace(".*", r".*")):
        simulate_petab(problem)


def test_a_model_in_another_encoding_than_utf_8_is_read_as_it_says(problem_of: Write) -> None:
    problem = made(problem_of)
    file = problem.parent / "model.xml"
    text = file.read_text(encoding="utf-8").replace('encoding="UTF-8"', 'encoding="ISO-8859-1"')
    file.write_bytes(text.replace("<model ", '<model name="Modell für µ" ', 1).encode("iso-8859-1"))
    assert simulate_petab(problem).simulations.simulation.tolist() == pytest.approx([12, 16])


def test_a_file_that_is_no_model_is_told_and_never_taken_as_a_path(problem_of: Write) -> None:
    problem = made(problem_of)
    other = problem.parent / "secret.xml"
    (problem.parent / "model.xml").rename(other)
    (problem.parent / "model.xml").write_text(str(other))
    with pytest.raises(BaxisError, match="PEtab model: got .*allowed: a model in SBML".replace(".*", r".*")):
        simulate_petab(problem)


def test_labels_beside_measurements_change_nothing(problem_of: Write) -> None:
    """Rows that differ only by such a label, some of them empty, are measurements of their own."""
    problem = made(problem_of)
    measured = "observableId\tsimulationConditionId\ttime\tmeasurement\tdatasetId\treplicateId\no\tc1\t2\t11\td1\t\no\tc1\t2\t13\t\t2\n"
    (problem.parent / "measurement.tsv").write_text(measured)
    found = simulate_petab(problem)
    assert found.simulations.simulation.tolist() == pytest.approx([12, 12])
    assert found.chi2 == pytest.approx(4 + 4)
    assert found.llh == pytest.approx(2 * (-0.5 * math.log(2 * math.pi * 0.25) - 2))
