"""Shared by all tests: a cache of its own, the --nightly flag, and a clean library after each test."""

from __future__ import annotations

import os

import pytest

from baxis.core import library
from baxis.faces.cli import BLAS


def pytest_configure() -> None:
    """Linear algebra on one thread, as under the command line: on small matrices the others wait for each other."""
    for name in BLAS:
        os.environ.setdefault(name, "1")  # for the workers and processes that a test starts
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    threadpool_limits(1)  # here numpy is loaded already


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
