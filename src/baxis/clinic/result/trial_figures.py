"""Figures of a trial: the endpoint by arm with intervals and the published value, and biomarkers over time."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis import axis
from baxis.clinic.result.asked import on_figure
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.showing.palette import COLOURS, MARKERS, STYLES, canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from baxis.clinic.design.design import Arm
    from baxis.clinic.result.trial_record import TrialRecord

PANELS = ("bcount", "aas", "igg", "infl")


def arm_label(arm: Arm) -> str:
    """An arm's label, or its id, as a figure can hold it."""
    from baxis.core.showing.drawing import label

    return label(arm.arm_label or arm.arm_id, 30)


def overview(result: TrialRecord) -> Figure:
    """Primary endpoint by arm beside four biomarkers over time."""
    import matplotlib as mpl

    with mpl.rc_context(style()):
        figure = canvas(12.0, 4.8)
        parts: Any = figure.subfigures(1, 2, width_ratios=[1, 1.35])
        endpoint_panel(result, parts[0].subplots())
        biomarker_panels(result, parts[1])
        on_figure(figure, result.recipe, 190)
    return figure


def drawings(result: TrialRecord) -> dict[str, Callable[[Path], None]]:
    """Figures of a saved result: endpoint.png, biomarkers.png and, with a hazard-ratio endpoint, survival.png."""
    import matplotlib as mpl

    def styled(draw: Callable[[], Figure]) -> Callable[[Path], None]:
        def to(path: Path) -> None:
            with mpl.rc_context(style()):
                draw().savefig(path)

        return to

    out = {"endpoint.png": styled(lambda: endpoints(result)), "biomarkers.png": styled(lambda: biomarkers(result))}
    return out | ({"survival.png": styled(lambda: survival(result))} if len(result.survival) else {})


def endpoints(result: TrialRecord) -> Figure:
    """Every endpoint by arm, one panel each."""
    figure = canvas(5.2, 1.9 + 0.62 * len(result.design.arms) * len(result.design.endpoints))
    rows = list(result.design.endpoints)
    axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for ax, endpoint in zip(axes, rows, strict=True):
        endpoint_panel(result, ax, endpoint.name, endpoint.week, legend=endpoint is rows[-1])
    on_figure(figure, result.recipe, 80)
    return figure


def biomarkers(result: TrialRecord) -> Figure:
    """Four biomarkers over time."""
    figure = canvas(7.5, 5.2)
    biomarker_panels(result, figure)
    on_figure(figure, result.recipe, 115)
    return figure


def survival(result: TrialRecord) -> Figure:
    """Kaplan-Meier curves with 95 % bands, one panel a hazard-ratio endpoint; hazard ratios with 90 % prediction
    intervals, and below the numbers at risk. InvalidValue where the design has no such endpoint."""
    import matplotlib as mpl

    if not len(result.survival):
        raise InvalidValue("survival figure", result.design.trial_id, "a design with a hazard-ratio endpoint")
    asked = list(dict.fromkeys(zip(result.survival["endpoint"], result.survival["week"], strict=True)))
    with mpl.rc_context(style()):
        figure = canvas(6.4 * len(asked), 4.3 + 0.2 * len(result.design.arms))
        figure.get_layout_engine().set(h_pad=0.15)  # type: ignore[union-attr, call-arg]
        for ax, (name, week) in zip(figure.subplots(1, len(asked), squeeze=False)[0], asked, strict=True):
            rows = result.survival[(result.survival.endpoint == name) & (result.survival.week == week)]
            _curves(result, ax, rows, float(week))
            ax.set_title(f"{name.removesuffix('_HR').replace('_', ' ')}, to week {week:g}")
        on_figure(figure, result.recipe, 90)
    return figure


def _curves(result: TrialRecord, ax: Axes, rows: Any, week: float) -> None:
    begun = result.design.randomisation.week if result.design.randomisation else 0.0
    last = week - begun
    marks = np.linspace(0.0, last, 5)
    for k, arm in enumerate(result.design.arms):
        own = rows[rows.arm_id == arm.arm_id]
        x, colour = np.append(own["day"] / 7.0, last), COLOURS[k % 7]
        y, low, high = (100.0 * np.append(own[c], own[c].iloc[-1]) for c in ("survival", "low", "high"))
        ax.fill_between(x, low, high, step="post", color=colour, alpha=0.13, lw=0)
        ax.step(x, y, where="post", color=colour, ls=STYLES[k % 7], lw=1.8, label=_hazard_label(result, arm, rows))
        for m in marks:
            left = own["at_risk"][own["day"] >= 7.0 * m - 1e-9]
            shown = f"{left.iloc[0]:d}" if len(left) else "0"
            ax.text(
                m, -0.30 - 0.07 * k, shown, color=colour, fontsize=8, ha="center", transform=ax.get_xaxis_transform()
            )
    ax.text(0, -0.24, "at risk", fontsize=8, ha="left", transform=ax.get_xaxis_transform())
    ax.set(xlim=(0, last), ylim=(0, 102), ylabel="free of the event, %")
    ax.set_xlabel("week" if not begun else "week since randomisation")
    ax.set_xticks(marks, [f"{m:g}" for m in np.round(marks, 1)])
    ax.legend(frameon=False, fontsize=8, loc="lower left")


