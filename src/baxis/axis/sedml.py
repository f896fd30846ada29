"""SED-ML of exported models: one time course, a task and a report for every model of the archive."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

SEDML = "http://sed-ml.org/sed-ml/level1/version3"
SBML = "http://identifiers.org/combine.specifications/sbml.level-3.version-2"
CVODE = "KISAO:0000019"


def sedml(names: Sequence[str], weeks: float, models: dict[str, str]) -> str:
    """SED-ML Level 1 Version 3: daily values of `names` over `weeks`. models: id -> file in the archive.

    Every name is a parameter of the SBML text: states of the axis are parameters with a rate rule.
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
            _generator(generators, name, key)
            Xml.SubElement(
                sets, "dataSet", {"id": f"set_{key}_{name}", "label": name, "dataReference": f"data_{key}_{name}"}
            )
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _generator(parent: Xml.Element, name: str, key: str) -> None:
    path = f"/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='{name}']"
    source = {"symbol": "urn:sedml:symbol:time"} if name == "time" else {"target": path}
    generator = Xml.SubElement(parent, "dataGenerator", {"id": f"data_{key}_{name}", "name": f"{name} of {key}"})
    variables = Xml.SubElement(generator, "listOfVariables")
    Xml.SubElement(variables, "variable", {"id": f"var_{key}_{name}", "taskReference": f"run_{key}", **source})
    math = Xml.SubElement(generator, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
    Xml.SubElement(math, "ci").text = f"var_{key}_{name}"
