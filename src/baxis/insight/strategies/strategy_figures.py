"""The figure of strategies: inflammation, B cells and prednisone over time, and remission against what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

from baxis.insight.strategies.strategy_record import StrategiesRecord

COLOURS = ("#8a8a8a", "#0072b2", "#b2541a", "#117733", "#7a5195", "#c79a00", "#1b1b1b", "#56b4e9", "#cc79a7")
COURSES = (
    ("inflammation", "inflammation, of the start"),
    ("bcount", "CD19+ B cells, cells/uL"),
    ("prednisone", "prednisone, mg a day"),
)
COSTS = (("prednisone, cumulative", "g"), ("serious infections", "per 100 patient-years"))


def draw(result: StrategiesRecord) -> Figure:
    """Means over patients; on the right each strategy with its 90 % intervals."""
    from baxis.clinic.result.asked import on_figure
    from baxis.core.showing.drawing import Drawing, label

    figure = Drawing(figsize=(12.5, 7), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    names = list(dict.fromkeys(result.table["strategy"]))
    colour = {n: COLOURS[i % len(COLOURS)] for i, n in enumerate(names)}
    keys = {"bcount": next(c for c in result.visits.columns if c in ("cd19", "bcount"))}
    for panel, (key, said) in zip(panels[:3], COURSES, strict=True):
        for name, rows in result.visits.groupby("strategy", sort=False):
            panel.plot(
                rows["week"], rows[keys.get(key, key)], color=colour[str(name)], lw=1.6, label=label(str(name), 30)
            )
        panel.set_ylabel(said)
        panel.set_xlabel("weeks", fontsize=8)
        panel.set_ylim(bottom=0)
    remission = next(m for m in result.table["measure"] if m.startswith("time in remission"))
    _bars(panels[3], result, remission, (names, colour))
    for panel, (measure, _) in zip(panels[4:], COSTS, strict=True):
        _bars(panel, result, measure, (names, colour))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(names), 7), frameon=False, fontsize=8)
    head = f"StrategiesRecord in {result.disease}: {result.recipe['patients']} virtual patients"
    figure.suptitle(f"{head}\n{result.recipe['notice']}", fontsize=10)
    on_figure(figure, result.recipe, 150)
    return figure


def _bars(panel: Any, result: StrategiesRecord, measure: str, shown: tuple[list[str], dict[str, str]]) -> None:
    """One measure of each strategy as a point with its interval."""
    from baxis.core.showing.drawing import label

    names, colour = shown
    rows = result.table[result.table["measure"] == measure].set_index("strategy")
    for i, name in enumerate(names):
        row = rows.loc[name]
        panel.plot([row["low"], row["high"]], [i, i], color=colour[name], lw=2)
        panel.plot([row["value"]], [i], "o", color=colour[name], ms=5)
    panel.set_yticks(range(len(names)), [label(n, 30) for n in names], fontsize=8)
    panel.invert_yaxis()
    panel.set_xlim(left=0)
    unit = rows["unit"].iloc[0].replace("1/(100 year)", "per 100 patient-years")
    known = rows["value"].notna().any()
    panel.set_xlabel(f"{measure}, {unit} (90 %)" if known else f"{measure}: no published rate", fontsize=8)
