"""Rival structures for contested mechanisms, run side by side with the shipped one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from baxis.axis.assembly import vector
from baxis.axis.dosing import treatment
from baxis.axis.tables import disease_table
from baxis.axis.tables.disease_table import Disease
from baxis.core.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Alternative:
    """One structural alternative: the parameters that switch it on, the question, and where it is tested."""

    name: str
    question: str
    switches: Mapping[str, float]
    disease: str
    treatments: Sequence[str]
    weeks: float
    readouts: Sequence[str]


_BELIMUMAB = "belimumab 700 mg iv weeks 0,2,4 then q4w"
RIVALS = {
    r.name: r
    for r in (
        Alternative(
            name="btk-in-tlr7", question="Does the TLR7 route of lupus B cells need BTK?", switches={"w_tlbtk": 0.8}, disease="SLE",
            treatments=("fenebrutinib 200 mg po bid", "orelabrutinib 50 mg po qd"), weeks=48.0,
            readouts=("infl", "armC", "armT", "armI", "armB", "abc", "plasmablast", "aas", "igg"),
        ),
        Alternative(
            name="arms-multiply", question="Do arms of inflammation add or multiply?", switches={"w_mul": 1.0}, disease="SLE",
            treatments=("upadacitinib 30 mg po qd", "elsubrutinib 60 mg po qd", "upadacitinib 30 mg po qd + elsubrutinib 60 mg po qd"),
            weeks=24.0, readouts=("infl",),
        ),
        Alternative(
            name="memory-seeds", question="Does autoreactive memory keep the germinal centre, or do naive cells?", switches={"w_rec": 0.9}, disease="SLE",
            treatments=("rituximab 1000 mg iv days 1,15", "cd19 car-t 1000000 cells/kg iv once", _BELIMUMAB), weeks=52.0,
            readouts=("infl", "gcA", "mtA", "naive", "aas"),
        ),
        Alternative(
            name="plasma-cells-without-april", question="Do long-lived plasma cells need APRIL?", switches={"f_apd": 0.0}, disease="SLE",
            treatments=("telitacicept 160 mg sc qw", "atacicept 150 mg sc qw", _BELIMUMAB), weeks=52.0,
            readouts=("infl", "aas", "aal", "igg", "lpA"),
        ),
    )
}  # fmt: skip


def with_switches(code: str, switches: Mapping[str, float]) -> Disease:
    """The disease with a rival's parameters in its table, so that its own rest and references are computed."""
    case = disease_table.load(code)
    known = {**disease_table.ledger.load(), **disease_table.load(disease_table.HEALTHY).regulators}
    extra = {k: replace(known[k], value=v) for k, v in switches.items()}
    return replace(case, code=f"{case.code}+{'+'.join(switches)}", regulators={**case.regulators, **extra})


def compare(name: str) -> list[dict[str, object]]:
    """Percent change of each read-out at the end (mean of four weeks) under the shipped and the rival structure."""
    if name not in RIVALS:
        raise UnknownName("rival structure", name, RIVALS)
    rival = RIVALS[name]
    rows: list[dict[str, object]] = []
    for label, switches in (("shipped", {}), ("rival", dict(rival.switches))):
        case = with_switches(rival.disease, switches) if switches else disease_table.load(rival.disease)
        for text in rival.treatments:
            course = treatment.course(case, text.split(" + "), rival.weeks, list(rival.readouts), 7.0)
            change = {n: 100 * (float(course.of(n)[-4:].mean()) / float(course.of(n)[0]) - 1) for n in rival.readouts}
            rows.append({"structure": label, "treatment": text, **{k: round(v, 1) for k, v in change.items()}})
    return rows


def rest_is_kept(name: str) -> float:
    """Inflammation at rest under the rival (1 when its references hold)."""
    from baxis.axis.assembly import resting

    rival = RIVALS[name]
    case = with_switches(rival.disease, rival.switches)
    return resting.evaluate(vector.vector(case), resting.rest(case))["infl"]


NOTES = """**BTK in the TLR7 route.** In the shipped structure the TLR7-driven cell (DN2, extrafollicular) signals past BTK; in the rival
four fifths of its TLR drive need BTK. The rival takes a further third of age-associated cells and more anti-dsDNA and
plasmablasts, but only a few points of inflammation, because lupus weighs the complex and B arms little. What was observed
under fenebrutinib (CD19 -57 per uL, IgG -1.6 g/L, plasmablast signature lower, SRI-4 hardly moved) does not tell them
apart; age-associated cells under a BTK inhibitor would.

**Sum or product of arms.** A sum favours combinations that hit different arms; a product gives less to each drug added.
Additive arms fix the sign of synergy in advance, so a claim of synergy must hold under both.

**Memory or naive cells as seed.** In the shipped structure about a quarter of the autoreactive germinal centre is recalled from memory
alone; in the rival nine tenths are. The rival makes the disease deaf to what leaves memory in tissue (rituximab and belimumab lose effect
on the germinal centre and on anti-dsDNA) and a deep reset deeper. The two part at a year after CD19 CAR-T: anti-dsDNA is
coming back in one and gone in the other. Remission after full CD19 depletion (C223 in mice, row `car_late`) speaks for a share
larger than the shipped one, the fall of anti-dsDNA under rituximab and belimumab (rows `rtx_sle_ds`, `bel_ds`) for a smaller one; the
shipped value is what the pharmacology rung allows, not a measurement.

**Plasma cells and APRIL.** Without the need, APRIL blockers lower total IgG by a sixth in a year; people lose a quarter to two
fifths in half a year (row `ata_g`), so data speak against this rival. Anti-dsDNA and inflammation hardly tell the two apart, because lupus
autoantibody comes mostly from short-lived cells: what the choice decides is long-lived autoantibody (anti-Ro) and infection.
"""


def markdown() -> str:
    """Page of every comparison."""
    lines = [
        "# Rival structures",
        "",
        "Written by `python -m baxis.axis.study.rivals FILE`. A rival is a parameter that switches a structure",
    ]
    lines += ["on; its disease rests anew, so the rest is kept.", ""]
    for rival in RIVALS.values():
        rows = compare(rival.name)
        switches = ", ".join(f"`{k} = {v:g}`" for k, v in rival.switches.items())
        lines += [
            f"## {rival.question}",
            "",
            f"`{rival.name}`: {switches}, {rival.disease}, {rival.weeks:g} weeks; percent change,",
        ]
        lines += ["mean of the last four weeks.", "", "| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
        lines += ["| " + " | ".join(str(v) for v in row.values()) + " |" for row in rows] + [""]
    return "\n".join([*lines, "## What the comparisons say", "", NOTES])


if __name__ == "__main__":
    import sys
    from pathlib import Path

    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