def _hazard_label(result: TrialRecord, arm: Arm, rows: Any) -> str:
    """The arm, and its hazard ratio against control with the 90 % prediction interval."""
    table = result.contrasts
    own = table[(table.arm_id == arm.arm_id) & (table.endpoint == rows["endpoint"].iloc[0])]
    own = own[own.week == rows["week"].iloc[0]]
    label = arm_label(arm)
    if not len(own) or not np.isfinite(own["predicted"].iloc[0]):
        return label
    low, high = np.exp(own["pi90"].iloc[0])
    return f"{label}: HR {np.exp(own['predicted'].iloc[0]):.2f} (90 % PI {low:.2f} to {high:.2f})"


def endpoint_panel(
    result: TrialRecord, ax: Axes, name: str | None = None, week: float | None = None, legend: bool = True
) -> None:
    """One endpoint: simulated value with 50 and 90 % intervals, published value with its 95 % interval."""
    primary = result.design.primary
    name, week = name or primary.name, week or primary.week
    table = result.arms[(result.arms.endpoint == name) & (result.arms.week == week)]
    scale = 100.0 if (table["kind"] == "proportion").all() else 1.0
    labels = {a.arm_id: arm_label(a) for a in result.design.arms}
    for y, row in enumerate(table.to_dict("records")):
        colour = COLOURS[y % len(COLOURS)]
        ax.plot([scale * v for v in row["pi90"]], [y, y], color=colour, lw=1.6, solid_capstyle="butt")
        ax.plot([scale * v for v in row["pi50"]], [y, y], color=colour, lw=5, solid_capstyle="butt", alpha=0.75)
        ax.plot(scale * row["value"], y, MARKERS[y % len(MARKERS)], color=colour, mec="white", ms=9, zorder=3)
        _published(ax, row, y + 0.3, scale)
    ax.set_yticks(range(len(table)), [labels[a] for a in table["arm_id"]])
    ax.set_ylim(len(table) - 0.35, -0.55)
    ax.set_xlabel("patients, %" if scale == 100 else "points")
    ax.set_title(f"{name} at week {week:g}")
    if legend:
        _legend(ax, bool(result.arms["published"].notna().any()), bool(result.recipe.get("other_people")))


def _published(ax: Axes, row: Any, y: float, scale: float) -> None:
    if row["published"] is None or np.isnan(row["published"]):
        return
    if row["published_ci"] is not None:
        ax.plot([scale * v for v in row["published_ci"]], [y, y], color="black", lw=1)
    ax.plot(scale * row["published"], y, "D", color="white", mec="black", ms=5.5, zorder=3)


def _legend(ax: Axes, published: bool, others: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color="#555555", marker="o", mec="white", ms=8, lw=4, label="simulated, 50 and 90 % interval"),
        Line2D(
            [],
            [],
            color="black",
            marker="D",
            mfc="white",
            ms=5,
            lw=1,
            label=f"published{' of other patients' if others else ''}, 95 % interval",
        ),
    ]
    ax.legend(
        handles=handles[: 1 + published],
        loc="upper center",
        bbox_to_anchor=(0.4, -0.2),
        frameon=False,
        fontsize=8,
        ncols=1,
    )


def courses(result: TrialRecord, names: Sequence[str]) -> Figure:
    """Observables or measures over time, one panel each, two in a row."""
    import matplotlib as mpl

    rows = (len(names) + 1) // 2
    with mpl.rc_context(style()):
        figure = canvas(7.5 if len(names) > 1 else 4.6, 0.5 + 2.4 * rows)
        biomarker_panels(result, figure, names)
        on_figure(figure, result.recipe, 115 if len(names) > 1 else 70)
    return figure


def biomarker_panels(result: TrialRecord, figure: Any, names: Sequence[str] = PANELS) -> None:
    """Median over patients with the middle half shaded, by arm, of observables or measures."""
    known = [*axis.outputs(), *result.units]
    for name in names:
        if name not in known:
            raise UnknownName("observable or measure of the result", name, known)
    axes = figure.subplots((len(names) + 1) // 2, min(2, len(names)), sharex=True, squeeze=False)
    for ax, name in zip(axes.ravel(), names, strict=False):
        label, unit = _course_panel(result, ax, name)
        ax.set_title(textwrap.fill(label, 34))
        ax.set_ylabel("ratio" if unit in {"1", "x healthy"} else unit)
        if ax.dataLim.ymin >= 0:
            ax.set_ylim(bottom=0)
    for ax in axes.ravel()[len(names) :]:
        ax.set_visible(False)
    for ax in axes.ravel()[: len(names)][-axes.shape[1] :]:  # the lowest of each column
        ax.set_xlabel("week")
        ax.tick_params(labelbottom=True)
    axes[0, 0].legend(frameon=False, fontsize=8)


def _course_panel(result: TrialRecord, ax: Axes, name: str) -> tuple[str, str]:
    """Draw one name, arm by arm; returns its label and unit."""
    info = axis.outputs().get(name)
    for k, (run, visits) in enumerate(zip(result.runs, result.measured, strict=True)):
        values = visits[name] if info is None else info.measured(run.outputs[name])
        low, middle, high = np.quantile(values[run.status == 0][:, 1:], [0.25, 0.5, 0.75], axis=0)
        weeks, colour = run.days[1:] / 7.0, COLOURS[k % 7]
        ax.fill_between(weeks, low, high, color=colour, alpha=0.13, lw=0)
        ax.plot(weeks, middle, color=colour, ls=STYLES[k % 7], lw=1.8, label=arm_label(run.arm))
    return (name, result.units[name]) if info is None else (info.label, info.unit)
