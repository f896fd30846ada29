"""One patient: from values and scores at visits to a posterior over virtual patients, and what each drug is predicted to do."""

from __future__ import annotations

from baxis.insight.patient.infer import infer
from baxis.insight.patient.inference.posterior import Posterior
from baxis.insight.patient.patient_result import PatientResult
from baxis.insight.patient.predict import patient

__all__ = ["PatientResult", "Posterior", "infer", "patient"]
