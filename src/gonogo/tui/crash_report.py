"""What is said when the program itself fails: no local variables, no secrets, and where the details are."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from rich.text import Text

from gonogo.tui.text import one_line


def last_words(error: BaseException | None, log: Path) -> Text:
    """The text for the terminal; the stack, without values, goes to `log`."""
    kept = _keep(error, log) if error is not None else ""
    name = type(error).__name__ if error is not None else "unknown error"
    return Text(
        f"gonogo stopped: a fault of its own ({name}).\n"
        "Every answer that was shown as saved is on this computer and will be sent at the next start.\n"
        "Start gonogo again to go on with the same question."
        + (f"\nPlease report it with the last lines of {one_line(kept)}." if kept else "")
    )


def _keep(error: BaseException, log: Path) -> str:
    """Append where it happened (files, lines, type; no message and no values, they may hold secrets)."""
    frames = traceback.extract_tb(error.__traceback__)
    where = "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{stamp} crash {type(error).__name__}\n{where}\n")
    except OSError:
        return ""
    return str(log)
