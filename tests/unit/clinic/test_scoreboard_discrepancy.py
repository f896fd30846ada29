"""The discrepancy layer: what it learns, from whom, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from baxis import evidence as ev
from baxis.clinic.scoreboard import calibration_set as c
from baxis.clinic.scoreboard import discrepancy as d
from baxis.clinic.scoreboard import scoreboard
from baxis.clinic.scoreboard.mechanism import Mechanism
from baxis.clinic.scoreboard.prediction import Prediction
from baxis.clinic.settings import Settings
from baxis.core import library
from baxis.core.errors import InvalidValue, Unsupported


def made(error: float, n: int = 40) -> c.Training:
    """Contrasts of two classes in one disease; the mechanism errs by `error` in the first class only."""
    k = np.arange(n)
    m = 0.1 + 0.5 * (k % 7) / 7
    first = k % 2 == 0
    names = np.array(
        [("risk_difference", c, "RA", f"{c} in RA", f"t{i}") for i, c in enumerate(np.where(first, "A", "B"))]
    )
    y = m + np.where(first, error, 0.0) + 0.02 * np.sin(3.0 * k)
    return c.Training(
        y, m, np.full(n, 0.05), np.full(n, 0.5), names, np.full(names.shape, ""), np.array([f"t{i}" for i in k])
    )


def row(kind: str) -> dict[str, object]:
    return {"scale": "risk_difference", "class": kind, "disease": "RA", "trial_id": "new"}


def test_no_term_where_the_mechanism_is_right() -> None:
    model = d.fit(made(0.0))
    for group in ("class", "class by disease", "disease"):
        assert all(abs(t[0]) < 0.01 for t in model.terms(group).values())
    assert model.predict(row("A"), 0.3)[0] == pytest.approx(0.3, abs=0.03)


def test_an_error_of_one_class_is_found_and_kept_there() -> None:
    model = d.fit(made(0.3))
    assert model.predict(row("A"), 0.3)[0] == pytest.approx(0.6, abs=0.05)
    assert model.predict(row("B"), 0.3)[0] == pytest.approx(0.3, abs=0.05)
    known, unknown = model.predict(row("A"), 0.3)[1], model.predict(row("never seen"), 0.3)[1]
    assert known < unknown


def test_an_unseen_class_is_predicted_between_the_seen() -> None:
    model = d.fit(made(0.3))
    assert 0.3 < model.predict(row("never seen"), 0.3)[0] < 0.6


def test_an_active_control_takes_its_own_term_off() -> None:
    model = d.fit(made(0.3).mute())
    a, b = (model.predict(row(k), 0.0)[0] for k in "AB")
    assert a > b + 0.2
    assert model.predict(row("A"), 0.0, "A")[0] == pytest.approx(0.0, abs=1e-9)
    assert model.predict(row("A"), 0.0, "B")[0] == pytest.approx(a - b, abs=0.02)
    assert model.predict(row("B"), 0.0, "A")[0] == pytest.approx(b - a, abs=0.02)


def test_placebo_and_background_are_no_active_control() -> None:
    cell = {"trial_id": "t", "versus": "c"}
    for drug in ("placebo", "methotrexate", "prednisone"):
        assert c.active_control(cell, {("t", "c"): drug}) == ""
    assert c.active_control(cell, {("t", "c"): "adalimumab"}) == "anti-TNF"
    assert c.active_control(cell, {}) == ""


def test_a_trial_left_out_has_no_say() -> None:
    data = made(0.1)
    poisoned = replace(data, y=np.where(data.labels[:, 4] == "t6", 99.0, data.y))
    a, b = (d.fit(x.without("t6")).predict(row("A"), 0.2) for x in (data, poisoned))
    assert a == b
    assert d.fit(poisoned).predict(row("A"), 0.2) != a


def test_contrasts_that_share_a_control_share_its_error() -> None:
    data = replace(made(0.0, 4), control=np.array(["c", "c", "x", "y"]))
    noise = data.noise()
    assert noise[0, 1] == pytest.approx(0.5 * 0.05**2)
    assert noise[0, 2] == 0.0
    assert np.linalg.eigvalsh(noise).min() > 0


def test_the_shipped_table_holds_the_calibration_contrasts_and_no_other() -> None:
    rows = library.read_table(d.TABLE)
    shipped = {(r["trial_id"], r["arm_id"], r["versus"], r["endpoint"], float(r["week"])) for r in rows}
    wanted = {tuple(r[k] for k in c.KEY) for r in c.calibration_rows()}
    assert shipped == wanted, "run scripts/calibrate_discrepancy.py --write"
    assert all(r["why"] for r in rows if r["mechanism"] == "")
    roles = dict(zip(*(ev.load().frames["trials"][c] for c in ("trial_id", "role")), strict=True))
    assert {roles[r["trial_id"]] for r in rows} == {"calibration"}


@pytest.mark.parametrize("trial", ["rituximab-reflex", "fenebrutinib-sle-ph2"])
def test_the_shipped_table_is_a_run_of_this_model(trial: str) -> None:
    mine = [r for r in c.calibration_rows() if r["trial_id"] == trial]
    mechanism = Mechanism(ev.load(), Settings(patients=400))
    mechanism.prepare(mine)
    shipped = {(r["trial_id"], r["arm_id"]): r["mechanism"] for r in library.read_table(d.TABLE)}
    for r in mine:
        told = float(shipped[trial, r["arm_id"]])
        assert mechanism.predict(r).mean == pytest.approx(told, abs=2e-3), (
            "run scripts/calibrate_discrepancy.py --write"
        )


def test_results_kept_out_of_fitting_do_not_reach_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = d.fitted()
    true = ev.contrasts

    def poisoned(*args: object) -> object:
        table = true(*args).copy()  # type: ignore[arg-type]
        out = table["role"] != "calibration"
        table.loc[out, ["value", "se", "ci_low", "ci_high", "p1", "p0"]] = 1e6
        return table

    monkeypatch.setattr(ev, "contrasts", poisoned)
    d.shipped.cache_clear()
    d.fitted.cache_clear()
    again = d.fitted()
    d.shipped.cache_clear()
    d.fitted.cache_clear()
    assert again.sd == kept.sd
    assert (again.weights == kept.weights).all()


class Fixed:
    """A mechanism that says one number, or that it cannot."""

    name = "mechanism"

    def __init__(self, mean: float | None) -> None:
        self.mean = mean

    def predict(self, row: dict[str, object]) -> Prediction:
        if self.mean is None:
            raise Unsupported("cannot")
        return Prediction(self.mean, np.full(10, self.mean))


def test_what_cannot_be_simulated_is_predicted_by_the_discrepancy_alone() -> None:
    mine = c.calibration_rows()[0]
    drugs = c.arm_drugs(ev.load())
    alone = d.Discrepant(None, drugs).predict(mine)
    assert d.Discrepant(Fixed(None), drugs).predict(mine).mean == alone.mean
    low, high = (d.Discrepant(Fixed(v), drugs).predict(mine).mean for v in (0.0, 0.4))
    assert high > low + 0.2


def test_only_calibration_trials_can_be_left_out() -> None:
    with pytest.raises(InvalidValue, match="--role calibration"):
        scoreboard("validation", leave_one_out=True)
