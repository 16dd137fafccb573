"""Exit codes of the commands, and the functions that print an error message and end the command. Imports little: the
first frame and `--help` load it.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

import click

from gonogo.cli.support.secrets_in_text import without_secrets
from gonogo.cli.support.terminal import styled, wants_color
from gonogo.schemas.sanitize import clean_text

EXIT_FAILED, EXIT_USAGE, EXIT_NO_CREDENTIAL, EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_INTERRUPTED = 1, 2, 3, 4, 5, 130

_NEXT_STEPS = {
    errno.ENOENT: "Look at the path: the folder has to be there.",
    errno.EACCES: "Give yourself the file or its folder, or choose another place.",
    errno.EROFS: "Nothing can be written there: choose another place.",
    errno.ENOSPC: "Make room there, then try again.",
    errno.EDQUOT: "Make room there, then try again.",
}


def echo_err(message: str) -> None:
    """Prints a message for the person to standard error, so that data on standard output stays clean.

    What was typed may stand in it: nothing of that acts on a terminal, and no key or link is repeated.
    """
    _say(_cleaned(message))


def _say(text: str, *, color: bool | None = None) -> None:
    """Prints to standard error, if it takes anything: where it is full, the exit code alone says how it ended."""
    try:
        click.echo(text, err=True, color=color)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # the interpreter's last flush must work


def _cleaned(message: str) -> str:
    return without_secrets(clean_text(message))


def fail(message: str, next_step: str = "", code: int = EXIT_FAILED, *, details: str = "") -> NoReturn:
    """Ends the command with one clear sentence, the next step, and a documented exit code.

    `details` are codes and ids for those who look after the server.
    """
    lines = [message, next_step, f"Details: {details}" if details else ""]
    text = _cleaned("\n        ".join(line for line in lines if line))
    _say(f"{styled('gonogo:', sys.stderr, fg='red')} {text}", color=wants_color(sys.stderr))
    raise SystemExit(code)


def fail_file(error: OSError) -> NoReturn:
    """Ends the command: a file or folder cannot be read or written."""
    what = f"{error.strerror or error}: {error.filename}" if error.filename else error.strerror or str(error)
    fail(what, _NEXT_STEPS.get(error.errno or 0, ""))
