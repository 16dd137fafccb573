"""Every command says what it is for, what each option means, and shows an example."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from gonogo.cli.main import COMMANDS, cli


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from walk(inner, (*path, name))


ALL = dict(walk(cli, ()))


@pytest.mark.parametrize("path", [path for path in ALL if path], ids=" ".join)
def test_a_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, [*path, "--help"], prog_name="gonogo")
    assert done.exit_code == 0
    assert "Example" in done.output
    assert f"gonogo {path[0]}" in done.output
    assert (ALL[path].help or "").strip()


@pytest.mark.parametrize("path", [path for path, command in ALL.items() if command.params], ids=lambda p: " ".join(p))
def test_options_of_bulk_commands_and_flags_are_explained(path: tuple[str, ...]) -> None:
    silent = {"description", "title", "status", "role", "help", "version"}
    unexplained = [
        option.name
        for option in ALL[path].params
        if isinstance(option, click.Option) and not option.help and option.name not in silent
    ]
    assert unexplained == []


def test_every_list_and_show_has_json() -> None:
    for path, command in ALL.items():
        if path and path[-1] in ("list", "show", "create", "revoke", "quality", "close", "promote", "doctor", "assign"):
            assert any("--json" in option.opts for option in command.params), path


def test_the_commands_the_decisions_name_are_there() -> None:
    wanted = "demo login logout annotate import export project campaign assign revoke results keys serve outbox doctor"
    assert set(wanted.split()) <= set(COMMANDS)


def test_a_wrong_command_is_named_with_the_near_one() -> None:
    done = CliRunner().invoke(cli, ["campain"], prog_name="gonogo")
    assert done.exit_code == 2
    assert "gonogo campaign" in done.output
