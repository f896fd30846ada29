"""The page of promises lists the tests that hold them, as they are."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = runpy.run_path(str(ROOT / "scripts" / "promises_page.py"))


def test_the_page_is_made_from_the_tests() -> None:
    assert (ROOT / "docs" / "promises.md").read_text(encoding="utf-8") == PAGE["page"](), "run scripts/promises_page.py"


def test_a_mark_on_a_test_or_on_a_file_is_found() -> None:
    held = PAGE["promises"]()
    assert "The laboratory in the browser" in held
    tests = held["What is kept on disk"]["A cache entry that is not what was written is made anew."]
    assert ("tests/unit/core/test_core_store.py", "test_damage_of_every_kind_is_noticed") in tests
