"""The fields of the Trial page: setting, arms, entry criteria, circumstances, size; filled from a published trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shiny.ui import HTML, TagList, tags

from baxis import axis, evidence
from baxis.clinic.design.design import DOSE_UNITS, Arm, Design, Entry
from baxis.clinic.instruments import CODES, instrument
from baxis.core.errors import BaxisError
from baxis.faces.web.frame import shell, work
from baxis.faces.web.trial import settings as trial_settings

ROUTES_OF = {"po": "by mouth", "iv": "intravenous", "sc": "subcutaneous"}
BLANK = {"drug": "", "dose": "", "unit": "mg", "route": "po", "schedule": ""}
MEASURES = {"age_y": "age"}
Fields = Mapping[str, str]


def base_of(query: Fields) -> Design:
    """Design of the asked setting, else the first of the asked disease, else of SLE."""
    known = trial_settings.settings()
    disease = query.get("disease", "SLE")
    first = trial_settings.of_disease(disease) or trial_settings.of_disease("SLE")
    return known.get(setting_of(query), known[first[0]])


def setting_of(query: Fields) -> str:
    """Id of the asked trial, which may be written as its acronym or registry number; as it is where it is none."""
    asked_for = query.get("setting", "")
    try:
        return evidence.trial_id(work.tables(), asked_for) if asked_for else ""
    except BaxisError:
        return asked_for


def defaults(base: Design) -> dict[str, str]:
    """Every field as the setting has it."""
    out = {
        "disease": base.disease,
        "setting": base.trial_id,
        "weeks": f"{base.primary.week:g}",
        "patients": "500",
        "seed": "1",
        "endpoint": base.primary.name,
        "exposure": "",
    }
    for k, e in enumerate(base.entry):
        out |= {f"e{k}_{s}": "" if (v := getattr(e, s)) is None else f"{v:g}" for s in ("min", "max")}
    arms = trial_settings.arms(base)
    for k in range(trial_settings.MOST_ARMS):
        arm = arms[k] if k < len(arms) else None
        for n, stem in enumerate("ab"):
            out |= {f"{stem}{k}_{f}": v for f, v in _given(arm, n).items()}
        out[f"a{k}_held"] = ""
    return out


def _given(arm: Arm | None, n: int) -> dict[str, str]:
    if arm is None or n >= len(arm.treatments):
        return BLANK
    t = arm.treatments[n]
    return {"drug": t.drug, "dose": f"{t.dose:g}", "unit": t.dose_unit, "route": t.route, "schedule": t.schedule}


def filled(base: Design, query: Fields) -> dict[str, str]:
    """Every field as an address asks for it: the setting's where it says nothing, but for a drug that is not the
    setting's, which brings its own dose, route and schedule."""
    now = defaults(base)
    for stem in (f"{n}{k}" for n in "ab" for k in range(trial_settings.MOST_ARMS)):
        drug = query.get(f"{stem}_drug", now[f"{stem}_drug"])
        if drug != now[f"{stem}_drug"]:
            own = trial_settings.usual(base.disease).get(drug, BLANK | {"from": ""})
            now |= {f"{stem}_{f}": own[f] for f in BLANK if f != "drug"}
    now |= {k: v for k, v in query.items() if k in now}
    return now | {"setting": setting_of(now)}


def form(query: Fields) -> Any:
    """Setting, arms, entry, circumstances, size."""
    base = base_of(query)
    start = defaults(base)
    now = filled(base, query)
    usual = json.dumps(trial_settings.usual(base.disease)).replace("<", "\\u003c")
    return TagList(
        _setting(base, now, start),
        *[_arm(k, now, start) for k in range(trial_settings.MOST_ARMS)],
        tags.fieldset(tags.legend("Entry criteria"), *[_entry(k, e, now, start) for k, e in enumerate(base.entry)]),
        _size(now, start),
        tags.script(HTML(usual), type="application/json", id="usual"),
    )


