"""Every command says what it is for, what each option means, and shows an example."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gonogo.cli.main import ALIASES, COMMANDS, cli


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
    silent = {"title", "help", "version"}  # and earlier names, which are not shown
    unexplained = [
        option.name
        for option in ALL[path].params
        if isinstance(option, click.Option) and not option.hidden and not option.help and option.name not in silent
    ]
    assert unexplained == []


def test_every_list_and_show_has_json() -> None:
    for path, command in ALL.items():
        if path and path[-1] in ("list", "show", "create", "revoke", "quality", "close", "promote", "doctor", "assign"):
            assert any("--json" in option.opts for option in command.params), path


def test_whatever_tells_something_tells_it_to_machines_too() -> None:
    """Only what opens the app, asks for a secret, writes a file of its own form, or runs on has no --json."""
    without = "demo annotate web review login logout export serve results login results logout db upgrade db backup"
    without += " db restore db prune outbox drop outbox export outbox requeue outbox send"
    without += " config set config reset config edit config path"
    silent = {
        " ".join(path)
        for path, command in ALL.items()
        if path
        and not isinstance(command, click.Group)
        and not any("--json" in option.opts for option in command.params)
    }
    for name in sorted(silent):
        assert name in without, f"gonogo {name} has no --json"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    program = f'"{sys.executable}" -m gonogo'
    made = "".join(f"{program} campaign create c{number} >/dev/null 2>&1; " for number in range(2))
    script = f"{made} {program} campaign list --json | true; {program} campaign list | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.stderr == ""
    assert done.stdout.startswith("campaign\t")


def test_the_manual_for_leads_uses_commands_and_options_that_exist() -> None:
    text = (Path(__file__).parents[2] / "docs" / "leading.md").read_text("utf-8")
    shown = re.findall(r"^\$ gonogo (.*)$", text, re.MULTILINE)
    assert len(shown) > 20
    for line in shown:
        words = shlex.split(line.partition(" | ")[0].partition(" > ")[0])
        path = tuple(words[:2]) if tuple(words[:2]) in ALL else tuple(words[:1])
        known = {name for option in ALL[path].params for name in option.opts} | {"--help"}
        assert path in ALL, line
        assert {word for word in words if word.startswith("--")} <= known, line


def test_the_commands_the_decisions_name_are_there() -> None:
    wanted = (
        "demo login logout annotate import export projects campaigns assign revoke results keys serve outbox doctor"
    )
    assert set(wanted.split()) <= set(COMMANDS)


def test_a_wrong_command_is_named_with_the_near_one() -> None:
    done = CliRunner().invoke(cli, ["campain"], prog_name="gonogo")
    assert done.exit_code == 2
    assert "gonogo campaigns" in done.output


def test_earlier_names_of_commands_work_and_are_not_shown() -> None:
    runner = CliRunner()
    for earlier, name in ALIASES.items():
        assert runner.invoke(cli, [earlier, "list", "-h"]).stdout == runner.invoke(cli, [name, "list", "-h"]).stdout
        assert f"  {earlier} " not in runner.invoke(cli, ["-h"]).stdout
