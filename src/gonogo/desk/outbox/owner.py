"""Owner id of outbox rows: identifies a running program, and checks whether that program still runs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def process_id() -> str:
    """Returns a name of this run that other programs on this machine can check: `boot:pid:start:random`."""
    pid = os.getpid()
    return ":".join((_boot_id(), str(pid), _started(pid), secrets.token_hex(4)))


def is_running(owner: str) -> bool:
    """Returns whether the program of this owner id still runs; after a restart of the machine none does."""
    boot, pid_text, started, *_ = [*owner.split(":"), "", "", ""]
    if boot != _boot_id() or not pid_text.isdigit():
        return False
    pid = int(pid_text)
    if _started(pid) != started:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it exists, but is not ours to ask
    return True


def _boot_id() -> str:
    return _read(Path("/proc/sys/kernel/random/boot_id")).strip()[:8]


def _started(pid: int) -> str:
    """Returns the start of the process in clock ticks after boot, which tells a reused process number apart."""
    after_name = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return after_name[19] if len(after_name) > 19 else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
