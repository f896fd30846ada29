"""Options that take a number: each of them, of every command, by one reader."""

from __future__ import annotations

from typing import Annotated, get_type_hints

import pytest
import typer

from baxis.core.errors import InvalidValue
from baxis.faces.cli.app import build
from baxis.faces.cli.words.typed import numbers_read, whole


def commands():
    """Every command of the application, groups opened."""
    left = [typer.main.get_command(build([]))]
    while left:
        command = left.pop()
        below = list(getattr(command, "commands", {}).values())
        left += below
        if not below:
            yield command


def numeric():
    """(command, option, example of the default's kind) of every option whose help calls it a number."""
    for command in commands():
        for option in command.params:
            if option.opts[0].startswith("-") and str(option.metavar or "") in ("NUMBER", "WHOLE NUMBER"):
                yield command, option


def test_every_option_for_a_number_refuses_what_is_none_by_its_own_name() -> None:
    seen = 0
    for command, option in numeric():
        whole_only = option.metavar == "WHOLE NUMBER"
        for text in ("1,5", "1_0", "ten", "", *(["2.5"] if whole_only else ["nine"])):
            with pytest.raises(InvalidValue, match=option.opts[0]):
                command.make_context(command.name, [option.opts[0], text], resilient_parsing=False)
        seen += 1
    assert seen > 60


def test_no_option_for_a_number_is_left_to_another_reader() -> None:
    from importlib import import_module

    from baxis.faces.cli.app import COMMANDS

    build([])
    left = []
    for module, attribute in COMMANDS.values():
        found = getattr(import_module(f"baxis.faces.cli.commands.{module}"), attribute)
        for below in [c.callback for c in found.registered_commands] if isinstance(found, typer.Typer) else [found]:
            for name, hint in get_type_hints(below, include_extras=True).items():
                kinds = {getattr(hint, "__origin__", None), *getattr(getattr(hint, "__origin__", None), "__args__", ())}
                if kinds & {int, float}:
                    left += [f"{below.__name__} {name}" for info in hint.__metadata__ if info.parser is None]
    assert left == []


def test_numbers_reach_the_command_as_they_were_typed() -> None:
    got = []

    def command(
        size: Annotated[int, typer.Option()] = 3,
        share: Annotated[float | None, typer.Option()] = None,
        least: Annotated[int, typer.Option("--at-least", min=1)] = 1,
    ) -> None:
        got.append((size, share, least))

    app = typer.Typer()
    app.command()(numbers_read(command))
    run = typer.main.get_command(app)
    for words in ([], ["--size", "1e3", "--share", "-.5"], ["--size", "123456789012345678", "--at-least", "2.0"]):
        run(args=words, standalone_mode=False)
    assert got == [(3, None, 1), (1000, -0.5, 1), (123456789012345678, None, 2)]
    assert all(type(size) is int and type(least) is int for size, _, least in got)
    with pytest.raises(InvalidValue, match="--at-least: got 0; allowed: a whole number of at least 1"):
        run(args=["--at-least", "0"], standalone_mode=False)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "1" * 400, "٣", "1 000", "0x10"])
def test_what_is_no_whole_number_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"--n: got .*a whole number"):
        whole("--n", text)
