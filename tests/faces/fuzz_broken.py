"""A kind of input whose reader breaks a rule of the sweep, so that the sweep is seen to see it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import fuzz
from fuzz_kinds import Input, Kind

from baxis.core.errors import InvalidValue


def raises() -> None:
    raise ZeroDivisionError


def hangs() -> None:
    time.sleep(60)


def dies() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves() -> None:
    Path("half").write_text("x", encoding="utf-8")
    raise InvalidValue("input", "x", "y")


def grows() -> None:
    held = bytearray(fuzz.LARGEST)
    held[::4096] = b"x" * len(held[::4096])
    time.sleep(60)


def told_badly() -> None:
    raise InvalidValue("input", "x", "y", "list index out of range")


def _kind(breaks: Callable[[], None]) -> Kind:
    return Kind(lambda _: Input(), lambda _: breaks())


KINDS = {f.__name__: _kind(f) for f in (raises, hangs, dies, leaves, grows, told_badly)}
