"""Right inputs of every kind, spoilt at random: each is read, or refused in words (scripts/fuzz.py)."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("shiny")
pytest.importorskip("petab")
pytest.importorskip("zarr")
pytest.importorskip("anndata")
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCRIPTS = str(Path(__file__).parents[2] / "scripts")
sys.path[:0] = [SCRIPTS, str(Path(__file__).parent)]
import fuzz  # noqa: E402
import fuzz_kinds  # noqa: E402
import fuzz_stored  # noqa: E402

CHEAP = [name for name, kind in fuzz.KINDS.items() if kind.cheap]


def bugs(outcomes: list[fuzz.Outcome]) -> list[tuple[str, int, str]]:
    return [(o.kind, o.number, o.why) for o in outcomes if o.verdict == "bug"]


@pytest.mark.promise(
    "What people give", "A spoilt input is read or refused in words: no traceback, no hang, nothing left behind."
)
def test_two_hundred_spoilt_inputs() -> None:
    outcomes = fuzz.sweep(fuzz.planned(200, list(fuzz.KINDS), first=1_000_000), seed=0, processes=2)
    assert bugs(outcomes) == []
    assert len(outcomes) == 200
    assert {o.verdict for o in outcomes} == {"right", "told"}


@pytest.mark.nightly
def test_twenty_thousand_spoilt_inputs() -> None:
    assert bugs(fuzz.sweep(fuzz.planned(20_000, list(fuzz.KINDS)), seed=0, processes=2)) == []


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False), kind=st.sampled_from(CHEAP))
@pytest.mark.promise(
    "What people give", "A spoilt input is read or refused in words: no traceback, no hang, nothing left behind."
)
def test_quick_kinds_shrink_to_the_smallest_input_that_is_a_bug(random: Random, kind: str) -> None:
    verdict, why = fuzz.judged(kind, fuzz.KINDS[kind].make(random))
    assert verdict != "bug", why


MADE_ODD = {
    "form",
    "message",
    "saved result",
    "h5ad",
    "file of another kind",
    "stored block",
    "live session",
    "archive",
    "Parquet",
    "cache entry",
}
UNSPOILT = [k for k in fuzz.KINDS if k not in MADE_ODD]


@pytest.mark.parametrize("kind", UNSPOILT)
def test_what_is_spoilt_was_right(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("text", "table", "tree", "xml"):
        monkeypatch.setattr(fuzz_kinds.spoil, name, lambda _, given, *__: given)
    monkeypatch.setattr(fuzz_kinds.spoil, "damaged", lambda _, given: given)
    monkeypatch.setattr(fuzz_kinds.spoil, "encoded", lambda _, given: given.encode())
    for number in (1, 2):
        assert fuzz.judged(kind, fuzz.made(3, kind, number)) == ("right", "")


def test_stored_data_and_sessions_that_nothing_was_done_to_are_right() -> None:
    for way in fuzz_stored.LONG:
        assert fuzz.judged("stored block", fuzz_kinds.Input(dict(fuzz_stored._finished(way)), [way, False])) == (
            "right",
            "",
        )
    said = [
        "diseases",
        ['{"method": "init", "data": {"form": {"disease": "SLE"}}}', '{"method": "update", "data": {"stop": 1}}'],
    ]
    assert fuzz.judged("live session", fuzz_kinds.Input(said=said)) == ("right", "")
    assert fuzz.judged("h5ad", fuzz_kinds.Input({"x.h5ad": fuzz_stored._cells()})) == ("right", "")


def test_a_sweep_goes_on_from_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "done.jsonl"
    asked = [("schedule and dose", n) for n in range(3)]
    first = fuzz.resumed(asked[:2], 0, 1, log)
    tried: list[tuple[str, int]] = []

    def sweep(asked: list[tuple[str, int]], *_: object, each: object) -> list[fuzz.Outcome]:
        tried.extend(asked)
        return []

    monkeypatch.setattr(fuzz, "sweep", sweep)
    assert sorted(fuzz.resumed(asked, 0, 1, log), key=lambda o: o.number) == sorted(first, key=lambda o: o.number)
    assert tried == [("schedule and dose", 2)]
    fuzz.resumed(asked[:2], 1, 1, log)
    assert tried[1:] == asked[:2], "another seed has other inputs"


def test_each_kind_of_bug_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs of the test's own, each of which breaks one rule."""
    monkeypatch.setattr(fuzz, "LONGEST", 9.0)
    monkeypatch.setattr(fuzz, "STARTING", 9.0)
    says = {
        "raises": "ZeroDivisionError", "hangs": "more than 9 s", "dies": "exit code", "leaves": "left behind: half",
        "told_badly": "another's words",
    } | ({"grows": "2 GB"} if sys.platform == "linux" else {})  # fmt: skip
    outcomes = fuzz.sweep([(name, 0) for name in says], 0, 2, "fuzz_broken")
    assert {o.kind for o in outcomes if o.verdict == "bug" and says[o.kind] in o.why} == set(says), outcomes


def test_an_input_is_the_same_again() -> None:
    kinds = [k for k in fuzz.KINDS if k not in ("saved result", "h5ad", "stored block")]
    assert [fuzz.made(5, k, 7) for k in kinds] == [fuzz.made(5, k, 7) for k in kinds]
    assert len(kinds) > 5
