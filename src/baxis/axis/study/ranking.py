"""Rank the assumed and calibrated numbers of the model by how far each moves the effect of a treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baxis.axis.assembly import model, resting, vector
from baxis.axis.dosing import slots, treatment
from baxis.axis.tables import disease_table, ledger
from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule

LEAST = 0.1  # points of percent that are listed one by one
STEP = 0.2  # relative change of a number, up and down
RUN_IN = 3650.0
KINDS = ("assumed", "calibrated")


@dataclass(frozen=True, slots=True)
class Influence:
    """One number: change of the treatment's effect on inflammation (points of percent) when it is raised and lowered."""

    name: str
    kind: str
    raised: float
    lowered: float

    @property
    def size(self) -> float:
        """Larger of the two changes."""
        return max(abs(self.raised), abs(self.lowered))


def candidates(disease: str) -> dict[str, str]:
    """Names and kinds of the numbers that were not measured, estimated or defined elsewhere, and are not zero."""
    case = disease_table.load(disease)
    merged = {**ledger.load(), **disease_table.load(disease_table.HEALTHY).regulators, **case.regulators}
    names = set(model.system().parameters)
    return {n: p.kind for n, p in sorted(merged.items()) if p.kind in KINDS and p.value != 0 and n in names}


def rank(disease: str, text: str, weeks: float = 24.0) -> list[Influence]:
    """Numbers in falling order of influence on the percent change of inflammation under one resolved treatment.

    Each number is moved by 20 % either way with everything else, the references included, held; the patient is run to
    his own rest for ten years and then treated. Raises InvalidValue for a background treatment.
    """
    from baxis.engine import Options, bolus, simulate

    drug, amount, _, route, timing = treatment.parse(text)
    if drug.background:
        raise InvalidValue("treatment", text, "a drug given in a slot")
    order, found = list(model.system().parameters), candidates(disease)
    base = vector.vector(disease)
    rows = np.repeat(base[None], 2 * len(found) + 1, axis=0)
    for k, name in enumerate(found):
        rows[1 + 2 * k, order.index(name)] *= 1 + STEP
        rows[2 + 2 * k, order.index(name)] *= 1 - STEP
    options = Options(rtol=1e-5, atol=1e-8)
    start = np.broadcast_to(resting.rest(disease), (len(rows), len(model.system().states)))
    own = simulate(model.kernel(), rows, start, times=[RUN_IN], outputs=["infl"], options=options)
    for name, value in slots.slot_parameters(drug, 1).items():
        rows[:, order.index(name)] = value
    doses = schedule.parse(timing).doses(weeks * 7.0)
    sizes = [(amount if d.amount is None else d.amount) * drug.dose_factor for d in doses]
    events = bolus(slots.dose_state(drug, 1, route), [d.day for d in doses], sizes)
    done = simulate(
        model.kernel(), rows, own.final, times=[weeks * 7.0], events=events, outputs=["infl"], options=options
    )
    effect = 100 * (done.values[:, -1, 0] / own.values[:, -1, 0] - 1)
    moved = effect - effect[0]
    out = [Influence(n, k, float(moved[1 + 2 * i]), float(moved[2 + 2 * i])) for i, (n, k) in enumerate(found.items())]
    return sorted(out, key=lambda r: -r.size if np.isfinite(r.size) else np.inf)


def overall(found: Mapping[str, Sequence[Influence]]) -> list[tuple[Influence, str]]:
    """Every number once, with the case in which it moves the effect most, in falling order of influence.

    found: influences by case, as `rank` gives them.
    """
    best: dict[str, tuple[Influence, str]] = {}
    for case, rows in found.items():
        for r in rows:
            if r.name not in best or r.size > best[r.name][0].size:
                best[r.name] = (r, case)
    return sorted(best.values(), key=lambda pair: -pair[0].size)


def _overall(found: Mapping[str, Sequence[Influence]]) -> list[str]:
    """Every assumed number of the model and its diseases, the most influential first; those that move nothing in a line."""
    rows = [(r, case) for r, case in overall(found) if r.kind == "assumed"]
    moving = [(r, case) for r, case in rows if r.size >= LEAST]
    lines = ["## Every assumed number", ""]
    lines += [
        f"The largest change in any of the {len(found)} cases below, and in which. Every instrument of the clinic reads"
    ]
    lines += ["inflammation, so this is the order in which assumed numbers move endpoints.", ""]
    lines += ["| number | raised | lowered | case |", "|---|---|---|---|"]
    lines += [f"| `{r.name}` | {r.raised:+.1f} | {r.lowered:+.1f} | {case} |" for r, case in moving]
    still = ", ".join(f"`{r.name}`" for r, _ in rows if r.size < LEAST)
    return [
        *lines,
        "",
        f"Assumed numbers that move no effect by {LEAST:g} points ({len(rows) - len(moving)}): {still}.",
        "",
    ]


def markdown(cases: Sequence[tuple[str, str, float]], top: int = 15) -> str:
    """Page: all assumed numbers, then the most influential numbers of each (disease, treatment, weeks)."""
    lines = [
        "# What the assumptions move",
        "",
        "Written by `python -m baxis.axis.study.ranking FILE`. Change of a treatment's effect",
    ]
    lines += ["on inflammation, in points of percent, when one number is raised or lowered by 20 %.", ""]
    every = {f"{d}: {text}": rank(d, text, weeks) for d, text, weeks in cases}
    lines += _overall(every)
    for disease, text, weeks in cases:
        rows = every[f"{disease}: {text}"][:top]
        lines += [
            f"## {disease}: {text}, week {weeks:g}",
            "",
            "| number | kind | raised | lowered |",
            "|---|---|---|---|",
        ]
        lines += [f"| `{r.name}` | {r.kind} | {r.raised:+.1f} | {r.lowered:+.1f} |" for r in rows] + [""]
    return "\n".join(lines)


CASES = (
    ("SLE", "fenebrutinib 200 mg po bid", 24.0), ("SLE", "rituximab 1000 mg iv days 1,15", 24.0),
    ("SLE", "anifrolumab 300 mg iv q4w", 24.0), ("RA", "fenebrutinib 200 mg po bid", 12.0),
    ("RA", "rituximab 1000 mg iv days 1,15", 24.0), ("IgG4-RD", "inebilizumab 300 mg iv days 1,15,183", 24.0),
    ("AAV", "rituximab 650 mg iv qw x4", 24.0), ("LN", "obinutuzumab 1000 mg iv days 1,15,169,183", 52.0),
    ("SjD", "ianalumab 300 mg sc q4w", 24.0), ("RA", "upadacitinib 15 mg po qd", 12.0), ("AAV", "avacopan 30 mg po bid", 26.0),
)  # fmt: skip

if __name__ == "__main__":
    import sys
    from pathlib import Path

    Path(sys.argv[1]).write_text(markdown(CASES), encoding="utf-8")
