"""What a unit is worth in another is kept between starts, so that most starts need no registry of units."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from baxis.core import units
from baxis.core.errors import InvalidValue
from baxis.core.storing import store

CASES = [("mL/kg/h", "L/kg/day", 0.024), ("IU/mL", "IU/L", 1000.0), ("cells/uL", "cell/nL", 1e-3)]


@pytest.fixture(autouse=True)
def _new_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path / "cache"))
    units.factor.cache_clear()


def _entries(tmp_path: Path) -> list[Path]:
    return [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


@pytest.mark.parametrize(("source", "target", "worth"), CASES)
def test_a_factor_is_the_same_made_anew_read_again_and_after_damage(
    source: str, target: str, worth: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = units.factor(source, target)
    assert made == pytest.approx(worth, rel=1e-12)
    with monkeypatch.context() as patch:
        patch.setattr(units, "_converted", lambda *_: pytest.fail("converted again"))
        units.factor.cache_clear()
        assert units.factor(source, target) == made  # the same bits
    (entry,) = _entries(tmp_path)
    entry.write_bytes(entry.read_bytes()[:-3] + b"9}\n")
    units.factor.cache_clear()
    assert units.factor(source, target) == made


@pytest.mark.parametrize("record", [{}, {"factor": "2"}, {"factor": None}, {"factor": float("inf")}, {"other": 2.0}])
def test_an_entry_that_holds_no_number_is_made_anew(record: dict[str, object]) -> None:
    store.store_record(units._kept("mL/h", "L/day"), record)
    assert units.factor("mL/h", "L/day") == pytest.approx(0.024, rel=1e-12)


def test_what_has_no_factor_is_refused_each_time_and_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(InvalidValue, match="of the dimension"):
            units.factor("mg", "L")
    assert not _entries(tmp_path)


def test_a_second_start_loads_no_registry() -> None:
    code = "import sys; from baxis.core.units import factor; print(factor('mL/h', 'L/day'), 'pint' in sys.modules)"
    first, second = (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(2))
    made, kept = first.stdout.split(), second.stdout.split()
    assert (made[1], kept[1]) == ("True", "False")
    assert made[0] == kept[0]
