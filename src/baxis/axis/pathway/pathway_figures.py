"""Figures of the axis: the course of one stimulated cell."""

from __future__ import annotations

from pathlib import Path

from baxis.axis.pathway.stimulation import Stimulation

_PANELS = ("pSYK", "pPLCG2", "Ca2+", "pERK", "pAKT", "NF-kB", "NFAT", "CD69")


def stimulation_figure(result: Stimulation, file: str | Path) -> None:
    """Eight read-outs over time (minutes, log scale after the first) as a PNG or whatever the suffix says."""
    from baxis.core.showing.drawing import Drawing, label

    figure = Drawing(figsize=(11, 5), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True)
    for ax, name in zip(axes.ravel(), _PANELS, strict=True):
        ax.plot(result.minutes, result.values[name], color="#1f5a85", lw=1.8)
        ax.set_title(name, fontsize=10)
        ax.set_xscale("symlog", linthresh=1.0)
        ax.set_xlim(0, result.minutes[-1])
        ax.set_xticks([0, 1, 10, 60, 480, 2880], ["0", "1", "10", "60", "480", "2880"], fontsize=8)
        ax.set_ylim(bottom=0)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel("minutes")
    figure.supylabel("active share or relative level", fontsize=9)
    figure.suptitle(label(f"Isolated cell: {result.condition}", 110), fontsize=10)
    figure.savefig(file, dpi=150)
