"""Calibration does not read validation trials: with their outcomes replaced by garbage every input is the same, bit for bit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from baxis import evidence

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
DISEASES = ("RA", "SLE", "LN", "SjD", "IgG4-RD", "AAV")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))

    def load(name: str) -> ModuleType:
        for loaded in ("calibration_settings", name):
            sys.modules.pop(loaded, None)
        return __import__(name)

    return load


def poisoned(keep: str = "calibration") -> evidence.Evidence:
    """The shipped tables, every outcome of a trial of another role replaced by garbage."""
    tables = evidence.load()
    roles = tables.trials.set_index("trial_id")["role"]
    rows = tables.outcomes.copy()
    other = rows["trial_id"].map(roles).to_numpy() != keep
    assert other.any()
    assert not other.all()
    rows.loc[other, "value"] = np.linspace(0.99, 0.01, int(other.sum()))  # a share, so that every reader takes it
    return replace(tables, frames={**tables.frames, "outcomes": rows}, digest=f"poisoned, {keep} kept")


@pytest.mark.parametrize("disease", DISEASES)
def test_instruments_are_fitted_to_calibration_trials_alone(disease: str, script, monkeypatch) -> None:
    tool = script("calibrate_instruments")
    clean = tool.targets(disease)
    bad = poisoned()
    monkeypatch.setattr(tool.evidence, "load", lambda *_: bad)
    assert tool.targets(disease) == clean
    roles = bad.trials.set_index("trial_id")["role"]
    assert {roles[t.design.trial_id] for t in clean if t.design.trial_id in roles} <= {"calibration"}


def test_the_poison_would_be_seen(script, monkeypatch) -> None:
    """The same poison in the calibration trials changes what is fitted: the check can fail."""
    tool = script("calibrate_instruments")
    clean = tool.targets("SLE")
    bad = poisoned(keep="validation")
    monkeypatch.setattr(tool.evidence, "load", lambda *_: bad)
    assert tool.targets("SLE") != clean


def test_the_posteriors_contrasts_are_calibration_trials_alone(script, monkeypatch) -> None:
    tool = script("calibration_response")
    clean = tool.wanted(evidence.contrasts(evidence.load()))
    found = tool.wanted(evidence.contrasts(poisoned()))
    assert found.equals(clean)
    assert len(clean) > 20
    assert not tool.wanted(evidence.contrasts(poisoned(keep="validation"))).equals(clean)
