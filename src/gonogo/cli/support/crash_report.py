"""Crash report: ends a command after an error that nothing else handled. Loaded for errors only."""

from __future__ import annotations

import os
import tempfile
import traceback
from typing import NoReturn

from gonogo.cli.support.exit_codes import fail, fail_file


def end_after_error(error: Exception) -> NoReturn:
    """Ends after a file that can't be used, or after a bug in gonogo."""
    if isinstance(error, OSError):
        fail_file(error)
    _report_bug(error)


def _report_bug(error: Exception) -> NoReturn:
    """Ends with a sentence for the person; the traceback goes into a file for the developers."""
    next_step = "The details could not be written: the disk is full."
    try:
        number, path = tempfile.mkstemp(prefix="gonogo-fault-", suffix=".txt")  # for its owner's eyes only
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
        next_step = f"The details are in {path}: please send that file to your lead or the developers."
    except OSError:
        pass
    fail(f"a fault in gonogo itself ({type(error).__name__}); what was done before it is kept", next_step)
