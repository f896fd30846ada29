"""What `calibrate_instruments.py` was told: free numbers with priors, entry criteria, standard therapy of control arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baxis.clinic.design.read import read_design
from baxis.core import library

# sd of a control proportion between like trials: one drug and dose has differed by 17 points; and the same as log odds
BETWEEN_PROPORTIONS, BETWEEN_LOG_ODDS = 0.08, 0.33
# Mean changes that are fitted: between-trial sd, and the sd of a patient's change where no standard error is printed.
BETWEEN = {"ESSDAI_change": (0.8, 5.0), "ESSPRI_change": (0.4, 2.0)}
# Endpoints that are fitted, where not all: the others are left to be predicted.
FITTED = {
    "RA": {"ACR20", "ACR50", "ACR70", "DAS28_remission", "DAS28_LDA"},
    "SLE": {"SRI-4", "SRI-5", "SRI-6", "BICLA"},
}
LAST_WEEK = {"LN": 110, "SjD": 70, "IgG4-RD": 160, "AAV": 210}
# Free numbers: prior centre and sd of the logarithm, or None: a location with prior sd 0.3.
FREE: dict[str, dict[str, tuple[float, float | None]]] = {
    "RA": {"sd_fluctuation": (0.55, 0.4), "expectation": (0.1, None), "expectation.TNF-IR": (0.0, None)},
    "SLE": {"sd_fluctuation": (0.95, 0.4), "expectation": (0.3, None), "shift_population": (0.0, None)},
    "LN": {"sd_fluctuation": (0.3, 0.4), "expectation": (0.3, None), "shift_population": (0.0, None)},
    "SjD": {"sd_fluctuation": (0.6, 0.4), "expectation": (0.3, None), "shift_population": (0.0, None)},
    "IgG4-RD": {"sd_fluctuation": (0.4, 0.4), "expectation": (0.3, None)},
    "AAV": {"sd_fluctuation": (0.5, 0.4), "expectation": (0.2, None), "remission": (1.5, 0.4)},
}
ENTRY: dict[str, list[dict[str, object]]] = {
    "RA": [{"measure": "SJC66", "min": 6}, {"measure": "TJC68", "min": 6}],
    "SLE": [{"measure": "SLEDAI-2K", "min": 6}],
    "LN": [{"measure": "UPCR", "min": 1}],
    "SjD": [{"measure": "ESSDAI", "min": 5}],
    "IgG4-RD": [{"measure": "RI", "min": 3}],
    "AAV": [{"measure": "BVAS", "min": 3}],
}
QUIET = [{"measure": "active organs", "max": 0, "at": "baseline"}]
SYMPTOMS = [{"measure": "fatigue", "min": 5}, {"measure": "dryness", "min": 5}]
ENTRY_OF: dict[str, list[dict[str, object]]] = {
    "dazodalibep-sjd-ph2 p2_pbo": [{"measure": "ESSDAI", "max": 4}, {"measure": "ESSPRI", "min": 5}],
    "ianalumab-sjd-ph2b pbo": [{"measure": "ESSDAI", "min": 6}, {"measure": "ESSPRI", "min": 5}],
    "hcq-sjd-joquer pbo": [],
    "infliximab-sjd-tripss pbo": SYMPTOMS,
    "rituximab-sjd-tears pbo": SYMPTOMS,
    "rituximab-sjd-tractiss pbo": SYMPTOMS,
    "rituximab-sjd-dass2008 pbo": [{"measure": "fatigue", "min": 5}],
    **dict.fromkeys(
        (
            "brevas pbo",
            "improve-aav aza",
            "wegent aza",
            "tapir pred5",
            "tapir pred0",
            "remain-aav cont",
            "remain-aav stop",
        ),
        QUIET,
    ),
}
# Only trials whose control arm is what a control arm is elsewhere; the reason stands beside each that is left out.
LEFT_OUT = {
    "rituximab-image": "methotrexate is started at entry",
    "rituximab-sunrise": "every patient had rituximab before randomisation",
    "rose-rontalizumab-sle": "immunosuppressants are withdrawn at entry",
    "wget": "remission sustained at any time until the trial's end, over a common closing date",
    "gc-maintenance-aip-masamune2017": "autoimmune pancreatitis alone: one organ at risk, not the four of multi-organ disease",
    "lef-hcq-sjd-repurpss1": "seven patients on placebo",
}
# Control arms on standard therapy besides placebo arms: diseases with few placebo arms.
CONTROLS = {
    "leflunomide-igg4rd-wang2020 gc",
    "mycophenolate-igg4rd-yunyun2019 gc",
    "rave cyc",
    "clear-avacopan pred60",
    "cyclops oral",
    "cycazarem cyc",
    "improve-aav aza",
    "wegent aza",
    "tapir pred5",
    "tapir pred0",
    "remain-aav cont",
    "remain-aav stop",
}
# Endpoints whose definition in that trial is another name of the instrument; "" leaves the row out.
SIMULATED_AS = {
    "rave cyc BVAS_remission": "BVAS_remission_off_steroid",
    "rave cyc relapse_rate": "",  # counted among those in complete remission only
    "cyclops oral BVAS_remission": "BVAS_remission_by",
}
BASELINE = {
    "LN": [("UPCR", 3.8, 0.3)],  # LUNAR 4.2, BLISS-LN 3.5 g/g under UPCR of at least 1
    "SLE": [("SLEDAI-2K", 9.7, 0.4)],  # Furie 2014: mean under SLEDAI of at least 6
    "abatacept-sjd-ph3": [("ESSDAI", 9.4, 0.5)],  # Baer 2021: mean under ESSDAI of at least 5
}


@dataclass(frozen=True)
class Course:
    """Standard therapy of a control arm: steps (day, model input, dose), and the background its patients rest under."""

    steps: tuple[tuple[float, str, float], ...] = ()
    rest: str = ""

    def steroid(self, days: np.ndarray) -> np.ndarray:
        """Prednisone dose (T,), mg/day, on each day; the taper's first dose before it starts."""
        taper = sorted((t, dose) for t, name, dose in self.steps if name == "gc_dose")
        if not taper:
            return np.full(days.size, np.nan)
        index = np.searchsorted([t for t, _ in taper], days + 1e-9, side="right") - 1
        return np.array([taper[max(i, 0)][1] for i in index])


