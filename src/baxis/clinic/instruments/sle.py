"""Systemic lupus: SLEDAI-2K by item, BILAG grade by domain, PGA; SRI, BICLA, flares, LLDAS and DORIS remission.

Definitions: SLEDAI-2K, Gladman 2002 (PMID 11838846); SRI, Furie 2009 (doi:10.1002/art.24698); BICLA, Wallace 2014
(doi:10.1136/annrheumdis-2012-202760); LLDAS, Franklyn 2016 (doi:10.1136/annrheumdis-2015-207726); DORIS, van Vollenhoven
2021 (doi:10.1136/lupus-2021-000538); SELENA-SLEDAI flare index, Petri 2005 (doi:10.1056/NEJMoa051135), without its
triggers by medication. A clinical item is present when the activity of its organ passes the threshold
that its published prevalence sets; the two serological items read the model's autoantibody and complement.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from baxis.clinic.instruments.base import (
    ROUNDING,
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
    lasting,
    noise,
    seen_by,
    steroid_ok,
)

DOMAINS: dict[str, tuple[str, ...]] = {
    "mucocutaneous": ("rash", "alopecia", "mucosal_ulcers"),
    "musculoskeletal": ("musculoskeletal",),
    "renal": ("renal",),
    "haematological": ("haematological",),
    "serositis": ("serositis",),
    "vasculitis": ("vasculitis",),
    "central_nervous_system": ("central_nervous_system",),
    "constitutional": ("constitutional",),
}
SEROLOGY = ("anti_dsDNA", "low_complement")
# LLDAS allows no activity there: kidney, heart and lung, vessels, nerves, and no fever
MAJOR = ("renal", "serositis", "vasculitis", "central_nervous_system", "constitutional")
WORSE_PGA = 0.3  # points of 3: SRI's own definition of worsening


class Lupus(Instrument):
    """SLEDAI-2K, its clinical part, BILAG grades (counts of A and B, and of new ones), PGA."""

    code = "SLE"
    needs = ("infl", "aas", "c3", "c4")
    units: ClassVar = {
        "SLEDAI-2K": "points",
        "clinical SLEDAI-2K": "points",
        "PGA": "points",
        "BILAG A": "domains",
        "BILAG B": "domains",
        "new BILAG A": "domains",
        "new BILAG B": "domains",
        "BILAG unimproved": "domains",
        "major organs": "items",
        "new items": "items",
        "arthritis": "items",
        "rash": "items",
        "arthritis or rash": "items",
    }
    continuous = frozenset({"SLEDAI_change", "mSLEDAI_change"})
    adverse = frozenset({"flare", "any_flare", "moderate_severe_flare", "severe_flare", "flare_HR", "severe_flare_HR"})
    hazard: ClassVar = {"flare_HR": "flare", "severe_flare_HR": "severe flare"}

    def observe(self, course: Course) -> Visits:
        latent = self._organs(course)
        items = self._items(course, latent)
        clinical = sum(self.number(f"points.{i}") * items[i] for d in DOMAINS.values() for i in d)
        serology = sum(self.number(f"points.{i}") * items[i] for i in SEROLOGY)
        grade = self._bilag(latent)
        m = {
            "SLEDAI-2K": np.asarray(clinical + serology),
            "clinical SLEDAI-2K": np.asarray(clinical),
            "PGA": self._pga(course, latent),
            "major organs": np.asarray(sum(items[i] for i in MAJOR)),
            "new items": _new(items),
            "arthritis": items["musculoskeletal"],
            "rash": items["rash"],
            "arthritis or rash": items["musculoskeletal"] + items["rash"],
            STEROID: course.steroid,
        }
        return Visits(course.days, m | _grades(grade))

    def _organs(self, course: Course) -> Array:
        """Log activity of each domain, (n, T, domains)."""
        return domains(self, course, len(DOMAINS))

    @property
    def _spread(self) -> float:
        """Log sd of a domain's activity over patients and visits."""
        return float(np.hypot(self.number("sd_patient"), self.number("sd_fluctuation")))

    def _threshold(self, item: str) -> float:
        return float(
            -scipy.special.ndtri(self.number(f"prevalence.{item}")) * np.hypot(self._spread, self.number("sd_item"))
        )

    def _items(self, course: Course, latent: Array) -> dict[str, Array]:
        """Items present (0/1) at each visit, (n, T)."""
        items: dict[str, Array] = {}
        sd = self.number("sd_item")
        for d, (domain, names) in enumerate(DOMAINS.items()):
            shake = noise(course, f"SLE {domain} item", len(names))
            for i, name in enumerate(names):
                items[name] = (latent[..., d] + sd * shake[..., i] > self._threshold(name)).astype(float)
        for name, log in (("anti_dsDNA", course.log("aas")), ("low_complement", -course.log("c3") - course.log("c4"))):
            titre = log + self.number("sd_patient") * lasting(course, f"SLE {name}")[..., 0]
            titre = titre + sd * noise(course, f"SLE {name} assay")[..., 0]
            cut = -scipy.special.ndtri(self.number(f"prevalence.{name}")) * np.hypot(self.number("sd_patient"), sd)
            items[name] = (titre > cut).astype(float)
        return items

    def _bilag(self, latent: Array) -> NDArray[np.int64]:
        """Grade of each domain, (n, T, domains): 2 = A, 1 = B, 0 = C or less."""
        spread = self._spread
        cut = np.array([min(self._threshold(i) for i in names) for names in DOMAINS.values()])
        b, a = cut + self.number("bilag_B") * spread, cut + self.number("bilag_A") * spread
        return (latent > b).astype(np.int64) + (latent > np.maximum(a, b)).astype(np.int64)

    def _pga(self, course: Course, latent: Array) -> Array:
        """Physician's global, 0 to 3, from the two most active of the common domains and visit noise."""
        overall = latent[..., :3].mean(axis=-1)
        score = self.number("pga.median") * np.exp(self.number("pga.gain") * overall)
        return np.asarray(np.clip(score + self.number("pga.noise") * noise(course, "SLE PGA")[..., 0], 0.0, 3.0))

    def endpoints(self) -> dict[str, Endpoint]:
        sri = {f"SRI-{points}": partial(_sri, points) for points in (4, 5, 6, 7, 8)}
        taper = partial(_sri_tapered, True)
        return (
            sri
            | self.by_event()
            | {
                "BICLA": _bicla,
                "BILAG_response": _bilag_response,
                "SLEDAI_change": lambda v, k: v.change("SLEDAI-2K", k),
                "mSLEDAI_change": lambda v, k: v.change("clinical SLEDAI-2K", k),
                "SLEDAI_reduction_ge4": lambda v, k: (v.change("SLEDAI-2K", k) <= -4).astype(float),
                "SRI-4_and_steroid_le10": partial(_sri_tapered, False),
                "SRI-4_with_steroid_reduction": taper,
                "SRI-4_with_steroid_taper": taper,
                "arthritis_or_rash_resolution": _arthritis_or_rash_gone,
                "steroid_to_le10": lambda v, k: steroid_ok(v, k, 10.0).astype(float),
                "LLDAS": _lldas,
                "DORIS": partial(_remission, 0.5, 5.0),
                "clinical_remission": partial(_remission, np.inf, 0.0),
                "disease_control": _controlled,
                "flare": partial(seen_by, _bilag_flare),
                "moderate_severe_flare": partial(seen_by, _bilag_flare),
                "any_flare": partial(seen_by, _any_flare),
                "severe_flare": partial(seen_by, _severe_flare),
                "flare_free": lambda v, k: 1.0 - seen_by(_bilag_flare, v, k),
            }
        )

    def events(self) -> dict[str, Event]:
        return {"flare": _bilag_flare, "any flare": _any_flare, "severe flare": _severe_flare}

    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """Rescue: a new BILAG A at two visits running after baseline, for which no trial lets background alone."""
        new = visits["new BILAG A"] > 0
        twice = np.zeros_like(new)
        twice[:, 3:] = new[:, 3:] & new[:, 2:-1]
        return np.asarray(np.maximum.accumulate(twice, axis=1))


