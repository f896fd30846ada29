"""The board: contrasts of a role, every predictor's prediction of each, and their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Unpack

from baxis import evidence as ev
from baxis._version import __version__
from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.scoreboard.mechanism import Mechanism
from baxis.clinic.scoreboard.novelty import calibration_rows, novelty, seen
from baxis.clinic.scoreboard.prediction import COMBINED, Prediction, Predictor
from baxis.clinic.scoreboard.rivals import NO_EFFECT
from baxis.clinic.scoreboard.scored import FIRST, Control, Scored
from baxis.clinic.scoreboard.shown.panel import Panel
from baxis.clinic.scoreboard.summary import Board
from baxis.core import library
from baxis.core.errors import BaxisError, InvalidValue, UnknownName

ROLES = ("calibration", "validation", "context", "external")
DEFAULT_PATIENTS = 400
Progress = Callable[[int, int], None]


def scoreboard(
    role: str | None = None,
    folders: Sequence[str | Path] = (),
    settings: Settings | None = None,
    tell: Progress | None = None,
    leave_one_out: bool = False,
    **changes: Unpack[Changes],
) -> Board:
    """Predict and score every primary contrast of a role ("calibration", "validation", "context", "all").

    folders: evidence laid over the library; their trials are scored as `external`, beside those of `role` if one is
    given. Without both, validation trials are scored. changes: fields of Settings. tell: called with (contrasts done,
    contrasts in all). leave_one_out: each calibration trial is predicted by discrepancy and rivals fitted without it
    (role "calibration" only). Raises BaxisError for a bad role, folder or setting before anything is simulated.
    """
    if leave_one_out and role != "calibration":
        raise InvalidValue("leave one out", role or "no role", "--role calibration: other roles are never fitted to")
    chosen = settle(settings or Settings(patients=DEFAULT_PATIENTS), changes)
    evidence = ev.load(*folders)
    rows = select(evidence, role, bool(folders))
    mechanism = Mechanism(evidence, chosen)
    mechanism.prepare(rows)
    panel = Panel(evidence, mechanism, leave_one_out)
    known = seen(calibration_rows(ev.load()))
    scored = []
    for k, row in enumerate(rows):
        row["novelty"] = novelty(row, known)
        scored.append(score(row, panel.of(row["trial_id"], row["role"])))
        if tell:
            tell(k + 1, len(rows))
    skipped = [listed(r) for r in scored if not r.simulated] + without(evidence, role, bool(folders))
    recipe = {
        "baxis": __version__, "library": library.digest(), "evidence": evidence.digest,
        "patients": chosen.patients, "seed": chosen.seed, "role": role or ("external" if folders else "validation"),
        "predicted": COMBINED, "absent": [panel.absent] if panel.absent else [],
        "leave_one_out": leave_one_out,
        "failures": sum(getattr(r, "failures", 0) for r in mechanism.ran.values()),
    }  # fmt: skip
    notes = {k[0]: d.notes for k, d in mechanism.designs.items() if d.notes}
    return Board(scored, panel.names, skipped, recipe, notes, controls(scored, mechanism))


def controls(scored: Sequence[Scored], mechanism: Mechanism) -> list[Control]:
    """Each simulated control arm once, where its share of responders is published."""
    found: dict[tuple[str, str, str, float], Control] = {}
    for r in scored:
        row = r.row
        key = (row["trial_id"], row["versus"], row["endpoint"], row["week"])
        if key in found or not r.simulated or row["scale"] != "risk_difference" or row["p0"] != row["p0"]:
            continue
        found[key] = Control(row, float(row["p0"]), mechanism.control(row))
    return list(found.values())


def wanted_roles(role: str | None, external: bool) -> set[str]:
    """Roles to score. UnknownName with the nearest; InvalidValue when external trials are asked for without a folder."""
    if role is not None and role not in (*ROLES, "all"):
        raise UnknownName("role", role, (*ROLES, "all"))
    if role == "external" and not external:
        raise InvalidValue("--role external", "no folder", "a folder of tables given with --evidence")
    if role is None:
        return {"external"} if external else {"validation"}
    return (set(ROLES) if role == "all" else {role}) | ({"external"} if external else set())


def select(evidence: ev.Evidence, role: str | None, external: bool) -> list[dict[str, Any]]:
    """Contrasts with a direction of benefit, of the wanted roles, in the order of the table."""
    table = ev.contrasts(evidence)
    table = table[table["role"].isin(list(wanted_roles(role, external))) & (table["benefit_sign"] != 0)]
    return [{str(k): v for k, v in r.items()} for r in table.to_dict("records") if r["value"] == r["value"]]


def without(evidence: ev.Evidence, role: str | None, external: bool) -> list[dict[str, str]]:
    """Trials of the roles that give no contrast at all, with why: neither scored nor counted."""
    from baxis.evidence.ask.contrast import without_contrast

    rows = without_contrast(evidence)
    mine = rows[rows["role"].isin(list(wanted_roles(role, external)))]
    return [{"trial_id": str(r.trial_id), "arm_id": "", "why": f"not scored: {r.why}"} for r in mine.itertuples()]


def score(row: dict[str, Any], predictors: list[Any]) -> Scored:
    """Every predictor's prediction of one contrast; where one cannot predict, "no effect" stands in with the reason."""
    fallback = next(p for p in predictors if p.name == NO_EFFECT)
    nil = fallback.predict(row)
    found = {p.name: attempt(p, row, nil) for p in predictors}
    known = row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"]
    ci = (float(row["ci_low"]), float(row["ci_high"])) if known else None
    value = float(row["value"])
    spread = fallback.sampling_sd(row)
    return Scored(row, value, ci, spread, found, {k: p.crps(value) for k, p in found.items()})


def attempt(predictor: Predictor, row: dict[str, Any], nil: Prediction) -> Prediction:
    """The prediction, or "no effect" with the reason why there is none."""
    try:
        return predictor.predict(row)
    except BaxisError as e:
        return Prediction(nil.mean, nil.draws, str(e))


def listed(r: Scored) -> dict[str, str]:
    """A contrast that was not simulated, for the list."""
    return {"trial_id": r.row["trial_id"], "arm_id": r.row["arm_id"], "why": r.predictions[FIRST].why}
