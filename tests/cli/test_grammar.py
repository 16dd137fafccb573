"""Grammar of the command line, over the whole tree: nouns and verbs, and the same word for one thing."""

from __future__ import annotations

from collections import defaultdict

import click
import pytest
from click.testing import CliRunner

from gonogo.cli.main import cli
from tests.cli.test_help import ALL

MASS_NOUNS = {"outbox", "db", "audit", "config"}
"""Groups of one thing; every other group is a plural."""
OPENS_THE_APP_OR_WRITES_ITS_OWN_FORM = {"annotate", "review", "outbox export", "config edit", "web"}

COMMANDS = {path: command for path, command in ALL.items() if path}


def shown_options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option) and not option.hidden]


def test_a_group_is_a_plural_or_one_thing_and_its_commands_are_one_word() -> None:
    for path, command in COMMANDS.items():
        if isinstance(command, click.Group):
            assert path[0].endswith("s") or path[0] in MASS_NOUNS, path
            assert len(path) == 1, path


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_names_are_arguments_and_options_are_words(path: tuple[str, ...]) -> None:
    names = {name for option in shown_options(COMMANDS[path]) for name in option.opts + option.secondary_opts}
    assert all(name.startswith("--") and name == name.lower() and "_" not in name for name in names), names
    noun = f"--{path[0].rstrip('s')}"
    assert noun not in names, f"{noun} is an argument of `gonogo {' '.join(path)}`"


def test_one_option_is_one_thing_everywhere() -> None:
    kinds: dict[str, dict[tuple[object, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, command in COMMANDS.items():
        for option in shown_options(command):
            kind = (option.is_flag, option.type.name, option.envvar)
            kinds[option.opts[0]][kind].append(" ".join(path))
    del kinds["--base-url"]  # of `results` it has no variable: Centaur's server is never ours
    kinds.pop("--unit")  # `campaigns settings` can take it away
    several = {name: dict(found) for name, found in kinds.items() if len(found) > 1}
    several.pop("--drawings", None)  # a folder for import and export, an address for serve
    assert several == {}


@pytest.mark.parametrize("path", [path for path, command in COMMANDS.items() if not isinstance(command, click.Group)])
def test_whatever_tells_something_has_json(path: tuple[str, ...]) -> None:
    has = any("--json" in option.opts for option in COMMANDS[path].params)
    assert has or " ".join(path) in OPENS_THE_APP_OR_WRITES_ITS_OWN_FORM


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"], prog_name="gonogo", terminal_width=80).output
    assert [line for line in shown.splitlines() if len(line) > 80] == []
