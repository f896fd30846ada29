"""The axis for other simulators: SBML with a treated patient in it, Antimony, and a COMBINE archive with SED-ML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from baxis._version import __version__
from baxis.axis.assembly import model
from baxis.axis.dosing import treatment
from baxis.axis.exchange.omex import write_omex
from baxis.axis.exchange.patient_sbml import read_outs, sbml
from baxis.axis.exchange.sedml import sedml
from baxis.axis.tables import disease_table
from baxis.core.storing import files

NOTICE = "Research use only. Not for the care of a person."
FORMATS = ("sbml", "antimony", "omex")


def antimony(disease: str | disease_table.Disease, treatments: Sequence[str] = (), weeks: float = 52.0) -> str:
    """The same as Antimony text."""
    import antimony as writer

    writer.clearPreviousLoads()
    if writer.loadSBMLString(sbml(disease, treatments, weeks)) < 0:
        raise RuntimeError(writer.getLastError())
    return str(writer.getAntimonyString(None))


def export(
    disease: str | disease_table.Disease,
    kind: str,
    path: str | Path,
    treatments: Sequence[str] = (),
    weeks: float = 52.0,
) -> Path:
    """Write `kind` (sbml, antimony, omex) to a file, whole or not at all; returns its path."""
    from baxis.core.errors import InvalidValue, UnknownName

    if kind not in FORMATS:
        raise UnknownName("export format", kind, FORMATS)
    if not weeks > 0:
        raise InvalidValue("weeks", weeks, "a number above 0")
    target = Path(path)
    with files.aside(target) as part:
        if kind == "omex":
            write_omex(part, archive_files(disease, treatments, weeks))
        else:
            part.write_text((sbml if kind == "sbml" else antimony)(disease, treatments, weeks), encoding="utf-8")
    return target


def archive_files(
    disease: str | disease_table.Disease, treatments: Sequence[str], weeks: float
) -> dict[str, str | bytes]:
    """Model, SED-ML, the own course of every read-out (day by day, for comparison), the recipe, and in petab/ the calibration
    problem of the disease (PEtab version 2) where it has one."""
    from baxis.engine import Options

    names = read_outs()
    code = disease if isinstance(disease, str) else disease.code
    recipe = {"baxis": __version__, "disease": code, "treatments": list(treatments), "weeks": weeks, "notice": NOTICE}
    own = treatment.course(disease, treatments, weeks, names, 1.0, Options(rtol=1e-7, atol=1e-10, threads=1))
    rows = [",".join(["time", *names])]
    rows += [",".join(f"{v:.9g}" for v in (day, *line)) for day, line in zip(own.days, own.values, strict=True)]
    return {
        "model.xml": sbml(disease, treatments, weeks),
        "simulation.sedml": sedml(names, weeks, {"axis": "model.xml"}, model.system().states),
        "results.csv": "\n".join(rows) + "\n",
        "recipe.json": json.dumps(recipe, indent=1),
        **_petab(code),
    }


def _petab(code: str) -> dict[str, str]:
    """Files of the disease's calibration problem; none where no row of its checks can be a measurement."""
    from baxis.axis.exchange import petab as petab_problem

    name = f"pharmacodynamics-{code}"
    if name not in petab_problem.names():
        return {}
    return {f"petab/{file}": text for file, text in petab_problem.problem(name).files().items()}
