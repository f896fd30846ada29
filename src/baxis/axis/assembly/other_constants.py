"""Typical patients of one disease under other values of shared constants, each with its own references and rest.

Uncertainty about a constant that every disease shares is not a difference between patients: another value is another
model, whose typical patient rests elsewhere. References and scales (see `references`) are therefore computed for every
variant, all in one batch, and kept on disk under a digest of everything they depend on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from baxis.axis.assembly import model, references, vector
from baxis.axis.tables import disease_table
from baxis.axis.tables.disease_table import Disease
from baxis.core.errors import BaxisError, InvalidValue
from baxis.core.storing import store
from baxis.engine import cache

Array = NDArray[np.float64]
_YEARS, _ROUNDS, _CLOSE = 60.0, 60, 1e-9


def variants(case: str | Disease, names: Sequence[str], values: Array) -> tuple[Array, Array]:
    """Parameters (n, P) and rest states (n, N) of the typical patient under each row of `values` (n, m).

    names (m,): model parameters that the columns of `values` replace. Damage starts at 0, as in `resting.rest`.
    UnknownName for a parameter that the model lacks; InvalidValue for values that are not finite or of another shape;
    BaxisError where a variant finds no rest.
    """
    d = disease_table.load(case) if isinstance(case, str) else case
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(names) or not np.isfinite(values).all():
        raise InvalidValue("variants", values.shape, f"a finite table (n, {len(names)})")
    base = vector.table(d)
    for name in names:
        vector.index(name)
    parameters = np.repeat(vector.vector(d)[None], len(values), axis=0)
    for i, name in enumerate(names):
        parameters[:, vector.index(name)] = values[:, i : i + 1]
    name = cache.key("variants", parameters.tobytes().hex(), model.system().digest)
    found = store.load_arrays(name)
    if found is not None:
        return found["parameters"], found["rest"]
    parameters, rest = _settle(d, parameters, base["k_inf"])
    store.store_arrays(name, parameters=parameters, rest=rest)
    return parameters, rest


def _settle(case: Disease, parameters: Array, k_inf: float) -> tuple[Array, Array]:
    """Scales and arm references at each variant's own rest (inflammation held at 1 meanwhile), and that rest."""
    from baxis.engine import Options, simulate

    system, read = model.system(), {**references.SCALES, **references.ARMS}
    power = disease_table.base()["gamma_scale"]
    column = {name: vector.index(name) for name in (*read, "k_inf")}
    parameters[:, column["k_inf"]] = 0.0
    state, options = None, Options(rtol=1e-7, atol=1e-10)
    for _ in range(_ROUNDS):
        run = simulate(
            model.kernel(), parameters, state, times=[365.0 * _YEARS], outputs=list(read.values()), options=options
        )
        if run.failures:
            raise BaxisError(f"no rest for a variant of disease {case.code}: {run.failures[0]}")
        state, moved = run.final, 0.0
        for i, name in enumerate(read):
            level = run.values[:, -1, i]
            new = level**power if name in references.SCALES and name != "rest_str" else level
            moved = max(moved, float(np.max(np.abs(new / parameters[:, column[name][0]] - 1))))
            parameters[:, column[name]] = new[:, None]
        if moved < _CLOSE:
            break
    else:
        raise BaxisError(f"no rest for a variant of disease {case.code}: scales still move by {moved:.1e}")
    parameters[:, column["k_inf"]] = k_inf
    rest = np.array(state)
    rest[:, system.states.index("dam")] = 0.0
    return parameters, rest
