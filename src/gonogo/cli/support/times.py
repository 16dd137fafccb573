"""Times as commands print them: local with the zone on a terminal, ISO 8601 in UTC for programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

_LONGEST_ZONE = 5
"""Characters of a zone's abbreviation; Windows gives a sentence instead, and gets the offset."""


def shown_time(when: str | float | datetime | None) -> str:
    """Returns a time (ISO 8601, seconds since 1970, or a datetime) for standard output.

    `None` gives an empty text; a server's text that is no time is returned as it is.
    """
    if when is None or when == "":
        return ""
    if isinstance(when, str):
        try:
            time = datetime.fromisoformat(when)
        except ValueError:
            return when
    else:
        time = datetime.fromtimestamp(when, UTC) if isinstance(when, int | float) else when
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return local_time(time) if sys.stdout.isatty() else utc_time(time)


def utc_time(time: datetime) -> str:
    """Returns `2026-11-30T15:45:49Z`."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def local_time(time: datetime) -> str:
    """Returns `2026-11-30 16:45 CET`, in the zone of this machine."""
    local = time.astimezone()
    zone = local.tzname() or ""
    return f"{local:%Y-%m-%d %H:%M} {zone if 0 < len(zone) <= _LONGEST_ZONE else format(local, '%z')}"
