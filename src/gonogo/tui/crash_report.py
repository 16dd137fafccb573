"""Crash report: the text shown when the program fails, without variables or secrets; the log has the stack."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from rich.text import Text

from gonogo.desk.core.paths import private_file
from gonogo.tui.text import one_line


def crash_report(error: BaseException | None, log: Path) -> Text:
    """Returns the text for the terminal, and appends the stack without values to `log`."""
    log_path = _log_crash(error, log) if error is not None else ""
    name = type(error).__name__ if error is not None else "unknown error"
    return Text(
        f"gonogo stopped: a fault of its own ({name}).\n"
        "Every answer that was shown as saved is on this computer and will be sent at the next start.\n"
        "Start gonogo again to go on with the same question."
        + (f"\nPlease report it with the last lines of {one_line(log_path)}." if log_path else "")
    )


def _log_crash(error: BaseException, log: Path) -> str:
    """Appends files, lines and type of the error, but no message and no values, which may hold secrets."""
    frames = traceback.extract_tb(error.__traceback__)
    where = "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        with private_file(log).open("a", encoding="utf-8") as file:
            file.write(f"{stamp} crash {type(error).__name__}\n{where}\n")
    except OSError:
        return ""
    return str(log)
