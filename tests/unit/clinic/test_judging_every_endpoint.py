"""Every endpoint of every instrument where a visit is missing, a patient left, was rescued or failed: by the estimands of
docs/trial.md, each written a second time on the record as the trial would have it, cut where the patient was last seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from baxis.clinic.design.design import Endpoint, build
from baxis.clinic.instruments import CODES, Course, Visits, instrument
from baxis.clinic.result import summarise as result

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
N, LAST, WEEK = 240, 4, 24.0
LEFT = np.tile([5, 4, 3, 2], N // 4)  # first visit that each patient misses: none, the last, the last two, all
# A measure that says how active the disease is, for a rule of rescue.
ACTIVITY = {"RA": "SJC66", "SLE": "SLEDAI-2K", "LN": "UPCR", "AAV": "BVAS", "IgG4-RD": "RI", "SjD": "ESSDAI"}


def recorded(code: str) -> Visits:
    """Visits of patients of whom each quarter recovers, stays as it is, gets worse, or recovers and relapses; a third
    takes no steroid, a third little, a third much."""
    tool, ids = instrument(code), np.arange(N)
    courses = ((1, 1, 0.02, 0.01, 0.01), (1, 1, 1, 1, 1), (1, 1, 1.5, 2, 4), (1, 1, 0.02, 0.02, 9))
    outputs = {name: np.ones((N, DAYS.size)) for name in tool.needs} | {"infl": np.repeat(courses, N // 4, axis=0)}
    doses = np.tile([0.0, 5.0, 20.0], N // 3)[:, None] * np.ones(DAYS.size)
    return Visits(DAYS, tool.observe(Course(3, ids, DAYS, outputs)).measures | {"steroid_mg": doses})


RECORDED = {code: recorded(code) for code in CODES}
EVERY = [(code, name) for code in CODES for name in instrument(code).endpoints()]


def judged(monkeypatch, code: str, name: str, visits: Visits, left=None, **design) -> np.ndarray:
    monkeypatch.setattr(result, "dropout_visit", lambda *_: np.full(N, DAYS.size) if left is None else left)
    arms = [{"arm_id": "a", "n": 50, "role": "placebo"}]
    data = {"trial_id": "t", "disease": code, "weeks": 24, "arms": arms, "endpoints": [{"name": name, "week": WEEK}]}
    run = SimpleNamespace(status=np.zeros(N, dtype=np.int8), decisions=())
    people = SimpleNamespace(ids=np.arange(N), seed=1)
    return result.judge(
        build(data | design, "t"), instrument(code), Endpoint(name=name, week=WEEK), run, visits, people
    )


def rows(visits: Visits, who: np.ndarray, stop: int) -> Visits:
    """The record of some patients, cut after its first visits."""
    return Visits(visits.days[:stop], {m: x[who, :stop] for m, x in visits.measures.items()})


def by_definition(code: str, name: str, visits: Visits, left: np.ndarray) -> np.ndarray:
    """Who left before the visit is no responder, has the value last seen, or had the event if it was seen by then."""
    tool, out = instrument(code), np.zeros(N)
    for stop in np.unique(left):
        who = np.flatnonzero(left == stop)
        own = rows(visits, who, stop)
        if stop == DAYS.size or name in tool.continuous | tool.counted:
            out[who] = tool.endpoint(name)(own, stop - 1)
    if name not in tool.continuous | tool.counted:
        out[tool.failed(visits)[:, LAST]] = 0.0
    return out


@pytest.mark.parametrize(("code", "name"), EVERY)
def test_who_leaves_is_judged_by_what_was_seen_and_by_nothing_after(monkeypatch, code: str, name: str) -> None:
    seen = RECORDED[code]
    expected = by_definition(code, name, seen, LEFT)
    assert judged(monkeypatch, code, name, seen, LEFT) == pytest.approx(expected)
    missed = np.arange(DAYS.size) >= LEFT[:, None]
    for never in (0.0, 9.0):  # what would have been recorded at visits that nobody attended
        other = Visits(DAYS, {m: np.where(missed, never * x, x) for m, x in seen.measures.items()})
        assert judged(monkeypatch, code, name, other, LEFT) == pytest.approx(expected)


@pytest.mark.parametrize(("code", "name"), EVERY)
def test_who_is_rescued_is_no_responder_and_keeps_values_and_events(monkeypatch, code: str, name: str) -> None:
    seen, tool, measure = RECORDED[code], instrument(code), ACTIVITY[code]
    rescue = {"week": 12, "measures": [measure], "improvement": 0.2}
    start, then = seen[measure][:, 1], seen[measure][:, 3]
    better = then <= 0.8 * start + 1e-9
    assert 20 < better.sum() < N - 20
    whole = judged(monkeypatch, code, name, seen)
    kept = name in tool.continuous | tool.counted
    assert judged(monkeypatch, code, name, seen, rescue=rescue) == pytest.approx(whole if kept else whole * better)


@pytest.mark.parametrize(("code", "name"), EVERY)
def test_these_patients_hold_responders_and_others_of_every_endpoint(code: str, name: str) -> None:
    """Or the two tests above could not fail."""
    assert np.unique(instrument(code).endpoint(name)(RECORDED[code], LAST)).size > 1


# Endpoint in points or per cent: what it is of, and whether the value at the visit, its change or its change in per cent.
OF = {
    "RA": {"DAS28_change": ("DAS28-CRP", "change"), "CDAI_change": ("CDAI", "change")},
    "SLE": {"SLEDAI_change": ("SLEDAI-2K", "change"), "mSLEDAI_change": ("clinical SLEDAI-2K", "change")},
    "LN": {"UPCR_pct_change": ("UPCR", "per cent"), "eGFR_change": ("eGFR", "change")},
    "AAV": {"BVAS_change": ("BVAS", "change")},
    "IgG4-RD": {"IgG4RD_RI_change": ("RI", "change"), "IgG4_pct_change": ("IgG4", "per cent")},
    "SjD": {f"{m}_change": (m, "change") for m in ("ESSDAI", "ClinESSDAI", "ESSPRI", "PhGA", "PtGA", "IgG")}
    | {f"VAS_{m}_change": (m, "change") for m in ("dryness", "fatigue", "pain")}
    | {"stimulated_salivary_flow_change": ("SWS", "change")}
    | {m: (m, "value") for m in ("ESSDAI", "ESSPRI", "IgG")},
}


@pytest.mark.parametrize("code", CODES)
def test_every_endpoint_in_points_is_a_value_or_its_change_from_baseline(code: str) -> None:
    tool = instrument(code)
    assert set(OF[code]) == tool.continuous
    for name, (measure, kind) in OF[code].items():
        seen = Visits(DAYS, {measure: np.array([[9.0, 4.0, 1.0, 5.0, 3.0], [9.0, 2.0, 2.0, 2.0, 2.0]])})
        expected = {"value": (3, 2), "change": (-1, 0), "per cent": (-25, 0)}[kind]
        assert tool.endpoint(name)(seen, LAST) == pytest.approx(expected), name


def test_a_change_of_therapy_and_a_failed_simulation_are_judged_alike_in_every_endpoint(monkeypatch) -> None:
    """A change that counts as failure before the visit makes no responder; a simulation that failed has no value."""
    monkeypatch.setattr(result, "dropout_visit", lambda *_: np.full(N, DAYS.size))
    fired = np.where(np.arange(N) % 3 == 0, 84.0, np.where(np.arange(N) % 3 == 1, 168.0, np.inf))
    rule = SimpleNamespace(failure=True)
    run = SimpleNamespace(
        status=(np.arange(N) % 5 == 0).astype(np.int8), decisions=(SimpleNamespace(rule=rule, day=fired),)
    )
    people, finished = SimpleNamespace(ids=np.arange(N), seed=1), np.arange(N) % 5 > 0
    for code, name in EVERY:
        tool, seen, ask = instrument(code), RECORDED[code], Endpoint(name=name, week=WEEK)
        arms = [{"arm_id": "a", "n": 50, "role": "placebo"}]
        of = {"trial_id": "t", "disease": code, "weeks": 24, "arms": arms, "endpoints": [{"name": name, "week": WEEK}]}
        kept = name in tool.continuous | tool.counted
        out = tool.endpoint(name)(seen, LAST) * (1.0 if kept else (fired > 84.0) & ~tool.failed(seen)[:, LAST])
        found = result.judge(build(of, "t"), tool, ask, run, seen, people)
        assert found == pytest.approx(out[finished]), (code, name)
