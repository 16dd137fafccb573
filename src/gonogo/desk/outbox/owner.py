"""Which running program a row of the outbox belongs to, and whether that program is still there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def process_id() -> str:
    """A name for this program's run that another program on this machine can check: `boot:pid:start:random`."""
    pid = os.getpid()
    return ":".join((_boot_id(), str(pid), _started(pid), secrets.token_hex(4)))


def is_running(mark: str) -> bool:
    """Whether the program that made `mark` still runs. After a restart of the machine none does."""
    boot, pid_text, started, *_ = [*mark.split(":"), "", "", ""]
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
    """When the process began, in clock ticks after boot: a number used again by another process is told apart."""
    after_name = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return after_name[19] if len(after_name) > 19 else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