def _grades(grade: NDArray[np.int64]) -> dict[str, Array]:
    """Counts of A and B, of new ones since baseline (visit 1), and of domains with A or B then and not better now."""
    start = grade[:, 1:2]
    a, b = grade == 2, grade == 1
    unimproved = ((start == 2) & (grade == 2)) | ((start == 1) & (grade >= 1))
    return {
        "BILAG A": a.sum(-1).astype(float),
        "BILAG B": b.sum(-1).astype(float),
        "new BILAG A": (a & (start < 2)).sum(-1).astype(float),
        "new BILAG B": (b & (start < 1)).sum(-1).astype(float),
        "BILAG unimproved": unimproved.sum(-1).astype(float),
    }


def _sri(points: float, v: Visits, k: int) -> Array:
    """SRI: SLEDAI better by `points`, no new BILAG A and at most one new B, PGA not worse by 0.3."""
    ok = v.change("SLEDAI-2K", k) <= -points
    ok &= (v["new BILAG A"][:, k] == 0) & (v["new BILAG B"][:, k] <= 1)
    ok &= ~_physician_worse(v, k)
    return np.asarray(ok, dtype=float)


def _physician_worse(v: Visits, k: int) -> NDArray[np.bool_]:
    """Physician's global up by 0.3 or more of 3 points (a tenth of its scale)."""
    return at_least(v.change("PGA", k), WORSE_PGA)


