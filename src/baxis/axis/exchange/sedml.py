"""SED-ML of exported models: one time course, a task and a report for every model of the archive."""

from __future__ import annotations

from collections.abc import Container, Sequence
from xml.etree import ElementTree as Xml

SEDML = "http://sed-ml.org/sed-ml/level1/version3"
SBML = "http://identifiers.org/combine.specifications/sbml.level-3.version-2"
CVODE = "KISAO:0000019"


def sedml(names: Sequence[str], weeks: float, models: dict[str, str], states: Container[str] = ()) -> str:
    """SED-ML Level 1 Version 3: daily values of `names` over `weeks`. models: id -> file in the archive.

    A name is a species of the SBML text where it is one of `states`, else a parameter.
    """
    root = Xml.Element("sedML", {"xmlns": SEDML, "xmlns:sbml": SBML, "level": "1", "version": "3"})
    span = {"initialTime": "0", "outputStartTime": "0", "outputEndTime": f"{weeks * 7:g}",
            "numberOfPoints": str(max(1, round(weeks * 7)))}  # fmt: skip
    course = Xml.SubElement(
        Xml.SubElement(root, "listOfSimulations"), "uniformTimeCourse", {"id": "course", "name": "days", **span}
    )
    Xml.SubElement(course, "algorithm", {"kisaoID": CVODE})
    sources, tasks = Xml.SubElement(root, "listOfModels"), Xml.SubElement(root, "listOfTasks")
    generators, outputs = Xml.SubElement(root, "listOfDataGenerators"), Xml.SubElement(root, "listOfOutputs")
    for key, file in models.items():
        Xml.SubElement(sources, "model", {"id": key, "language": "urn:sedml:language:sbml", "source": file})
        Xml.SubElement(tasks, "task", {"id": f"run_{key}", "modelReference": key, "simulationReference": "course"})
        report = Xml.SubElement(outputs, "report", {"id": f"table_{key}", "name": f"read-outs of {key}"})
        sets = Xml.SubElement(report, "listOfDataSets")
        for name in ("time", *names):
            _generator(generators, name, key, "species" if name in states else "parameter")
            Xml.SubElement(
                sets, "dataSet", {"id": f"set_{key}_{name}", "label": name, "dataReference": f"data_{key}_{name}"}
            )
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _generator(parent: Xml.Element, name: str, key: str, kind: str) -> None:
    place = "listOfSpecies" if kind == "species" else "listOfParameters"
    path = f"/sbml:sbml/sbml:model/sbml:{place}/sbml:{kind}[@id='{name}']"
    source = {"symbol": "urn:sedml:symbol:time"} if name == "time" else {"target": path}
    generator = Xml.SubElement(parent, "dataGenerator", {"id": f"data_{key}_{name}", "name": f"{name} of {key}"})
    variables = Xml.SubElement(generator, "listOfVariables")
    Xml.SubElement(variables, "variable", {"id": f"var_{key}_{name}", "taskReference": f"run_{key}", **source})
    math = Xml.SubElement(generator, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
    Xml.SubElement(math, "ci").text = f"var_{key}_{name}"
