"""Consequences of a command that can't be undone: said in numbers, then asked; `--dry-run` only says them, `--yes`
does not ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.support.output import confirm, print_json

F = TypeVar("F", bound=Callable[..., object])


def consequence_options(command: F) -> F:
    """`--dry-run` and `--yes`; the command gets `dry_run` and `yes`."""
    command = click.option("--yes", is_flag=True, help="Do it without asking.")(command)
    return click.option("--dry-run", is_flag=True, help="Only say what it would do.")(command)


def agreed(consequence: str, *, dry_run: bool, yes: bool, as_json: bool = False, plan: object = None) -> bool:
    """Says `consequence`; returns whether to go on. Where nobody can be asked, it ends the command without `--yes`.

    `plan` is what `--json` prints where nothing is done; by default the consequence.
    """
    echo_err(consequence)
    if not dry_run and (yes or _asked()):
        return True
    echo_err("Nothing was done.")
    if as_json:
        print_json({"done": False, "consequence": consequence} if plan is None else plan)
    return False


def _asked() -> bool:
    return confirm(
        "Do it?", no_terminal="nobody is there to confirm this", next_step="Look at it with --dry-run, then say --yes."
    )
