"""Typical rest states: computed by the engine, kept on disk under a hash of everything they depend on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from baxis.axis.assembly import model, vector
from baxis.axis.tables.disease_table import Disease
from baxis.core.errors import BaxisError
from baxis.core.storing import store
from baxis.engine import cache

_STILL = 1e-6
_HORIZON = 365.0 * 600  # long-lived plasma cells without supply need centuries to vanish


def rest(case: str | Disease, overrides: Mapping[str, float] | None = None) -> np.ndarray:
    """Typical rest state (N,) of a disease in `system().states` order; damage starts at 0 (it is counted from here).

    Raises BaxisError with the engine's sentence where no rest is found.
    """
    code = case if isinstance(case, str) else case.code
    return _rest(code, vector.vector(case, overrides).tobytes()).copy()


@lru_cache(maxsize=256)
def _rest(code: str, raw: bytes) -> np.ndarray:
    values = np.frombuffer(raw)
    name = cache.key("rest", raw.hex(), model.system().digest)
    found = store.load_arrays(name)
    if found is not None:
        return found["state"]
    state = _compute(code, values)
    store.store_arrays(name, state=state)
    return state


def _compute(code: str, values: np.ndarray) -> np.ndarray:
    from baxis.engine import Options
    from baxis.engine import rest as find

    options = Options(rtol=1e-7, atol=1e-10, threads=1)
    found = find(model.kernel(), values[None], model.initial(), options=options, horizon=_HORIZON)
    state = np.array(found.state[0])
    if found.status[0] != 0 and not _still(values, state):
        raise BaxisError(f"no rest for disease {code}: {found.sentence(0)}")
    state[model.system().states.index("dam")] = 0.0
    return state


def _still(values: np.ndarray, state: np.ndarray) -> bool:
    """Whether nothing but a vanishing state still moves: change over ten years below 1e-6 of the healthy level."""
    from baxis.engine import Options, simulate

    options = Options(rtol=1e-7, atol=1e-10, threads=1)
    later = simulate(model.kernel(), values[None], state[None], times=[3650.0], options=options)
    return bool(later.status[0] == 0 and np.max(np.abs(later.final[0] - state)) < _STILL)


def levels(case: str | Disease, overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Every state and rule at the typical rest, by name."""
    return evaluate(vector.vector(case, overrides), rest(case, overrides))


def evaluate(values: np.ndarray, state: np.ndarray) -> dict[str, float]:
    """States and rules by name for one parameter vector `values` (P,) and state (N,)."""
    from baxis.engine import Options, simulate

    system = model.system()
    names = [*system.states, *system.assignments]
    run = simulate(
        model.kernel(),
        values[None],
        state[None],
        times=[0.0, 1e-9],
        outputs=names,
        options=Options(atol=1e-6, threads=1),
    )
    return dict(zip(names, (float(v) for v in run.values[0, 0]), strict=True))
