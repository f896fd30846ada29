"""Shared by the tests of the faces: the command line run in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from baxis.faces.cli import main


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `baxis WORDS`; exit code, standard output, standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["baxis", *map(str, words)])
            with pytest.raises(SystemExit) as stop:
                main()
        got = capsys.readouterr()
        return int(stop.value.code or 0), got.out, got.err

    return run
