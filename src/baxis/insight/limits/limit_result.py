"""What `limits` gives, how it is drawn and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baxis.core.plain import to_json
from baxis.insight.limits.limit_figures import draw
from baxis.insight.limits.limit_record import LimitsRecord


class Limits(LimitsRecord):
    """What lasts after a drug is stopped. Its fields stand in LimitsRecord."""

    def plot(self) -> Any:
        """Figure of the course on and off treatment."""
        return draw(self)

    def save(self, folder: str | Path) -> Path:
        """Write limits.json and limits.png into a new or empty folder, or over an earlier result of `limits`."""
        from baxis.core.storing.folders import whole

        def fill(work: Path) -> None:
            text = to_json(self.to_dict(), 1)
            (work / "limits.json").write_text(text + "\n", encoding="utf-8")

        return whole(folder, "baxis limits", fill, {"limits.png": lambda path: self.plot().savefig(path, dpi=120)})
