"""The Pathway page's figures as Plotly data: the signalling module as a map, one read-out's course."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from baxis.axis.assembly.compose import signalling_rows
from baxis.axis.pathway.stimulation import READOUTS, Stimulation

# where a read-out stands: across, and down from the receptor to the fate of the cell
PLACE = {
    "pCD22": (0.6, 0.0), "pCD79": (2.0, 0.0), "pCD19": (3.4, 0.0), "TLR": (5.2, 0.0),
    "pSYK": (1.3, 1.0), "PIP3": (3.4, 1.0), "pBTK": (2.3, 1.6), "pAKT": (4.4, 1.6), "pPLCG2": (1.3, 2.3),
    "mTORC1": (5.2, 2.4), "FOXO1": (4.2, 2.7), "Ca2+": (0.5, 3.1), "pERK": (1.5, 3.3), "IKK": (2.7, 3.1), "p52": (5.2, 3.4),
    "NFAT": (0.5, 4.1), "NF-kB": (2.9, 4.1), "CD69": (0.7, 5.1), "survival": (4.6, 5.1), "proliferation": (2.0, 5.3),
    "plasma-cell drive": (3.4, 5.6),
}  # fmt: skip
COLOURS = [[0.0, "#2166ac"], [0.25, "#92c5de"], [0.5, "#f7f7f7"], [0.75, "#f4a582"], [1.0, "#b2541a"]]
SCALE = {
    "orientation": "h", "thickness": 9, "len": 0.5, "x": 0.5, "y": -0.02, "yanchor": "top", "outlinewidth": 0,
    "tickvals": [-1, -0.5, 0, 0.5, 1], "ticktext": ["-100 %", "-50 %", "as healthy", "+50 %", "+100 %"], "tickfont": {"size": 10.5},
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z_]\w*")
BASE, ASKED, INK = "#6b7a88", "#0072b2", "#16222e"


@lru_cache(maxsize=1)
def equations() -> dict[str, str]:
    """Right-hand side of every rule and rate of the signalling module by the name it defines."""
    return {name: text for name, _, text in signalling_rows()}


def names_in(variable: str) -> list[str]:
    """Names in the equation of a variable, in their order, without itself."""
    return [n for n in dict.fromkeys(_NAME.findall(equations()[variable])) if n != variable]


@lru_cache(maxsize=64)
def reached(readout: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read-outs, then parameters, in the equation of a read-out or of the undrawn variables it holds."""
    shown = {v: k for k, v in READOUTS.items()}
    seen: dict[str, None] = {}
    todo = names_in(READOUTS[readout])
    while todo:
        n = todo.pop(0)
        if n not in seen:
            seen[n] = None
            todo += names_in(n) if n in equations() and n not in shown else []
    others = tuple(shown[n] for n in seen if n in shown and shown[n] != readout)
    return others, tuple(n for n in seen if n not in equations())


@lru_cache(maxsize=1)
def arrows() -> tuple[tuple[str, str], ...]:
    """Pairs of read-outs where the second's equation holds the first, at once or through variables not drawn."""
    return tuple(sorted((source, target) for target in READOUTS for source in reached(target)[0]))


def percent(change: float) -> str:
    """A difference in whole per cent; one that rounds to nothing has no sign."""
    return f"{100 * change:+.0f}\u00a0%" if abs(change) >= 0.005 else "0\u00a0%"


def network(change: Mapping[str, float]) -> dict[str, Any]:
    """Nodes coloured by their difference from the healthy cell (-1 to 1), with its sign as text; arrows between them."""
    names = list(PLACE)
    notes = [
        {
            "x": PLACE[b][0], "y": PLACE[b][1], "ax": PLACE[a][0], "ay": PLACE[a][1], "axref": "x", "ayref": "y",
            "showarrow": True, "text": "", "arrowhead": 2, "arrowsize": 1, "arrowwidth": 1, "arrowcolor": "#b4bec8",
            "standoff": 28, "startstandoff": 27,
        }
        for a, b in arrows()
    ]  # fmt: skip
    node = {
        "x": [PLACE[n][0] for n in names], "y": [PLACE[n][1] for n in names], "mode": "markers+text",
        "text": [f"<b>{n.replace(' ', '<br>')}</b><br>{percent(change[n])}" for n in names], "customdata": names, "hoverinfo": "text",
        "textfont": {"size": 10.5, "color": [INK if abs(change[n]) < 0.6 else "#fff" for n in names]},
        "marker": {
            "size": 54, "color": [change[n] for n in names], "colorscale": COLOURS, "cmin": -1, "cmax": 1, "showscale": True,
            "colorbar": SCALE,
            "line": {"color": "#7d8994", "width": 1}, "opacity": 1,
        },
    }  # fmt: skip
    bare: dict[str, Any] = {"visible": False, "fixedrange": True}
    layout = {
        "height": 620, "margin": {"l": 4, "r": 4, "t": 4, "b": 46}, "showlegend": False, "annotations": notes,
        "xaxis": bare | {"range": [-0.1, 5.8]}, "yaxis": bare | {"range": [6.1, -0.5]}, "hovermode": "closest",
    }  # fmt: skip
    said = "; ".join(f"{n} {percent(change[n])}" for n in names)
    return {"data": [node], "layout": layout, "label": f"Signalling map: {said}"}


def lines(name: str, base: Stimulation, asked: Stimulation, about: tuple[str, int]) -> dict[str, Any]:
    """Course of a read-out in the healthy and the asked cell on a logarithmic time axis from half a minute."""
    words, step = about
    data = []
    for label, run, colour, dash in (("healthy, no inhibitor", base, BASE, "dash"), (words, asked, ASKED, "solid")):
        x, y = run.minutes[1:].tolist(), run.values[name][1:].tolist()
        line = {"color": colour, "dash": dash, "width": 2.2}
        data.append({"x": x, "y": y, "mode": "lines", "name": label, "line": line})
    now = max(float(base.minutes[step]), 0.5)
    layout = {
        "height": 290, "margin": {"l": 56, "r": 10, "t": 34, "b": 90}, "showlegend": True,
        "title": {"text": f"{name} after the stimulus", "font": {"size": 13.5}, "x": 0.01, "xanchor": "left"},
        "legend": {"orientation": "h", "y": -0.36, "yanchor": "top", "x": 0, "font": {"size": 11}},
        "xaxis": {"type": "log", "title": {"text": "minutes", "standoff": 3}, "tickvals": [0.5, 1, 5, 15, 60, 240, 1440, 2880],
                  "showgrid": False, "zeroline": False, "linecolor": "#8a97a3"},
        "yaxis": {"title": {"text": "activity"}, "zeroline": False, "gridcolor": "#eef1f4", "rangemode": "tozero"},
        "shapes": [{"type": "line", "x0": now, "x1": now, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": "#b4bec8", "width": 1}}],
    }  # fmt: skip
    return {"data": data, "layout": layout, "label": f"{name} over time in the healthy and the asked cell"}
