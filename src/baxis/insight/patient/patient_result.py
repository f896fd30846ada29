"""What `patient` gives, how it is drawn and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baxis.core.plain import to_json
from baxis.insight.patient.patient_figures import draw
from baxis.insight.patient.patient_record import PatientRecord


class PatientResult(PatientRecord):
    """One patient: posterior and predictions. Its fields stand in PatientRecord."""

    def plot(self) -> Any:
        """Figure: the past beside the posterior, and the predicted courses."""
        return draw(self)

    def save(self, folder: str | Path) -> Path:
        """Write patient.json and patient.png into a new or empty folder, or over an earlier result of `patient`."""
        from baxis.core.storing.folders import whole

        def fill(work: Path) -> None:
            text = to_json(self.to_dict(), 1)
            (work / "patient.json").write_text(text + "\n", encoding="utf-8")

        return whole(folder, "baxis patient", fill, {"patient.png": lambda path: self.plot().savefig(path, dpi=120)})
