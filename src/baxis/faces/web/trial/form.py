"""From the Trial form to a checked design: each fault is told at its own field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from baxis import axis
from baxis.clinic.design import exposure, prescribed
from baxis.clinic.design.design import Arm, Design, Entry, Treatment
from baxis.clinic.design.held import Held, occupancy
from baxis.clinic.instruments import CODES, instrument
from baxis.core.errors import BaxisError, UnknownName
from baxis.core.reading import fault_words
from baxis.faces.web.frame import asked, work
from baxis.faces.web.trial import settings as trial_settings

PLACES = {"dose_unit": "unit"}


class FormFaults(Exception):
    """Faults by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(self.faults.values()))


@dataclass(frozen=True)
class Asked:
    """A design, patients in each arm, seed."""

    design: Design
    patients: int
    seed: int


def read(form: Mapping[str, str]) -> Asked:
    """The question of a form. Raises FormFaults, UnknownName for an unknown setting."""
    base, faults = _setting(form), dict[str, str]()
    weeks = _number(form, "weeks", (1, work.MOST_WEEKS), faults)
    patients = _number(form, "patients", (50, work.MOST_PATIENTS), faults)
    seed = _number(form, "seed", (0, 10**6), faults)
    entry = [e for k, row in enumerate(base.entry) if (e := _entry(form, k, row, faults))]
    arms = [a for k in range(trial_settings.MOST_ARMS) if (a := _arm(form, k, base, faults))]
    endpoint = form.get("endpoint", base.primary.name)
    if endpoint not in instrument(base.disease).endpoints():
        faults["endpoint"] = str(UnknownName("endpoint", endpoint, instrument(base.disease).endpoints()))
    if not arms and not faults:
        faults["a0_drug"] = "no arm has a drug or virtual inhibitor; choose one"
    if faults:
        raise FormFaults(faults)
    design = _changed(base, weeks, endpoint, (entry, arms))
    return Asked(_exposed(design, form), int(patients), int(seed))


def _setting(form: Mapping[str, str]) -> Design:
    """The design that the form begins with. Raises FormFaults for a trial or disease that there is not."""
    known, setting, disease = trial_settings.settings(), form.get("setting", ""), form.get("disease", "")
    if disease and disease not in CODES:
        raise FormFaults({"disease": str(UnknownName("disease", disease, CODES))})
    if setting not in known:
        raise FormFaults({"setting": str(UnknownName("trial", setting, known))})
    if disease and known[setting].disease != disease:
        raise FormFaults(
            {"setting": f"{setting} is a trial in {known[setting].disease}, not in {disease}; choose one of the list"}
        )
    return known[setting]


def _changed(base: Design, weeks: float, endpoint: str, parts: tuple[list[Entry], list[Arm]]) -> Design:
    """The setting's design with the form's changes; it keeps the trial's id only if people and arms are the trial's."""
    entry, arms = parts
    same = tuple(entry) == base.entry and all(a in base.arms for a in arms)
    return base.replace(
        trial_id=base.trial_id if same else f"{base.trial_id}-changed",
        weeks=weeks,
        entry=[e.model_dump() for e in entry],
        arms=[a.model_dump() for a in (base.control, *arms)],
        endpoints=[{"name": endpoint, "week": weeks, "primary": True}],
    )


def _number(form: Mapping[str, str], name: str, bounds: tuple[float, float], faults: dict[str, str]) -> float:
    text = form.get(name, "").strip()
    number = asked.decimal(text) if name == "weeks" else asked.whole(text)
    value = float("nan") if number is None else number
    if not bounds[0] <= value <= bounds[1] or (name != "weeks" and value != int(value)):
        kind = "a number" if name == "weeks" else "a whole number"
        faults[name] = f"got {text!r}; allowed: {kind} from {bounds[0]:.12g} to {bounds[1]:.12g}"
        return float(bounds[0])
    return value


def _entry(form: Mapping[str, str], k: int, row: Entry, faults: dict[str, str]) -> Entry | None:
    """A criterion with the form's bounds; both empty drops it."""
    bounds: dict[str, float | None] = {}
    for side in ("min", "max"):
        name = f"e{k}_{side}"
        text = form.get(name, "").strip()
        bounds[side] = asked.decimal(text)
        if text and bounds[side] is None:
            faults[name] = f"got {text!r}; allowed: a number in {row.unit or 'its unit'}, or empty for no bound"
            return None
    if bounds["min"] is None and bounds["max"] is None:
        return None
    try:
        return Entry(**{**row.model_dump(), **bounds})
    except ValidationError as e:
        faults[f"e{k}_min"] = fault_words.said(e.errors()[0])
        return None


