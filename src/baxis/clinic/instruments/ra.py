"""Rheumatoid arthritis: the ACR core set and DAS28-CRP from synovial inflammation and CRP.

Definitions: ACR20/50/70, Felson 1995 (doi:10.1002/art.1780380602); DAS28-CRP, Fransen 2003; DAS28-ESR, Prevoo 1995
(doi:10.1002/art.1780380107); EULAR response, van Gestel 1996 (doi:10.1002/art.1780390105); CDAI, Aletaha 2005
(doi:10.1186/ar1740). The responder is computed from the components; nothing here knows a response rate.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.instruments.base import (
    Array,
    Course,
    Endpoint,
    Instrument,
    Visits,
    at_least,
    at_most,
    fluctuation,
    improved,
    lasting,
    noise,
)

SCALES = ("pain", "PtGA", "PhGA")


class RheumatoidArthritis(Instrument):
    """Core set: SJC66, TJC68, pain, patient's and physician's global, HAQ-DI, CRP; and DAS28-CRP."""

    code = "RA"
    needs = ("infl", "il6")
    units: ClassVar = {
        "SJC66": "joints",
        "TJC68": "joints",
        "SJC28": "joints",
        "TJC28": "joints",
        "pain": "mm",
        "PtGA": "mm",
        "PhGA": "mm",
        "HAQ": "points",
        "CRP": "mg/L",
        "DAS28-CRP": "points",
        "ESR": "mm/h",
        "DAS28-ESR": "points",
        "CDAI": "points",
    }
    continuous = frozenset({"DAS28_change", "CDAI_change"})

    def observe(self, course: Course) -> Visits:
        activity = self._activity(course)
        m: dict[str, Array] = {}
        own, shake = lasting(course, "RA joints", 2), noise(course, "RA joint count", 2)
        for i, (name, top) in enumerate((("SJC66", 66), ("TJC68", 68))):
            log = self.number(f"{name}.gain") * activity + self.number(f"{name}.log_sd") * own[..., i]
            count = self.number(f"{name}.median") * np.exp(log + self.number("joints.noise") * shake[..., i])
            m[name] = np.asarray(np.round(np.minimum(count, top)), dtype=float)
            m[name[:3] + "28"] = np.asarray(np.round(np.minimum(self.number("share28") * count, 28)), dtype=float)
        own, shake = lasting(course, "RA scales", 4), noise(course, "RA scale", 4)
        for i, name in enumerate(SCALES):
            m[name] = self._scale(name, 100.0, activity, own[..., i], shake[..., i])
        m["HAQ"] = np.round(self._scale("HAQ", 3.0, activity, own[..., 3], shake[..., 3]) * 8) / 8
        m["CRP"] = self._crp(course, activity)
        m["DAS28-CRP"] = das28_crp(m["TJC28"], m["SJC28"], m["CRP"], m["PtGA"])
        m["ESR"] = self._esr(course, m["CRP"])
        m["DAS28-ESR"] = das28_esr(m["TJC28"], m["SJC28"], m["ESR"], m["PtGA"])
        m["CDAI"] = m["TJC28"] + m["SJC28"] + (m["PtGA"] + m["PhGA"]) / 10.0
        return Visits(course.days, m)

    def _activity(self, course: Course) -> Array:
        """Log synovial activity (n, T): inflammation, lasting difference, fluctuation and trial effect."""
        z = fluctuation(course, "RA fluctuation", self.number("tau_fluctuation"))[..., 0]
        own = lasting(course, "RA activity")[..., 0]
        return np.asarray(
            self.number("gain_inflammation") * course.log("infl")
            + self.number("sd_patient") * own
            + self.number("sd_fluctuation") * z
            + self.trial_effect(course)
        )

    def _scale(self, name: str, top: float, activity: Array, own: Array, shake: Array) -> Array:
        """A bounded scale, 0 to `top`: logit-linear in activity."""
        middle = self.number(f"{name}.median") / top
        logit = np.log(middle / (1 - middle)) + self.number(f"{name}.gain") * activity
        logit = logit + self.number(f"{name}.sd") * own + self.number(f"{name}.noise") * shake
        return np.asarray(top / (1.0 + np.exp(-logit)))

    def _crp(self, course: Course, activity: Array) -> Array:
        """CRP in mg/L: the model's interleukin 6, and the part of activity that is not inflammation itself."""
        rest = activity - self.number("gain_inflammation") * course.log("infl")
        log = self.number("CRP.gain") * (course.log("il6") + rest)
        log = log + self.number("CRP.log_sd") * lasting(course, "RA CRP")[..., 0]
        return np.asarray(
            self.number("CRP.median") * np.exp(log + self.number("CRP.noise") * noise(course, "RA CRP visit")[..., 0])
        )

    def _esr(self, course: Course, crp: Array) -> Array:
        """ESR in mm/h: follows CRP less than in proportion, and differs between patients by age and haemoglobin."""
        log = self.number("ESR.gain") * np.log(crp / self.number("CRP.median"))
        log = log + self.number("ESR.log_sd") * lasting(course, "RA ESR")[..., 0]
        log = log + self.number("ESR.noise") * noise(course, "RA ESR visit")[..., 0]
        return np.asarray(np.clip(self.number("ESR.median") * np.exp(log), 1.0, 150.0))

    def endpoints(self) -> dict[str, Endpoint]:
        return {
            "ACR20": partial(_acr, 0.20),
            "ACR50": partial(_acr, 0.50),
            "ACR70": partial(_acr, 0.70),
            "DAS28_change": lambda v, k: v.change("DAS28-CRP", k),
            "DAS28_remission": partial(_remission, "DAS28-CRP"),
            "DAS28_LDA": partial(_low, "DAS28-CRP", 3.2),
            "DAS28_remission_CRP": partial(_remission, "DAS28-CRP"),
            "DAS28_LDA_CRP": partial(_low, "DAS28-CRP", 3.2),
            "DAS28_LDA_ESR": partial(_low, "DAS28-ESR", 3.2),
            "EULAR_good": partial(_eular, "DAS28-ESR", False),
            "EULAR_good_moderate": partial(_eular, "DAS28-ESR", True),
            "EULAR_good_moderate_CRP": partial(_eular, "DAS28-CRP", True),
            "CDAI_change": lambda v, k: v.change("CDAI", k),
            "CDAI_LDA": partial(_low, "CDAI", 10.0),
            "CDAI50": lambda v, k: improved(v, "CDAI", k, 0.5).astype(float),
            "CDAI50_and_LDA": _cdai_both,
        }

    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """No rescue before the primary visit in the designs held; kept as a rule so that a design may add one."""
        return np.zeros(visits["SJC66"].shape, dtype=bool)


