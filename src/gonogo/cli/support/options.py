"""Shared options: click options and arguments that several commands use, and their checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from gonogo.cli.completion import complete_campaign

F = TypeVar("F", bound=Callable[..., object])


def json_option(command: F) -> F:
    """`--json`: the same data for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def server_option(command: F) -> F:
    """`--base-url`: act on a server instead of the embedded workspace."""
    return click.option(
        "--base-url",
        envvar="GONOGO_BASE_URL",
        show_envvar=True,
        metavar="URL",
        help="Act on this server (with GONOGO_API_KEY) instead of the workspace on this machine.",
    )(command)


def campaign_argument(command: F) -> F:
    """CAMPAIGN: a name, where it is unique, or an id; the shell completes names."""
    return click.argument("campaign", shell_complete=complete_campaign)(command)


def check_name(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Callback for names of new things: one line with something visible in it. Raises `click.BadParameter`."""
    if value is not None and (not value.strip() or not value.isprintable()):
        raise click.BadParameter("a name is one line with something to see in it.", ctx, parameter)
    return value
