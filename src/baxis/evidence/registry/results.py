"""Results section of a study record: outcome, baseline and safety rows."""

from __future__ import annotations

from typing import Any

from baxis.evidence.registry import words
from baxis.evidence.registry.baselines import baseline
from baxis.evidence.registry.groups import Results, Row, number, show
from baxis.evidence.registry.measures import outcome


def read(study: dict[str, Any], arms: list[Row]) -> Results:
    """Everything of the results section that has a table."""
    nct = study["protocolSection"]["identificationModule"]["nctId"]
    out = Results.of(nct, study["protocolSection"].get("armsInterventionsModule", {}), arms)
    section = study.get("resultsSection", {})
    if not section:
        out.say("the record has no results section")
    sizes(section, out)
    for measure in section.get("baselineCharacteristicsModule", {}).get("measures", []):
        baseline(measure, section["baselineCharacteristicsModule"], out)
    for measure in section.get("outcomeMeasuresModule", {}).get("outcomeMeasures", []):
        outcome(measure, out)
    safety(section.get("adverseEventsModule", {}), out)
    for name in sorted(set(section) - KNOWN):
        out.say(f"results module {name} has no table")
    return out


KNOWN = {
    "participantFlowModule", "baselineCharacteristicsModule", "outcomeMeasuresModule", "adverseEventsModule",
    "moreInfoModule",
}  # fmt: skip


def sizes(section: dict[str, Any], out: Results) -> None:
    """Arm sizes from the participant flow (those who started)."""
    flow = section.get("participantFlowModule", {})
    arms = out.of_groups(flow.get("groups", []))
    rows = {a["arm_id"]: a for a in out.rows}
    for milestone in (flow.get("periods") or [{}])[0].get("milestones", []):
        if milestone.get("type") == "STARTED":
            for reached in milestone.get("achievements", []):
                size = number(reached.get("numSubjects"))
                rows[arms[reached["groupId"]]]["n"] = show(size)
    for period in (flow.get("periods") or [])[1:]:
        out.say(f"participant flow of period {period.get('title', '')!r} has no table")


def safety(module: dict[str, Any], out: Results) -> None:
    """Deaths and serious adverse events by group; single event terms have no table and are named."""
    at = words.week(module.get("timeFrame", ""))
    arms = out.of_groups(module.get("eventGroups", []))
    for group in module.get("eventGroups", []):
        arm = arms[group["id"]]
        for endpoint, affected, risk in (
            ("SAE", "seriousNumAffected", "seriousNumAtRisk"), ("death", "deathsNumAffected", "deathsNumAtRisk"),
        ):  # fmt: skip
            cases, size = number(group.get(affected)), number(group.get(risk))
            if cases is not None and size and not 0 <= cases <= size:
                out.say(f"{endpoint} of group {group.get('title', '')!r}: {cases:g} of {size:g} is no count")
            elif cases is not None and size:
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
        terms = [str(t.get("term", "") or "no name") for t in module.get(name, [])]
        if terms:
            out.say(f"{len(terms)} terms of {name} have no table: {', '.join(terms)}")