def das28_crp(tjc28: Array, sjc28: Array, crp: Array, ptga: Array) -> Array:
    """DAS28 with C-reactive protein (mg/L) and patient's global (0 to 100 mm), four variables."""
    return np.asarray(0.56 * np.sqrt(tjc28) + 0.28 * np.sqrt(sjc28) + 0.36 * np.log(crp + 1) + 0.014 * ptga + 0.96)


def das28_esr(tjc28: Array, sjc28: Array, esr: Array, ptga: Array) -> Array:
    """DAS28 with erythrocyte sedimentation rate (mm/h) and patient's global (0 to 100 mm)."""
    return np.asarray(0.56 * np.sqrt(tjc28) + 0.28 * np.sqrt(sjc28) + 0.70 * np.log(esr) + 0.014 * ptga)


def _remission(score: str, v: Visits, k: int) -> Array:
    """DAS28 below 2.6."""
    return np.asarray(~at_least(v[score][:, k], 2.6), dtype=float)


def _low(score: str, most: float, v: Visits, k: int) -> Array:
    """Low disease activity: the score is at most `most`."""
    return np.asarray(at_most(v[score][:, k], most), dtype=float)


def _eular(score: str, moderate: bool, v: Visits, k: int) -> Array:
    """EULAR response: good is a fall above 1.2 to at most 3.2; moderate a fall above 1.2, or above 0.6 to at most 5.1."""
    fall, now = -v.change(score, k), v[score][:, k]
    large, some = ~at_most(fall, 1.2), ~at_most(fall, 0.6)
    ok = large & at_most(now, 3.2)
    if moderate:
        ok |= large | (some & at_most(now, 5.1))
    return np.asarray(ok, dtype=float)


def _cdai_both(v: Visits, k: int) -> Array:
    """CDAI halved and at most 10."""
    return np.asarray(improved(v, "CDAI", k, 0.5) & at_most(v["CDAI"][:, k], 10.0), dtype=float)


def _acr(fraction: float, v: Visits, k: int) -> Array:
    """ACR response: both joint counts and three of the other five measures better by `fraction`."""
    others = sum(improved(v, name, k, fraction).astype(int) for name in ("pain", "PtGA", "PhGA", "HAQ", "CRP"))
    joints = improved(v, "SJC66", k, fraction) & improved(v, "TJC68", k, fraction)
    return np.asarray(joints & (others >= 3), dtype=float)
