"""Standard streams of a command: cleaned on a terminal, exact into pipes and files; closed and full ones are said.

Commands that draw with control sequences of their own write to `sys.__stdout__`, and clean the data in them.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from gonogo.cli.support.exit_codes import EXIT_FAILED, EXIT_USAGE, fail, fail_file
from gonogo.schemas.sanitize import clean_text


class CleanBytes(io.RawIOBase):
    """Binary side of `CleanOutput`, for exports: what is no UTF-8 is shown as U+FFFD."""

    def __init__(self, out: CleanOutput) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raw = bytes(data)  # type: ignore[call-overload]
        self._out.write(raw.decode("utf-8", "replace"))
        return len(raw)


class CleanOutput(io.TextIOBase):
    """Text output to a terminal in which no character acts on it."""

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.buffer = CleanBytes(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.terminal.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self.terminal.errors

    def write(self, text: str) -> int:
        self.terminal.write(clean_text(text))
        return len(text)

    def flush(self) -> None:
        self.terminal.flush()

    def fileno(self) -> int:
        return self.terminal.fileno()

    def isatty(self) -> bool:
        return True

    def writable(self) -> bool:
        return True


def prepare_streams(*, prints: bool = True) -> None:
    """Gives every standard stream something to work on, before a file gets the number of a closed one.

    Ends the command where it `prints` and standard output is closed. A terminal gets cleaned text from here on.
    """
    closed = [stream is None for stream in (sys.stdin, sys.stdout, sys.stderr)]
    for number, missing in enumerate(closed):
        if missing:
            handle = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
    if closed[0]:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the whole run
    if closed[1]:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if closed[2]:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    if closed[2] and not closed[1] and not prints:
        sys.stderr = sys.stdout  # the only place left for a sentence
    if closed[1] and prints:
        fail("standard output is closed: there is nowhere to print to", "Send it to a pipe or a file.", EXIT_USAGE)
    if sys.stdout.isatty():
        sys.stdout = CleanOutput(sys.stdout)


def flush_output() -> None:
    """Writes out what is still held; ends the command where that fails, instead of an exit code of the interpreter."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `gonogo … | head`: the reader has enough
        drop_output()
        raise SystemExit(EXIT_FAILED) from None
    except OSError as error:
        drop_output()
        fail_file(OSError(error.errno, error.strerror, "standard output"))


def drop_output() -> None:
    """Sends what is still held for standard output nowhere: it failed once, and would again at the very end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def drop_output_that_is_refused() -> None:
    """Drops what is still held for standard output if that takes no more, and leaves it otherwise."""
    try:
        sys.stdout.flush()
    except OSError:
        drop_output()
