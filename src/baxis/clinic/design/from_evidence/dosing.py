"""What an arm takes: its drug cell, dose, route and schedule as treatments of a design."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from baxis import axis
from baxis.clinic.design.design import DOSE_UNITS, Treatment
from baxis.clinic.design.from_evidence.rules import matching
from baxis.core.errors import BaxisError, Unsupported
from baxis.core.reading import schedule

STEROIDS = ("prednisone", "prednisolone")
ROUTES = {"oral": "po", "po": "po", "iv": "iv", "infusion": "iv", "sc": "sc", "im": "sc"}
_PARTNER = r"{name}\s+(?P<dose>[\d.]+)\s*(?P<unit>mg/kg|mg/m2|mg|g)\s*(?P<route>iv|sc|po)?\s*(?P<plan>[^;()]*)"
_ENDS = re.compile(r"(?:ends at |^|, )(?P<kind>week|month)?\s*(?P<n>\d+)\s*(?P<unit>weeks?|months?)?(?:;|$)")
DAYS_A_MONTH = 30.4


def treatments(
    arm: Mapping[str, Any],
    agents: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, Mapping[str, Any]],
    disease: str = "",
    siblings: Sequence[Mapping[str, Any]] = (),
) -> tuple[list[Treatment], list[str]]:
    """Treatments of an evidence arm and notes. Raises Unsupported with what keeps the arm from being simulated.

    agents: the evidence's agents by name; plans: its schedules table by printed schedule; disease: whose rule tells how
    a steroid taper runs whose doses by week are not printed. siblings: the trial's arms; a drug of a combination that
    another arm gives alone is taken from there.
    """
    if arm["role"] == "placebo" and "+" not in arm["drug"]:
        return [], []
    out: list[Treatment] = []
    notes: list[str] = []
    taken = 0  # drugs of a combination that were read off another arm
    parts = [p.strip() for p in arm["drug"].split("+")]
    active = [p for p in parts if agents.get(p, {}).get("kind") != "control"]
    if arm["dose"] == 0 and len(active) == 1:  # a drug that this arm has stopped
        return [], []
    for k, part in enumerate(active):
        name = simulated_name(part, agents)
        partner = _partner(part, name, str(arm["schedule"])) if len(active) > 1 else None
        if partner:
            out.append(_partner_treatment(name, partner))
            continue
        alone = _alone(part, arm, siblings) if len(active) > 1 else None
        if alone:
            given, said = treatments(alone, agents, plans, disease)
            out, taken = out + given, taken + 1
            notes += [*said, f"{arm['arm_id']}: {part} as in arm {alone['arm_id']}"]
            continue
        left = k > 0 and taken == len(active) - 1  # the arm's own columns are this drug's
        if any(t.dose == arm["dose"] for t in out) or (k and not left):
            raise Unsupported(f"dose and schedule of {part} beside {active[0]} are not in the tables")
        tapered = _tapered(arm, name, plans, disease)
        given, said = ([], []) if tapered else _own(arm, name, plans)
        out += tapered or given
        notes += said or [f"{arm['arm_id']}: taper of {name} assumed by week" for _ in tapered[:1]]
    return out, notes


def _alone(part: str, arm: Mapping[str, Any], siblings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Another arm of the trial that gives just this drug, at the dose that this arm's label prints if it does.

    None where there is no such arm, or the dose columns of `arm` are already this drug's.
    """
    found = next((s for s in siblings if s["drug"] == part and s["arm_id"] != arm["arm_id"]), None)
    if found is None or found["dose"] != found["dose"] or found["dose"] == arm["dose"]:
        return None
    printed = re.search(rf"{re.escape(part)} ([\d.]+) ?(mg/kg|mg|g)\b", str(arm.get("arm_label", "")))
    return {**found, "dose": float(printed[1]), "dose_unit": printed[2]} if printed else found


def simulated_name(agent: str, agents: Mapping[str, Mapping[str, Any]]) -> str:
    """Library name of an evidence agent. Raises Unsupported: a group of drugs, no kinetics, or not in the library."""
    row = agents.get(agent, {})
    if row.get("kind") == "group":
        raise Unsupported(f"{agent} is a group of drugs; which one was given is not said")
    if row.get("kind") == "procedure":
        raise Unsupported(f"{agent} is a procedure, which the model does not hold")
    for name in (row.get("drug") or agent, agent, agent.split()[0]):
        stem = axis.drug_file(name)
        if stem is not None:
            if any(a["target"] == "car" for a in axis.drug_sheet(stem).get("action", ())):
                raise Unsupported(f"{agent} is given as cells, which a design has no dose unit for")
            return stem
    try:
        why = axis.drug_status(agent)
    except BaxisError:
        why = "not in the library of drugs"
    raise Unsupported(f"{agent}: {why}")


