"""The Python face: what has a command has a name, every name is documented and listed, and nothing else is."""

from __future__ import annotations

import inspect
import pydoc
import re
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pytest

import baxis
from baxis.clinic.conduct.settings import Changes, Settings
from baxis.faces.cli.app import COMMANDS

OTHERWISE = {"trial": "run_trial"}  # the name of a command whose Python name is another
ELSEWHERE = {  # commands whose Python lies below a name
    "list": "axis.drugs",
    "show": "axis.drug",
    "plot": "clinic.face:TrialResult.plot",
    "doctor": "core.environment:report",
    "serve": "faces.web:serve",
    "review": "faces.review:write",
    "credibility": "faces.report.assessment:assess",
    "conformance": "engine.conformance:run_folder",
    "map": "evidence.graph:mechanism_map",
    "evidence": "evidence:load",
}
VERBS = [n for n in baxis.__all__ if n[0].islower()]
NOUNS = [n for n in baxis.__all__ if n[0].isupper()]


def name_of(command: str) -> str:
    return OTHERWISE.get(command, command.replace("-", "_"))


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ELSEWHERE])
def test_every_command_has_a_name(command: str) -> None:
    found = getattr(baxis, name_of(command))
    assert callable(found)
    assert name_of(command) in baxis.__all__
    assert name_of(command) in dir(baxis)


@pytest.mark.parametrize("command", [c for c in ELSEWHERE if c != "serve"])
def test_a_command_without_a_name_of_its_own_has_its_python_below_one(command: str) -> None:
    module, _, inside = ELSEWHERE[command].partition(":")
    found = import_module(f"baxis.{module}") if inside else baxis
    for part in (inside or module).split("."):
        found = getattr(found, part)
    assert callable(found)
    assert command in COMMANDS


def test_no_exception_is_kept_for_a_command_that_has_a_name() -> None:
    assert not [c for c in ELSEWHERE if hasattr(baxis, name_of(c)) and c not in ("evidence",)]


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_called_by_its_name_and_says_what_it_gives_and_raises(name: str) -> None:
    verb = getattr(baxis, name)
    assert verb.__name__ == name
    said = inspect.getdoc(verb) or ""
    assert len(said.splitlines()[0]) > 20
    assert "aise" in said, f"{name} does not say what it raises"
    assert "return" in verb.__annotations__


@pytest.mark.parametrize("name", NOUNS)
def test_a_noun_is_documented(name: str) -> None:
    assert len(inspect.getdoc(getattr(baxis, name)) or "") > 20


def test_dir_shows_public_names_only() -> None:
    shown = {n for n in dir(baxis) if not n.startswith("_")}
    assert shown == {n for n in baxis.__all__ if not n.startswith("_")} | {
        "axis", "clinic", "core", "engine", "evidence", "faces", "insight",
    }  # fmt: skip
    assert not re.search(r"\b(annotations|import_module|TYPE_CHECKING)\b", " ".join(dir(baxis)))


def test_an_unknown_name_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'run_trail'; public: .*run_trial"):
        baxis.run_trail  # noqa: B018


def test_type_checkers_see_every_name() -> None:
    text = Path(baxis.__file__).read_text(encoding="utf-8")
    head = text[text.index("if TYPE_CHECKING") : text.index("_PUBLIC = {")]
    assert not [n for n in baxis.__all__ if n != "__version__" and not re.search(rf"import .*\b{n}\b", head)]


def test_a_star_import_gives_every_name() -> None:
    code = "from baxis import *; import baxis; print([n for n in baxis.__all__ if n not in globals()])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reports_and_exports_import_nothing_heavy_at_once() -> None:
    code = (
        "import sys, baxis; baxis.report, baxis.export; "
        "print([m for m in ('pandas', 'matplotlib', 'plotly', 'shiny', 'scipy', 'xarray', 'llvmlite') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_keywords_are_the_fields_of_settings_with_their_types() -> None:
    own = {f.name for f in fields(Settings)}
    assert set(Changes.__annotations__) == own
    assert Changes.__optional_keys__ == own
    told = get_type_hints(Settings)
    assert {k: get_type_hints(Changes)[k] for k in own} == {k: told[k] for k in own}


@pytest.mark.parametrize("name", [n for n in VERBS if "settings" in inspect.signature(getattr(baxis, n)).parameters])
def test_a_verb_with_settings_takes_them_as_typed_keywords(name: str) -> None:
    last = list(inspect.signature(getattr(baxis, name)).parameters.values())[-1]
    assert last.kind is inspect.Parameter.VAR_KEYWORD
    assert last.annotation == "Unpack[Changes]"


def test_help_shows_the_verbs_by_what_a_user_wants() -> None:
    text = pydoc.plain(pydoc.render_doc(baxis))
    assert "Trials: run_trial, power" in text
    assert not [n for n in VERBS if n not in text]
