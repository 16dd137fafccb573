"""Editor of a command: asks for a text in VISUAL or EDITOR, as git does for a message."""

from __future__ import annotations

import sys

import click

from gonogo.cli.support.exit_codes import EXIT_USAGE, fail

OPEN_EDITOR = "\0"
"""Value of an option whose text is to be written in the editor; no argument can be it."""


def ask_text(text: str, *, comment: str = "", option: str) -> str | None:
    """Opens `text` in the editor; returns what was saved, without the lines of `comment`, or `None` if nothing was.

    `comment` is shown below the text, its lines begin with `#`. `option` is the way without an editor. Ends the
    command where there is no terminal or no editor.
    """
    if not sys.stdin.isatty():
        fail("there is no terminal to open an editor in", f"Give the text by {option}.", EXIT_USAGE)
    shown = f"{text}\n\n{_commented(comment)}" if comment else text
    try:
        saved = click.edit(shown, extension=".md")
    except click.ClickException as error:
        fail(error.format_message(), f"Set EDITOR to a program that is installed, or give the text by {option}.")
    if saved is None or not comment:
        return saved
    lines = saved.splitlines()
    written = [line for line in lines if line not in _commented(comment).splitlines()]
    return "\n".join(written).strip() + "\n"


def _commented(comment: str) -> str:
    return "\n".join(f"# {line}" for line in comment.splitlines())
