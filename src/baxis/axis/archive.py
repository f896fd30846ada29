"""The axis for other simulators: SBML with a treated patient in it, Antimony, and a COMBINE archive with SED-ML."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from .._version import __version__
from . import disease_table, model, resting, treatment

SEDML = "http://sed-ml.org/sed-ml/level1/version3"
SBML = "http://identifiers.org/combine.specifications/sbml.level-3.version-2"
OMEX = "http://identifiers.org/combine.specifications/omex"
NOTICE = "Research use only. Not for the care of a person."
FORMATS = ("sbml", "antimony", "omex")


def sbml(disease: str | disease_table.Disease, treatments: Sequence[str] = (), weeks: float = 52.0) -> str:
    """SBML Level 3 of the typical patient of a disease, from rest (time in days); doses are events.

    treatments: as `treatment.course` takes them. A dose on day 0 is part of the initial state. Raises InvalidValue or
    UnknownName for a treatment that cannot be read.
    """
    values, doses = treatment.prepare(disease, treatments, weeks)
    state = resting.rest(disease).copy()
    names = model.system().states
    for name, given in doses.items():
        state[names.index(name)] += sum(amount for day, amount in given if day == 0)
    return _with_doses(model.system().to_sbml(values, state), doses)


def _with_doses(text: str, doses: dict[str, list[tuple[float, float]]]) -> str:
    import libsbml

    document = libsbml.readSBMLFromString(text)
    for name, given in doses.items():
        for k, (day, amount) in enumerate(d for d in given if d[0] > 0):
            event = document.getModel().createEvent()
            event.setId(f"dose_{name}_{k + 1}")
            event.setUseValuesFromTriggerTime(True)
            trigger = event.createTrigger()
            trigger.setInitialValue(False)
            trigger.setPersistent(True)
            trigger.setMath(libsbml.parseL3Formula(f"time >= {day!r}"))
            assignment = event.createEventAssignment()
            assignment.setVariable(name)
            assignment.setMath(libsbml.parseL3Formula(f"{name} + {amount!r}"))
    return str(libsbml.writeSBMLToString(document))


def antimony(disease: str | disease_table.Disease, treatments: Sequence[str] = (), weeks: float = 52.0) -> str:
    """The same as Antimony text."""
    import antimony as writer

    writer.clearPreviousLoads()
    if writer.loadSBMLString(sbml(disease, treatments, weeks)) < 0:
        raise RuntimeError(writer.getLastError())
    return str(writer.getAntimonyString(None))


def sedml(names: Sequence[str], weeks: float, points: int) -> str:
    """SED-ML Level 1 Version 3: one uniform time course over `weeks`, reported for `names`."""
    root = Xml.Element("sedML", {"xmlns": SEDML, "xmlns:sbml": SBML, "level": "1", "version": "3"})
    simulations = Xml.SubElement(root, "listOfSimulations")
    span = {
        "initialTime": "0",
        "outputStartTime": "0",
        "outputEndTime": f"{weeks * 7:g}",
        "numberOfPoints": str(points),
    }
    course = Xml.SubElement(simulations, "uniformTimeCourse", {"id": "course", **span})
    Xml.SubElement(course, "algorithm", {"kisaoID": "KISAO:0000019"})  # CVODE
    models = Xml.SubElement(root, "listOfModels")
    Xml.SubElement(models, "model", {"id": "axis", "language": "urn:sedml:language:sbml", "source": "model.xml"})
    tasks = Xml.SubElement(root, "listOfTasks")
    Xml.SubElement(tasks, "task", {"id": "run", "modelReference": "axis", "simulationReference": "course"})
    generators = Xml.SubElement(root, "listOfDataGenerators")
    _generator(generators, "time", {"symbol": "urn:sedml:symbol:time"})
    for name in names:
        kind = "species" if model_species(name) else "parameter"
        path = f"/sbml:sbml/sbml:model/sbml:listOf{kind.capitalize().replace('Parameter', 'Parameters')}/sbml:{kind}[@id='{name}']"
        _generator(generators, name, {"target": path})
    report = Xml.SubElement(Xml.SubElement(root, "listOfOutputs"), "report", {"id": "table"})
    sets = Xml.SubElement(report, "listOfDataSets")
    for name in ("time", *names):
        Xml.SubElement(sets, "dataSet", {"id": f"set_{name}", "label": name, "dataReference": f"data_{name}"})
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _generator(parent: Xml.Element, name: str, source: dict[str, str]) -> None:
    generator = Xml.SubElement(parent, "dataGenerator", {"id": f"data_{name}", "name": name})
    variables = Xml.SubElement(generator, "listOfVariables")
    Xml.SubElement(variables, "variable", {"id": f"var_{name}", "taskReference": "run", **source})
    math = Xml.SubElement(generator, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
    Xml.SubElement(math, "ci").text = f"var_{name}"


def model_species(name: str) -> bool:
    """Whether a state or rule is a species of the SBML text (others are parameters)."""
    import libsbml

    return libsbml.readSBMLFromString(model.system().sbml).getModel().getSpecies(name) is not None


def export(
    disease: str | disease_table.Disease,
    kind: str,
    path: str | Path,
    treatments: Sequence[str] = (),
    weeks: float = 52.0,
) -> Path:
    """Write `kind` (sbml, antimony, omex) to a file, whole or not at all; returns its path."""
    from ..core.errors import InvalidValue, UnknownName

    if kind not in FORMATS:
        raise UnknownName("export format", kind, FORMATS)
    if not weeks > 0:
        raise InvalidValue("weeks", weeks, "a number above 0")
    target = Path(path)
    part = target.with_name(target.name + ".part")
    if kind == "omex":
        _archive(part, disease, treatments, weeks)
    else:
        part.write_text((sbml if kind == "sbml" else antimony)(disease, treatments, weeks), encoding="utf-8")
    part.replace(target)
    return target


def _archive(path: Path, disease: str | disease_table.Disease, treatments: Sequence[str], weeks: float) -> None:
    from .observables import outputs

    names = list(dict.fromkeys(o.output for o in outputs().values()))
    code = disease if isinstance(disease, str) else disease.code
    recipe = {"baxis": __version__, "disease": code, "treatments": list(treatments), "weeks": weeks, "notice": NOTICE}
    files = {
        "model.xml": (SBML, sbml(disease, treatments, weeks)),
        "simulation.sedml": ("http://identifiers.org/combine.specifications/sed-ml.level-1.version-3", sedml(names, weeks, round(weeks * 7))),
        "recipe.json": ("https://purl.org/NET/mediatypes/application/json", json.dumps(recipe, indent=1)),
    }  # fmt: skip
    manifest = Xml.Element("omexManifest", {"xmlns": "http://identifiers.org/combine.specifications/omex-manifest"})
    Xml.SubElement(manifest, "content", {"location": ".", "format": OMEX})
    for name, (kind, _) in files.items():
        more = {"master": "true"} if name.endswith("sedml") else {}
        Xml.SubElement(manifest, "content", {"location": f"./{name}", "format": kind, **more})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.xml", Xml.tostring(manifest, encoding="unicode", xml_declaration=True))
        for name, (_, text) in files.items():
            archive.writestr(name, text)
