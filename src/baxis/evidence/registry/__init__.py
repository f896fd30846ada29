"""Study records of ClinicalTrials.gov (API v2 JSON, as downloaded) turned into rows of the evidence tables."""

from __future__ import annotations

from baxis.evidence.registry.imported import Imported
from baxis.evidence.registry.record import read_record, read_records, write

__all__ = ["Imported", "read_record", "read_records", "write"]
