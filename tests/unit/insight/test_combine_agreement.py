"""Trials of combinations beside the model: what is read, what is not, and what the verdicts say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baxis import evidence
from baxis.clinic.conduct.settings import Settings
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.insight.combine import agreement as module

SMALL = Settings(patients=100, threads=1)


def test_a_validation_trial_is_named_and_nothing_of_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a trial of the validation set was read")

    roles = evidence.load().trials.set_index("trial_id")["role"]
    rows = [r for r in library.read_table(module.TABLE) if roles[r["trial_id"]] == "validation"]
    assert len(rows) > 1
    monkeypatch.setattr(module, "published", fail)
    monkeypatch.setattr(module, "modelled", fail)
    for row in rows:
        found = module.compare(row, "validation", False, SMALL)
        assert found["verdict"] == module.HELD
        assert np.isnan(found["published"])


def test_a_look_at_validation_must_be_asked_for() -> None:
    """A calibration trial in the role of a validation trial: held out by default, compared when asked."""
    row = next(r for r in library.read_table(module.TABLE) if r["finding"] == "els-upa-sle")
    assert module.compare(row, "validation", False, SMALL)["verdict"] == module.HELD
    found = module.compare(row, "validation", True, SMALL)
    assert np.isfinite(found["published"])
    assert np.isfinite(found["additive"])


def test_sizes_come_from_the_outcomes_with_the_sign_of_benefit() -> None:
    rows = {r["finding"]: r for r in library.read_table(module.TABLE)}
    response = module.published(rows["els-upa-sle"])
    assert response["published"] == pytest.approx(0.485 - 0.548)
    assert response["published_se"] == pytest.approx(np.sqrt(0.485 * 0.515 / 68 + 0.548 * 0.452 / 62))
    assert module.published(rows["rtx-bel-flare"])["published"] == pytest.approx(0.385 - 0.115)
    assert module.published(rows["rtx-bel-dsdna"])["published"] == pytest.approx(np.log(103 / 47))
    assert module.published(rows["bel-rtx-sjd"])["published"] == pytest.approx(4.2)


def test_every_row_names_a_trial_and_its_arms() -> None:
    arms = evidence.load().arms
    for row in library.read_table(module.TABLE):
        own = set(arms.loc[arms["trial_id"] == row["trial_id"], "arm_id"].astype(str))
        assert {row["arm"], row["versus"]} - {""} <= own, row["finding"]


def test_one_disease(tmp_path: Path) -> None:
    found = module.against_evidence("SjD", settings=SMALL)
    table = found.table.set_index("finding")
    assert table.loc["bel-rtx-sjd-gland", "verdict"] == "agree"
    assert table.loc["lef-hcq-sjd", "verdict"] == "not modelled"
    assert table.loc["bel-rtx-sjd", "additive"] > 0
    out = found.save(tmp_path / "out")
    assert json.loads((out / "agreement.json").read_text())["counts"] == found.counts


def row(**changes: object) -> dict[str, object]:
    out = {"measure": "difference", "reported": "", "published": 0.2, "published_se": 0.05}
    return {**out, "additive": 0.2, "additive_se": 0.02, "product": 0.18, "product_se": 0.02, **changes}


def test_verdicts() -> None:
    assert module.verdict(row()) == "agree"
    assert module.verdict(row(additive=0.02, product=0.02)) == "disagree: model too small"
    assert module.verdict(row(additive=0.5, product=0.5)) == "disagree: model too large"
    assert "decides nothing" in module.verdict(row(published_se=0.2))
    assert module.verdict(row(published_se=np.nan)) == "same direction, no published interval"
    assert module.verdict(row(published=-0.2, published_se=np.nan)).startswith("not the same direction")
    assert module.verdict(row(reported="none")) == "disagree: model shows a gain"
    assert module.verdict(row(reported="none", product=0.01)) == "agree"  # the structures do not agree: no call


def test_bad_input_is_refused() -> None:
    with pytest.raises(InvalidValue, match="at least 100"):
        module.against_evidence(patients=10)
    with pytest.raises(InvalidValue, match="trials of combinations"):
        module.against_evidence("IgG4-RD")
