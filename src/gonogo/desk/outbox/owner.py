"""Owner id of outbox rows: identifies a running program, and checks whether that program still runs.

No signal is sent to ask: `os.kill(pid, 0)` ends the other program on Windows.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_PROC = Path("/proc/self/stat")


def process_id() -> str:
    """Returns a name of this run that other programs on this machine can check: `boot:pid:start:random`."""
    pid = os.getpid()
    return ":".join((_boot_id(), str(pid), _started(pid), secrets.token_hex(4)))


def is_running(owner: str) -> bool:
    """Returns whether the program of this owner id still runs; after a restart of the machine none does."""
    boot, pid_text, started, *_ = [*owner.split(":"), "", "", ""]
    if boot != _boot_id() or not pid_text.isdecimal():
        return False
    return bool(started) and _started(int(pid_text)) == started


def _boot_id() -> str:
    return _read(Path("/proc/sys/kernel/random/boot_id")).strip()[:8]


def _started(pid: int) -> str:
    """Returns the start of the process, which tells a reused process number apart; empty when it does not run.

    Clock ticks after boot where there is `/proc`, else the time that the system states.
    """
    if _read(_PROC):
        after_name = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        return after_name[19] if len(after_name) > 19 else ""
    import psutil  # deferred: 20 ms, for systems without /proc (macOS, Windows)

    try:
        return repr(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
