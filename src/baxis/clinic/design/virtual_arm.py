"""An arm more, in which targets are held as by drugs that do not exist yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baxis.clinic.design.held import occupancy

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design


def with_held(design: Design, asked: list[str]) -> Design:
    """The design with one arm more, in which the targets of `TARGET=OCCUPANCY` texts are held together."""
    held = []
    for text in asked:
        target, _, value = text.partition("=")
        held.append({"target": target.strip(), "occupancy": occupancy("--hold", text, value)})
    name = "+".join(f"{h['target'].casefold()}-{100 * h['occupancy']:g}" for h in held)  # type: ignore[attr-defined, operator]
    size = max(a.n for a in design.arms)
    label = f"virtual inhibitor: {', '.join(asked)}"
    arm = {"arm_id": f"held-{name}", "arm_label": label, "n": size, "role": "active", "held": held}
    return design.replace(arms=[*(a.model_dump() for a in design.arms), arm])
