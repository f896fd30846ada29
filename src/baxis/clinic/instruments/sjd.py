"""Sjogren's disease: ESSDAI and ClinESSDAI by domain, ESSPRI and its scales, glands; STAR, CRESS and trial responses.

Definitions: ESSDAI, Seror 2010 (doi:10.1136/ard.2009.110619) and its user guide (doi:10.1136/rmdopen-2014-000022);
ClinESSDAI, Seror 2016 (doi:10.1136/annrheumdis-2015-208504); clinically important change, Seror 2016
(doi:10.1136/annrheumdis-2014-206008); STAR, Seror 2022 (doi:10.1136/annrheumdis-2021-222054); CRESS, Arends 2021
(doi:10.1016/S2665-9913(21)00122-3). Symptoms have a fluctuation of their own: ESSPRI and ESSDAI hardly correlate
(Meiners 2012, doi:10.1136/annrheumdis-2011-200460).
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
    bounded,
    domains,
    fluctuation,
    improved,
    lasting,
    noise,
    threshold,
)

CLINICAL = (
    "constitutional",
    "lymphadenopathy",
    "glandular",
    "articular",
    "cutaneous",
    "pulmonary",
    "renal",
    "muscular",
    "peripheral_nervous_system",
    "central_nervous_system",
    "haematological",
)
SLOW = ("pulmonary", "renal", "muscular", "peripheral_nervous_system", "central_nervous_system")
MOST = {"constitutional": 2, "lymphadenopathy": 2, "glandular": 2}  # lymphoma (lymphadenopathy 3) is kept out of trials
SCALES = ("dryness", "fatigue", "pain")


class Sjogren(Instrument):
    """ESSDAI with its domains, ESSPRI with dryness, fatigue and pain (0 to 10), flows, Schirmer, ocular staining."""

    code = "SjD"
    needs = ("infl", "aas", "igg", "c3", "c4")
    units: ClassVar = {
        "ESSDAI": "points",
        "ClinESSDAI": "points",
        "ESSPRI": "points",
        **dict.fromkeys(SCALES, "points"),
        "PhGA": "mm",
        "PtGA": "mm",
        "UWS": "mL/min",
        "SWS": "mL/min",
        "Schirmer": "mm",
        "OSS": "points",
        "IgG": "g/L",
        "RF": "kIU/L",
        "domains worse": "domains",
    }
    continuous = frozenset(
        {"ESSDAI", "ESSPRI", "ESSDAI_change", "ClinESSDAI_change", "ESSPRI_change", "PhGA_change", "PtGA_change"}
        | {f"VAS_{s}_change" for s in SCALES}
        | {"stimulated_salivary_flow_change", "IgG", "IgG_change"}
    )

    def observe(self, course: Course) -> Visits:
        latent = domains(self, course, CLINICAL)
        level = self._levels(course, latent)
        symptoms = self._symptoms(course)
        m = self._serum(course) | self._glands(course)
        points = {w: np.array([self.number(f"{w}.{d}") for d in CLINICAL]) for w in ("essdai", "clinessdai")}
        biological = self._biological(course, m["IgG"])
        m["ESSDAI"] = level @ points["essdai"] + self.number("essdai.biological") * biological
        m["ClinESSDAI"] = level @ points["clinessdai"]
        for i, name in enumerate(SCALES):
            m[name] = self._scale(course, name, 10.0, symptoms, i)
        m["ESSPRI"] = np.asarray(sum(m[s] for s in SCALES)) / 3.0
        m["PhGA"] = self._scale(course, "PhGA", 100.0, latent[..., :4].mean(axis=-1), 3)
        m["PtGA"] = self._scale(course, "PtGA", 100.0, symptoms, 4)
        m["domains worse"] = (level > np.maximum(level[:, 1:2], 1)).sum(-1).astype(float)
        return Visits(course.days, m)

    def _levels(self, course: Course, latent: Array) -> Array:
        """Activity level 0 to 3 of each clinical domain, (n, T, domains), with the rater's noise."""
        spread = float(np.hypot(self.number("sd_patient"), self.number("sd_fluctuation")))
        total = float(np.hypot(spread, self.number("sd_item")))
        shake = self.number("sd_item") * noise(course, "SjD domain", len(CLINICAL))
        out = np.zeros(latent.shape)
        for d, name in enumerate(CLINICAL):
            cut = threshold(self, name, total)
            gain = self.number("gain_slow") if name in SLOW else 1.0
            own = gain * latent[..., d] + shake[..., d] - gain * cut  # slow organs answer less, and are as common
            steps = (0.0, self.number("step_moderate") * spread, self.number("step_high") * spread)
            level = sum((own > s).astype(float) for s in steps)
            if name == "central_nervous_system":
                level = np.where(level == 1, 2.0, level)  # the domain has no low level
            out[..., d] = np.minimum(level, MOST.get(name, 3))
        return out

    def _serum(self, course: Course) -> dict[str, Array]:
        """IgG in g/L and rheumatoid factor in kIU/L, log-normal about the model's course."""
        own, assay = lasting(course, "SjD serum", 2), noise(course, "SjD assay", 2)
        out = {}
        for i, (name, source) in enumerate((("IgG", "igg"), ("RF", "aas"))):
            log = course.log(source) + self.number(f"{name}.log_sd") * own[..., i]
            out[name] = self.number(f"{name}.median") * np.exp(log + self.number(f"{name}.noise") * assay[..., i])
        return out

    def _biological(self, course: Course, igg: Array) -> Array:
        """Level of the biological domain: IgG 16 to 20 g/L or low complement (1), IgG above 20 or below 5 g/L (2)."""
        titre = (
            -course.log("c3")
            - course.log("c4")
            + self.number("complement.log_sd") * (lasting(course, "SjD complement")[..., 0])
        )
        titre = titre + self.number("complement.noise") * noise(course, "SjD complement assay")[..., 0]
        spread = float(np.hypot(self.number("complement.log_sd"), self.number("complement.noise")))
        low = titre > threshold(self, "low_complement", spread)
        level = np.where((igg > 20.0) | (igg < 5.0), 2.0, (igg >= 16.0).astype(float))
        return np.maximum(level, low.astype(float))

    def _symptoms(self, course: Course) -> Array:
        """Log symptom activity (n, T): part of inflammation, the trial effect, and a fluctuation of its own."""
        z = fluctuation(course, "SjD symptoms", self.number("tau_fluctuation"))[..., 0]
        felt = self.number("gain_symptoms") * course.log("infl") + self.number("sd_symptoms") * z
        own = self.number("sd_symptoms_patient") * lasting(course, "SjD symptoms of a patient")[..., 0]
        return np.asarray(felt + own + self.trial_effect(course))

    def _scale(self, course: Course, name: str, top: float, activity: Array, i: int) -> Array:
        own, shake = lasting(course, "SjD scales", 5)[..., i], noise(course, "SjD scale", 5)[..., i]
        logit = self.number(f"{name}.gain") * activity + self.number(f"{name}.sd") * own
        return bounded(self.number(f"{name}.median"), top, logit + self.number(f"{name}.noise") * shake)

    def _glands(self, course: Course) -> dict[str, Array]:
        """Flows, Schirmer (mm in 5 min) and ocular staining: objective, so without the trial effect."""
        own, shake = lasting(course, "SjD glands", 4), noise(course, "SjD gland", 4)
        out = {}
        for i, name in enumerate(("UWS", "SWS", "Schirmer", "OSS")):
            log = self.number(f"{name}.gain") * course.log("infl") + self.number(f"{name}.log_sd") * own[..., i]
            out[name] = self.number(f"{name}.median") * np.exp(log + self.number(f"{name}.noise") * shake[..., i])
        out["Schirmer"] = np.minimum(np.round(out["Schirmer"]), 35.0)
        out["OSS"] = np.minimum(np.round(out["OSS"]), 12.0)
        return out

    def endpoints(self) -> dict[str, Endpoint]:
        changes = {"ESSDAI": "ESSDAI", "ClinESSDAI": "ClinESSDAI", "ESSPRI": "ESSPRI", "PhGA": "PhGA", "PtGA": "PtGA"}
        changes |= {f"VAS_{s}": s for s in SCALES} | {"stimulated_salivary_flow": "SWS", "IgG": "IgG"}
        table: dict[str, Endpoint] = {f"{k}_change": partial(_change, m) for k, m in changes.items()}
        table |= {name: partial(_value, name) for name in ("ESSDAI", "ESSPRI", "IgG")}
        return table | {
            "ESSDAI_response_ge3": lambda v, k: (v.change("ESSDAI", k) <= -3).astype(float),
            "ESSDAI_lt5": lambda v, k: (v["ESSDAI"][:, k] < 5).astype(float),
            "ESSPRI_response": lambda v, k: _symptoms_better(v, k).astype(float),
            "STAR": _star,
            "CRESS": _cress,
            "ETAP_response": _etap,
            "SjD_symptom_response_30pct": lambda v, k: (_reduced(v, k, SCALES, 0.3) >= 2).astype(float),
            "VAS_fatigue_or_dryness_30pct": lambda v, k: (_reduced(v, k, SCALES[:2], 0.3) >= 1).astype(float),
            "VAS_fatigue_20pct": lambda v, k: (_reduced(v, k, ("fatigue",), 0.2) >= 1).astype(float),
            "VAS_2of4_30mm": _tears,
        }

    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """No rescue rule that the trials share; a design may add one."""
        return np.zeros(visits["ESSDAI"].shape, dtype=bool)


