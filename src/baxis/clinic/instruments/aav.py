"""ANCA-associated vasculitis: BVAS (version 3) and BVAS/WG by organ, ANCA; remission, relapse, sustained remission.

Definitions: BVAS version 3, Mukhtyar 2009 (doi:10.1136/ard.2008.101279); BVAS/WG, Stone 2001
(doi:10.1002/1529-0131(200104)44:4<912::AID-ANR148>3.0.CO;2-5); remission as no activity on at most 10 mg prednisone,
and off prednisone as in RAVE (doi:10.1056/NEJMoa0909905); BVAS response, CLEAR (doi:10.1681/ASN.2016111179).
An organ heals, and falls ill again, with the delay `tau_healing` of its lesions. A relapse is judged on the organ's activity itself: the rater's noise makes no relapse.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.instruments.base import (
    STEROID,
    Array,
    Course,
    Endpoint,
    Event,
    Instrument,
    Visits,
    domains,
    improved,
    lagged,
    lasting,
    noise,
    seen_by,
    steroid_ok,
    threshold,
)

ORGANS = (
    "general",
    "cutaneous",
    "mucous_membranes_eyes",
    "ear_nose_throat",
    "chest",
    "cardiovascular",
    "abdominal",
    "renal",
    "nervous_system",
)
LOW_STEROID = (
    10.0  # mg/day of prednisone: the highest that a trial's remission allows (MYCYC and LoVAS ask for no more)
)
HALF_YEAR = 182.0  # days: remission is sustained when it has lasted 6 months


class Vasculitis(Instrument):
    """BVAS and BVAS/WG, counts of active and of relapsing organs, ANCA titre (multiples of the assay's cut-off)."""

    code = "AAV"
    needs = ("infl", "aas")
    units: ClassVar = {
        "BVAS": "points",
        "BVAS/WG": "points",
        "active organs": "organs",
        "relapsing organs": "organs",
        "major organs": "organs",
        "worse organs": "organs",
        "ANCA": "x cut-off",
    }
    continuous = frozenset({"BVAS_change"})
    adverse = frozenset({"relapse_rate", "severe_relapse_rate", "PSE", "relapse_HR", "PSE_HR", "severe_relapse_HR"})
    hazard: ClassVar = {
        "relapse_HR": "relapse",
        "PSE_HR": "relapse",
        "severe_relapse_HR": "severe relapse",
        "time_to_remission_HR": "remission",
    }

    def observe(self, course: Course) -> Visits:
        latent = lagged(course, domains(self, course, ORGANS), self.number("tau_healing"))
        latent = latent - self._induced(course)[..., None]
        spread = float(np.hypot(self.number("sd_patient"), self.number("sd_fluctuation")))
        cut = np.array([threshold(self, name, spread) for name in ORGANS])
        shaken = latent + self.number("sd_item") * noise(course, "AAV item", len(ORGANS))
        major = cut + self.number("step_major") * spread
        level = (shaken > cut).astype(int) + (shaken > major)
        points = np.array([[0.0, self.number(f"minor.{o}"), self.number(f"major.{o}")] for o in ORGANS])
        relapsing = latent > cut + self.number("relapse_margin")
        m = {
            "BVAS": points[np.arange(len(ORGANS)), level].sum(axis=-1),
            "BVAS/WG": np.array([0.0, 1.0, 3.0])[level].sum(axis=-1),
            "active organs": (latent > cut).sum(axis=-1).astype(float),
            "relapsing organs": relapsing.sum(axis=-1).astype(float),
            "major organs": (relapsing & (latent > major)).sum(axis=-1).astype(float),
            "worse organs": (level > level[:, 1:2]).sum(axis=-1).astype(float),
            "ANCA": self._anca(course),
            STEROID: course.steroid,
        }
        return Visits(course.days, m)

    def _induced(self, course: Course) -> Array:
        """(T,) log fall of activity that an induction before entry has left, where the trial enters in remission.

        The clinic's patients rest in active disease; this term stands for the induction that it did not simulate, and
        fades with `tau_remission`. One number for the disease, none for a trial.
        """
        if course.prior_treatment != "remission":
            return np.zeros(course.days.size)
        since = np.maximum(course.days, 0.0)
        return np.asarray(self.number("remission") * np.exp(-since / self.number("tau_remission")))

    def _anca(self, course: Course) -> Array:
        log = course.log("aas") + self.number("ANCA.log_sd") * lasting(course, "AAV ANCA")[..., 0]
        log = log + self.number("ANCA.noise") * noise(course, "AAV ANCA assay")[..., 0]
        return np.asarray(self.number("ANCA.median") * np.exp(log))

    def endpoints(self) -> dict[str, Endpoint]:
        return self.by_event() | {
            "BVAS_change": lambda v, k: v.change("BVAS", k),
            "BVAS50_response": _halved,
            "BVAS_remission": partial(_remission, LOW_STEROID),
            "BVAS_remission_off_steroid": partial(_remission, 0.0),
            "BVAS_remission_sustained": _sustained,
            "BVAS_remission_by": lambda v, k: (v["BVAS"][:, 1 : k + 1] == 0).any(axis=1).astype(float),
            "BVAS_remission_wk4_and_12": lambda v, k: _remission(np.inf, v, _at(v, 28.0)) * _remission(np.inf, v, k),
            "low_disease_activity": lambda v, k: (v["BVAS/WG"][:, k] < 3).astype(float),
            "relapse_rate": partial(seen_by, _relapse),
            "PSE": partial(seen_by, _relapse),
            "severe_relapse_rate": partial(seen_by, _severe),
            "relapse_free_survival": lambda v, k: 1.0 - seen_by(_relapse, v, k),
            "ANCA_negative": lambda v, k: (v["ANCA"][:, k] < 1.0).astype(float),
            "steroid_free": lambda v, k: steroid_ok(v, k, 0.0).astype(float),
        }

    def events(self) -> dict[str, Event]:
        return {"relapse": _relapse, "severe relapse": _severe, "remission": lambda v: v["BVAS"] == 0}

    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """A relapse with a major organ is treated: no responder from there."""
        return np.asarray(np.maximum.accumulate(_severe(visits), axis=1))


def _at(v: Visits, day: float) -> int:
    """Index of the visit nearest a day."""
    return int(np.argmin(np.abs(v.days - day)))


def _remission(most: float, v: Visits, k: int) -> Array:
    """No activity (BVAS 0) on at most `most` mg/day of prednisone."""
    return np.asarray((v["BVAS"][:, k] == 0) & steroid_ok(v, k, most), dtype=float)


def _sustained(v: Visits, k: int) -> Array:
    """Remission at every visit of the last 6 months (of all after week 4 where the trial is younger), on low steroid."""
    back = (v.days <= v.days[k]) & (v.days >= max(v.days[k] - HALF_YEAR, 28.0))
    return (v["BVAS"][:, back] == 0).all(axis=1).astype(float) * _remission(LOW_STEROID, v, k)


def _halved(v: Visits, k: int) -> Array:
    """BVAS at least halved and no organ worse than at baseline."""
    return np.asarray(improved(v, "BVAS", k, 0.5) & (v["worse organs"][:, k] == 0), dtype=float)


def _relapse(v: Visits) -> NDArray[np.bool_]:
    """An organ plainly active again after a visit (baseline included) without any active organ."""
    quiet = v["active organs"] == 0
    quiet[:, 0] = False
    before = np.zeros_like(quiet)
    before[:, 1:] = np.maximum.accumulate(quiet, axis=1)[:, :-1]
    return np.asarray(before & (v["relapsing organs"] > 0))


def _severe(v: Visits) -> NDArray[np.bool_]:
    return np.asarray(_relapse(v) & (v["major organs"] > 0))
