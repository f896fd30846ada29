"""Lupus nephritis: proteinuria (UPCR), eGFR and sediment from renal activity; CRR, PERR and overall response.

Definitions: complete and partial response as in LUNAR and NOBILITY (doi:10.1002/art.34359,
doi:10.1136/annrheumdis-2021-220920); PERR, BLISS-LN (doi:10.1056/NEJMoa2001180). Proteinuria follows glomerular
inflammation with the delay of podocyte repair, above a floor that scars leave; a response is computed from the
measured urine and serum, never from activity.
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
    at_least,
    at_most,
    domains,
    improved,
    lagged,
    lasting,
    noise,
    seen_by,
    steroid_ok,
    threshold,
)

LOW_STEROID = 10.0  # mg/day of prednisone at the visit: ALLURE, ACCESS, BLISS-LN and NOBILITY ask for no more
EARLY = 84.0  # days: proteinuria that rises before week 12 is not yet a failure of treatment


class LupusNephritis(Instrument):
    """UPCR (g/g), eGFR (mL/min/1.73m2) and active sediment (0/1)."""

    code = "LN"
    needs = ("infl", "dam")
    units: ClassVar = {"UPCR": "g/g", "eGFR": "mL/min/1.73m2", "active sediment": "1"}
    continuous = frozenset({"UPCR_pct_change", "eGFR_change"})
    adverse = frozenset({"renal_event_or_death", "renal_event_HR"})
    hazard: ClassVar = {"renal_event_HR": "renal event"}

    def observe(self, course: Course) -> Visits:
        activity = domains(self, course, 1)[..., 0]
        repaired = lagged(course, activity, self.number("tau_proteinuria"))
        own, shake = lasting(course, "LN kidney", 3), noise(course, "LN laboratory", 3)
        m = {
            "UPCR": self._upcr(repaired, own[..., :2], shake[..., 0]),
            "eGFR": self._egfr(course, repaired, own[..., 2], shake[..., 1]),
            "active sediment": self._sediment(activity, shake[..., 2]),
            STEROID: course.steroid,
        }
        return Visits(course.days, m)

    def _upcr(self, repaired: Array, own: Array, shake: Array) -> Array:
        """Proteinuria: the part that inflammation drives, and the floor that chronic lesions keep."""
        active = self.number("UPCR.median") * np.exp(
            self.number("UPCR.gain") * repaired + self.number("UPCR.log_sd") * own[..., 0]
        )
        scar = self.number("UPCR.scar") * np.exp(self.number("UPCR.scar_log_sd") * own[..., 1])
        return np.asarray((active + scar) * np.exp(self.number("UPCR.noise") * shake))

    def _egfr(self, course: Course, repaired: Array, own: Array, shake: Array) -> Array:
        """Filtration: lowered by inflammation, which may recover, and by damage accrued since screening."""
        lost = self.number("eGFR.loss") * (course.outputs["dam"] - course.outputs["dam"][:, :1])
        log = self.number("eGFR.gain") * repaired - lost + self.number("eGFR.log_sd") * own
        value = self.number("eGFR.median") * np.exp(log + self.number("eGFR.noise") * shake)
        return np.minimum(value, self.number("eGFR.most"))

    def _sediment(self, activity: Array, shake: Array) -> Array:
        """Active sediment (red cells or casts), 0/1."""
        spread = np.hypot(self.number("sd_patient"), self.number("sd_fluctuation"))
        sd = self.number("sd_item")
        return (activity + sd * shake > threshold(self, "sediment", float(np.hypot(spread, sd)))).astype(float)

    def endpoints(self) -> dict[str, Endpoint]:
        return self.by_event() | {
            "CRR": partial(_complete, False),
            "CRR_UPCR_le0.5": partial(_complete, False),
            "CRR_inactive_sediment": partial(_complete, True),
            "PERR": _perr,
            "ORR_renal": _overall,
            "total_renal_response": _overall,
            "UPCR_50pct_reduction": lambda v, k: improved(v, "UPCR", k, 0.5).astype(float),
            "UPCR_lt0.5": lambda v, k: (~at_least(v["UPCR"][:, k], 0.5)).astype(float),
            "UPCR_pct_change": lambda v, k: 100.0 * (v["UPCR"][:, k] / v["UPCR"][:, 1] - 1.0),
            "eGFR_change": lambda v, k: v.change("eGFR", k),
            "renal_event_or_death": partial(seen_by, _event),
        }

    def events(self) -> dict[str, Event]:
        return {"renal event": _event}

    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """Treatment failure: proteinuria of half more than at baseline at two visits running, from week 12 on."""
        high = ~at_most(visits["UPCR"], 1.5 * visits["UPCR"][:, 1:2]) & (visits.days >= EARLY)
        twice = np.zeros_like(high)
        twice[:, 1:] = high[:, 1:] & high[:, :-1]
        return np.asarray(np.maximum.accumulate(twice, axis=1))


def _stable(v: Visits, k: int, share: float, normal: float) -> NDArray[np.bool_]:
    """eGFR at visit k at least `share` of baseline, or at least `normal`."""
    return np.asarray(at_least(v["eGFR"][:, k], share * v["eGFR"][:, 1]) | at_least(v["eGFR"][:, k], normal))


def _complete(sediment: bool, v: Visits, k: int) -> Array:
    """CRR: UPCR under 0.5, eGFR at least 85 % of baseline or 90, low steroid; with `sediment`, also inactive urine."""
    ok = ~at_least(v["UPCR"][:, k], 0.5) & _stable(v, k, 0.85, 90.0) & steroid_ok(v, k, LOW_STEROID)
    if sediment:
        ok &= v["active sediment"][:, k] == 0
    return np.asarray(ok, dtype=float)


def _perr(v: Visits, k: int) -> Array:
    """PERR: UPCR at most 0.7, eGFR at least 80 % of baseline or 60, low steroid."""
    ok = at_most(v["UPCR"][:, k], 0.7) & _stable(v, k, 0.8, 60.0) & steroid_ok(v, k, LOW_STEROID)
    return np.asarray(ok, dtype=float)


def _overall(v: Visits, k: int) -> Array:
    """Complete or partial: UPCR halved and under 1 (under 3 where it was above 3), eGFR at least 85 % of baseline."""
    start, now = v["UPCR"][:, 1], v["UPCR"][:, k]
    ceiling = np.where(at_most(start, 3.0), 1.0, 3.0)
    partly = improved(v, "UPCR", k, 0.5) & ~at_least(now, ceiling) & _stable(v, k, 0.85, 90.0)
    return np.maximum(_complete(False, v, k), partly.astype(float))


def _event(v: Visits) -> NDArray[np.bool_]:
    """Renal event: eGFR 30 % under baseline, or UPCR doubled and above 1 g/g, from week 12 on; a death is not modelled."""
    lost = at_most(v["eGFR"], 0.7 * v["eGFR"][:, 1:2])
    worse = lost | (at_least(v["UPCR"], 2.0 * v["UPCR"][:, 1:2]) & ~at_most(v["UPCR"], 1.0))
    return np.asarray(worse & (v.days >= EARLY))
