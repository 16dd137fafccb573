"""Identifiers of rows: generates random UUIDs, and time-ordered ones for ids that nobody outside sees."""

from __future__ import annotations

import secrets
from datetime import datetime

_RAND_B_BITS = 62


def new_id() -> str:
    """A random UUID (version 4), from which nothing can be read."""
    return uuid4(secrets.randbits(128))


def new_ids(count: int) -> list[str]:
    """As many random UUIDs, from one call of the system's generator."""
    random = secrets.token_bytes(16 * count)
    return [uuid4(int.from_bytes(random[start : start + 16])) for start in range(0, 16 * count, 16)]


def time_ordered_ids(count: int, now: datetime) -> list[str]:
    """As many UUIDs (version 7) that sort in the order of the list, and so lie together in an index.

    They show when they were made: only for ids that nobody outside sees. `rand_a` counts, and carries over into the
    milliseconds, as RFC 9562 §6.2 (method 1) allows.
    """
    first = round(now.timestamp() * 1000) << 12
    random = secrets.token_bytes(8 * count)
    ids = []
    for index in range(count):
        milliseconds, counter = divmod(first + index, 1 << 12)
        rand_b = int.from_bytes(random[8 * index : 8 * index + 8]) >> (64 - _RAND_B_BITS)
        ids.append(uuid7(milliseconds, counter, rand_b))
    return ids


def uuid4(bits: int) -> str:
    """A UUID of version 4 (RFC 9562 §5.4) from 128 bits, of which version and variant are replaced.

    The same text as `str(uuid.UUID(int=bits, version=4))`, in a third of the time.
    """
    return _text(bits & ~(0xF << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62)


def uuid7(milliseconds: int, rand_a: int, rand_b: int) -> str:
    """A UUID of version 7 (RFC 9562 §5.7): 48 bits of Unix time, 12 of `rand_a`, 62 of `rand_b`."""
    return _text(milliseconds << 80 | 7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def _text(value: int) -> str:
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
