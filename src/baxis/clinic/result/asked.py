"""What a run was asked for beyond its design, in words that stand in its recipe, heading, figures and report.

Every command says it in the same way: `asked` goes into the recipe (`recipe.basis`), `told` above the tables of the
terminal and the web, `on_figure` over each figure, `others` beside published values.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core import library

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from baxis.clinic.conduct.settings import Settings
    from baxis.clinic.design.design import Design

OTHERS = "any published values are of the trial's own patients, not of these"


def asked(design: Design | None, settings: Settings, population: str | None) -> dict[str, Any]:
    """Part of a recipe: `asked`, a phrase for each wish, and `other_people`, whether the patients are other than the
    design's. Empty where nothing was asked. population: digest of the own population."""
    said = [f"own population {Path(settings.population).name} ({population})"] if settings.population else []
    set_here = {k: v for k, v in (design.exposure.model_dump() if design else {}).items() if v is not None}
    said += [f"every patient's {k} set to {v}" for k, v in set_here.items()]
    other = bool(said)
    said += ["patients chosen to fit the trial's published baseline"] if settings.match else []
    said += [f"library of {folder.name} laid over the shipped one" for folder in library.roots()[:-1][::-1]]
    said += [f"evidence of {Path(folder).name} laid over the shipped tables" for folder in settings.evidence]
    return {"asked": said, "other_people": other} if said else {}


def sentence(recipe: dict[str, Any]) -> str:
    """What was asked as a sentence; empty where nothing was."""
    said = recipe.get("asked") or []
    if not said:
        return ""
    return f"Asked for: {'; '.join(said)}" + (f"; {OTHERS}." if recipe.get("other_people") else ".")


def told(recipe: dict[str, Any]) -> list[str]:
    """What stands in the heading of a result: what was asked, then the remarks on its design."""
    return [*filter(None, [sentence(recipe)]), *recipe.get("remarks", ())]


def others(recipe: dict[str, Any]) -> str:
    """What follows the word "published" where that is of other patients than the result's; else empty."""
    return " (others)" if recipe.get("other_people") else ""


def on_figure(figure: Figure, recipe: dict[str, Any], width: int) -> None:
    """Write what was asked over a figure, under its title where it has one, in lines of `width` characters."""
    lines = textwrap.wrap(sentence(recipe), width)
    title = figure.get_suptitle()
    if lines and title:
        figure.suptitle("\n".join([title, *lines]), fontsize=9)
    elif lines:
        figure.suptitle("\n".join(lines), fontsize=8, x=0.01, ha="left", color="#444444")
