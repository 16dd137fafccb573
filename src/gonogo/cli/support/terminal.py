"""Terminal of a command: the size of standard output, and whether colours are wanted on a stream."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def terminal_size() -> os.terminal_size | None:
    """Columns and lines of the terminal on standard output; `None` where that is a file or a pipe."""
    if not sys.stdout.isatty():
        return None
    import shutil  # 2 ms, which `gonogo --help` does without

    return shutil.get_terminal_size()


def terminal_width() -> int | None:
    """Columns of the terminal on standard output; `None` where that is a file or a pipe."""
    size = terminal_size()
    return None if size is None else size.columns


def wants_color(stream: TextIO) -> bool:
    """True if text on `stream` may be styled: `NO_COLOR` forbids it, `FORCE_COLOR` asks for it, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, stream: TextIO, *, fg: str | None = None, bold: bool | None = None) -> str:
    """Returns `text` in a colour of the terminal's own sixteen, or as it is where no colour is wanted."""
    return click.style(text, fg=fg, bold=bold) if wants_color(stream) else text


def write_styled(text: str) -> None:
    """Writes text with our own styles to standard output; the data in it was cleaned before."""
    stream = getattr(sys.stdout, "terminal", sys.stdout)  # below `CleanOutput`, which would take the styles out
    stream.write(text)
    stream.flush()
