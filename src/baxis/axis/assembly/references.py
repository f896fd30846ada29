"""Calibrated references: signalling outputs at healthy rest, and each disease's scales and arm values at its rest.

Two kinds of numbers make the rest state exact whatever the weights. `X_ref_o` divides output o of signalling
instance X by its value at healthy rest. For a disease, `ref_a` divides inflammation arm a by its value at the
typical rest, and `rest_v` sets where a saturation in v sits: kappa times the scale of v, which is v's level at
the disease's rest to the power `gamma_scale` (0: the healthy level; 1: the level itself, where loops run away).

Run `python -m baxis.axis.assembly.references` to write the shipped table anew.
"""

from __future__ import annotations

import csv
import hashlib
import json
from functools import lru_cache
from typing import Any

import numpy as np

from baxis.axis.assembly import compose, fill, model
from baxis.axis.tables import disease_table
from baxis.axis.tables.disease_table import Disease
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.core.storing import store

OUTPUTS = ("surv", "prol", "pres", "pcd", "cyt", "act", "tlr", "foxo", "ton", "str")
INPUTS: dict[str, dict[str, str | None]] = {
    "A": {"ag": "agA", "tag": "tagA", "fcg_lig": "fcg0", "tlr_in": "tl_A"},
    "R": {"ag": "agR", "tag": "tagR", "fcg_lig": None, "tlr_in": "tlR_in"},
    "N": {"ag": "agN", "tag": "tagN", "fcg_lig": None, "tlr_in": "tlR_in"},
}
QUIET = {"baff_sig": 1.0, "cd40_in": 1.0, "il21_in": 1.0, "ifn_in": 1.0, "cd22_s": 1.0, "cd19_occ": 1.0, "bcr_free": 1.0,
         "syk_free": 1.0, "pi3k_free": 1.0, "btk_free": 1.0, "tlr_free": 1.0, "cd22_ag": 0.0}  # fmt: skip
SCALES = {"rest_str": "A_str", "rest_pgc": "pres_gc", "rest_pt": "pres_t", "rest_tpg": "tpg", "rest_nic": "nic"} | {
    f"rest_{v}": v
    for v in ["tfh", "nvtA", "mtA", "ifn", "baff", "april", "il6", "ic", "teff", "tb", "mac", "tnf", "aal", "aas", "neu", "c5a", "els"]
}  # fmt: skip
ARMS = {
    "ref_C": "armC",
    "ref_T": "armT",
    "ref_I": "armI",
    "ref_B": "armB",
    "ref_N": "armN",
    "ref_L": "last",
    "ref_tnf": "tnf",
    "ref_il6": "il6",
}
TABLE = "references/rest"
_YEARS, _ROUNDS, _CLOSE = 60.0, 60, 1e-10


def _digest(*parts: Any) -> str:
    text = json.dumps([compose.statements(), *parts], sort_keys=True, default=float)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=8)
def _shipped() -> dict[tuple[str, str], dict[str, float]]:
    """(owner, digest) -> values; owner is a disease code or `signalling`. Empty when the table is not there yet."""
    out: dict[tuple[str, str], dict[str, float]] = {}
    if f"{TABLE.split('/')[1]}" not in library.names("references", ".csv"):
        return out
    for row in library.read_table(TABLE):
        out.setdefault((row["disease"], row["digest"]), {})[row["name"]] = float(row["value"])
    return out


def _kept(owner: str, digest: str, compute: Any) -> dict[str, float]:
    """Values of this owner for exactly these inputs: shipped, else cached by the user, else computed and cached."""
    hit = _shipped().get((owner, digest))
    if hit is not None:
        return dict(hit)
    name = f"references-{owner}-{digest}"
    found = store.load_record(name)
    if found is None:
        found = compute()
        store.store_record(name, found)
    return {k: float(v) for k, v in found.items()}


@lru_cache(maxsize=8)
def _instances(digest: str) -> tuple[tuple[str, float], ...]:
    return tuple(_kept("signalling", digest, _compute_instances).items())


def instances() -> dict[str, float]:
    """Output references of the three signalling instances (24 numbers)."""
    return dict(_instances(_digest(disease_table.base())))