def _change(measure: str, v: Visits, k: int) -> Array:
    return v.change(measure, k)


def _value(measure: str, v: Visits, k: int) -> Array:
    return v[measure][:, k]


def _reduced(v: Visits, k: int, names: tuple[str, ...], fraction: float) -> Array:
    """Number of scales that fell by `fraction` of their baseline, (n,)."""
    return np.asarray(sum(improved(v, s, k, fraction).astype(float) for s in names))


def _symptoms_better(v: Visits, k: int) -> NDArray[np.bool_]:
    """ESSPRI lower by a point or by 15 %."""
    return at_most(v.change("ESSPRI", k), -1.0) | improved(v, "ESSPRI", k, 0.15)


def _tears_better(v: Visits, k: int) -> NDArray[np.bool_]:
    """Lachrymal response of STAR and CRESS: Schirmer (abnormal under 5 mm) or ocular staining (abnormal from 3)."""
    dry, stained = v["Schirmer"][:, 1] < 5, v["OSS"][:, 1] >= 3
    schirmer = np.where(dry, v.change("Schirmer", k) >= 5, v["Schirmer"][:, k] >= 5)
    staining = np.where(stained, v.change("OSS", k) <= -2, v["OSS"][:, k] < 3)
    return np.asarray(schirmer | staining)


