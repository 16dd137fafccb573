"""Process limits: caps memory, processor time, written files and core dumps of the render process.

A system may refuse a limit (macOS has none for the address space) or have none at all (Windows). Such a limit is left
out and named, because a drawing without it is worth more than no drawing: the parent still kills a render that takes
too long.
"""

from __future__ import annotations

import sys

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.render.seccomp_sandbox import forbid_sockets_and_programs

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment,unused-ignore]


def confine(limits: DrawingLimits) -> tuple[str, ...]:
    """Sets all limits that this system takes; returns the names of those it refused."""
    refused = [] if forbid_sockets_and_programs() else ["network"]
    if not (resource and _lower("RLIMIT_AS", limits.address_space)):
        refused.append("memory")
    if not (resource and _lower("RLIMIT_FSIZE", 0)):
        refused.append("written files")
    if not (resource and _lower("RLIMIT_CORE", 0)):
        refused.append("core dumps")
    return tuple(refused)


def allow_seconds(seconds: float) -> bool:
    """Sets a fresh budget of processor time: the last resort when the parent is gone and cannot kill this process.

    Returns whether the system took it.
    """
    if sys.platform == "win32" or resource is None:
        return False
    used = resource.getrusage(resource.RUSAGE_SELF)
    return _lower("RLIMIT_CPU", int(used.ru_utime + used.ru_stime + seconds) + 2)


def _lower(name: str, value: int) -> bool:
    """Lowers a limit of `resource`; returns false if the system has no such limit, or refuses the value."""
    if sys.platform == "win32" or (number := getattr(resource, name, None)) is None:
        return False
    try:
        _, hard = resource.getrlimit(number)
        if hard == resource.RLIM_INFINITY or value < hard:
            resource.setrlimit(number, (value, hard))
    except (ValueError, OSError):  # macOS: "current limit exceeds maximum limit", whatever the value
        return False
    return True
