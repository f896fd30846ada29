"""A board as plain data: contrasts, summary, skipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from baxis.clinic.scoreboard.prediction import COMBINED
from baxis.clinic.scoreboard.rivals import META
from baxis.clinic.scoreboard.scored import FIRST, Control, Scored, miss
from baxis.clinic.scoreboard.scores import skill, strata
from baxis.core.plain import finite


def summary(board: Board) -> dict[str, Any]:
    """Recipe, counts, and scores by role, novelty and disease, each by scale; skill pooled over scales by role."""
    rows, names = board.rows, board.names
    done = [r for r in rows if r.simulated]
    roles = sorted({r.row["role"] for r in rows})
    return {
        "recipe": board.recipe,
        "contrasts": len(rows),
        "trials": len({r.row["trial_id"] for r in rows}),
        "simulated": len(done),
        "share_simulated": len(done) / len(rows) if rows else None,
        "without_interval": [f"{r.row['trial_id']} {r.row['arm_id']}" for r in rows if r.ci is None],
        "design_notes": {k: list(v) for k, v in sorted(board.notes.items())},
        "by_role": strata(rows, names, FIRST, "role"),
        "by_novelty": {role: strata(_of(rows, role), names, FIRST, "novelty") for role in roles},
        "by_disease": {role: strata(_of(rows, role), names, FIRST, "disease") for role in roles},
        "controls": {role: controls(board, role) for role in roles},
        "simulated_only": strata(done, names, FIRST, "role"),
        "skill_all_scales": {
            role: {n: skill(_of(rows, role), FIRST, n, scaled=True) for n in names if n != FIRST} for role in roles
        },
        "skill_combined_all_scales": {
            role: {n: skill(_of(rows, role), COMBINED, n, scaled=True) for n in names if n != COMBINED}
            for role in roles
        },
        "discrepancy": discrepancy(),
    }


def controls(board: Board, role: str) -> dict[str, dict[str, Any]]:
    """Control arms by disease: count, mean absolute error, bias (predicted minus published), 90 % coverage."""
    out: dict[str, dict[str, Any]] = {}
    mine = [c for c in board.controls if c.row["role"] == role]
    for disease in sorted({c.row["disease"] for c in mine}):
        some = [c for c in mine if c.row["disease"] == disease]
        error = np.array([c.prediction.mean - c.value for c in some])
        inside = [c.prediction.covers(c.value, 0.9) for c in some]
        out[disease] = {
            "arms": len(some), "mae": float(np.mean(np.abs(error))), "bias": float(np.mean(error)),
            "coverage90": float(np.mean(inside)),
            "each": [
                {
                    "trial_id": c.row["trial_id"], "arm_id": c.row["versus"], "endpoint": c.row["endpoint"],
                    "week": c.row["week"], "predicted": c.prediction.mean, "pi90": c.prediction.interval(0.9),
                    "published": c.value,
                }
                for c in some
            ],
        }  # fmt: skip
    return out


def discrepancy() -> dict[str, Any]:
    """The stack, and the mechanism's error by class and disease, in patients' standard deviations."""
    from baxis.clinic.scoreboard.discrepancy import GROUPS, fitted
    from baxis.clinic.scoreboard.stacking import stack

    model, joined = fitted(), stack()
    terms = {g: model.terms(g) for g in GROUPS if g != "trial"}
    return {
        "stack": {"weight": joined.weight, "weight_sd": joined.weight_sd, "spread": joined.spread},
        "sd": model.sd,
        "terms": {
            g: {k: dict(zip(("mean", "sd", "contrasts"), v, strict=True)) for k, v in t.items()}
            for g, t in terms.items()
        },
    }


def _of(rows: list[Scored], role: str) -> list[Scored]:
    return [r for r in rows if r.row["role"] == role]


def contrast(r: Scored) -> dict[str, Any]:
    """One contrast as the JSON gives it. `predicted` and its intervals: mechanism + discrepancy."""
    best, alone, rival = r.predictions[COMBINED], r.predictions[FIRST], r.predictions.get(META)
    named = ("trial_id", "role", "arm_id", "versus", "endpoint", "week", "scale")
    others = {
        k: {"predicted": p.mean, "pi90": p.interval(0.9)}
        for k, p in r.predictions.items()
        if k not in (FIRST, COMBINED, META)
    }
    return {
        **{k: r.row[k] for k in named},
        "predicted": best.mean,
        "pi50": best.interval(0.5),
        "pi90": best.interval(0.9),
        "mechanism": alone.mean,
        "mechanism_pi90": alone.interval(0.9),
        "published": r.value,
        "published_ci": list(r.ci) if r.ci else None,
        "rival": rival.mean if rival else None,
        "rival_pi90": rival.interval(0.9) if rival else None,
        "details": {
            **{k: r.row[k] for k in ("disease", "drug", "class", "novelty", "benefit_sign", "n1", "n0", "interval", "provenance")},
            "simulated": r.simulated, "crps": r.crps, "others": others, "rival_note": rival.why if rival else "",
        },
    }  # fmt: skip


def plain(board: Board) -> dict[str, Any]:
    """Contrasts, summary and skipped; numbers that are not finite become null."""
    whole = {
        "contrasts": [contrast(r) for r in board.rows],
        "summary": summary(board),
        "skipped": board.skipped,
    }
    cleaned: dict[str, Any] = finite(whole)
    return cleaned


@dataclass(frozen=True)
class Board:
    """A scoreboard. rows: every scored contrast; names: the predictors, mechanism first; notes by trial."""

    rows: list[Scored]
    names: list[str]
    skipped: list[dict[str, str]]
    recipe: dict[str, Any]
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    controls: list[Control] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Recipe, share covered, and scores by role, novelty and disease, each by scale; skill over all scales."""
        from baxis.clinic.scoreboard.summary import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: contrasts, summary, skipped. NaN becomes null."""
        from baxis.clinic.scoreboard.summary import plain

        return plain(self)

    def worst(self, count: int = 15) -> list[Scored]:
        """Contrasts that the mechanism misses most, in standard errors of the published result."""
        return sorted((r for r in self.rows if r.simulated), key=lambda r: -abs(miss(r)))[:count]
