"""Pager: shows text that is longer than the terminal through `PAGER`, by default `less`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.support.terminal import terminal_size, write_styled

F = TypeVar("F", bound=Callable[..., object])

_OFF = "gonogo.no_pager"  # in `Context.meta`, which a command shares with its groups


def pager_option(command: F) -> F:
    """`--no-pager`, for `gonogo` itself and for each command with long output."""

    def turn_off(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            ctx.meta[_OFF] = True

    return click.option(
        "--no-pager",
        is_flag=True,
        expose_value=False,
        callback=turn_off,
        help="Print long output at once, without PAGER.",
    )(command)


def print_long(text: str) -> None:
    """Prints cleaned text, with styles of our own; through the pager where it is longer than the terminal."""
    pager = _pager_for(text)
    if pager is None or not _run(pager, text):
        write_styled(text)


def _pager_for(text: str) -> list[str] | None:
    """Command of the pager; `None` where the text fits, nobody reads on a terminal, or no pager is wanted."""
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(_OFF):
        return None
    size = terminal_size()
    if size is None or not sys.stdin.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return None
    if text.count("\n") < size.lines:
        return None
    import shlex  # these two for long output only: `gonogo --help` loads this module

    try:
        command = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:
        echo_err("PAGER is not a command: its quotes don't match. Printing without it.")
        return None
    return None if command in ([], ["cat"]) else command


def _run(pager: list[str], text: str) -> bool:
    """Gives `text` to the pager until the person leaves it; returns false where it can't be started."""
    import signal
    import subprocess

    environment = {"LESS": "FRX", "LV": "-c", **os.environ}  # as git: colours, and no screen of its own
    try:
        child = subprocess.Popen(pager, stdin=subprocess.PIPE, env=environment)
    except OSError as error:
        if "PAGER" in os.environ:
            echo_err(f"PAGER={os.environ['PAGER']} can't be started ({error.strerror}). Printing without it.")
        return False
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the pager's
    try:
        child.communicate(text.encode("utf-8", "replace"))
    except BrokenPipeError:  # left before the end
        child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return True
