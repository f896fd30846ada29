"""Shared by all tests: a cache of its own, the --nightly flag, and a clean library after each test."""

from __future__ import annotations

import pytest

from baxis.core import library


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="run the long sweeps too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--nightly"):
        return
    skip = pytest.mark.skip(reason="long sweep; run with --nightly")
    for item in items:
        if "nightly" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def shipped_library():
    """Overlays that a test lays over the library are dropped when it ends."""
    yield
    if library._overlays:
        library.reset()
