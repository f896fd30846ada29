"""What `combine`, its search over pairs and its timing give, how it is drawn and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from baxis.core.plain import to_json
from baxis.core.storing.folders import whole
from baxis.insight.combine.combination_figures import gaps, overview, pareto
from baxis.insight.combine.combination_record import CombinationRecord, SearchRecord, TimingRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Combination(CombinationRecord):
    """A dose surface of a combination. Its fields stand in CombinationRecord."""

    def plot(self) -> Figure:
        """Figure: effect of each drug and of the pair, and excess over each null with its interval."""
        return overview(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json and combination.png into a new folder, or over an earlier one."""
        from baxis.core.storing.folders import whole

        return whole(
            folder, "baxis combine", self._write, {"combination.png": lambda path: self.plot().savefig(path, dpi=150)}
        )

    def _write(self, out: Path) -> None:
        (out / "result.json").write_text(to_json(self.to_dict(), 1) + "\n", encoding="utf-8")


class Search(SearchRecord):
    """Every pair of drugs. Its fields stand in SearchRecord."""

    def plot(self) -> Figure:
        """Figure: every drug and pair by effect and serious harms, the front marked."""
        return pareto(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json and pareto.png into a new folder, or over an earlier one."""
        return whole(
            folder, "baxis combine-search", self._write, {"pareto.png": lambda path: self.plot().savefig(path, dpi=150)}
        )

    def _write(self, out: Path) -> None:
        (out / "result.json").write_text(to_json(self.to_dict(), 1) + "\n", encoding="utf-8")


class Timing(TimingRecord):
    """Which drug first, and when. Its fields stand in TimingRecord."""

    def plot(self) -> Figure:
        """Figure: effect and IgG against the gap, with intervals."""
        return gaps(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json and timing.png into a new folder, or over an earlier one."""
        return whole(
            folder,
            "baxis combine --timing",
            self._write,
            {"timing.png": lambda path: self.plot().savefig(path, dpi=150)},
        )

    def _write(self, out: Path) -> None:
        (out / "result.json").write_text(to_json(self.to_dict(), 1) + "\n", encoding="utf-8")