def _saliva_better(v: Visits, k: int) -> NDArray[np.bool_]:
    """Unstimulated flow higher by a quarter, from none by anything (ultrasound, the other way, is not simulated)."""
    start, now = v["UWS"][:, 1], v["UWS"][:, k]
    return np.asarray(np.where(start > 0, at_least(now, 1.25 * start), now > 0))


def _serum_better(v: Visits, k: int) -> NDArray[np.bool_]:
    """IgG lower by a tenth, or rheumatoid factor by a quarter."""
    return improved(v, "IgG", k, 0.1) | improved(v, "RF", k, 0.25)


def _star(v: Visits, k: int) -> Array:
    """STAR: at least 5 of 9 points, of which ClinESSDAI and ESSPRI give 3 each."""
    points = 3.0 * (v.change("ClinESSDAI", k) <= -3) + 3.0 * _symptoms_better(v, k)
    points = points + _tears_better(v, k) + _saliva_better(v, k) + _serum_better(v, k)
    return np.asarray(points >= 5, dtype=float)


def _cress(v: Visits, k: int) -> Array:
    """CRESS: at least three of five items; the systemic one is ClinESSDAI below 5 at the visit."""
    items = (v["ClinESSDAI"][:, k] < 5).astype(int) + _symptoms_better(v, k)
    return np.asarray(items + _tears_better(v, k) + _saliva_better(v, k) + _serum_better(v, k) >= 3, dtype=float)


def _etap(v: Visits, k: int) -> Array:
    """ETAP: ESSDAI lower by 3, no new moderate or severe domain, physician's global not worse by a tenth of its scale."""
    ok = (v.change("ESSDAI", k) <= -3) & (v["domains worse"][:, k] == 0) & ~at_least(v.change("PhGA", k), 10.0)
    return np.asarray(ok, dtype=float)


def _tears(v: Visits, k: int) -> Array:
    """TEARS: two of four scales (global, pain, fatigue, dryness) better by 30 of 100 mm."""
    count = at_most(v.change("PtGA", k), -30.0).astype(int)
    count = count + sum(at_most(v.change(s, k), -3.0).astype(int) for s in SCALES)
    return np.asarray(count >= 2, dtype=float)