def _setting(base: Design, now: Fields, start: Fields) -> Any:
    diseases = {c: f"{axis.disease(c).name} ({c})" for c in CODES}
    ends = sorted(instrument(base.disease).endpoints())
    reload = {"data-reload": "yes"}
    chosen = shell.choice(diseases, now["disease"], **reload, **_first(start, "disease"))
    trials = shell.choice(trial_settings.of_disease(base.disease), now["setting"], **reload)
    return tags.fieldset(
        tags.legend("Setting"),
        shell.field("disease", "Disease", chosen),
        shell.field("setting", "Patients, background and control of", trials, hint=base.population),
        tags.div(
            shell.field("weeks", "Weeks", shell.number(now["weeks"], **_first(start, "weeks"))),
            shell.field("endpoint", "Endpoint", shell.choice(ends, now["endpoint"], **_first(start, "endpoint"))),
            class_="row2",
        ),
    )


def _first(start: Fields, name: str) -> dict[str, Any]:
    return {"data-start": start[name]}


def _arm(k: int, now: Fields, start: Fields) -> Any:
    """An arm; one that is empty at first is folded, as is what few arms have."""
    held: dict[str, Any] = {"type": "text", "maxlength": "120", "value": now[f"a{k}_held"]} | _first(
        start, f"a{k}_held"
    )
    more = shell.folded(
        "Second drug, virtual inhibitor",
        *_treatment(f"b{k}", "Second drug", now, start),
        shell.field(f"a{k}_held", "Target held at an occupancy", tags.input(held), hint="Such as: btk=0.7. Beside the drugs, or alone."),
        open=bool(now[f"b{k}_drug"] or now[f"a{k}_held"]),
    )  # fmt: skip
    inside = [*_treatment(f"a{k}", "Drug", now, start), more]
    name = f"Arm {'ABCD'[k]}"
    if k < 2 or now[f"a{k}_drug"] or now[f"a{k}_held"]:
        return tags.fieldset(tags.legend(name), *inside)
    return tags.fieldset(tags.legend(name), shell.folded("Add this arm", *inside))


def _treatment(stem: str, label: str, now: Fields, start: Fields) -> list[Any]:
    mine = {f: now[f"{stem}_{f}"] for f in BLANK}
    first = {f: _first(start, f"{stem}_{f}") for f in BLANK}
    drugs = {"": "none"} | {d: d for d in axis.drugs()}
    arm = {"data-arm": stem, "data-drug": "yes"}
    schedule = tags.input({"type": "text", "value": mine["schedule"]} | first["schedule"])
    return [
        shell.field(f"{stem}_drug", label, shell.choice(drugs, mine["drug"], **arm, **first["drug"])),
        tags.small(id=f"from-{stem}", class_="hint"),
        tags.div(
            shell.field(f"{stem}_dose", "Dose", shell.number(mine["dose"], **first["dose"])),
            shell.field(f"{stem}_unit", "Unit", shell.choice(DOSE_UNITS, mine["unit"], **first["unit"])),
            class_="row2",
        ),
        tags.div(
            shell.field(f"{stem}_route", "Route", shell.choice(ROUTES_OF, mine["route"], **first["route"])),
            shell.field(f"{stem}_schedule", "Schedule", schedule),
            class_="row2",
        ),
    ]


def _entry(k: int, entry: Entry, now: Fields, start: Fields) -> Any:
    measure = MEASURES.get(entry.measure, entry.measure)

    def bound(side: str) -> Any:
        name = f"e{k}_{side}"
        control = shell.number(now[name], **_first(start, name))
        label = f"{measure} {'at least' if side == 'min' else 'at most'}, {entry.at}"
        return shell.field(name, label, control, unit=entry.unit)

    return tags.div(bound("min"), bound("max"), class_="row2")


def _size(now: Fields, start: Fields) -> Any:
    ends = {"type": "range", "min": "100", "max": str(work.MOST_PATIENTS), "step": "100", "value": now["patients"]}
    circumstances = {"type": "text", "maxlength": "200", "value": now["exposure"]} | _first(start, "exposure")
    return tags.fieldset(
        tags.legend("Simulation"),
        shell.field("patients", "Virtual patients in each arm", tags.input(ends | _first(start, "patients")), shows=now["patients"]),
        shell.field("exposure", "Circumstances of all patients", tags.input(circumstances),
                    hint="Such as: ppi=1, adherence=0.7. Empty: as in the library."),
        shell.field("seed", "Seed", shell.number(now["seed"], **_first(start, "seed"))),
    )  # fmt: skip
