"""The discrepancy layer: what it learns, from whom, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from baxis import evidence as ev
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people import posterior
from baxis.clinic.scoreboard import calibration_set as c
from baxis.clinic.scoreboard import discrepancy as d
from baxis.clinic.scoreboard import scoreboard, stacking
from baxis.clinic.scoreboard.mechanism import Mechanism
from baxis.clinic.scoreboard.prediction import Prediction
from baxis.clinic.scoreboard.rivals import rivals
from baxis.clinic.scoreboard.shown.panel import WithoutOwnTrial
from baxis.core import library
from baxis.core.errors import InvalidValue, Unsupported


def made(error: float, n: int = 40) -> c.CalibrationSet:
    """Contrasts of two classes in one disease; the mechanism errs by `error` in the first class only."""
    k = np.arange(n)
    m = 0.1 + 0.5 * (k % 7) / 7
    first = k % 2 == 0
    names = np.array(
        [("risk_difference", c, "RA", f"{c} in RA", f"t{i}") for i, c in enumerate(np.where(first, "A", "B"))]
    )
    y = m + np.where(first, error, 0.0) + 0.02 * np.sin(3.0 * k)
    se, shared = np.full(n, 0.05), np.full(n, 0.5)
    return c.CalibrationSet(
        y, m, np.zeros(n), se, shared, names, np.full(names.shape, ""), np.array([f"t{i}" for i in k])
    )


def test_no_term_where_the_mechanism_is_right() -> None:
    model = d.fit(made(0.0))
    for group in ("class", "class by disease", "disease"):
        assert all(abs(t[0]) < 0.01 for t in model.terms(group).values())


def test_an_error_of_one_class_is_found_and_kept_there() -> None:
    model = d.fit(made(0.3))
    of = {g: {k: t[0] for k, t in model.terms(g).items()} for g in ("class", "class by disease")}
    gap = of["class"]["A"] - of["class"]["B"] + of["class by disease"]["A in RA"] - of["class by disease"]["B in RA"]
    assert gap == pytest.approx(0.3, abs=0.05)


def test_placebo_and_background_are_no_active_control() -> None:
    cell = {"trial_id": "t", "versus": "c"}
    for drug in ("placebo", "methotrexate", "prednisone"):
        assert c.active_control(cell, {("t", "c"): drug}) == ""
    assert c.active_control(cell, {("t", "c"): "adalimumab"}) == "anti-TNF"
    assert c.active_control(cell, {}) == ""


def test_a_trial_left_out_has_no_say() -> None:
    data = made(0.1)
    poisoned = replace(data, y=np.where(data.trial == "t6", 99.0, data.y))
    a, b = (stacking.fit(x.without("t6")) for x in (data, poisoned))
    assert a == b
    assert stacking.fit(poisoned) != a


def test_contrasts_that_share_a_control_share_its_error() -> None:
    data = replace(made(0.0, 4), control=np.array(["c", "c", "x", "y"]))
    noise = data.noise()
    assert noise[0, 1] == pytest.approx(0.5 * 0.05**2)
    assert noise[0, 2] == 0.0
    assert np.linalg.eigvalsh(noise).min() > 0


def test_the_shipped_table_holds_the_calibration_contrasts_and_no_other() -> None:
    rows = library.read_table(c.TABLE)
    shipped = {(r["trial_id"], r["arm_id"], r["versus"], r["endpoint"], float(r["week"])) for r in rows}
    wanted = {tuple(r[k] for k in c.KEY) for r in c.calibration_rows()}
    assert shipped == wanted, "run scripts/calibrate_discrepancy.py --write"
    assert all(r["why"] for r in rows if r["mechanism"] == "")
    assert all(r["statistical"] for r in rows)
    fitted = {c.key(r) for r in library.read_table(posterior.LEFT_OUT)}
    assert fitted <= wanted, "run scripts/calibrate_posterior.py --write"
    for r in rows:
        if r["mechanism"]:
            shift = c.left_out_shifts().get(c.key(r), 0.0)
            assert float(r["left_out"]) - float(r["mechanism"]) == pytest.approx(shift, abs=2e-5)
    roles = dict(zip(*(ev.load().frames["trials"][c] for c in ("trial_id", "role")), strict=True))
    assert {roles[r["trial_id"]] for r in rows} == {"calibration"}


@pytest.mark.parametrize("trial", ["rituximab-reflex", "fenebrutinib-sle-ph2"])
def test_the_shipped_table_is_a_run_of_this_model(trial: str) -> None:
    mine = [r for r in c.calibration_rows() if r["trial_id"] == trial]
    mechanism = Mechanism(ev.load(), Settings(patients=400))
    mechanism.prepare(mine)
    shipped = {(r["trial_id"], r["arm_id"]): r["mechanism"] for r in library.read_table(c.TABLE)}
    for r in mine:
        told = float(shipped[trial, r["arm_id"]])
        assert mechanism.predict(r).mean == pytest.approx(told, abs=2e-3), (
            "run scripts/calibrate_discrepancy.py --write"
        )


def test_results_kept_out_of_fitting_do_not_reach_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, terms = stacking.stack(), d.fitted().sd
    true = ev.contrasts

    def poisoned(*args: object) -> object:
        table = true(*args).copy()  # type: ignore[arg-type]
        out = table["role"] != "calibration"
        table.loc[out, ["value", "se", "ci_low", "ci_high", "p1", "p0"]] = 1e6
        return table

    monkeypatch.setattr(ev, "contrasts", poisoned)
    caches = (d.shipped, d.fitted, stacking.stack)
    for cached in caches:
        cached.cache_clear()
    again = stacking.stack(), d.fitted().sd
    for cached in caches:
        cached.cache_clear()
    assert again == (kept, terms)


def stacked(truth: float, n: int = 80) -> c.CalibrationSet:
    """Contrasts that lie `truth` of the way from the meta-regression to the mechanism."""
    data = made(0.0, n)
    s = 0.3 + 0.2 * np.cos(1.7 * np.arange(n))
    return replace(data, s=s, y=truth * data.m + (1 - truth) * s + 0.02 * np.sin(3.0 * np.arange(n)))


@pytest.mark.parametrize("truth", [0.2, 0.5, 0.9])
def test_the_weight_is_found(truth: float) -> None:
    found = stacking.fit(stacked(truth))
    assert found.weight == pytest.approx(truth, abs=0.06)
    assert found.spread < 0.1


def test_few_contrasts_leave_the_prior() -> None:
    few = stacked(1.0, 3)
    vague = stacking.fit(replace(few, se=np.full(3, 2.0)))
    assert vague.weight == pytest.approx(0.5, abs=0.02)
    assert vague.weight_sd == pytest.approx(0.15, abs=0.01)


def test_a_gap_between_the_two_widens_the_interval() -> None:
    found = stacking.Stack(0.6, 0.1, 0.1)
    assert found.join(0.5, -0.5)[1] > found.join(0.1, 0.1)[1] == pytest.approx(0.1)
    assert found.join(0.5, -0.5)[0] == pytest.approx(0.1)


def test_without_the_mechanism_the_meta_regression_stands_alone() -> None:
    data = stacked(0.9)
    alone = stacking.fit(replace(data, m=np.full_like(data.m, np.nan)))
    assert (alone.weight, alone.weight_sd) == (0.0, 0.0)
    assert alone.spread > stacking.fit(data).spread


def test_a_left_out_trial_moves_by_its_shift() -> None:
    mine = next(r for r in c.calibration_rows() if c.key(r) in c.left_out_shifts())
    moved = WithoutOwnTrial(Fixed(0.1), {c.key(mine): 0.05}).predict(mine)
    assert moved.mean == pytest.approx(0.15)
    assert moved.draws.mean() == pytest.approx(0.15)
    assert WithoutOwnTrial(Fixed(0.1), {}).predict(mine).mean == 0.1


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
    meta = rivals(ev.load())[0][-1]
    alone = stacking.Stacked(None, meta).predict(mine)
    assert stacking.Stacked(Fixed(None), meta).predict(mine).mean == alone.mean
    low, high = (stacking.Stacked(Fixed(v), meta).predict(mine).mean for v in (0.0, 0.4))
    assert high - low == pytest.approx(0.4 * stacking.stack().weight)


def test_only_calibration_trials_can_be_left_out() -> None:
    with pytest.raises(InvalidValue, match="--role calibration"):
        scoreboard("validation", leave_one_out=True)
