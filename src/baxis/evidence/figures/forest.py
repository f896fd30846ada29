"""Forest plot of a meta-analysis: studies by group, diamonds, prediction interval, heterogeneity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baxis.core import library
from baxis.core.storing.written import fixed
from baxis.evidence.figures.style import BLUE, GREY, INK, LIGHT, fitted, inches, new_figure, rc
from baxis.evidence.meta.effects import SCALE_NAMES
from baxis.evidence.meta.run import MetaResult
from baxis.evidence.meta.wording import level_text, p_text, variance_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.185  # inches a row
WIDTH = 9.2
# Columns of text, as shares of the figure's width.
X_STUDY, X_DRUG, X_ACTIVE, X_CONTROL, X_PLOT, X_PLOT_END, X_EFFECT, X_WEIGHT = (
    0.012, 0.225, 0.437, 0.517, 0.547, 0.800, 0.930, 0.99,
)  # fmt: skip


def forest(result: MetaResult, title: str = "") -> Figure:
    """Figure of the result (width 9.2 in, height by rows); save it with `style.save`."""
    with rc():
        lines = _layout(result)
        left_out = _left_out_text(result)
        head, foot = 0.62, 0.85 + 0.13 * len(left_out)
        height = head + foot + ROW * len(lines)
        figure = new_figure(WIDTH, height)
        ax = figure.add_axes((X_PLOT, foot / height, _plot_end(result) - X_PLOT, (ROW * len(lines)) / height))
        _axis(ax, result, len(lines))
        for i, line in enumerate(lines):
            _draw(figure, ax, result, line, len(lines) - 1 - i)
        _header(figure, ax, result, title, height)
        _footer(figure, result, left_out, height)
        return figure


def _plot_end(result: MetaResult) -> float:
    """Right edge of the plot: left of the widest interval in words."""
    half = result.half_widths()
    ends = [(y, y - h, y + h) for y, h in zip(result.effects.y, half, strict=True)]
    fits = [result.overall, *(result.by_group.groups.values() if result.by_group else ())]
    ends += [(f.beta[0], f.ci_low[0], f.ci_high[0]) for f in fits]
    widest = max(inches(_interval(result, e), "bold") for e in ends)
    return min(X_PLOT_END, X_EFFECT - widest / WIDTH - 0.012)


def _interval(result: MetaResult, estimate: tuple[float, float, float]) -> str:
    mean, low, high = (_fmt(result, float(v)) for v in estimate)
    return f"{mean} [{low}, {high}]"


def _layout(result: MetaResult) -> list[tuple[str, object]]:
    """Rows from top: group head, its studies, its pooled line; then all."""
    lines: list[tuple[str, object]] = []
    if result.by_group is None:
        lines += [("study", i) for i in range(len(result.comparisons))]
    else:
        for name in result.by_group.groups:
            lines.append(("head", name))
            lines += [("study", i) for i, g in enumerate(result.groups) if g == name]
            if result.by_group.groups[name].k > 1:
                lines.append(("pooled", name))
    return [*lines, ("gap", ""), ("all", ""), ("prediction", "")]


def _span(result: MetaResult) -> tuple[float, float]:
    half = result.half_widths()
    low, high = result.effects.y - half, result.effects.y + half
    clip = 3.2 * float(np.median(half)) + float(np.ptp(result.effects.y)) / 2
    centre = float(result.overall.beta[0])
    ends = [max(low.min(), centre - clip), min(high.max(), centre + clip), 0.0]
    p = result.prediction
    ends += [x for x in (p.pi_low, p.pi_high) if np.isfinite(x) and abs(x - centre) < clip]
    pad = 0.05 * (max(ends) - min(ends))
    return min(ends) - pad, max(ends) + pad


def _axis(ax: Axes, result: MetaResult, rows: int) -> None:
    low, high = _span(result)
    ax.set_xlim(low, high)
    ax.set_ylim(-0.5, rows - 0.5)
    ax.set_yticks([])
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ticks, labels = _ticks(low, high, result.scale)
    ax.set_xticks(ticks, labels)
    ax.tick_params(length=3, width=0.7)
    ax.axvline(0, color=INK, lw=0.7, zorder=1)
    ax.axvline(result.overall.beta[0], color=GREY, lw=0.7, ls=(0, (3, 3)), zorder=1)
    name = SCALE_NAMES[result.scale]
    unit = " (log scale)" if result.effects.is_log else ", percentage points (pp)" if result.scale == "RD" else ""
    ax.set_xlabel(name[0].upper() + name[1:] + unit, labelpad=11)
    if result.benefit:
        sides = ("control better", "active better")[:: result.benefit]
        for x, ha, text in ((low, "left", f"← {sides[0]}"), (high, "right", f"{sides[1]} →")):
            ax.annotate(
                text, (x, 0), (0, -15), ("data", "axes fraction"), "offset points",
                ha=ha, va="top", fontsize=7, color=GREY, annotation_clip=False,
            )  # fmt: skip


def _ticks(low: float, high: float, scale: str) -> tuple[list[float], list[str]]:
    from matplotlib.ticker import MaxNLocator

    if scale in ("OR", "RR", "HR", "RATE"):
        nice = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
        if high - low < 1.6:
            nice = [0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4]
        shown = [t for t in nice if low <= np.log(t) <= high]
        return [float(np.log(t)) for t in shown], [f"{t:g}" for t in shown]
    ticks = [t for t in MaxNLocator(6).tick_values(low, high) if low <= t <= high]
    if scale == "RD":
        return ticks, [minus(f"{100 * t:+.0f}") if t else "0" for t in ticks]
    return ticks, [minus(f"{t:g}") for t in ticks]


def _draw(figure: Figure, ax: Axes, result: MetaResult, line: tuple[str, object], y: int) -> None:
    kind, key = line
    if kind == "study":
        _study(figure, ax, result, int(key), y)  # type: ignore[call-overload]
    elif kind == "head":
        _text(figure, ax, X_STUDY, y, fitted(str(key), WIDTH * (X_PLOT - X_STUDY), 8, "bold"), weight="bold")
    elif kind == "pooled" and result.by_group is not None:
        fit = result.by_group.groups[str(key)]
        _diamond(ax, fit.predict(), y, GREY)
        _text(figure, ax, X_STUDY + 0.01, y, f"Pooled, k = {fit.k}; I² {fit.i2:.0f} %", style="italic")
        _numbers(figure, ax, result, (fit.beta[0], fit.ci_low[0], fit.ci_high[0]), y, "normal")
    elif kind == "all":
        ax.axhspan(y - 0.5, y + 0.5, color=LIGHT, lw=0, zorder=0)
        fit = result.overall
        _diamond(ax, result.prediction, y, BLUE)
        _text(figure, ax, X_STUDY, y, f"All comparisons, k = {fit.k} ({_model(result)})", weight="bold")
        _numbers(figure, ax, result, (fit.beta[0], fit.ci_low[0], fit.ci_high[0]), y, "bold")
    elif kind == "prediction" and np.isfinite(result.prediction.pi_low):
        p = result.prediction
        lo, hi = ax.get_xlim()
        ax.plot([max(p.pi_low, lo), min(p.pi_high, hi)], [y, y], color=BLUE, lw=2.2, solid_capstyle="butt")
        _text(figure, ax, X_STUDY, y, f"{level_text(result.level)} prediction interval of a new trial")
        text = f"[{_fmt(result, p.pi_low)}, {_fmt(result, p.pi_high)}]"
        _text(figure, ax, X_EFFECT, y, text, ha="right")


def _study(figure: Figure, ax: Axes, result: MetaResult, i: int, y: int) -> None:
    c, e = result.comparisons[i], result.effects
    half = float(result.half_widths()[i])
    lo, hi = ax.get_xlim()
    ends = (max(e.y[i] - half, lo), min(e.y[i] + half, hi))
    ax.plot(ends, [y, y], color=INK, lw=0.9, zorder=2, solid_capstyle="butt")
    for end, want, mark in ((ends[0], e.y[i] - half, "<"), (ends[1], e.y[i] + half, ">")):
        if end != want:
            ax.plot([end], [y], marker=mark, ms=3.5, color=INK, zorder=3, clip_on=False)
    share = result.overall.weights[i] / result.overall.weights.max()
    ax.scatter([e.y[i]], [y], s=10 + 42 * share, marker="s", color=BLUE, zorder=3, linewidths=0)
    flag = "" if c.trial.role == "calibration" else {"validation": " ‡", "context": " †"}.get(c.trial.role, " §")
    year = "" if c.trial.year != c.trial.year else f" {c.trial.year:.0f}"
    active = _cell(result, c.active)
    tail = year + flag
    wide = WIDTH * (X_DRUG - X_STUDY - 0.018) - inches(tail)
    _text(figure, ax, X_STUDY + 0.01, y, fitted(c.label, wide, 8) + tail)
    _text(figure, ax, X_DRUG, y, fitted(c.drug, WIDTH * (X_ACTIVE - X_DRUG - 0.012) - inches(active), 8))
    _text(figure, ax, X_ACTIVE, y, active, ha="right")
    _text(figure, ax, X_CONTROL, y, _cell(result, (c.control,)), ha="right")
    _numbers(figure, ax, result, (e.y[i], e.y[i] - half, e.y[i] + half), y, "normal")
    _text(figure, ax, X_WEIGHT, y, f"{result.overall.weights[i]:.1f}", ha="right")


def _cell(result: MetaResult, arms: tuple) -> str:  # type: ignore[type-arg]
    n = sum(a.n for a in arms)
    if result.scale in ("RD", "RR", "OR") and all(a.value == a.value and a.n == a.n for a in arms):
        return f"{sum(a.events for a in arms):.0f}/{n:.0f}"
    if len(arms) == 1:
        mean = arms[0].value
    else:
        mean = sum(a.value * a.n for a in arms) / n if n == n and n > 0 else float("nan")
    if mean != mean:
        return f"{n:.0f}" if n == n else ""
    return minus(f"{mean:.2f}") + (f" ({n:.0f})" if n == n else "")


def _diamond(ax: Axes, p: object, y: int, color: str) -> None:
    lo, hi = ax.get_xlim()
    x = np.clip([p.ci_low, p.mean, p.ci_high, p.mean], lo, hi)  # type: ignore[attr-defined]
    ax.fill(x, [y, y + 0.33, y, y - 0.33], color=color, lw=0, zorder=3)


def _numbers(
    figure: Figure, ax: Axes, result: MetaResult, estimate: tuple[float, float, float], y: int, weight: str
) -> None:
    _text(figure, ax, X_EFFECT, y, _interval(result, estimate), ha="right", weight=weight)


def _fmt(result: MetaResult, value: float) -> str:
    if not np.isfinite(value):
        return "–"
    shown = result.shown(value)
    text = fixed(100 * value, 1) if result.scale == "RD" else fixed(shown, 2)
    if result.effects.is_log and not 0.005 <= shown < 1000:
        text = "<0.01" if shown < 1 else ">1000"
    return minus(text)


def minus(text: str) -> str:
    """Hyphens before digits as minus signs."""
    return text.replace("-", "−")


def _text(figure: Figure, ax: Axes, x: float, row: float, text: str, **kw: str) -> None:
    low, high = ax.get_ylim()
    box = ax.get_position()
    y = box.y0 + (row - low) / (high - low) * box.height
    kw.setdefault("ha", "left")
    figure.text(x, y, text, va="center", **kw)  # type: ignore[arg-type]


def _header(figure: Figure, ax: Axes, result: MetaResult, title: str, height: float) -> None:
    q = result.query
    where = ", ".join(q.diseases) or "all diseases"
    control = "placebo" if q.control == "placebo" else "control"
    text = title or f"{endpoint_title(q.endpoint)} in {where}: active against {control}"
    text = fitted(text, WIDTH * (X_WEIGHT - X_STUDY), 10, "bold")
    figure.text(X_STUDY, 1 - 0.17 / height, text, fontsize=10, weight="bold", va="center")
    y = 1 - 0.46 / height
    binary = result.scale in ("RD", "RR", "OR")
    unit = {"RD": ", pp"}.get(result.scale, "")
    name = SCALE_NAMES[result.scale]
    level = f"[{level_text(result.level)} CI]"
    for x, label, ha in (
        (X_STUDY, "Trial", "left"), (X_DRUG, "Drug", "left"),
        (X_ACTIVE, "Active n/N" if binary else "Active (N)", "right"),
        (X_CONTROL, "Control n/N" if binary else "Control (N)", "right"),
        (X_EFFECT, f"{name[0].upper() + name[1:]}{unit} {level}", "right"), (X_WEIGHT, "Weight", "right"),
    ):  # fmt: skip
        figure.text(x, y, label, ha=ha, va="center", weight="bold", fontsize=7.5)
    from matplotlib.lines import Line2D

    line = 1 - 0.58 / height
    figure.add_artist(Line2D([X_STUDY, X_WEIGHT], [line, line], color=INK, lw=0.7))


def endpoint_title(endpoint: str) -> str:
    """Name of an endpoint for a title: its code where that is a word of the field, else its title in the tables."""
    if "_" not in endpoint:
        return endpoint
    rows = {r["endpoint"]: r["title"] for r in library.read_table("evidence/endpoints")}
    text = rows.get(endpoint) or endpoint.replace("_", " ")
    return text[0].upper() + text[1:]


def _footer(figure: Figure, result: MetaResult, left_out: list[str], height: float) -> None:
    fit = result.overall
    low, high = fit.tau2_ci
    between = (
        "τ² not estimated (fixed effect)"
        if fit.options.model == "FE"
        else f"τ² = {variance_text(fit.tau2)} "
        f"({level_text(result.level)} interval {variance_text(low)} to {variance_text(high)})"
    )
    text = f"Heterogeneity: {between}, I² = {fit.i2:.0f} %, Q = {fit.q:.1f} on {fit.q_df} df (p {p_text(fit.q_p)})."
    if result.by_group is not None and result.by_group.df > 0:
        g = result.by_group
        text += f" Between groups: Q = {g.q_between:.1f} on {g.df} df (p {p_text(g.p_value)})."
    roles = {c.trial.role for c in result.comparisons}
    marks = [m for r, m in (("validation", "‡ validation trial"), ("context", "† context trial")) if r in roles]
    lines = [text, *([". ".join(marks) + "."] if marks else []), *left_out]
    for i, line in enumerate(reversed(lines)):
        figure.text(X_STUDY, (0.09 + 0.13 * i) / height, line, fontsize=6.8, color=INK, va="center")


def _left_out_text(result: MetaResult, width: int = 175) -> list[str]:
    import textwrap

    from baxis.evidence.meta.run import left_out_by_reason

    parts = [f"{', '.join(labels)}: {why}" for why, labels in left_out_by_reason(result).items()]
    notes = result.effects.notes
    out = [line for part in parts for line in textwrap.wrap(f"Left out: {part}.", width)]
    return out + (textwrap.wrap("Note: " + "; ".join(notes) + ".", width) if notes else [])


def _model(result: MetaResult) -> str:
    o = result.overall.options
    name = {"FE": "fixed effect", "DL": "DerSimonian–Laird", "PM": "Paule–Mandel"}.get(o.model, o.model)
    return name + (", Hartung–Knapp" if o.knha else "")
