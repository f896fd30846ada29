"""Counterfactual changes of the model: what is read at each step, and what can be cut or held.

A cut sets parameters, and states at day 0, of every patient. A route whose rate constants and states are both set to 0
is gone; a state whose rate constant alone is set to 0 is held at the patient's own rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.axis.tables.drug_table import TARGETS

Array = NDArray[np.float64]
HELD = 1e4  # dose strength that leaves 1 in 10,000 of a target free

STAGES = ("target", "signal", "cells", "antibody", "tissue", "inflammation")


@dataclass(frozen=True)
class Node:
    """One read-out: its stage, what to call it, its name in the model."""

    stage: str
    label: str
    name: str

    def value(self, values: Array) -> Array:
        """What is compared between arms: a dose strength D is read as the free share 1/(1 + D)."""
        return np.asarray(1.0 / (1.0 + values) if self.name.startswith("D_") else values)


@dataclass(frozen=True)
class Cut:
    """A counterfactual change: parameters and day-0 states by name."""

    label: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, float] = field(default_factory=dict)

    def apply(self, parameters: Array, initial: Array) -> None:
        """Write into the tables (n, P) and (n, N) in place."""
        states = list(axis.system().states)
        for name, value in self.parameters.items():
            parameters[:, axis.index(name)] = value
        for name, value in self.states.items():
            initial[:, states.index(name)] = value


_EXPOSED = {"gc_dose": "gc_free", "mtx": "mtx_free", "mmf": "ap_b", "aza": "ap_b", "cyc": "ap_b", "hcq": "tlr_free"}
_READ = (
    ("signal", "BCR signal of autoreactive cells (PLCG2)", "A_plc"),
    ("signal", "NF-kB of autoreactive cells", "A_nfkb"),
    ("signal", "TLR signal of autoreactive cells", "A_tlr"),
    ("signal", "survival signal, autoreactive", "A_surv"),
    ("signal", "plasma-cell differentiation signal, autoreactive", "A_pcd"),
    ("signal", "BCR signal of responding cells (PLCG2)", "R_plc"),
    ("signal", "tonic signal of resting cells", "N_ton"),
    ("cells", "B cells in blood", "bcount"),
    ("cells", "autoreactive naive, blood", "nvbA"),
    ("cells", "autoreactive germinal centre", "gcA"),
    ("cells", "age-associated (DN2)", "abc"),
    ("cells", "autoreactive memory, tissue", "mtA"),
    ("cells", "autoreactive plasmablasts", "pbA"),
    ("cells", "tissue-resident B cells", "tb"),
    ("cells", "short-lived plasma cells", "spA"),
    ("cells", "long-lived plasma cells", "lpA"),
    ("antibody", "autoantibody, short-lived source", "aas"),
    ("antibody", "autoantibody, long-lived source", "aal"),
    ("antibody", "immune complexes", "ic"),
    ("antibody", "total IgG", "igg"),
)
ARMS = (
    ("w_C", "armC", "myeloid (complex) arm"),
    ("w_T", "armT", "T-cell arm"),
    ("w_I", "armI", "interferon arm"),
    ("w_B", "armB", "tissue B-cell arm"),
    ("w_N", "armN", "neutrophil arm"),
    ("w_0", "", "background"),
)


def nodes(drug: axis.Drug, arms: list[str]) -> list[Node]:
    """What is read at each stage for a drug; arms: weights that the disease uses."""
    if drug.background:
        held = [Node("target", drug.name, _EXPOSED[drug.exposure])]
    else:
        held = [
            Node("target", axis.label(t), "btk_free" if t == "btk" else f"D_{t}") for t in drug.actions if t in TARGETS
        ]
    tissue = [Node("tissue", label, name) for weight, name, label in ARMS if name and weight in arms]
    return [*held, *(Node(*row) for row in _READ), *tissue, Node("inflammation", "tissue inflammation", "infl")]


def arms_in_use(parameters: Array) -> list[str]:
    """Weights of the tissue arms that are above 0.5 % in the mean patient."""
    return [w for w, _, _ in ARMS if parameters[:, axis.index(w)].mean() > 0.005]


_NO_CELLS = dict.fromkeys(("trA", "nvtA", "nvbA", "gcA", "abc", "mtA", "mbA", "pbA", "tb"), 0.0)
_NO_PLASMA = dict.fromkeys(("spA", "lpA", "tpc", "aas", "aal", "ic"), 0.0)


def rungs(drug: axis.Drug) -> list[Cut]:
    """Cumulative steps beyond the drug as given. The first replaces the doses: every target held to 99.99 %."""
    own = {f"u_{t}": HELD for t in drug.actions if t in TARGETS}
    full = [Cut("target fully held", own)] if own and not drug.background else []
    return [
        *full,
        Cut("no autoreactive B cells", {**own, "chk": 0.0}, _NO_CELLS),
        Cut("no plasma cells, no autoantibody", {**own, "chk": 0.0}, {**_NO_CELLS, **_NO_PLASMA}),
    ]


def routes() -> list[Cut]:
    """Escapes from a B-cell drug that can each be closed alone."""
    return [
        Cut("plasma cells", {"k_sp": 0.0, "k_lp": 0.0, "k_tpc": 0.0}, {"spA": 0.0, "lpA": 0.0, "tpc": 0.0}),
        Cut("TLR7/9 in B cells", {"k_tl": 0.0}),
        Cut("CD40 help", {"u_cd40": HELD}),
        Cut("BAFF and APRIL rebound", {"k_baff": 0.0}),
        Cut("tissue B cells", {"k_tbx": 0.0}, {"tb": 0.0}),
    ]


def arms(used: list[str]) -> list[Cut]:
    """Each tissue arm silenced (not shared out among the others)."""
    return [Cut(label, {weight: 0.0}) for weight, _, label in ARMS if weight in used]
