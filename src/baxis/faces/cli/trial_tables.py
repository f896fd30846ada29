"""Tables that `baxis trial` prints beside its endpoints: baseline, uncertainty by source, conduct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...clinic.intervals import PARTS

if TYPE_CHECKING:
    from ...clinic.result import TrialResult


def _table(title: str, names: tuple[str, ...], right: tuple[str, ...]) -> Any:
    from rich import box
    from rich.table import Table

    out = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    for name in names:
        out.add_column(name, no_wrap=True)
    for name in right:
        out.add_column(name, justify="right", no_wrap=True)
    return out


def baseline(result: TrialResult) -> Any:
    """Published baseline beside the virtual patients'."""
    out = _table("Baseline: mean (sd)", ("characteristic",), ("published", "simulated", "std. difference", ""))
    for r in result.baseline.to_dict("records"):
        cells = [_moments(r["published"], r["published_sd"]), _moments(r["simulated"], r["simulated_sd"])]
        gap = "-" if r["difference"] != r["difference"] else f"{r['difference']:+.2f}"
        out.add_row(f"{r['characteristic']}, {r['unit']}", *cells, gap, r["flag"])
    return out


def _moments(mean: float, sd: float) -> str:
    if mean != mean:
        return "-"
    return f"{mean:.3g}" + (f" ({sd:.2g})" if sd == sd else "")


def apart(result: TrialResult) -> Any:
    """90 % intervals of the primary endpoint's differences, each source of uncertainty by itself."""
    from .trial import FORMATS, span

    e = result.design.primary
    title = f"90 % interval by source of uncertainty: {e.name}, week {e.week:g}"
    out = _table(title, ("arm",), ("parameters", "simulated patients", "trial of its size", "all"))
    rows = result.contrasts
    for r in rows[(rows.endpoint == e.name) & (rows.week == e.week)].to_dict("records"):
        out.add_row(r["arm_id"], *(span(r[p], FORMATS[r["scale"]]) for p in (*PARTS, "pi90")))
    return out


def conduct(result: TrialResult) -> Any:
    """Who dropped out, was rescued, switched or was randomised, one column an arm."""
    arms = list(dict.fromkeys(result.conduct["arm_id"]))
    out = _table("Conduct: share of patients by the end", ("",), tuple(arms))
    share = {(r["event"], r["arm_id"]): r["share"] for r in result.conduct.to_dict("records")}
    for event in dict.fromkeys(result.conduct["event"]):
        cells = [f"{100 * share[event, a]:.0f} %" if (event, a) in share else "" for a in arms]
        out.add_row(event, *cells)
    return out
