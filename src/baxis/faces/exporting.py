"""`export`: a disease's typical patient, a virtual trial or a saved result, written for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.storing import files
from baxis.core.storing.folders import check_folder

if TYPE_CHECKING:
    from baxis.clinic.conduct.settings import Changes
    from baxis.clinic.design.design import Design
    from baxis.clinic.face import TrialResult

TYPICAL = ("sbml", "antimony", "omex")  # of a disease's typical patient
TRIAL = ("sbml", "omex", "population", "netcdf", "zarr")  # of a simulated trial
SAVED = ("netcdf", "zarr")  # of a saved result
WEEKS = 52.0
CALIBRATION = "petab"  # the calibration problem of the first rungs
FOLDERS = {"zarr": "baxis export zarr", CALIBRATION: "baxis export petab"}  # kinds that are a folder, by its kind
KINDS = tuple(dict.fromkeys((*TYPICAL, *TRIAL, CALIBRATION)))


@dataclass(frozen=True)
class Whose:
    """Which virtual patient of a trial is written: an arm (the first active one) and a patient's number (the first)."""

    arm: str | None = None
    patient: int | None = None


def export(
    what: str | Path | Design | TrialResult,
    kind: str,
    out: str | Path,
    treatments: Sequence[str] = (),
    weeks: float = WEEKS,
    whose: Whose | None = None,
    **changes: Unpack[Changes],
) -> Path:
    """Write `kind` for other programs to a file (zarr, petab: a folder), whole or not at all; returns its path.

    what: a disease (sbml, antimony, omex of its typical patient under `treatments`, as 'rituximab 1000 mg iv days 1,15',
    over `weeks`; petab), a trial's id, design file or Design, simulated with `changes`, fields of Settings (sbml, omex,
    population, netcdf, zarr; `whose` picks the patient), or a TrialResult or its saved folder (netcdf, zarr). Raises
    UnknownName, InvalidValue or Unsupported before anything is simulated or written.
    """
    if kind not in KINDS:
        raise UnknownName("export format", kind, KINDS)
    check_target(kind, Path(out))
    disease = _disease(what)
    if disease is not None:
        _allowed(kind, "a disease", (*TYPICAL, CALIBRATION))
        _unread("a disease", {"whose": whose, **changes})
        return _typical(disease, kind, out, tuple(treatments), weeks)
    _unread("a trial or a result", {"treatments": tuple(treatments)} | ({"weeks": weeks} if weeks != WEEKS else {}))
    saved = _saved(what)
    if saved is None:
        _allowed(kind, "a trial", TRIAL)
        return _simulated(what, kind, out, whose or Whose(), changes)  # type: ignore[arg-type]
    from baxis.clinic.files.arrays import write_arrays

    _allowed(kind, "a result", SAVED)
    _unread("a result", {"whose": whose, **changes})
    return write_arrays(saved, kind, out)


# endings by which the file is read again as what it is
ENDINGS = {"sbml": (".xml", ".sbml"), "antimony": (".ant", ".txt"), "omex": (".omex", ".zip")}


def check_target(kind: str, out: Path) -> None:
    """A file, or for some kinds a folder, that may be written. Raises InvalidValue."""
    if kind in FOLDERS:
        check_folder(out, FOLDERS[kind])
    else:
        files.check_file(out, ENDINGS.get(kind, ()) if out.suffix else ())


def _disease(what: object) -> str | None:
    """Code of a disease by any of its names; None for what is none."""
    from baxis import axis

    if not isinstance(what, str):
        return None
    try:
        return axis.disease(what).code
    except UnknownName:
        return None


def _saved(what: object) -> TrialResult | None:
    """A result, given or in a folder; None for a trial."""
    from baxis.clinic.face import TrialResult
    from baxis.clinic.reload import load_result

    if isinstance(what, TrialResult):
        return what
    return load_result(what) if isinstance(what, str | Path) and Path(what).is_dir() else None


def _allowed(kind: str, source: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        raise InvalidValue(f"export {kind}", source, f"of {source}: {', '.join(kinds)}")


def _unread(source: str, given: dict[str, object]) -> None:
    """InvalidValue for an argument that is set and that the export of a source would not read."""
    for name, value in given.items():
        if value not in (None, ()):
            raise InvalidValue(name, str(value), f"none in an export of {source}")


def _typical(disease: str, kind: str, out: str | Path, treatments: tuple[str, ...], weeks: float) -> Path:
    from baxis.axis.exchange.archive import export as write
    from baxis.axis.exchange.petab import export_petab

    if kind != CALIBRATION:
        return write(disease, kind, out, treatments, weeks)
    _unread("a calibration problem", {"treatments": treatments} | ({"weeks": weeks} if weeks != WEEKS else {}))
    export_petab(out, (f"pharmacodynamics-{disease}",))
    return Path(out)


def _simulated(trial: str | Path | Design, kind: str, out: str | Path, whose: Whose, changes: Changes) -> Path:
    """Simulate a trial and write what was asked of it."""
    from baxis.clinic.files.arrays import write_arrays
    from baxis.clinic.questions import archive

    if kind not in ("sbml", "omex"):
        _unread(kind, {"whose.patient": whose.patient})
    if kind != "sbml":
        _unread(kind, {"whose.arm": whose.arm})
    found = archive.simulated(trial, **changes)
    if kind == "omex":
        return archive.write_archive(found, out, whose.patient)
    if kind == "population":
        return archive.write_population(found, out)
    if kind == "sbml":
        return archive.write_patient(found, out, whose.patient, whose.arm)
    return write_arrays(found.result, kind, out)
