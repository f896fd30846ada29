"""Results section of a study record: outcome, baseline and safety rows."""

from __future__ import annotations

from typing import Any

from . import words
from .baselines import baseline
from .groups import Results, Row, number, show
from .measures import outcome


def read(study: dict[str, Any], arms: list[Row]) -> Results:
    """Everything of the results section that has a table."""
    nct = study["protocolSection"]["identificationModule"]["nctId"]
    out = Results(nct, {a["arm_label"].casefold().strip(): a for a in arms})
    section = study.get("resultsSection", {})
    if not section:
        out.unmapped.append(f"{nct}: the record has no results section")
    sizes(section, out)
    for measure in section.get("baselineCharacteristicsModule", {}).get("measures", []):
        baseline(measure, section["baselineCharacteristicsModule"], out)
    for measure in section.get("outcomeMeasuresModule", {}).get("outcomeMeasures", []):
        outcome(measure, out)
    safety(section.get("adverseEventsModule", {}), out)
    for name in sorted(set(section) - KNOWN):
        out.unmapped.append(f"{nct}: results module {name} has no table")
    return out


KNOWN = {
    "participantFlowModule", "baselineCharacteristicsModule", "outcomeMeasuresModule", "adverseEventsModule",
    "moreInfoModule",
}  # fmt: skip


def sizes(section: dict[str, Any], out: Results) -> None:
    """Arm sizes from the participant flow (those who started)."""
    flow = section.get("participantFlowModule", {})
    titles = {g["id"]: g.get("title", "") for g in flow.get("groups", [])}
    for milestone in (flow.get("periods") or [{}])[0].get("milestones", []):
        if milestone.get("type") == "STARTED":
            for reached in milestone.get("achievements", []):
                arm_id = out.arm(titles.get(reached["groupId"], reached["groupId"]))
                row = next(a for a in out.arms.values() if a["arm_id"] == arm_id)
                row["n"] = str(reached.get("numSubjects", ""))
    for period in (flow.get("periods") or [])[1:]:
        out.unmapped.append(f"{out.nct}: participant flow of period {period.get('title', '')!r} has no table")


def safety(module: dict[str, Any], out: Results) -> None:
    """Deaths and serious adverse events by group; single event terms have no table and are counted."""
    at = words.week(module.get("timeFrame", ""))
    for group in module.get("eventGroups", []):
        arm = out.arm(group.get("title", group.get("id", "")))
        for endpoint, affected, risk in (
            ("SAE", "seriousNumAffected", "seriousNumAtRisk"), ("death", "deathsNumAffected", "deathsNumAtRisk"),
        ):  # fmt: skip
            cases, size = number(group.get(affected)), number(group.get(risk))
            if cases is not None and size:
                row = {
                    "trial_id": out.nct.lower(),
                    "arm_id": arm,
                    "endpoint": endpoint,
                    "week": at,
                    "statistic": "proportion",
                }
                out.outcomes.append(
                    {
                        **row,
                        "value": show(cases / size),
                        "unit": "fraction",
                        "n": show(size),
                        "subgroup": "",
                        **out.tail,
                    }
                )
    for name in ("seriousEvents", "otherEvents"):
        if module.get(name):
            out.unmapped.append(f"{out.nct}: {len(module[name])} terms of {name} have no table")
