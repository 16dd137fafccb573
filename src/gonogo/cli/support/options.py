"""Shared options: click options and arguments that several commands use, and their checks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from gonogo.cli.completion import complete_campaign
from gonogo.schemas.enums import VotePolicy

F = TypeVar("F", bound=Callable[..., object])

MAX_RISK_HELP = "Risk of being wrong above which no value settles as correct (0.05)."
VOTES_HELP = "The same number of votes for all tasks (fixed), or more where the risk is (by_risk)."
UNIT_HELP = "Unit of lengths that the drawings write none for; without it none is assumed."
MIN_VOTES_HELP = "Votes that a task begins with, where they follow the risk (1)."


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


def campaign_settings(command: F) -> F:
    """`--redundancy`, `--gold-fraction`, `--votes`, `--min-votes`, `--max-risk` and `--unit` of a new campaign."""
    options = (
        click.option("--redundancy", type=click.IntRange(1, 50), help="Votes a task needs (3)."),
        click.option("--gold-fraction", type=click.FloatRange(0, 0.9), help="Share of honeypots among tasks (0.1)."),
        click.option("--votes", type=click.Choice([policy.value for policy in VotePolicy]), help=VOTES_HELP),
        click.option("--min-votes", type=click.IntRange(1, 50), help=MIN_VOTES_HELP),
        click.option("--max-risk", type=click.FloatRange(0, 1), help=MAX_RISK_HELP),
        click.option("--unit", type=click.Choice(["mm", "in"]), help=UNIT_HELP),
    )
    for option in reversed(options):
        command = option(command)
    return command


class RenamedOption(click.Option):
    """Option with an earlier name, the last of its names, which works and is not shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        names, self.opts = self.opts, self.opts[:-1]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = names


def earlier_option(argument: str, *names: str, **attributes: Any) -> Callable[[F], F]:
    """Earlier form of an argument: a hidden option, which fills the argument where it is left out.

    Raises `click.UsageError` where both or neither are given. It stands above `click.argument(..., required=False)`.
    """

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def filled(**values: Any) -> object:
            given, earlier = values[argument], values.pop(f"earlier_{argument}")
            if given is not None and earlier is not None:
                raise click.UsageError(f"{argument.upper()} is given twice.", click.get_current_context())
            if given is None and earlier is None:
                raise click.UsageError(f"Missing argument '{argument.upper()}'.", click.get_current_context())
            return command(**{**values, argument: earlier if given is None else given})

        return click.option(*names, f"earlier_{argument}", hidden=True, **attributes)(cast("F", filled))

    return decorate


def check_name(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Callback for names of new things: one line with something visible in it. Raises `click.BadParameter`."""
    if value is not None and (not value.strip() or not value.isprintable()):
        raise click.BadParameter("a name is one line with something to see in it.", ctx, parameter)
    return value


class ShareType(click.ParamType[float]):
    """A share between 0 and 1, exclusive, as `0.5%` or `0.005`."""

    name = "share"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 < share < 1:
            self.fail(f"{value!r} is no share between 0 and 1: write it like 0.5% or 0.005.", param, ctx)
        return share


SHARE = ShareType()