def _arm(form: Mapping[str, str], k: int, base: Design, faults: dict[str, str]) -> Arm | None:
    """An arm: one or two drugs and virtual inhibitors; None where all are empty or one is at fault."""
    given = [t for stem in "ab"[: trial_settings.MOST_DRUGS] if (t := _treatment(form, f"{stem}{k}", faults))]
    held = _held(form, f"a{k}_held", faults)
    if not given and not held:
        return None
    published = [a for a in trial_settings.arms(base) if a.treatments == tuple(given) and a.held == held]
    if published:
        return published[0]
    parts = [f"{t.drug} {t.dose:g} {t.dose_unit} {t.schedule}" for t in given]
    parts += [f"virtual {h.target.upper()} inhibitor {100 * (h.occupancy or 0.0):g} %" for h in held]
    plain = {"arm_id": f"arm-{'abcd'[k]}", "arm_label": " + ".join(parts), "n": base.control.n, "role": "active"}
    return Arm(**plain, treatments=tuple(given), held=held)  # type: ignore[arg-type]


def _held(form: Mapping[str, str], name: str, faults: dict[str, str]) -> tuple[Held, ...]:
    """Virtual inhibitors of a text such as `btk=0.7, jak1=0.5`."""
    out = []
    for text in (t.strip() for t in form.get(name, "").split(",") if t.strip()):
        target, _, value = text.partition("=")
        try:
            out.append(Held(target=target.strip(), occupancy=occupancy("virtual inhibitor", text, value)))
        except ValidationError as e:
            faults[name] = fault_words.said(e.errors()[0])
        except BaxisError as e:
            faults[name] = asked.told(e)
    return tuple(out)


def _exposed(design: Design, form: Mapping[str, str]) -> Design:
    """The design with the circumstances of a text such as `ppi=1, adherence=0.7`. Raises FormFaults."""
    words = [t.strip() for t in form.get("exposure", "").split(",") if t.strip()]
    if not words:
        return design
    try:
        return design.replace(exposure=exposure.parse(words))
    except BaxisError as e:
        raise FormFaults({"exposure": asked.told(e)}) from None


def _treatment(form: Mapping[str, str], stem: str, faults: dict[str, str]) -> Treatment | None:
    drug = form.get(f"{stem}_drug", "")
    if not drug:
        return None
    text = {f: form.get(f"{stem}_{f}", "").strip() for f in ("dose", "unit", "route", "schedule")}
    dose = asked.decimal(text["dose"])
    if dose is None:
        faults[f"{stem}_dose"] = f"got {text['dose']!r}; allowed: a number"
        return None
    plain: dict[str, Any] = {"drug": drug, "dose": dose, "dose_unit": text["unit"]}
    try:
        axis.drug(drug)
        made = Treatment(**plain, route=text["route"], schedule=text["schedule"])  # type: ignore[arg-type]
    except BaxisError as e:
        faults[f"{stem}_drug"] = asked.told(e)
        return None
    except ValidationError as e:
        for fault in e.errors():
            place = str(fault["loc"][0])
            faults[f"{stem}_{PLACES.get(place, place)}"] = fault_words.said(fault)
        return None
    return made if _given(made, stem, form, faults) else None


def _given(made: Treatment, stem: str, form: Mapping[str, str], faults: dict[str, str]) -> bool:
    """Whether a treatment can be given: a route and doses of the drug, and a dose before the last week."""
    wrong = prescribed.of_treatment(made)
    for text in wrong:
        faults[f"{stem}_{'route' if 'route' in text or 'mouth' in text else 'dose'}"] = text
    weeks = asked.decimal(form.get("weeks", ""))
    count, whole, cut = prescribed.counted(made, weeks) if weeks and 0 < weeks <= work.MOST_WEEKS else (1, None, "")
    if not count:
        none = "no dose falls" if whole is None else f"0 of {whole} doses fall"
        faults[f"{stem}_schedule"] = f"{none} within {cut}"
    return not wrong and bool(count)