def signalling_inputs(instance: str, values: dict[str, float]) -> dict[str, float]:
    """Inputs of one instance when every slow state is 1 and no drug is there."""
    wires: dict[str, str | None] = INPUTS[instance]
    return {**QUIET, **{k: values[v] if v else 0.0 for k, v in wires.items()}}


def _compute_instances() -> dict[str, float]:
    from baxis.engine import Options, simulate

    kernel, values, out = model.signalling(), disease_table.base(), {}
    names = kernel.system.parameters
    raw = {"tlr": "tlr", "foxo": "foxo"}
    for instance in INPUTS:
        table = {**values, **signalling_inputs(instance, values), **{f"ref_{o}": 1.0 for o in OUTPUTS}}
        p = np.array([[table[n] for n in names]])
        wanted = [raw.get(o, o) for o in OUTPUTS]
        run = simulate(kernel, p, times=[60.0], outputs=wanted, options=Options(rtol=1e-9, atol=1e-12, threads=1))
        out.update({f"{instance}_ref_{o}": float(run.values[0, -1, i]) for i, o in enumerate(OUTPUTS)})
    return out


def scales(case: str | Disease) -> dict[str, float]:
    """Scales `rest_v` and arm references `ref_a` of a disease's typical rest (1 in health)."""
    d = disease_table.load(case) if isinstance(case, str) else case
    return dict(_scales(d.code, _digest(disease_table.base(), d.values()), _Held(d)))


class _Held:
    """Carries a disease past lru_cache: equal whatever it holds, because the digest beside it already identifies it."""

    def __init__(self, case: Disease) -> None:
        self.case = case

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(maxsize=64)
def _scales(code: str, digest: str, held: _Held) -> tuple[tuple[str, float], ...]:
    return tuple(_kept(code, digest, lambda: _compute_scales(held.case)).items())


def _compute_scales(case: Disease) -> dict[str, float]:
    """Fixed point: rest with inflammation held at 1, read levels, set scales, again until nothing moves."""
    from baxis.engine import Options, simulate

    kernel = model.kernel()
    names, read = kernel.system.parameters, {**SCALES, **ARMS}
    values = {**disease_table.base(), **instances(), **case.values(), **dict.fromkeys(read, 1.0), "k_inf": 0.0}
    power, state = disease_table.base()["gamma_scale"], None
    options = Options(rtol=1e-7, atol=1e-10, threads=1)
    for _ in range(_ROUNDS):
        full = fill.fill(values)
        p = np.array([[full[n] for n in names]])
        run = simulate(kernel, p, state, times=[365.0 * _YEARS], outputs=list(read.values()), options=options)
        if run.status[0] != 0:
            raise BaxisError(f"no rest for disease {case.code}: {run.failures[0]}")
        state = run.final
        level = dict(zip(read, run.values[0, -1], strict=True))
        new = {k: float(v**power if k in SCALES and k != "rest_str" else v) for k, v in level.items()}
        moved = max(abs(new[k] / values[k] - 1) for k in new)
        values.update(new)
        if moved < _CLOSE:
            return new
    raise BaxisError(f"no rest for disease {case.code}: scales still move by {moved:.1e} after {_ROUNDS} rounds")


def rows() -> list[dict[str, str]]:
    """The table of references for every disease of the library, computed now."""
    out = []
    shared = {"unit": "1", "kind": "calibrated"}
    for owner, digest, values, why in _owners():
        for name, value in sorted(values.items()):
            line = {"name": name, "disease": owner, "value": repr(value), **shared}
            out.append({**line, "rationale": why, "digest": digest})
    return out


def _owners() -> list[tuple[str, str, dict[str, float], str]]:
    why = "output of the instance at healthy rest"
    out = [("signalling", _digest(disease_table.base()), _compute_instances(), why)]
    for code in disease_table.codes():
        d = disease_table.load(code)
        digest = _digest(disease_table.base(), d.values())
        out.append((code, digest, _compute_scales(d), "scale or arm value at the typical rest of the disease"))
    return out


def main() -> None:
    """Write the shipped table."""
    table = rows()
    with (library.SHIPPED / f"{TABLE}.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    print(f"{len(table)} references of {len(disease_table.codes())} diseases")


if __name__ == "__main__":
    main()
