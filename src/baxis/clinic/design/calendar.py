"""Dose calendar of a design: what each arm takes when, background and its taper, visits and endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis import axis
from baxis.clinic.design.design import Background, Design, Treatment
from baxis.clinic.design.prescribed import counted
from baxis.clinic.design.read import read_design
from baxis.core.reading import schedule
from baxis.core.showing.palette import COLOURS, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAILY = 1.5  # days: closer doses are drawn as a bar


def rows(design: Design) -> list[dict[str, Any]]:
    """One row a treatment or background drug: arm_id ("all" for background, "rescue"), drug, dose, schedule, doses (how many
    fall within the trial, `0 of 2` where not all do), days of the doses. What a rule may start stands at the first visit at which it is judged, with the rule in its schedule."""
    out = []
    for arm in design.arms:
        out += [_row_of(arm.arm_id, t, design) for t in arm.treatments]
        if not arm.treatments:
            out.append(_none(arm.arm_id, "no drug of its own"))
        for s in arm.switches:
            out += [_row_of(arm.arm_id, t, design, s.week * 7.0, f", if {s.text}") for t in s.treatments]
            if s.stop:
                out.append(_none(arm.arm_id, f"stop {', '.join(s.stop)}, if {s.text}"))
    if design.rescue:
        rule = f", from week {design.rescue.week:g} by the rescue rule"
        out += [_row_of("rescue", t, design, design.rescue.week * 7.0, rule) for t in design.rescue.treatments]
    for b in design.background_therapy:
        steps = ", ".join(f"at most {s.dose:g} from week {s.week:g}" for s in b.taper)
        taper = f"taper: {steps} in {100 * b.taper_share:.0f} %" if b.taper else "steady"
        out.append(
            {"arm_id": "all", "drug": b.drug, "dose": _background(b), "schedule": taper, "doses": "", "days": []}
        )
    return out


def _row_of(arm_id: str, t: Treatment, design: Design, day: float = 0.0, rule: str = "") -> dict[str, Any]:
    start, last = day + t.start_day, design.weeks * 7.0
    last = last if t.stop_day is None else min(last, day + t.stop_day)
    days = [start + d.day for d in schedule.parse(t.schedule).doses(last - start)]
    _, whole, _ = counted(t, design.weeks, day)
    doses = f"{len(days)}" if whole in (None, len(days)) else f"{len(days)} of {whole}"
    row = {"arm_id": arm_id, "drug": t.drug, "dose": _dose(t), "schedule": t.schedule + rule}
    return {**row, "doses": doses, "days": days}


def _none(arm_id: str, text: str) -> dict[str, Any]:
    return {"arm_id": arm_id, "drug": "", "dose": "", "schedule": text, "doses": "", "days": []}


def _dose(t: Treatment) -> str:
    return f"{t.dose:g} {t.dose_unit}" + (f" {t.route}" if t.route else "")


def _background(b: Background) -> str:
    return f"{b.dose:g} {b.dose_unit} in {100 * b.share:.0f} %"


def calendar(trial: str | Path | Design) -> Figure:
    """Figure of a trial's doses over weeks: a row a treatment, endpoints as dashed lines, visits as ticks below.

    trial: an id, the path of a design TOML, or a Design; its rows as plain data: `rows`. Raises UnknownName or Faults.
    """
    design = trial if isinstance(trial, Design) else read_design(trial)
    table = rows(design)
    fig = canvas(9.0, 1.3 + 0.42 * len(table))
    ax = fig.add_subplot()
    arms = list(dict.fromkeys(r["arm_id"] for r in table))
    for k, row in enumerate(table):
        _row(ax, k, row, design, COLOURS[arms.index(row["arm_id"]) % len(COLOURS)])
    for e in design.endpoints:
        primary = e == design.primary
        ax.axvline(e.week, color="#333333", linewidth=1.2 if primary else 0.7, linestyle="--", zorder=0)
    for week in sorted({e.week for e in design.endpoints}):
        names = ", ".join(e.name for e in design.endpoints if e.week == week)
        ax.annotate(
            names, (week, -0.75), fontsize=7, ha="right", va="bottom", xytext=(-2, 0), textcoords="offset points"
        )
    visits = np.arange(0.0, design.weeks + 1e-9, design.visit_weeks)
    ax.plot(visits, np.full(len(visits), len(table) - 0.3), "|", color="#333333", markersize=6, clip_on=False)
    ax.set(
        xlim=(-0.02 * design.weeks, 1.02 * design.weeks), ylim=(len(table) - 0.1, -1.1), xlabel="week (ticks: visits)"
    )
    ax.set_yticks(range(len(table)), [_label(r) for r in table])
    ax.set_title(f"{design.trial_id}: {design.disease}, {design.weeks:g} weeks")
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return fig


def _label(row: dict[str, Any]) -> str:
    from baxis.core.showing.drawing import label

    return label(f"{row['arm_id']}: {row['drug'] or row['schedule'].split(', if')[0]} {row['dose']}".strip(), 44)


def _row(ax: Axes, k: int, row: dict[str, Any], design: Design, colour: str) -> None:
    days = np.array(row["days"])
    if row["arm_id"] == "all":
        ax.plot([0, design.weeks], [k, k], color="#bbbbbb", linewidth=5, solid_capstyle="butt")
        drug = next(b for b in design.background_therapy if b.drug == row["drug"])
        for step in drug.taper:
            ax.plot(step.week, k, "v", color="#333333", markersize=5)
            ax.annotate(f"≤ {step.dose:g}", (step.week, k), fontsize=7, xytext=(4, 4), textcoords="offset points")
        return
    if not len(days):
        return
    for start, end in _stretches(days):
        if end > start:
            ax.plot([start / 7, end / 7], [k, k], color=colour, linewidth=7, solid_capstyle="butt")
        else:
            ax.plot(start / 7, k, "o", color=colour, markersize=6)
    unit = axis.drug(row["drug"]).name
    ax.annotate(f"{unit} {row['schedule']}", (days[0] / 7, k), fontsize=7, xytext=(2, 6), textcoords="offset points")


def _stretches(days: np.ndarray) -> list[tuple[float, float]]:
    """Runs of doses at most DAILY apart as (first, last); a single dose is (day, day)."""
    cuts = np.flatnonzero(np.diff(days) > DAILY) + 1
    return [(float(p[0]), float(p[-1])) for p in np.split(days, cuts)]
