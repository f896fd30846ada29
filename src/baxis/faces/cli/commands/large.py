"""`baxis trial ... --stream`: a large trial block by block into a folder, here or on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.plain import to_json
from baxis.core.storing import files
from baxis.faces.cli.words.output import say

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design
    from baxis.clinic.questions.large import LargeResult

AUTOMATIC = 100_000  # patients from which a trial is streamed unasked


def run(
    design: str | Design,
    out: Path | None,
    json: str | None,
    quiet: bool,
    how: tuple[int, str | None],
    settings: dict[str, Any],
) -> None:
    """Run, print the tables, say what was found from before. how: (candidates in a block, scheduler)."""
    from baxis.clinic.conduct.settings import settle
    from baxis.clinic.questions.large import MOST_STREAMED, run_large
    from baxis.core.errors import InvalidValue, Stopped
    from baxis.faces.cli.words.progress import bar

    settle(None, {"patients": settings["patients"]}, MOST_STREAMED)
    if out is None:
        raise InvalidValue(
            "--out", "no folder", "a folder for the blocks: a large trial is kept there and can be resumed"
        )
    block, scheduler = how
    try:
        with bar("patients", quiet) as tell:
            result = run_large(design, out, block=block, client=scheduler, progress=tell, **settings)
    except KeyboardInterrupt:
        raise Stopped(f"stopped. Finished blocks are in {out}; the same command goes on from them.") from None
    text = to_json(result.to_dict(), 2)
    files.write_text(out / "large.json", text + "\n")
    if json == "-":
        say(text)
    elif json:
        files.write_text(json, text + "\n")
    if not quiet and json != "-":
        show(result)


def show(result: LargeResult) -> None:
    """Tables and what was made, found and made again."""
    from baxis.clinic.result.asked import others
    from baxis.faces.cli.words.layout import told, width, wrapped
    from baxis.faces.cli.words.trial_tables import endpoints

    d, recipe = result.design, result.recipe
    say(f"{d.trial_id}  {result.patients} virtual patients an arm; {result.screened} screened")
    say(*told(recipe))
    mark = others(recipe)
    say("", "Arms", *endpoints(result.arms, True, mark))
    say("", f"Differences from {d.control.arm_id}", *endpoints(result.contrasts, False, mark), "")
    made, found = result.blocks
    say(f"Blocks: {made} made, {found} found in {result.folder}.")
    say(*(f"{name} was not what was written and was made again." for name in result.again))
    say(*wrapped(f"Solver failures: {recipe['failures']}. Intervals: {recipe['intervals']}.", width()))
    say(recipe["notice"], strong=True)
