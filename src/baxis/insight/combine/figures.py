"""One figure of a combination: dose-response alone and together, and excess over the nulls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .result import Combination


def overview(c: Combination) -> Figure:
    """Left: effect against dose for each drug alone and all together; right: excess over each null at full doses."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(10.5, 4.2), layout="constrained")
    left, right = fig.subplots(1, 2)
    shown = c.surface[c.surface["structure"] == "additive"]
    k = len(c.drugs)
    for i, name in enumerate(c.drugs):
        alone = shown[shown["doses"].map(lambda d, i=i: sum(d) == d[i])]
        x = np.array([d[i] for d in alone["doses"]])
        order = np.argsort(x)
        left.plot(x[order], 100 * alone["effect"].to_numpy()[order], "o-", ms=4, label=f"{name} alone")
    equal = shown[shown["doses"].map(lambda d: len(set(d)) == 1)]
    left.plot(
        [d[0] for d in equal["doses"]], 100 * equal["effect"], "ks-", ms=5, label="together, same fraction of each"
    )
    left.set(xlabel="fraction of the usual dose", ylabel=f"effect on {c.endpoint} (%)")
    left.legend(frameon=False, fontsize=8)
    full = c.synergy[c.synergy["doses"].map(lambda d: d == (1.0,) * k)]
    for j, (structure, color) in enumerate((("additive", "#1f6f8b"), ("product", "#c26a2d"))):
        for i, row in enumerate(full.to_dict("records")):
            y = i + 0.16 * (2 * j - 1)
            low, high = (100 * v for v in row[f"{structure} 90 %"])
            right.plot([low, high], [y, y], color=color, lw=2)
            label = f"arms of inflammation: {structure}" if i == 0 else None
            right.plot(100 * row[structure], y, "o", color=color, label=label)
    right.axvline(0, color="0.6", lw=0.8)
    right.set_yticks(range(len(full)), list(full["null"]))
    right.set(
        xlabel="excess over the null at full doses (points of effect, 90 % interval)", ylim=(len(full) - 0.4, -0.6)
    )
    right.legend(frameon=False, fontsize=8, loc="best")
    fig.suptitle(f"{' + '.join(c.drugs)} in {c.disease}, week {c.recipe['weeks']:g}", fontsize=11)
    return fig
