"""Published models agree with what their papers report, and the large network is what its rules say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("published_models", ROOT / "scripts" / "published_models.py")
assert SPEC is not None
MODULE = importlib.util.module_from_spec(SPEC)
sys.modules["published_models"] = MODULE
SPEC.loader.exec_module(MODULE)  # type: ignore[union-attr]


@pytest.mark.parametrize("study", MODULE.STUDIES, ids=lambda s: s.__name__)
def test_a_published_model_agrees(study):
    name, states, checks, course = study()
    assert checks
    assert states in (8, 15, 22, 354)
    assert [c.quantity for c in checks if not c.agrees] == [], name
    assert course[2]


def test_the_page_is_of_these_checks():
    page = (ROOT / "docs" / "engine" / "published.md").read_text(encoding="utf-8")
    assert page.count("| yes |") == 11
    assert "**no**" not in page
