"""The compiled axis against a plain reference, and against itself at tighter tolerance."""

import numpy as np
import pytest

from baxis import axis, engine
from baxis.axis.assembly import model

NAMES = ["infl", "bcount", "igg", "aas", "ic", "ifn", "baff", "gcA", "A_nfkb", "armC"]


def _case() -> dict[str, object]:
    p = axis.parameters("SLE", axis.slot_parameters("rituximab", 1))
    return {
        "parameters": p[None], "initial": axis.rest("SLE")[None], "times": np.array([1.0, 7.0, 28.0, 84.0, 168.0]),
        "events": engine.bolus("P1_central", [0.0, 14.0], [1000.0, 1000.0]),
    }  # fmt: skip


def test_default_tolerance_is_within_a_thousandth() -> None:
    case = _case()
    loose = engine.simulate(model.kernel(), outputs=NAMES, **case).values  # type: ignore[arg-type]
    fine = engine.simulate(model.kernel(), outputs=NAMES, options=engine.Options(rtol=1e-9, atol=1e-11), **case).values  # type: ignore[arg-type]
    assert np.max(np.abs(loose - fine) / (1e-3 + np.abs(fine))) < 3e-3


@pytest.mark.nightly
def test_agrees_with_a_plain_reference() -> None:
    case = _case()
    system = axis.system()
    every = [*system.states, *system.assignments]
    plain = engine.reference(system, rtol=1e-8, **case)[0]  # type: ignore[arg-type]
    fast = engine.simulate(
        model.kernel(),
        outputs=every,
        options=engine.Options(rtol=1e-9, atol=1e-11),
        **case,  # type: ignore[arg-type]
    ).values[0]
    assert np.max(np.abs(fast - plain) / (1e-3 + np.abs(plain))) < 1e-4
