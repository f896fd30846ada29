"""What baxis refuses, and why: each case of tests/refusals is typed at the command line as a user would."""

from __future__ import annotations

import runpy
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = runpy.run_path(str(ROOT / "scripts" / "refusals_page.py"))
CASES: list[dict[str, Any]] = PAGE["cases"]()


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['area']}: {c['name']}")
def test_it_is_refused_in_words(
    case: dict[str, Any], cli: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "needs" in case:
        pytest.importorskip(case["needs"])  # an installation without that extra says so instead
    monkeypatch.chdir(tmp_path)
    PAGE["lay"](case, tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    code, out, err = cli(*shlex.split(case["command"]))
    assert code == case.get("exit", 2), out + err
    missing = [phrase for phrase in case["says"] if phrase not in err]
    assert not missing, f"{missing} not in: {err}"
    assert "Traceback" not in err
    assert "np.float64" not in err
    assert out == ""
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before, "a file was left or changed"


def test_names_are_given_once_and_each_says_why() -> None:
    names = [c["name"] for c in CASES]
    assert CASES
    assert len(set(names)) == len(names)
    assert all(len(c["why"]) > 20 and c["says"] for c in CASES)


def test_the_page_holds_every_case() -> None:
    page = (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8")
    told = PAGE["told"](page)
    assert list(told) == [c["name"] for c in CASES], "run python scripts/refusals_page.py"
    for case in CASES:
        assert not [p for p in case["says"] if p not in told[case["name"]]], f"{case['name']}: the page is older"
