"""Words of a question to the evidence: read as meant, numbers printed as what they are, tables within the terminal."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Callable

import pytest

from baxis import evidence
from baxis.core.errors import nearest
from baxis.evidence.meta.pool import Pooling
from baxis.faces.cli import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def call(command: str) -> str:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr("sys.argv", ["baxis", *shlex.split(command)])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capsys.readouterr()
        assert ended.value.code in (0, None), out.err
        return out.out

    return call


@pytest.mark.parametrize("words", ["BTK-inhibitor", "btk_inhibitor", "Inhibitor BTK"])
def test_a_class_is_found_by_its_words_whatever_stands_between(words: str) -> None:
    same = evidence.trials(evidence.load(), drug_class="BTK inhibitor")
    assert evidence.trials(evidence.load(), drug_class=words).equals(same)


@pytest.mark.parametrize(
    ("got", "allowed", "meant"),
    [
        ("ESSDAI", ["ESSPRI", "ESSDAI_change", "ESSDAI_low_activity"], "ESSDAI_change"),
        ("BTKinhibitor", ["SYK inhibitor", "BTK inhibitor covalent"], "BTK inhibitor covalent"),
        ("SRI 4", ["SRI-5", "SRI-4"], "SRI-4"),
        ("ritxuimab", ["rituximab", "obexelimab"], "rituximab"),
        ("IL", ["IL-6 trap"], None),
    ],
)
def test_the_nearest_name_has_the_letters_that_were_typed(got: str, allowed: list[str], meant: str | None) -> None:
    assert nearest(got, allowed) == meant


@pytest.mark.parametrize("command", ["trials --drug fenebrutinib", "trials --endpoint SRI-4 --disease SLE", "grades"])
def test_years_and_patients_are_whole_numbers_in_csv_and_json(run: Callable[[str], str], command: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run(f"evidence {command} --csv"))))
    plain = json.loads(run(f"evidence {command} --json"))
    assert len(rows) == len(plain) > 2
    for row, same in zip(rows, plain, strict=True):
        for name in ("year", "n", "n_randomised", "n_measured"):
            cell = row.get(name, "")
            if cell:
                assert cell.isdecimal(), (name, cell)
                assert type(same[name]) is int
    values = [r["value"] for r in rows if r.get("value")]
    if values:
        assert any("." in v for v in values)  # shares keep their digits


@pytest.mark.parametrize("word", ["FE", "fe", "fixed", "Fixed effect", "common-effect"])
def test_a_fixed_effect_is_known_by_its_usual_words(word: str) -> None:
    assert Pooling(word).model == "FE"


@pytest.mark.parametrize(
    "command",
    [
        "meta --endpoint SRI-4 --disease SLE --by class",
        "meta --endpoint ACR20 --disease RA --moderator year",
        "network --endpoint ACR20 --disease RA",
        "funnel --endpoint SRI-4",
    ],
)
def test_tables_of_meta_analyses_keep_within_80_columns(run: Callable[[str], str], command: str) -> None:
    lines = run(f"evidence {command}").splitlines()
    assert lines
    assert max(map(len, lines)) <= 80


def test_both_axes_of_a_funnel_are_in_one_unit() -> None:
    """A risk difference in percentage points has its standard error in percentage points."""
    from baxis.evidence.figures import funnel
    from baxis.evidence.meta.run import run as pooled
    from baxis.evidence.meta.select import Query

    figure = funnel.funnel(pooled(evidence.load(), Query("SRI-4"), "RD"))
    ax = figure.axes[0]
    figure.canvas.draw()
    assert ax.get_xlabel() == "Risk difference, percentage points"
    assert ax.get_ylabel() == "Standard error, percentage points"
    places = [t for t in ax.get_yticklabels() if t.get_text()]
    assert all(float(t.get_text()) == pytest.approx(100 * t.get_position()[1]) for t in places)
