"""How patients are chosen to fit a published baseline: what is aimed at, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Characteristic:
    """A published characteristic over all arms: mean, sd (NaN where none was published), patients behind it."""

    characteristic: str
    measure: str
    unit: str
    mean: float
    sd: float
    n: float
    share: bool
    source: str


LEAST_SHARE = 0.2  # effective sample size that rule C26 asks for, of the candidates
LEAST = 300.0  # the same in all


@dataclass(frozen=True)
class Matched:
    """What the weighting did: eligible candidates and how many were screened for them, effective sample size of the
    weights, what was matched and what was left out."""

    candidates: int
    screened: int
    effective: float
    matched: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Rule C26 holds."""
        return self.effective >= min(LEAST_SHARE * self.candidates, LEAST)

    @property
    def text(self) -> str:
        """One sentence of it."""
        out = f"matched to the published baseline in {', '.join(self.matched) or 'nothing'}; effective sample size "
        out += f"{self.effective:.0f} of {self.candidates} eligible candidates"
        out += "" if self.enough else f" (below the rule: {100 * LEAST_SHARE:g} % or {LEAST:g})"
        return out + (f"; left out: {', '.join(self.left_out)}" if self.left_out else "")
