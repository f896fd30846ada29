"""Systemic lupus: SLEDAI-2K by item, BILAG grade by domain, PGA; SRI-4/5/6 and BICLA.

Definitions: SLEDAI-2K, Gladman 2002 (PMID 11838846); SRI, Furie 2009 (doi:10.1002/art.24698); BICLA, Wallace 2014
(doi:10.1136/annrheumdis-2012-202760). A clinical item is present when the activity of its organ passes the threshold
that its published prevalence sets; the two serological items read the model's autoantibody and complement.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .base import Array, Course, Endpoint, Instrument, Visits, domains, lasting, noise

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
    }
    continuous = frozenset({"SLEDAI_change"})

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
        return float(-ndtri(self.number(f"prevalence.{item}")) * np.hypot(self._spread, self.number("sd_item")))

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
            cut = -ndtri(self.number(f"prevalence.{name}")) * np.hypot(self.number("sd_patient"), sd)
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
        sri = {f"SRI-{points}": partial(_sri, points) for points in (4, 5, 6)}
        return sri | {"BICLA": _bicla, "SLEDAI_change": lambda v, k: v.change("SLEDAI-2K", k)}

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
    ok &= v.change("PGA", k) < WORSE_PGA
    return np.asarray(ok, dtype=float)


def _bicla(v: Visits, k: int) -> Array:
    """BICLA: every A and B of baseline better, no new A and at most one new B, SLEDAI and PGA not worse."""
    ok = v["BILAG unimproved"][:, k] == 0
    ok &= (v["new BILAG A"][:, k] == 0) & (v["new BILAG B"][:, k] <= 1)
    ok &= (v.change("SLEDAI-2K", k) <= 0) & (v.change("PGA", k) < WORSE_PGA)
    return np.asarray(ok, dtype=float)
