"""One grammar for every command: panels by what a user wants, an example in every help."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from baxis.faces.cli.app import COMMANDS, PANELS, build
from baxis.faces.cli.words.examples import EXAMPLES

Run = Callable[..., tuple[int, str, str]]
QUICK = [
    "list", "show", "calendar", "stimulate", "compare-diseases", "map", "evidence trials", "evidence claims",
    "evidence contrasts", "evidence sheet", "evidence search", "evidence conflicts", "evidence grades", "doctor",
]  # fmt: skip


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that reach it."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, part in below.items():
        yield from leaves(part, (*path, name))


ALL = dict(leaves(typer.main.get_command(build([]))))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_ends_with_an_example_that_its_command_reads(path: tuple[str, ...]) -> None:
    line = ALL[path].epilog.removeprefix("Example: ")
    words = shlex.split(line)
    assert words[: len(path) + 1] == ["baxis", *path]
    assert len(words) > len(path) + 1
    ALL[path].make_context("baxis", words[len(path) + 1 :])  # raises where an option, a value or an argument is wrong


def test_no_example_is_of_a_command_that_is_gone() -> None:
    assert set(EXAMPLES) == {" ".join(path) for path in ALL}


@pytest.mark.parametrize("command", QUICK)
def test_an_example_runs_as_it_stands(command: str, cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, said = cli(*shlex.split(f"{command} {EXAMPLES[command]}"))
    assert code == 0, said


def test_the_help_shows_every_command_in_the_panel_of_what_it_is_for(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    code, out, _ = cli("--help")
    assert code == 0
    titles = [line.strip("╭╮─ ") for line in out.splitlines() if line.startswith("╭")]
    assert titles == ["Options", *PANELS]
    for panel, commands in PANELS.items():
        part = out.split(f"─ {panel} ─")[1].split("╰")[0]
        assert {line.split()[1] for line in part.splitlines() if line.startswith("│ ") and line[2] != " "} == set(
            commands
        )
    assert sum(map(len, PANELS.values())) == len(COMMANDS)


SHORT = {"--out": "-o", "--patients": "-n", "--json": "-j", "--quiet": "-q"}
SAME = ("--seed", "--threads", "--library", "--evidence", "--quiet")  # one declaration, so one help


def options(path: tuple[str, ...]) -> dict[str, Any]:
    return {p.opts[0]: p for p in ALL[path].params if p.param_type_name == "option"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_short_flag_means_the_same_option_everywhere(path: tuple[str, ...]) -> None:
    mine = options(path)
    for long, short in SHORT.items():
        if long in mine and path != ("conformance",):  # its --json names a file: it has no short one
            assert short in mine[long].opts, long
    assert {o for p in mine.values() for o in p.opts if o in SHORT.values()} <= {SHORT.get(name, "") for name in mine}


@pytest.mark.parametrize("option", SAME)
def test_a_shared_option_is_explained_in_one_way(option: str) -> None:
    said = {found[option].help for path in ALL if option in (found := options(path))}
    assert len([s for s in said if not s.startswith(("With --trial", "Seed of the permutations"))]) == 1, said


def test_words_of_a_choice_are_those_that_the_layer_below_takes() -> None:
    from baxis.axis.checks.rungs import RUNGS
    from baxis.axis.pathway.stimulation import CELLS
    from baxis.clinic.conduct.settings import DOSING
    from baxis.faces.cli.commands import axis, trial

    assert (*RUNGS, "all") == axis.RUNGS
    assert axis.CELLS == CELLS
    assert trial.DOSING == DOSING


CHOICES = [
    "list DRUGS", "stimulate 'anti-IgM 10 ug/mL' --cell Memory", "check REST",
    "evidence network --disease ra --endpoint ACR20 --by CLASS", "credibility Effect --disease sle --out e.json",
    "show RITUXIMAB-Reflex", "calendar RITUXIMAB-reflex", "report Rituximab-REFLEX -n 20 -o r.html",
    "export SBML --disease sle --out sle.xml", "trial rituximab-reflex -n 20 --dosing AVERAGED -q",
]  # fmt: skip


@pytest.mark.parametrize("line", CHOICES)
def test_words_and_names_are_read_in_any_case(
    line: str, cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, said = cli(*shlex.split(line))
    assert code == 0, said


@pytest.mark.parametrize("flag", ["-n", "--patients"])
def test_a_wrong_value_of_a_short_flag_is_told_as_that_of_the_long_one(flag: str, cli: Run) -> None:
    code, out, said = cli("trial", "rituximab-reflex", flag, "many")
    assert (code, out) == (2, "")
    assert "got 'many'; allowed: a whole number" in said