def _bicla(v: Visits, k: int) -> Array:
    """BICLA: every A and B of baseline better, no new A and at most one new B, SLEDAI and PGA not worse."""
    ok = v["BILAG unimproved"][:, k] == 0
    ok &= (v["new BILAG A"][:, k] == 0) & (v["new BILAG B"][:, k] <= 1)
    ok &= (v.change("SLEDAI-2K", k) <= 0) & ~_physician_worse(v, k)
    return np.asarray(ok, dtype=float)


def _arthritis_or_rash_gone(v: Visits, k: int) -> Array:
    """Arthritis of baseline gone, or rash of baseline gone (SLEDAI-2K items)."""
    gone = [(v[item][:, 1] > 0) & (v[item][:, k] == 0) for item in ("arthritis", "rash")]
    return np.asarray(gone[0] | gone[1], dtype=float)


def _bilag_response(v: Visits, k: int) -> Array:
    """Every A and B of baseline better, and no new A or B."""
    ok = (v["BILAG unimproved"][:, k] == 0) & (v["new BILAG A"][:, k] == 0) & (v["new BILAG B"][:, k] == 0)
    return np.asarray(ok, dtype=float)


def _sri_tapered(reduced: bool, v: Visits, k: int) -> Array:
    """SRI-4 on at most 10 mg/day of prednisone, and with `reduced` not above the dose at baseline."""
    ok = steroid_ok(v, k, 10.0)
    if reduced:
        ok &= ~(v[STEROID][:, k] > v[STEROID][:, 1] + ROUNDING)
    return _sri(4, v, k) * ok


def _lldas(v: Visits, k: int) -> Array:
    """SLEDAI-2K at most 4 without major organs, nothing new since the visit before, PGA at most 1, prednisone 7.5 mg."""
    ok = (v["SLEDAI-2K"][:, k] <= 4) & (v["major organs"][:, k] == 0) & (v["new items"][:, k] == 0)
    return np.asarray(ok & at_most(v["PGA"][:, k], 1.0) & steroid_ok(v, k, 7.5), dtype=float)


def _remission(pga: float, steroid: float, v: Visits, k: int) -> Array:
    """Clinical SLEDAI-2K 0, PGA under `pga`, at most `steroid` mg/day of prednisone (DORIS: 0.5 and 5)."""
    ok = (v["clinical SLEDAI-2K"][:, k] == 0) & ~at_least(v["PGA"][:, k], pga) & steroid_ok(v, k, steroid)
    return np.asarray(ok, dtype=float)


def _controlled(v: Visits, k: int) -> Array:
    """Disease control of BLISS-BELIEVE: SLEDAI-2K at most 2 on at most 5 mg/day of prednisone."""
    return np.asarray((v["SLEDAI-2K"][:, k] <= 2) & steroid_ok(v, k, 5.0), dtype=float)


def _new(items: dict[str, Array]) -> Array:
    """Items present that were absent at the visit before, (n, T); none at the first visit."""
    stack = np.stack(list(items.values()), axis=-1)
    count = np.zeros(stack.shape[:2])
    count[:, 1:] = (stack[:, 1:] > stack[:, :-1]).sum(axis=-1)
    return count


def _bilag_flare(v: Visits) -> NDArray[np.bool_]:
    """A new BILAG A, or two new B, against baseline."""
    return np.asarray((v["new BILAG A"] > 0) | (v["new BILAG B"] >= 2)) & (v.days > 0)


def _rise(measure: str, v: Visits) -> Array:
    """Rise of a measure over the lowest visit since baseline."""
    low = v[measure].copy()
    low[:, 1:] = np.minimum.accumulate(v[measure][:, 1:], axis=1)
    return v[measure] - low


def _any_flare(v: Visits) -> NDArray[np.bool_]:
    """SELENA flare of any grade: SLEDAI up by 3, or PGA up by 1."""
    return np.asarray((_rise("SLEDAI-2K", v) >= 3) | at_least(_rise("PGA", v), 1.0)) & (v.days > 0)


def _severe_flare(v: Visits) -> NDArray[np.bool_]:
    """Severe SELENA flare as the belimumab trials count it: PGA up to above 2.5, or a new severe organ (BILAG A)."""
    worse = at_least(_rise("PGA", v), 1.0) & ~at_most(v["PGA"], 2.5)
    return np.asarray(worse | ((v["new BILAG A"] > 0) & (v["new items"] > 0))) & (v.days > 0)
