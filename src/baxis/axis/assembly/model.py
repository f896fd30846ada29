"""The one compiled model: composed once, cached by the engine."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from baxis.axis.assembly import compose

if TYPE_CHECKING:
    from baxis.engine import Kernel, System

_FROM_ZERO = ("depot", "central", "per1", "per2", "car", "carm", "dam")


def initial() -> dict[str, float]:
    """Start of a run to rest: drug, CAR-T and damage at 0, signalling near its quiet state, everything else at 1."""
    out: dict[str, float] = {}
    for name, op, _ in compose.statements():
        if op == "'":
            bare = name.split("_", 1)[1] if name[:3] in ("P1_", "P2_", "P3_") else name
            out[name] = 0.0 if bare in _FROM_ZERO else 0.1 if name[:2] in ("A_", "R_", "N_") else 1.0
    return out


def text() -> str:
    """The composed model as Antimony text."""
    from baxis.axis.assembly import dimensions

    wanted = {*compose.free_names(compose.statements()), *(n for n, _, _ in compose.statements())}
    units = {n: u for n, u in dimensions.every_unit().items() if n in wanted}
    return compose.flat("baxis_axis", compose.statements(), initial(), units)


@lru_cache(maxsize=1)
def system() -> System:
    """The composed model as an engine System."""
    from baxis.engine import load_antimony

    return load_antimony(text(), "baxis_axis")


@lru_cache(maxsize=4)
def kernel(lanes: int | None = None, **options: Any) -> Kernel:
    """Compiled model (from the engine's disk cache when it has been compiled before)."""
    from baxis.engine import compile as build

    return build(system(), lanes=lanes, **options)


@lru_cache(maxsize=1)
def signalling() -> Kernel:
    """The signalling module by itself, compiled."""
    from baxis.engine import compile as build
    from baxis.engine import load_antimony

    rows = compose.signalling_rows()
    start = {name: 0.1 for name, op, _ in rows if op == "'"}
    return build(load_antimony(compose.flat("signalling", rows, start), "signalling"))
