"""A picture of each module, drawn from the model itself.

Of the modules with a rest: which states push each of their states up or down. Of the targets: what each moves first when it
is held. Of the kinetics: where a dose is over time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from baxis.axis.assembly import model, vector
from baxis.axis.dosing import slots, treatment
from baxis.axis.study import loops
from baxis.axis.tables import disease_table, drug_table
from baxis.core import library

# The disease at whose rest a module is drawn: one in which all of its states are alive.
DISEASES = {"signalling": "SLE", "bcells": "SLE", "immune": "SLE", "tissue": "RA"}
MODULES = ("pk", "targets", *DISEASES)
PREFIX = {"signalling": "A_"}  # three instances with the same equations: the autoreactive cell's is drawn
CAPTION = """How much each state of the module (rows) is raised (violet) or lowered (orange) when a state (columns) is higher: the
Jacobian at the rest of {disease} without a drug, times the column's value, by the row's own turnover. Left of the line the
module's own states, right of it those of other modules. Influences under 2 % of the row's turnover are not drawn."""
TARGETS = """What each target moves first when 90 % of it is held (rows; inputs `u_T` = 9): change of the rate of each state
(columns) at rest, by the state's own turnover, before anything else has moved. The strongest of all diseases is drawn, changes under
2 % are not. Of signalling the autoreactive instance is shown."""
KINETICS = """Where a dose is, in percent of the first one: gut or skin, blood, first and second peripheral compartment. Typical patient
of the disease named; lines of a repeated dose pile up. Nipocalimab at 5 and 15 mg/kg shows saturable loss: the lower dose is gone
before the next."""
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


def caption(module: str) -> str:
    """What the picture of a module shows."""
    other = {"pk": KINETICS, "targets": TARGETS}
    return other[module] if module in other else CAPTION.format(disease=DISEASES[module])


def first_moves() -> tuple[list[str], list[str], np.ndarray]:
    """(targets, states, matrix): change of each state's rate when 90 % of a target is held, by the state's turnover; of
    all diseases the largest in absolute value."""
    system, best = model.system(), None
    rates = loops.rates()
    for code in disease_table.codes():
        _, jac, y = loops.whole(code)
        turnover = np.maximum(np.abs(np.diag(jac) * y), 1e-12)
        base = np.asarray(rates(0.0, y, vector.vector(code)))  # type: ignore[operator]
        held = [vector.vector(code, slots.virtual(t, 0.9)) for t in drug_table.TARGETS]
        moved = np.array([(np.asarray(rates(0.0, y, p)) - base) / turnover for p in held])  # type: ignore[operator]
        best = moved if best is None else np.where(np.abs(moved) > np.abs(best), moved, best)
    assert best is not None
    names = list(system.states)
    keep = [i for i, n in enumerate(names) if n[:2] not in ("R_", "N_") and np.abs(best[:, i]).max() >= SHOWN]
    return list(drug_table.TARGETS), [names[i] for i in keep], best[:, keep]


def draw(module: str, file: Path) -> Path:
    """Draw one module as a PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if module == "pk":
        return _kinetics(file)
    if module == "targets":
        rows, columns, matrix = first_moves()
        return _matrix((rows, columns, 0, matrix), file)
    return _matrix(influence(module), file)


# drug as given, disease, weeks, step in days
COURSES = (
    ("fenebrutinib 200 mg po bid", "SLE", 0.43, 0.02),
    ("adalimumab 40 mg sc q2w", "RA", 8.0, 0.25),
    ("belimumab 700 mg iv weeks 0,2,4 then q4w", "SLE", 16.0, 0.25),
    ("nipocalimab 350 mg iv q2w", "SjD", 6.0, 0.1),
    ("nipocalimab 1050 mg iv q2w", "SjD", 6.0, 0.1),
)
PLACES = (("depot", "gut or skin", "#9a6fb0"), ("central", "blood", "#1f5a85"), ("per1", "first peripheral", "#d98b2b"),
          ("per2", "second peripheral", "#6b6b6b"))  # fmt: skip


def _kinetics(file: Path) -> Path:
    from matplotlib.lines import Line2D

    from baxis.core.showing.drawing import Drawing

    figure = Drawing(figsize=(14, 3.2), layout="constrained")
    for ax, (text, disease, weeks, step) in zip(figure.subplots(1, len(COURSES)), COURSES, strict=True):
        run = treatment.course(disease, [text], weeks, [f"P1_{p}" for p, _, _ in PLACES], step)
        dose = treatment.parse(text)[1]
        for i, (_, label, colour) in enumerate(PLACES):
            if run.values[1:, i].max() > 0:
                ax.plot(run.days[1:], 100 * run.values[1:, i] / dose, color=colour, lw=1.6, label=label)
        ax.set_title(f"{text}, {disease}".replace(" then", "\nthen"), fontsize=8)
        ax.set_xlabel("days", fontsize=8)
        ax.tick_params(labelsize=8)
        ax.set_ylim(bottom=0)
        ax.spines[["top", "right"]].set_visible(False)
    marks = [Line2D([], [], color=c, lw=1.6, label=label) for _, label, c in PLACES]
    figure.legend(handles=marks, loc="outside right center", fontsize=8, frameon=False)
    figure.supylabel("percent of one dose", fontsize=8)
    figure.savefig(file, dpi=110)
    return file


def _matrix(what: tuple[list[str], list[str], int, np.ndarray], file: Path) -> Path:
    """Draw influences (rows, columns, where a line divides the columns, matrix)."""
    from matplotlib.colors import SymLogNorm

    from baxis.core.showing.drawing import Drawing

    rows, columns, inside, matrix = what
    shown = np.where(np.abs(matrix) >= SHOWN, matrix, np.nan)
    figure = Drawing(figsize=(1.8 + 0.27 * len(columns), 1.3 + 0.25 * len(rows)), layout="constrained")
    ax = figure.subplots()
    seen = ax.imshow(shown, cmap="PuOr", norm=SymLogNorm(0.1, vmin=-2, vmax=2), aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=90, fontsize=8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    ax.set_xticks(np.arange(len(columns)) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(rows)) - 0.5, minor=True)
    ax.grid(which="minor", color="#e6e6e6", lw=0.6)
    ax.tick_params(which="both", length=0)
    ax.xaxis.tick_top()
    if inside:
        ax.axvline(inside - 0.5, color="#333333", lw=1.2)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(seen, ax=ax, shrink=0.8, aspect=25, ticks=[-1, -0.1, 0, 0.1, 1])
    bar.ax.set_yticklabels(
        ["lowers, as much as its turnover", "a tenth", "0", "a tenth", "raises, as much as its turnover"], fontsize=7
    )
    bar.outline.set_visible(False)
    figure.savefig(file, dpi=110)
    return file


def write(folder: Path) -> list[Path]:
    """Draw every module into a folder."""
    return [draw(m, folder / f"{m}.png") for m in MODULES]
