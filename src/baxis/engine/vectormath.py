"""Vector functions in IR (placeholder until written)."""

from __future__ import annotations

from baxis.engine.ir import Function


def vector_functions(lanes: int, fused: bool) -> list[Function]:
    return []