def _taper(*steps: tuple[float, float]) -> tuple[tuple[float, str, float], ...]:
    return tuple((week * 7.0, "gc_dose", dose) for week, dose in steps)


# Doses in the unit of the model's inputs: prednisone mg/day, mycophenolate g/day, cyclophosphamide and azathioprine mg/day.
# Tapers are a plain descent between the doses that the protocols print for entry and for week 12 to 24.
NEPHRITIS = _taper((0, 40), (2, 30), (4, 20), (8, 15), (12, 10), (16, 7.5))
VASCULITIS = _taper((0, 60), (2, 40), (4, 30), (8, 20), (12, 12.5), (16, 7.5), (21, 5))
COURSES: dict[str, Course] = {
    "": Course(),
    "MMF and taper": Course((*NEPHRITIS, (0, "mmf", 2.5))),
    "Euro-Lupus": Course((*NEPHRITIS, (0, "cyc", 36), (84, "cyc", 0), (84, "aza", 150))),
    "taper to 0 week 8": Course(_taper((0, 20), (2, 15), (4, 10), (6, 5), (8, 0))),
    "steroid kept 7.5": Course(_taper((0, 40), (4, 30), (8, 20), (16, 10), (26, 7.5))),
    "CYC, off week 21": Course(
        (*VASCULITIS[:-1], (147, "gc_dose", 0), (0, "cyc", 140), (112, "cyc", 0), (112, "aza", 150))
    ),
    "CYC then AZA": Course((*VASCULITIS, (0, "cyc", 140), (112, "cyc", 0), (112, "aza", 150))),
    "CYC a year": Course((*VASCULITIS, (0, "cyc", 140), (112, "cyc", 100), (364, "cyc", 0), (364, "aza", 100))),
    "kept": Course(rest="maintenance"),
    "withdrawn": Course(((28, "aza", 75), (84, "aza", 0), *_taper((4, 4), (12, 2.5), (20, 0))), rest="maintenance"),
    "prednisone 5 kept": Course(rest="low steroid"),
    "prednisone 5 to 0": Course(_taper((1, 4), (4, 2), (8, 0)), rest="low steroid"),
}
THERAPY = {
    "access-abatacept-ln pbo": "Euro-Lupus",
    "LN": "MMF and taper",
    "inebilizumab-igg4rd-mitigate pbo": "taper to 0 week 8",
    "mycophenolate-igg4rd-yunyun2019 gc": "steroid kept 7.5",
    "leflunomide-igg4rd-wang2020 gc": "steroid kept 7.5",
    "rave cyc": "CYC, off week 21",
    "clear-avacopan pred60": "CYC then AZA",
    "cyclops oral": "CYC then AZA",
    "cycazarem cyc": "CYC a year",
    "brevas pbo": "kept",
    "improve-aav aza": "kept",
    "wegent aza": "kept",
    "remain-aav cont": "kept",
    "remain-aav stop": "withdrawn",
    "tapir pred5": "prednisone 5 kept",
    "tapir pred0": "prednisone 5 to 0",
}
REST = {
    "maintenance": [{"drug": "azathioprine", "dose": 125}, {"drug": "prednisone", "dose": 5}],
    "low steroid": [{"drug": "prednisone", "dose": 5}],
}


def therapy(disease: str, key: str) -> str:
    """Standard therapy of a control arm (`trial arm`), or of its disease; '' for the usual background alone."""
    return THERAPY.get(key, THERAPY.get(disease, ""))


def prior_treatment(disease: str, key: str, text: str) -> str:
    """Population covariate of the trial effect: after TNF inhibitors in RA, entered in remission in AAV."""
    if disease == "AAV":
        return "remission" if ENTRY_OF.get(key) is QUIET else ""
    return "TNF-IR" if "TNF-IR" in text or "IR to one TNFi" in text or "failed biologic" in text else ""


def background(disease: str, rest: str) -> list[dict[str, object]]:
    """Background that patients rest under: named, or that of the disease's shipped design."""
    if rest:
        return REST[rest]
    designs = [d for name in library.names("designs") if (d := read_design(name)).disease == disease]
    return [b.model_dump() for d in designs for b in d.background_therapy]