def _own(
    arm: Mapping[str, Any], name: str, plans: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Treatment], list[str]]:
    """Treatment by the arm's own dose, unit, route and schedule columns."""
    text, notes = regimen(arm, plans)
    dose, unit = arm["dose"], arm["dose_unit"] or "mg"
    if dose != dose and re.search(r"500/750/1000 mg by weight", str(arm["schedule"])):
        dose, unit = 10.0, "mg/kg"
        notes.append(f"{arm['arm_id']}: 500, 750 or 1000 mg by weight taken as 10 mg/kg, which the tiers stand for")
    if dose != dose:
        raise Unsupported(f"dose of {name} is not in the tables")
    if unit not in DOSE_UNITS:
        raise Unsupported(f"dose unit {unit!r} of {name}; a design has {', '.join(DOSE_UNITS)}")
    route = ROUTES.get(str(arm["route"]) or axis.drug_sheet(name)["route"])
    if route is None:
        raise Unsupported(f"route of {name} is not in the tables")
    return [_treatment(name, dose, unit, (route, text))], notes


def _tapered(
    arm: Mapping[str, Any], name: str, plans: Mapping[str, Mapping[str, Any]], disease: str
) -> list[Treatment]:
    """Steps of a steroid taper whose doses by week are not printed, by the disease's rule; none for any other arm."""
    printed = str(arm["schedule"])
    readable = arm.get("regimen") or plans.get(printed, {}).get("regimen")
    if name not in STEROIDS or readable or arm["dose"] != arm["dose"]:
        return []
    row = next((r for r, _ in matching("taper", disease, printed)), None)
    steps = [tuple(map(float, step.split(":"))) for step in row["steps"].split(";")] if row else []
    ends = [week for week, _ in steps[1:]] + [None]
    out = []
    for (week, share), end in zip(steps, ends, strict=False):
        plan = "qd" if end is None else f"qd x{round((end - week) * 7)}"
        step = _treatment(name, round(arm["dose"] * share, 3), arm["dose_unit"] or "mg", ("po", plan))
        out.append(step.model_copy(update={"start_day": week * 7.0}))
    return out


def regimen(arm: Mapping[str, Any], plans: Mapping[str, Mapping[str, Any]]) -> tuple[str, list[str]]:
    """Schedule of an arm in the dosing grammar: its `regimen` cell, the schedules table, or the text itself."""
    printed = str(arm["schedule"])
    row = plans.get(printed, {})
    text, note = str(arm.get("regimen") or row.get("regimen") or ""), str(row.get("note", ""))
    if not text and printed:
        try:
            text = schedule.parse(printed, words=False).text
        except BaxisError:
            raise Unsupported(f"schedule {printed!r} cannot be read ({note or 'not in the grammar'})") from None
    if not text:
        raise Unsupported("schedule is not in the tables")
    ended, whole = _ended(text, note)
    said = [f"{arm['arm_id']}: schedule {printed!r} read as {ended!r} ({note})"] if note and not whole else []
    return ended, said


def _ended(text: str, note: str) -> tuple[str, bool]:
    """Schedule with the end that the note gives as a count of its last part; and whether the note said no more."""
    hit = _ENDS.search(note)
    last = schedule.parse(text).parts[-1]
    if not hit or last.days or last.count is not None:
        return text, not note
    months = "month" in (hit["unit"] or hit["kind"] or "")
    end = float(hit["n"]) * (DAYS_A_MONTH if months else 7.0)
    before = sum(len(p.days) or (p.count or 0) for p in schedule.parse(text).parts[:-1])
    count = len(schedule.parse(text).doses(end)) - before
    plain = hit[0].strip("; ") == note.strip()
    return (text if last.daily and len(schedule.parse(text).parts) == 1 else f"{text} x{count}"), plain


def _partner(agent: str, name: str, printed: str) -> dict[str, str] | None:
    """Dose and plan of one drug of a combination, where the printed schedule names it with its dose."""
    for word in dict.fromkeys((agent, name, "HCQ" if name == "hydroxychloroquine" else agent)):
        hit = re.search(_PARTNER.format(name=re.escape(word)), printed, re.IGNORECASE)
        if hit:
            return {"agent": agent, **{k: v or "" for k, v in hit.groupdict().items()}}
    return None


def _partner_treatment(name: str, found: dict[str, str]) -> Treatment:
    plan = re.sub(r"\bwk\b", "weeks", found["plan"].strip().rstrip(",")).replace(" and ", ",")
    try:
        text = schedule.parse(plan, words=False).text
    except BaxisError:
        raise Unsupported(f"schedule {found['plan']!r} of {found['agent']} cannot be read") from None
    route = found["route"] or ROUTES.get(axis.drug_sheet(name)["route"], "")
    return _treatment(name, float(found["dose"]), found["unit"], (route, text))


def _treatment(drug: str, dose: float, unit: str, given: tuple[str, str]) -> Treatment:
    row = {"drug": drug, "dose": dose, "dose_unit": unit, "route": given[0], "schedule": given[1]}
    return Treatment.model_validate(row)
