"""A simulated trial as a COMBINE archive: one virtual patient of every arm as SBML, SED-ML, the population and the results."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.axis.exchange import omex, patient_sbml, sedml
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.conduct.simulate import simulate
from baxis.clinic.design.design import Design
from baxis.clinic.design.read import read_design
from baxis.clinic.face import TrialResult
from baxis.clinic.files.arrays import write_arrays
from baxis.clinic.files.save import courses_table, dumps
from baxis.clinic.people.population import Population
from baxis.clinic.result.summarise import summarise
from baxis.clinic.therapy.regimen import averages, plan
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.showing.sheets import csv_text
from baxis.core.storing import files

TimedChanges = list[tuple[float, int, str, float]]  # day, kind, target, amount


@dataclass(frozen=True)
class KeptTrial:
    """A trial with its population kept: what an archive is made of."""

    result: TrialResult
    people: Population
    dosing: str

    def model(self, run: ArmRun, k: int) -> str:
        """SBML Level 3 of patient k of an arm, with every dose and change of therapy that he was given as events."""
        design = self.result.design
        parameters, events = plan(design, run.arm, self.people, self.dosing, run.taken)
        changes = _changes(events, k)
        slots = _slots(run, self.dosing)
        return patient_sbml.patient_sbml(parameters[k], self.people.rest[k], changes, design.disease, slots)


def simulated(trial: str | Path | Design, settings: Settings | None = None, **changes: Unpack[Changes]) -> KeptTrial:
    """Run a trial as `run_trial` does, and keep its population."""
    chosen = settle(settings, changes)
    design = trial if isinstance(trial, Design) else read_design(trial, chosen.evidence)
    done = simulate(design, chosen)
    return KeptTrial(TrialResult.of(summarise(done)), done.people, chosen.dosing)


def population(found: KeptTrial) -> pd.DataFrame:
    """One row a virtual patient: baseline measures, then `parameter.NAME` that differ between patients, `rest.STATE`."""
    people = found.people
    table = found.result.patients.reset_index(drop=True)
    moving = np.flatnonzero(np.ptp(people.parameters, axis=0) > 0)
    columns = {f"parameter.{axis.system().parameters[j]}": people.parameters[:, j] for j in moving}
    columns |= {f"rest.{s}": people.rest[:, j] for j, s in enumerate(axis.system().states)}
    return pd.concat([table, pd.DataFrame(columns)], axis=1)


def write_population(found: KeptTrial, path: str | Path) -> Path:
    """Write `population` as Parquet, or as CSV where the file ends so; whole or not at all."""
    target = Path(path)
    table = population(found)
    if target.suffix == ".csv":
        files.write_text(target, csv_text(table))
    else:
        with files.aside(target) as part:
            table.to_parquet(part, index=False)
    return target


def write_patient(found: KeptTrial, path: str | Path, patient: int | None = None, arm: str | None = None) -> Path:
    """Write the SBML of one virtual patient. Raises InvalidValue or UnknownName for one, or an arm, that is not there."""
    runs = {run.arm.arm_id: run for run in found.result.runs}
    active = [a for a, run in runs.items() if run.arm is not found.result.design.control]
    name = arm or (active or list(runs))[0]
    if name not in runs:
        raise UnknownName("arm", name, runs)
    target = Path(path)
    files.write_text(target, found.model(runs[name], _place(found, patient)))
    return target


def write_archive(found: KeptTrial, path: str | Path, patient: int | None = None) -> Path:
    """Write the archive, whole or not at all.

    models/ARM.xml: the patient of this number (default: the first) in each arm; simulation.sedml: their read-outs day by
    day; population.parquet: all patients with the parameters and rest states that make them; results/: result.json, tables,
    trajectories (Parquet and netCDF), and ARM.csv, the patient's own course at the visits. Raises InvalidValue for a
    number that is not in the trial.
    """
    result, k, target = found.result, _place(found, patient), Path(path)
    models = {_key(run): f"models/{_key(run)}.xml" for run in result.runs}
    parts: dict[str, str | bytes] = {models[_key(run)]: found.model(run, k) for run in result.runs}
    parts["simulation.sedml"] = sedml.sedml(patient_sbml.read_outs(), result.design.weeks, models, axis.system().states)
    parts |= {f"results/{_key(run)}.csv": _course(run, k) for run in result.runs}
    parts |= _tables(found)
    said = {
        "patient": int(found.people.ids[k]),
        "design": result.design.model_dump(mode="json"),
        "recipe": result.recipe,
    }
    parts["recipe.json"] = json.dumps(said, indent=1)
    with files.aside(target) as part:
        omex.write_omex(part, parts)
    return target


def _place(found: KeptTrial, patient: int | None) -> int:
    """Where a patient's number stands; the first patient where none is asked for."""
    ids = [int(i) for i in found.people.ids]
    if patient is not None and patient not in ids:
        raise InvalidValue(
            "--patient", patient, f"the number of a patient of the trial: {', '.join(map(str, ids[:8]))}, ..."
        )
    return 0 if patient is None else ids.index(patient)


def _key(run: ArmRun) -> str:
    """Id of an arm as SED-ML allows it."""
    return "arm_" + "".join(c if c.isalnum() else "_" for c in run.arm.arm_id)


def _slots(run: ArmRun, dosing: str) -> tuple[str, ...]:
    """Drugs of an arm by slot, as `plan` numbers them; averaged and background drugs have none."""
    given = [c.treatment for c in run.taken if not axis.drug(c.treatment.drug).background]
    return tuple(dict.fromkeys(t.drug for t in given if dosing == "resolved" or not averages(t, dosing)))


def _changes(events: engine.Events | None, k: int) -> TimedChanges:
    """What patient k is given, in order; changes that do nothing left out."""
    if events is None:
        return []
    times = np.broadcast_to(events.times if np.ndim(events.times) == 1 else events.times[k], (len(events.targets),))
    amounts: NDArray[np.float64] = events.amounts[k]
    return [
        (float(t), int(kind), target, float(a))
        for t, kind, target, a in zip(times, events.kinds, events.targets, amounts, strict=True)
        if kind == engine.SET or a
    ]


def _course(run: ArmRun, k: int) -> str:
    """The patient's read-outs at the visits from day 0, in model units."""
    outputs = {o.output: run.outputs[n][k, 1:] for n, o in axis.outputs().items()}
    table = pd.DataFrame({"time": run.days[1:], **outputs})
    return table.to_csv(index=False)


def _tables(found: KeptTrial) -> dict[str, str | bytes]:
    """Population and results as Parquet, the trajectories as netCDF too."""
    result = found.result
    frames = {
        "population": population(found), "results/arms": result.arms, "results/contrasts": result.contrasts,
        "results/safety": result.safety, "results/visits": result.visits, "results/trajectories": courses_table(result),
    }  # fmt: skip
    out: dict[str, str | bytes] = {"results/result.json": dumps(result)}
    for name, frame in frames.items():
        held = io.BytesIO()
        frame.to_parquet(held, index=False)
        out[f"{name}.parquet"] = held.getvalue()
    with tempfile.TemporaryDirectory(prefix="baxis-") as folder:
        out["results/trajectories.nc"] = write_arrays(result, "netcdf", Path(folder) / "t.nc").read_bytes()
    return out
