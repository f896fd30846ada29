"""Names, routes and units as people write them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from baxis.core import library, names
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading import disease_names, dose_words, fault_words


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sle", "SLE"), ("Lupus", "SLE"), ("systemic lupus erythematosus", "SLE"), ("MONDO:0007915", "SLE"),
        ("Sjögren", "SjD"), ("sjogren's disease", "SjD"), ("Sjogren syndrome", "SjD"), ("pSS", "SjD"), ("igg4rd", "IgG4-RD"),
        ("IgG4-related disease", "IgG4-RD"), ("Rheumatoid Arthritis", "RA"), ("GPA", "AAV"), ("lupus nephritis", "LN"),
    ],
)  # fmt: skip
def test_a_disease_is_known_by_its_names(text: str, code: str) -> None:
    assert disease_names.code(text) == code


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'SLE'"):
        disease_names.code("SLEE")
    with pytest.raises(UnknownName):
        names.known("trial", "", ["a"])
    with pytest.raises(UnknownName):  # two names that differ only in their dashes
        names.known("trial", "ab", ["a-b", "a.b"])


@pytest.mark.parametrize(
    ("text", "route"),
    [("oral", "po"), ("By mouth", "po"), ("p.o.", "po"), ("per os", "po"), ("subcutaneous", "sc"), ("s.c.", "sc"), ("SC", "sc"),
     ("intravenous", "iv"), ("infusion", "iv"), ("IV infusion", "iv"), ("i.v.", "iv")],
)  # fmt: skip
def test_a_route_is_known_by_its_words(text: str, route: str) -> None:
    assert dose_words.route(text) == route


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("µg", "ug"),
        ("μg", "ug"),
        ("mcg", "ug"),
        ("mg/m²", "mg/m2"),
        ("mg/m^2", "mg/m2"),
        ("MG", "mg"),
        ("mg / kg", "mg/kg"),
    ],
)
def test_a_unit_is_known_by_its_spellings(text: str, unit: str) -> None:
    assert dose_words.unit(text) == unit


@pytest.mark.parametrize(
    ("text", "says"), [("mL", "a volume"), ("IU", "an activity"), ("mg/L", "a concentration"), ("cells/kg", "cells")]
)
def test_a_unit_of_another_dimension_is_told_as_what_it_is(text: str, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        dose_words.unit(text)


def test_other_routes_are_refused() -> None:
    for text in ("im", "rectal", "", "topical"):
        with pytest.raises(InvalidValue, match="by mouth"):
            dose_words.route(text)


def test_a_value_is_cut_where_it_is_long() -> None:
    assert len(fault_words.got("x" * 5000)) < 100
    assert "digits" in fault_words.got(10**500)


def test_a_large_or_deep_design_file_is_told_before_it_is_read(tmp_path: Path) -> None:
    deep, large, number = (tmp_path / f"{n}.toml" for n in ("deep", "large", "number"))
    deep.write_text(".".join(["a"] * 50_000) + " = 1\n")
    large.write_text("# " + "x" * 2_000_000)
    number.write_text("a = " + "9" * 6000 + "\n")
    for file, says in ((deep, "32 parts"), (large, "1000000 bytes"), (number, "valid TOML")):
        with pytest.raises(InvalidValue, match=says):
            library.parse_toml(file)
    fine = tmp_path / "fine.toml"
    fine.write_text('a.b.c = 1\nnote = "' + "word. " * 400 + '"\n')
    assert library.parse_toml(fine)["a"]["b"]["c"] == 1


@pytest.mark.parametrize("module", ["engine", "evidence.meta"])
def test_a_name_of_the_last_release_answers_and_tells_the_new_one(module: str) -> None:
    home = importlib.import_module(f"baxis.{module}")
    assert home._RENAMED
    for old, now in home._RENAMED.items():
        assert old not in home.__all__
        with pytest.warns(DeprecationWarning, match=rf"{old} is now baxis\.{module}\.{now}"):
            assert getattr(home, old) is getattr(home, now)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        home.Nothing  # noqa: B018
