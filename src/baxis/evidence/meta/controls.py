"""Which control an active arm has: its cohort's, the one that its contrast names, or all of one treatment pooled.

A trial with several control arms loses none of them: they are pooled (Cochrane Handbook 23.3.4), matched by cohort,
or the comparison is left out with the reason. The order of rows never decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from baxis.evidence.meta.arms import ArmResult, PublishedContrast

JOIN = "+"


def cohorts(controls: Sequence[ArmResult], arms: Iterable[ArmResult]) -> dict[str, ArmResult]:
    """Prefix of arm names ("c1_600", "c1_pbo") -> control, where each control has a prefix of its own and some
    active arm shares one; {} otherwise."""
    found = {prefix(c): c for c in controls}
    if len(found) != len(controls) or "" in found:
        return {}
    return found if any(prefix(a) in found for a in arms if a not in controls) else {}


def prefix(arm: ArmResult) -> str:
    """Part of an arm's name before its first "_", "" without one."""
    return arm.arm_id.split("_")[0] if "_" in arm.arm_id else ""


def control_of(
    arm: ArmResult,
    controls: Sequence[ArmResult],
    by_cohort: dict[str, ArmResult],
    published: Sequence[PublishedContrast],
) -> ArmResult | str:
    """Control of an active arm, or the reason why it cannot be told."""
    if len(controls) == 1:
        return controls[0]
    listed = ", ".join(sorted(c.arm_id for c in controls))
    if by_cohort:
        return (
            by_cohort.get(prefix(arm)) or f"which of the control arms of its cohorts ({listed}) is its own is not told"
        )
    if len({c.drug_class for c in controls}) == 1:
        return pooled(controls)
    named = {p.versus for p in published if p.arm_id == arm.arm_id and p.versus}
    own = [c for c in controls if c.arm_id in named]
    if len(own) == 1:
        return own[0]
    return f"several control arms of different treatment ({listed}), and no contrast that names its own"


def pooled(controls: Sequence[ArmResult]) -> ArmResult:
    """Control arms of one treatment as one arm: people and responders added, means averaged by size.

    Value and error are nan where a part's are; `parts` keeps the arms, in the order of their names.
    """
    parts = tuple(sorted(controls, key=lambda c: c.arm_id))
    n, value, se = (np.array([getattr(c, k) for c in parts]) for k in ("n", "value", "se"))
    total = float(n.sum())
    if not total > 0:
        mean, error = float("nan"), float("nan")
    elif np.isnan(se).all() and np.all((value >= 0) & (value <= 1)):
        mean, error = sum(c.events for c in parts) / total, float("nan")
    else:
        mean, error = float(np.sum(n * value) / total), float(np.sqrt(np.sum((n / total) ** 2 * se**2)))
    first = parts[0]
    name = JOIN.join(c.arm_id for c in parts)
    return ArmResult(
        arm_id=name,
        role=first.role,
        drug=first.drug,
        drug_class=first.drug_class,
        n=total,
        value=mean,
        se=error,
        parts=parts,
    )
