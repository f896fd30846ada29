"""One patient: from values and scores at visits to a posterior over virtual patients, and what each drug is predicted to do."""

from __future__ import annotations

from baxis.insight.patient.inference.posterior import Posterior, infer
from baxis.insight.patient.predict import PatientResult, patient

__all__ = ["PatientResult", "Posterior", "infer", "patient"]
