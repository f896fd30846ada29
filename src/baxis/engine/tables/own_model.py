"""A user's own model by its file: read, then simulated for a row or a table of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from baxis.engine.reading.model_file import read_model
from baxis.engine.run.options import Options
from baxis.engine.tables.dosing import Dose
from baxis.engine.tables.user_model import Simulated, simulate_model


def simulate(
    model: str | Path,
    times: Any,
    *,
    values: Mapping[str, Any] | None = None,
    doses: Sequence[Dose] = (),
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
    device: str = "cpu",
) -> Simulated:
    """Simulate a model file (SBML, Antimony, or a COMBINE archive) at `times` (T,), in the model's own units.

    values: parameter or state -> a number, or (n,) numbers, one a row; doses: (state, time, amount); outputs: names (every
    state by default). The result's `values` are (n, T, outputs), its `frame()` a tidy table. Otherwise as
    `engine.simulate_model`, which takes SBML text. Raises InvalidValue, UnknownName, Faults or Unsupported.
    """
    return simulate_model(
        read_model(model), times, values=values, doses=doses, outputs=outputs, options=options, device=device
    )
