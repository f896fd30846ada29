from __future__ import annotations

from pathlib import Path

import pytest

from baxis.core import ledger, library, units
from baxis.core.errors import Faults, InvalidValue, UnknownName, nearest


def test_unknown_name_says_the_nearest_and_what_is_allowed() -> None:
    error = UnknownName("drug", "rituxmab", ["rituximab", "fenebrutinib"])
    assert str(error) == "unknown drug 'rituxmab'; did you mean 'rituximab'?; allowed: fenebrutinib, rituximab"
    assert nearest("zzz", ["rituximab"]) is None


def test_many_faults_are_one_sentence_with_a_count() -> None:
    assert str(Faults("x.csv", ["row 2: a", "row 3: b"])) == "x.csv: 2 faults: row 2: a; row 3: b"


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1, "L/h", "L/day", 24),
        (5, "mg/mL", "mg/L", 5000),
        (30, "%", "1", 0.3),
        (2, "ng/mL", "ug/L", 2),
        (3, "g", "mg", 3000),
    ],
)
def test_units_convert(value: float, source: str, target: str, expected: float) -> None:
    assert units.convert(value, source, target) == pytest.approx(expected, rel=1e-12)


def test_units_of_another_dimension_are_refused() -> None:
    with pytest.raises(InvalidValue, match="dimension of 'L/day'"):
        units.convert(1, "mg", "L/day")
    with pytest.raises(InvalidValue, match="furlongs per"):
        units.parse("furlongs per fortnite")


HEADER = "name,value,unit,spread,spread_kind,kind,source,place,claims,rationale,provenance\n"


def write(folder: Path, rows: str) -> None:
    (folder / "parameters").mkdir()
    (folder / "parameters" / "mine.csv").write_text(HEADER + rows)
    library.overlay(folder)


def test_ledger_reads_a_number_with_its_spread(tmp_path: Path) -> None:
    write(tmp_path, "CL,0.3,L/day,30,cv,measured,doi:10.1/x,Table 2,C001 C002,,verified\n".replace("30", "0.3", 1))
    p = ledger.read("parameters/mine")["CL"]
    assert (p.value, p.unit, p.claims) == (0.3, "L/day", ("C001", "C002"))
    assert p.log_sd == pytest.approx(0.2936, abs=1e-4)


def test_ledger_lists_every_fault_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a,1,,,,measured,s,,,,\nb,x,1,,,measured,s,,,,\nc,1,1,,,assumed,,,,,\nd,1,1,,,guessed,s,,,,\n")
    with pytest.raises(Faults) as error:
        ledger.read("parameters/mine")
    text = str(error.value)
    assert "4 faults" in text
    for part in ("no unit", "'x' is no number", "needs a rationale", "kind 'guessed'; allowed: measured"):
        assert part in text


def test_library_overlay_wins_and_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "mine.toml").write_text('trial_id = "mine"\n')
    before = library.digest()
    library.overlay(tmp_path)
    assert "mine" in library.names("designs")
    assert library.digest() != before
    library.reset()
    assert "mine" not in library.names("designs")


def test_malformed_toml_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("a = 1\nb = \n")
    with pytest.raises(InvalidValue, match=r"bad\.toml.*line 2"):
        library.parse_toml(file)
