"""Picture of the map: one band a layer, boxes coloured by direction in the disease, arrows and bars for the sign."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from baxis.evidence.figures.style import GREY, INK, new_figure, rc
from baxis.evidence.graph.build import LAYERS, MechanismMap, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito hues, told apart with any colour vision; the letter in the box says the same without colour.
FILL = {"up": "#f3b58f", "down": "#9cc9e8", "mixed": "#d9b8d6", "altered": "#f4e29a", "": "#f7f7f7"}
MARK = {"up": "▲", "down": "▼", "mixed": "◆", "altered": "●", "": ""}
UP, DOWN, BOTH = "#009e73", "#d55e00", "#7b3294"
PER_ROW = 14  # boxes in a line at most
WIDE = 13.0  # width of a line, in the units of a box
BAND = 1.0  # height of a line of boxes


def place(built: MechanismMap) -> dict[str, tuple[float, float]]:
    """Position of every drawn node: rows by layer from the top, order within a row by neighbours."""
    edges = drawn(built)
    marked = {n for n, d in built.graph.nodes(data=True) if d["direction"] and not d["state"]}
    names = sorted({n for a, b, _ in edges for n in (a, b)} | marked)
    layer = {n: built.graph.nodes[n]["layer"] for n in names}
    rows = {k: [n for n in names if layer[n] == k] for k in LAYERS}
    near: dict[str, list[str]] = {n: [] for n in names}
    for a, b, _ in edges:
        near[a].append(b)
        near[b].append(a)
    order = {n: i / max(1, len(row) - 1) for row in rows.values() for i, n in enumerate(row)}
    for sweep in range(24):  # barycentres, down and up in turn
        for k in list(LAYERS) if sweep % 2 == 0 else reversed(list(LAYERS)):
            mean = {n: _mean([order[m] for m in near[n] if layer[m] != k], order[n]) for n in rows[k]}
            rows[k].sort(key=lambda n: (mean[n], n))
            for i, n in enumerate(rows[k]):
                order[n] = i / max(1, len(rows[k]) - 1) if len(rows[k]) > 1 else 0.5
    return _grid(rows)


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _grid(rows: dict[int, list[str]]) -> dict[str, tuple[float, float]]:
    """x from 0 to WIDE; a layer too wide for one line is folded into several, neighbours one under another."""
    at: dict[str, tuple[float, float]] = {}
    y = 0.0
    for names in rows.values():
        lines = max(1, -(-len(names) // PER_ROW), round(sum(2 * _size(n)[1] + 0.12 for n in names) / WIDE + 0.35))
        for line in range(lines):
            row = names[line::lines]
            free = WIDE - sum(2 * _size(n)[1] for n in row)
            gap, x = free / max(len(row), 1), 0.0
            for n in row:
                half = _size(n)[1]
                at[n] = (x + gap / 2 + half, y - BAND * line)
                x += gap + 2 * half
        y -= BAND * lines + 0.45
    return at


def _size(name: str) -> tuple[list[str], float, float]:
    """Lines of text, half width and half height of a box."""
    lines = textwrap.wrap(name, 16, max_lines=4, placeholder="…") or [name]
    return lines, max(0.043 * max(len(t) for t in lines) + 0.08, 0.22), 0.075 + 0.098 * len(lines)


def draw(built: MechanismMap) -> Figure:
    """Figure, 15 inches wide; height by the number of rows."""
    at = place(built)
    bottom = min((y for _, y in at.values()), default=0.0)
    height = 0.8 * (-bottom + BAND) + 1.3
    with rc():
        figure = new_figure(15.0, height)
        ax = figure.add_axes((0.105, 0.9 / height, 0.885, 1 - 1.45 / height))
        ax.set_xlim(-0.1, WIDE + 0.1)
        ax.set_ylim(bottom - 0.6, 0.85)
        ax.axis("off")
        _bands(ax, built, at)
        boxes = {n: _size(n) for n in at}
        for a, b, data in sorted(drawn(built), key=lambda e: e[2]["scope"], reverse=True):
            _edge(ax, at, boxes, (a, b, data))
        for n, (x, y) in at.items():
            _box(ax, n, (x, y), built.graph.nodes[n], boxes[n])
        _legend(figure, height)
        shown = len({c for *_, d in drawn(built) for c in d["claims"]})
        text = f"B-cell axis in {built.disease}: {shown} of {built.claims} claims drawn"
        figure.text(0.012, 1 - 0.3 / height, text, fontsize=13, weight="bold", va="center")
        return figure


def _bands(ax: Axes, built: MechanismMap, at: dict[str, tuple[float, float]]) -> None:
    for k, name in LAYERS.items():
        ys = [at[n][1] for n in at if built.graph.nodes[n]["layer"] == k]
        if not ys:
            continue
        low, high = min(ys) - 0.47, max(ys) + 0.47
        ax.axhspan(low, high, color="#f0f3f5" if k % 2 else "#fafafa", lw=0, zorder=0)
        label = "\n".join(textwrap.wrap(name, 16))
        ax.text(-0.2, (low + high) / 2, label, ha="right", va="center", fontsize=9, weight="bold", clip_on=False)


def _box(ax: Axes, name: str, at: tuple[float, float], data: dict[str, Any], size: Any) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (lines, w, h) = at, size
    patch = FancyBboxPatch(
        (x - w, y - h), 2 * w, 2 * h, boxstyle="round,pad=0,rounding_size=0.07", fc=FILL[data["direction"]],
        ec=INK, lw=1.3 if data["direction"] else 0.6, ls="--" if data["drug"] else "-", zorder=4,
    )  # fmt: skip
    ax.add_patch(patch)
    ax.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=7, zorder=5, linespacing=1.0)
    if MARK[data["direction"]]:
        ax.text(x + w, y + h, MARK[data["direction"]], ha="center", va="center", fontsize=7, zorder=6,
                fontfamily="DejaVu Sans")  # fmt: skip


def _edge(ax: Axes, at: dict[str, tuple[float, float]], boxes: Any, edge: tuple[str, str, dict[str, Any]]) -> None:
    from matplotlib.patches import FancyArrowPatch

    a, b, data = edge
    color = BOTH if data["contested"] else {1: UP, -1: DOWN, 0: GREY}[data["sign"]]
    own = data["scope"] == "disease"
    style = {1: "-|>,head_length=3.6,head_width=1.7", -1: "|-|,widthA=0,widthB=2.6", 0: "-"}[data["sign"]]
    (x0, y0), (x1, y1) = _ends(at[a], at[b], boxes[a], boxes[b])
    same = abs(at[a][1] - at[b][1]) < 0.3
    bend = -min(0.28, 0.62 / max(abs(x1 - x0), 0.1)) if same else 0.06
    patch = FancyArrowPatch(
        (x0, y0), (x1, y1), arrowstyle=style, connectionstyle=f"arc3,rad={bend if x0 <= x1 else -bend}",
        color=color, lw=1.5 if own else 0.7, alpha=0.95 if own else 0.42, shrinkA=0, shrinkB=1,
        ls=(0, (2, 2)) if data["sign"] == 0 else "-", zorder=3 if own else 2,
    )  # fmt: skip
    ax.add_patch(patch)
    if data["contested"]:
        ax.text((x0 + x1) / 2, (y0 + y1) / 2, "±", color=BOTH, fontsize=10, weight="bold", ha="center", va="center",
                zorder=6)  # fmt: skip


def _ends(p: tuple[float, float], q: tuple[float, float], a: Any, b: Any) -> tuple[tuple[float, float], ...]:
    """Where an edge leaves and meets the boxes."""
    if abs(p[1] - q[1]) < 0.3:  # one row: from and to the upper sides
        return (p[0], p[1] + a[2]), (q[0], q[1] + b[2])
    down = p[1] > q[1]
    x0 = min(max(q[0], p[0] - 0.7 * a[1]), p[0] + 0.7 * a[1])
    x1 = min(max(p[0], q[0] - 0.7 * b[1]), q[0] + 0.7 * b[1])
    return (x0, p[1] + (-a[2] if down else a[2])), (x1, q[1] + (b[2] if down else -b[2]))


def _legend(figure: Figure, height: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    boxes = [
        Patch(fc=FILL[k], ec=INK, lw=0.8, label=f"{MARK[k]} {text}")
        for k, text in (
            ("up", "up in this disease"),
            ("down", "down"),
            ("mixed", "claims of both"),
            ("altered", "altered"),
        )
    ]
    from matplotlib import rc_context

    with rc_context({"text.parse_math": True}):
        contested = Line2D([], [], color=BOTH, lw=1.5, marker="$±$", ms=7, label="contested")
    lines = [
        Line2D([], [], color=UP, lw=1.5, marker=">", ms=5, label="activates, increases"),
        Line2D([], [], color=DOWN, lw=1.5, marker="|", ms=7, label="inhibits, decreases"),
        Line2D([], [], color=GREY, lw=1.2, ls=(0, (2, 2)), label="correlates, binds, predicts"),
        contested,
        Line2D([], [], color=INK, lw=1.5, label="shown in this disease"),
        Line2D([], [], color=INK, lw=0.7, alpha=0.45, label="general"),
    ]
    with rc_context({"font.sans-serif": ["DejaVu Sans"]}):
        figure.legend(
            handles=[*boxes, *lines], loc="lower center", ncol=10, frameon=False, fontsize=7.5,
            bbox_to_anchor=(0.5, 0.12 / height), handlelength=1.8, columnspacing=1.2,
        )  # fmt: skip
