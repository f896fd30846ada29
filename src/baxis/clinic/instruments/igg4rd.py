"""IgG4-related disease: Responder Index by organ, serum IgG4; flare, response, remission with and without steroids.

Definitions: Responder Index, Carruthers 2012 (doi:10.1155/2012/259408) and Wallace 2018
(doi:10.1002/acr.23543): an organ counts 0 (normal or resolved), 1 (improved), 2 (unchanged or new) or 3
(worse). Primary response of Carruthers 2015 (doi:10.1136/annrheumdis-2014-206605); flare and flare-free complete
remission, MITIGATE (doi:10.1056/NEJMoa2409712). A flare is judged on the organ's activity itself.
"""

from __future__ import annotations

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
    at_most,
    domains,
    lasting,
    noise,
    seen_by,
    steroid_ok,
    threshold,
)

ORGANS = (
    "lacrimal",
    "salivary",
    "pancreas",
    "bile_duct",
    "kidney",
    "lung",
    "retroperitoneum_aorta",
    "lymph_nodes",
    "orbit_sinus",
    "other",
)


class IgG4RelatedDisease(Instrument):
    """Responder Index, active organs, organs that flare, serum IgG4."""

    code = "IgG4-RD"
    needs = ("infl", "igg4")
    units: ClassVar = {
        "RI": "points",
        "active organs": "organs",
        "flaring organs": "organs",
        "IgG4": "g/L",
    }
    continuous = frozenset({"IgG4RD_RI_change", "IgG4_pct_change"})
    adverse = frozenset({"flare_rate", "relapse_rate", "clinical_relapse_rate", "flare_HR", "relapse_HR"})
    hazard: ClassVar = {"flare_HR": "flare", "relapse_HR": "flare", "complete_response_HR": "complete remission"}

    def observe(self, course: Course) -> Visits:
        latent = domains(self, course, ORGANS) - self._induced(course)[..., None]
        spread = float(np.hypot(self.number("sd_patient"), self.number("sd_fluctuation")))
        cut = np.array([threshold(self, name, spread) for name in ORGANS])
        shaken = latent + self.number("sd_item") * noise(course, "IgG4-RD item", len(ORGANS))
        score = self._score(shaken, cut)
        m = {
            "RI": score.sum(axis=-1),
            "active organs": (shaken > cut).sum(axis=-1).astype(float),
            "flaring organs": self._flaring(latent, cut).sum(axis=-1).astype(float),
            "IgG4": self._igg4(course),
            STEROID: course.steroid,
        }
        return Visits(course.days, m)

    def _induced(self, course: Course) -> Array:
        """(T,) log fall of activity left by an induction before entry, where the trial enters in remission (as in AAV)."""
        if course.prior_treatment != "remission":
            return np.zeros(course.days.size)
        since = np.maximum(course.days, 0.0)
        return np.asarray(self.number("remission") * np.exp(-since / self.number("tau_remission")))

    def _score(self, shaken: Array, cut: Array) -> Array:
        """Points of each organ against baseline: 0 resolved, 1 improved, 2 unchanged or new, 3 worse."""
        step = self.number("improvement")
        change = shaken - shaken[:, 1:2]
        known = shaken[:, 1:2] > cut
        points = np.where(known & (change < -step), 1.0, np.where(known & (change > step), 3.0, 2.0))
        return np.where(shaken > cut, points, 0.0)

    def _flaring(self, latent: Array, cut: Array) -> NDArray[np.bool_]:
        """Organs plainly active and plainly above their quietest visit since baseline."""
        low = latent.copy()
        low[:, 1:] = np.minimum.accumulate(latent[:, 1:], axis=1)
        rise = latent - low > self.number("flare_rise")
        return np.asarray(rise & (latent > cut + self.number("flare_margin")))

    def _igg4(self, course: Course) -> Array:
        log = course.log("igg4") + self.number("IgG4.log_sd") * lasting(course, "IgG4-RD IgG4")[..., 0]
        log = log + self.number("IgG4.noise") * noise(course, "IgG4-RD assay")[..., 0]
        return np.asarray(self.number("IgG4.median") * np.exp(log))

    def endpoints(self) -> dict[str, Endpoint]:
        return self.by_event() | {
            "IgG4RD_RI_change": lambda v, k: v.change("RI", k),
            "IgG4RD_RI_fall": _response,
            "IgG4RD_RI_response": _response,
            "clinical_response": _response,
            "IgG4RD_RI_zero": _complete,
            "IgG4RD_complete_remission": _complete,
            "IgG4RD_complete_response": _complete,
            "IgG4RD_partial_response": lambda v, k: _response(v, k) * (1.0 - _complete(v, k)),
            "IgG4RD_primary_response": lambda v, k: _response(v, k) * (1 - _flared(v, k)) * steroid_ok(v, k, 0.0),
            "flare_free_complete_remission": lambda v, k: _complete(v, k) * (1 - _flared(v, k)) * steroid_ok(v, k, 0.0),
            "flare_free": lambda v, k: 1.0 - _flared(v, k),
            "flare_rate": _flared,
            "relapse_rate": _flared,
            "clinical_relapse_rate": _flared,
            "relapse_free_survival": lambda v, k: 1.0 - _flared(v, k),
            "steroid_free": lambda v, k: steroid_ok(v, k, 0.0).astype(float),
            "IgG4_normalised": lambda v, k: at_most(v["IgG4"][:, k], 1.35).astype(float),
            "IgG4_pct_change": lambda v, k: 100.0 * (v["IgG4"][:, k] / v["IgG4"][:, 1] - 1.0),
        }

    def events(self) -> dict[str, Event]:
        return {"flare": _flare, "complete remission": lambda v: v["RI"] == 0}

    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """A treated flare: no responder from there."""
        return np.asarray(np.maximum.accumulate(_flare(visits), axis=1))


def _flare(v: Visits) -> NDArray[np.bool_]:
    """A flaring organ at a visit after baseline."""
    return np.asarray((v["flaring organs"] > 0) & (v.days > 0))


def _flared(v: Visits, k: int) -> Array:
    return seen_by(_flare, v, k)


def _response(v: Visits, k: int) -> Array:
    """Responder Index lower by 2 or more."""
    return np.asarray(v.change("RI", k) <= -2, dtype=float)


def _complete(v: Visits, k: int) -> Array:
    """No active organ: Responder Index 0 (MITIGATE's investigators could also judge residual findings as inactive)."""
    return np.asarray(v["RI"][:, k] == 0, dtype=float)
