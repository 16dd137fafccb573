"""`gonogo config`: lists, prints, sets and resets a person's settings, and opens their file in an editor."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json
from gonogo.cli.support.pager import pager_option
from gonogo.cli.support.tables import Fit, TableColumn, print_table
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import (
    Settings,
    load_profile,
    plain_settings,
    require_setting,
    reset_setting,
    save_setting,
)
from gonogo.tui.theme_files import AUTOMATIC, load_themes, themes_folder


def _complete_key(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [row.name for row in plain_settings(Settings()) if row.name.startswith(incomplete)]


key_argument = click.argument("key", shell_complete=_complete_key)


@click.group(epilog="\b\nExample:\n  gonogo config set theme light")
def config() -> None:
    """Your settings on this computer. Those of a campaign are in `gonogo campaigns settings`."""


_COLUMNS = (TableColumn("key"), TableColumn("value", Fit.CUT), TableColumn("set"), TableColumn("meaning", Fit.FOLD))


@config.command("list", epilog="\b\nExample:\n  gonogo config list --json")
@pager_option
@json_option
def list_(as_json: bool) -> None:
    """All settings with their values; `*` marks what is not the default."""
    settings = _settings()
    rows = [
        {"key": row.name, "value": row.value, "default": row.is_default, "meaning": row.meaning}
        for row in plain_settings(settings)
    ]
    if as_json:
        print_json(rows)
        return
    cells = [
        [str(row["key"]), _shown(row["value"]), "" if row["default"] else "*", str(row["meaning"])] for row in rows
    ]
    print_table(_COLUMNS, cells)


@config.command(epilog="\b\nExample:\n  gonogo config get theme")
@key_argument
@json_option
def get(key: str, as_json: bool) -> None:
    """One setting's value."""
    with _desk_errors():
        require_setting(key)
    value = _value(key)
    if as_json:
        print_json(value)
    else:
        click.echo(_shown(value))


@config.command(
    "set",
    epilog="""\b
Examples:
  gonogo config set theme light
  gonogo config set undo_seconds 5
  gonogo config set drawing_folders '["/srv/scans"]'
""",
)
@key_argument
@click.argument("value")
@json_option
def set_(key: str, value: str, as_json: bool) -> None:
    """Change one setting; the next start uses it. VALUE is TOML, or a text without quotes."""
    home = AppPaths()
    with _desk_errors():
        if key == "theme":
            _require_theme(home, value)
        save_setting(home.settings_file(), key, _parsed(value))
    echo_err(f"{key} is {value} now.")
    if as_json:
        _print_value(key)


@config.command(epilog="\b\nExample:\n  gonogo config reset theme")
@key_argument
@json_option
def reset(key: str, as_json: bool) -> None:
    """Set one setting back to its default."""
    home = AppPaths()
    with _desk_errors():
        reset_setting(home.settings_file(), key)
    default = next(row.value for row in plain_settings(Settings()) if row.name == key)
    echo_err(f"{key} is {_shown(default)} again, the default.")
    if as_json:
        _print_value(key)


@config.command(epilog="\b\nExample:\n  EDITOR=nano gonogo config edit")
def edit() -> None:
    """Open the settings file in $VISUAL or $EDITOR, and say what in it can't be used."""
    home = AppPaths()
    file = home.settings_file()
    try:
        home.make(file.parent)
        if not file.exists():
            file.write_text(_template(), encoding="utf-8")
        click.edit(filename=str(file))
    except OSError as error:
        fail(f"{file} can't be made ({error.strerror})", "Make room or give yourself the folder, then try again.")
    except click.ClickException as error:
        fail(error.format_message(), "Set EDITOR to a program that is installed.")
    _settings()


@config.command(epilog="\b\nExample:\n  cat $(gonogo config path)")
@json_option
def path(as_json: bool) -> None:
    """Path of the settings file."""
    file = os.fspath(AppPaths().settings_file())
    if as_json:
        print_json({"path": file})
    else:
        click.echo(file)


def _print_value(key: str) -> None:
    print_json({"key": key, "value": _value(key)})


def _value(key: str) -> object:
    return next(row.value for row in plain_settings(_settings()) if row.name == key)


@contextmanager
def _desk_errors() -> Iterator[None]:
    try:
        yield
    except DeskError as error:
        fail(str(error), error.next_step, EXIT_USAGE)


def _require_theme(home: AppPaths, name: str) -> None:
    """Raises `DeskError` for a theme that neither gonogo nor the person has."""
    themes, problems = load_themes([themes_folder(), home.themes()])
    for problem in problems:
        echo_err(problem)
    if name not in (AUTOMATIC, *themes):
        raise DeskError(f"There is no usable theme {name!r}.", f"The themes are {AUTOMATIC}, {', '.join(themes)}.")


def _settings() -> Settings:
    """Returns the settings; prints a line for each value that can't be used."""
    settings = load_profile(AppPaths())
    for notice in settings.notices:
        echo_err(notice)
    return settings


def _parsed(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _template() -> str:
    """Returns a settings file in which every default stands as a comment."""
    lines = ["# Settings of gonogo. Remove the # of a line to change it.", ""]
    for row in plain_settings(Settings()):
        value = f'"{row.value}"' if isinstance(row.value, str) else _shown(row.value)
        lines += [f"# {row.meaning}", f"# {row.name} = {value}", ""]
    return "\n".join(lines)
