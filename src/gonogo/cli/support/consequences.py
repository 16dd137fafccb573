"""Consequences of a command that can't be undone: said in numbers, then asked; `--dry-run` only says them, `--yes`
does not ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.support.output import confirm

F = TypeVar("F", bound=Callable[..., object])


def consequence_options(command: F) -> F:
    """`--dry-run` and `--yes`; the command gets `dry_run` and `yes`."""
    command = click.option("--yes", is_flag=True, help="Do it without asking.")(command)
    return click.option("--dry-run", is_flag=True, help="Only say what it would do.")(command)


def agreed(consequence: str, *, dry_run: bool, yes: bool) -> bool:
    """Says `consequence`; returns whether to go on. Where nobody can be asked, it ends the command without `--yes`."""
    echo_err(consequence)
    if not dry_run and (yes or _asked()):
        return True
    echo_err("Nothing was done.")
    return False


def _asked() -> bool:
    return confirm(
        "Do it?", no_terminal="nobody is there to confirm this", next_step="Look at it with --dry-run, then say --yes."
    )
