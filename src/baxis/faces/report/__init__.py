"""Self-contained reports of a trial, a drug, a disease or the scoreboard: HTML, and PDF where a Chromium is.

What stands in a report comes from a run, a table or a check made for it; nothing is typed in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from baxis.core.errors import BaxisError, InvalidValue, UnknownName
from baxis.core.storing import files

if TYPE_CHECKING:
    from baxis.clinic.conduct.settings import Changes, Settings

KINDS = ("trial", "drug", "disease", "scoreboard")


def kind_of(name: str) -> str:
    """What a name is: scoreboard, a drug, a disease, else a trial (an id, or the path of a design). Raises UnknownName."""
    from baxis import axis, evidence
    from baxis.core import library

    if name.casefold() == "scoreboard":
        return "scoreboard"
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return "trial"
    trials = {*library.names("designs"), *evidence.load().trials["trial_id"]}
    if name.casefold() in {t.casefold() for t in trials}:
        return "trial"
    for kind, find in (("disease", axis.disease), ("drug", axis.drug)):
        try:
            find(name)
            return kind
        except BaxisError:
            continue
    try:  # by its acronym or registry number, in any case
        return "trial" if evidence.trial_id(evidence.load(), name, trials) else ""
    except UnknownName as unknown:
        if unknown.allowed and set(unknown.allowed) < trials:
            raise  # an acronym of several trials
    known = [*trials, *axis.drugs(), *(d for d in axis.diseases() if d != "healthy"), "scoreboard"]
    raise UnknownName("trial, drug or disease", name, known, "or give the path of a design.toml")


def report(
    name: str, *, board: Path | None = None, settings: Settings | None = None, **changes: Unpack[Changes]
) -> str:
    """HTML page about a trial (its id or design file), a drug, a disease or `scoreboard`; `baxis.faces.report.write` saves it.

    board: folder of a saved scoreboard; changes: fields of Settings (a trial's 1000 patients, a drug's 100 in each
    disease; pages of a disease and of the scoreboard simulate nothing). Raises UnknownName or InvalidValue.
    """
    kind = kind_of(name)
    if kind == "scoreboard":
        from baxis.faces.report.board import board_report

        if board is None:
            raise InvalidValue("--board", "nothing", "the folder that `baxis scoreboard --out DIR` wrote")
        return board_report(board)
    if kind == "disease":
        from baxis.faces.report.disease import disease_report

        return disease_report(name)
    if kind == "drug":
        from baxis.clinic.conduct.settings import Settings, settle
        from baxis.faces.report.drug import drug_report

        chosen = settle(settings or Settings(patients=100), changes)
        return drug_report(name, chosen.patients, chosen.seed, chosen.threads)
    from baxis.clinic.trial import run_trial
    from baxis.faces.report.trial import trial_report

    return trial_report(run_trial(name, settings, **changes))


def write(text: str, path: str | Path) -> Path:
    """Write a page to a file, whole or not at all."""
    return files.write_text(path, text)
