"""Who takes what and when: shares on each drug over the visits, their figure, and courses and decisions as tables that reload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from baxis.clinic.therapy.courses import Intake
from baxis.clinic.therapy.decisions import Decision, rules

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from baxis.clinic.design.design import Arm, Design
    from baxis.clinic.result.trial_record import TrialRecord

COLUMNS = {"courses": ("arm_id", "course", "treatment", "patient", "takes", "stop_day"),
           "decisions": ("arm_id", "rule", "patient", "day")}  # fmt: skip


def shares(result: TrialRecord) -> pd.DataFrame:
    """Share (0 to 1) of an arm's patients on each drug, by visit from day 0: arm_id, drug, day, share.

    A patient is on a drug from its first day until a rule or its stop day ends it; the last of a few doses does not.
    """
    rows = []
    for run in result.runs:
        n = run.status.size
        for drug in dict.fromkeys(c.treatment.drug for c in run.taken):
            mine = [c for c in run.taken if c.treatment.drug == drug]
            for day in run.days[run.days >= 0]:
                on = np.zeros(n, dtype=bool)
                for c in mine:
                    on |= c.on(float(day)) & (day >= c.treatment.start_day - 1e-9)
                rows.append((run.arm.arm_id, drug, float(day), float(on.mean())))
    return pd.DataFrame(rows, columns=["arm_id", "drug", "day", "share"])


def figure(result: TrialRecord) -> Figure:
    """Shares on each drug over time, one panel an arm that is given any."""
    import matplotlib as mpl

    from baxis.clinic.result.trial_figures import arm_label
    from baxis.core.showing.drawing import label
    from baxis.core.showing.palette import COLOURS, STYLES, canvas, style

    table = shares(result)
    arms = [a for a in result.design.arms if (table["arm_id"] == a.arm_id).any()]
    drugs = list(dict.fromkeys(table["drug"]))
    with mpl.rc_context(style()):
        drawn = canvas(6.8, 0.6 + 1.9 * max(1, len(arms)))
        for ax, arm in zip(drawn.subplots(max(1, len(arms)), 1, sharex=True, squeeze=False)[:, 0], arms, strict=False):
            for k, drug in enumerate(drugs):
                own = table[(table["arm_id"] == arm.arm_id) & (table["drug"] == drug)]
                if len(own):
                    ax.step(own["day"] / 7.0, 100.0 * own["share"], where="post", color=COLOURS[(k + 1) % 7], ls=STYLES[k % 7], lw=1.8, label=label(drug, 24))  # fmt: skip
            ax.set(ylim=(-3, 106), ylabel="begun, not stopped, %", title=arm_label(arm))
            ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        if arms:
            ax.set_xlabel("week")
    return drawn


def courses_table(result: TrialRecord) -> pd.DataFrame:
    """One row a patient and course of an arm: the treatment as JSON, whether he takes it, and until which day."""
    ids = result.patients["patient"].to_numpy()
    frames = [
        pd.DataFrame({"arm_id": run.arm.arm_id, "course": k, "treatment": json.dumps(c.treatment.model_dump(mode="json")),
                      "patient": ids, "takes": c.takes, "stop_day": c.stop})
        for run in result.runs for k, c in enumerate(run.courses)
    ]  # fmt: skip
    return _joined(frames, "courses")


def decisions_table(result: TrialRecord) -> pd.DataFrame:
    """One row a patient and rule of an arm: the day on which it first fired, infinite where it never did."""
    ids = result.patients["patient"].to_numpy()
    frames = [
        pd.DataFrame({"arm_id": run.arm.arm_id, "rule": k, "patient": ids, "day": d.day})
        for run in result.runs
        for k, d in enumerate(run.decisions)
    ]
    return _joined(frames, "decisions")


def _joined(frames: list[pd.DataFrame], name: str) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS[name]))


def read(folder: Path, design: Design, arm: Arm) -> tuple[tuple[Intake, ...], tuple[Decision, ...]]:
    """Courses and decisions of an arm; none from a folder that was written before they were kept."""
    if not all((folder / f"{n}.parquet").is_file() for n in COLUMNS):
        return (), ()
    courses, decisions = (_by(folder / f"{n}.parquet", arm.arm_id, key) for n, key in (("courses", "course"), ("decisions", "rule")))  # fmt: skip
    taken = tuple(
        Intake(_treatment(c["treatment"].iloc[0]), c["takes"].to_numpy(bool), c["stop_day"].to_numpy(float))
        for c in courses
    )
    fired = zip(rules(design, arm), decisions, strict=False)
    return taken, tuple(Decision(rule, d["day"].to_numpy(float), rescue) for (rule, rescue), d in fired)


def _by(file: Path, arm: str, key: str) -> list[pd.DataFrame]:
    table = pd.read_parquet(file)
    return [rows for _, rows in table[table["arm_id"] == arm].groupby(key, sort=True)]


def _treatment(text: str) -> Any:
    from baxis.clinic.design.design import Treatment

    return Treatment.model_validate_json(text)
