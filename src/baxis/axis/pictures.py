"""A picture of each module, drawn from the model itself: which states push each of its states up or down at rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core import library
from . import loops

# The disease at whose rest a module is drawn: one in which all of its states are alive.
DISEASES = {"signalling": "SLE", "bcells": "SLE", "immune": "SLE", "tissue": "RA"}
MODULES = tuple(DISEASES)
PREFIX = {"signalling": "A_"}  # three instances with the same equations: the autoreactive cell's is drawn
CAPTION = """How much each state of the module (rows) is raised (violet) or lowered (orange) when a state (columns) is higher: the
Jacobian at the rest of {disease} without a drug, times the column's value, by the row's own turnover. Left of the line the
module's own states, right of it those of other modules. Influences under 2 % of the row's turnover are not drawn."""
SHOWN = 0.02


def influence(module: str) -> tuple[list[str], list[str], int, np.ndarray]:
    """(rows, columns, how many columns are the module's own, matrix): change of a state's rate per relative change of
    another, in units of the row's own turnover; the diagonal is left out."""
    names, jac, y = loops.whole(DISEASES[module])
    own = [r["name"] for r in library.read_table("states") if r["module"] == module]
    rows = [i for n in own for i, full in enumerate(names) if full == PREFIX.get(module, "") + n]
    turnover = np.abs(np.diag(jac) * y)
    scaled = jac * y[None, :] / np.where(turnover > 0, turnover, 1.0)[:, None]
    np.fill_diagonal(scaled, 0.0)
    strong = np.abs(scaled[rows]).max(axis=0) >= SHOWN
    inside = [i for i in rows if strong[i]]
    outside = [i for i in range(len(names)) if strong[i] and i not in rows]
    columns = [*inside, *outside]
    return [names[i] for i in rows], [names[i] for i in columns], len(inside), scaled[np.ix_(rows, columns)]


def draw(module: str, file: Path) -> Path:
    """Draw one module's influences as a PNG."""
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure

    rows, columns, inside, matrix = influence(module)
    shown = np.where(np.abs(matrix) >= SHOWN, matrix, np.nan)
    figure = Figure(figsize=(1.8 + 0.27 * len(columns), 1.3 + 0.25 * len(rows)), layout="constrained")
    ax = figure.subplots()
    seen = ax.imshow(shown, cmap="PuOr", norm=SymLogNorm(0.1, vmin=-2, vmax=2), aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=90, fontsize=8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    ax.set_xticks(np.arange(len(columns)) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(rows)) - 0.5, minor=True)
    ax.grid(which="minor", color="#e6e6e6", lw=0.6)
    ax.tick_params(which="both", length=0)
    ax.xaxis.tick_top()
    ax.axvline(inside - 0.5, color="#333333", lw=1.2)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(seen, ax=ax, shrink=0.8, aspect=25, ticks=[-1, -0.1, 0, 0.1, 1])
    bar.ax.set_yticklabels(
        ["lowers, as much as its turnover", "a tenth", "0", "a tenth", "raises, as much as its turnover"], fontsize=7
    )
    bar.outline.set_visible(False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    return file


def write(folder: Path) -> list[Path]:
    """Draw every module into a folder."""
    return [draw(m, folder / f"{m}.png") for m in MODULES]
