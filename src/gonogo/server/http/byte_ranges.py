"""Byte ranges and entity tags of a request for one unchanging content (RFC 9110, §13.1 and §14)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from starlette.requests import Request

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class ByteRange(NamedTuple):
    """Part of a content: its first byte, and the number of bytes."""

    start: int
    size: int


class UnsatisfiableRangeError(Exception):
    """A range that begins behind the end of the content."""


def is_known(request: Request, etag: str) -> bool:
    """True if the client says by `If-None-Match` that it has this content."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags


def requested_range(request: Request, etag: str, size: int) -> ByteRange | None:
    """The one range of a GET, or `None` for the whole content: no range, several, or of another content (`If-Range`).

    Raises `UnsatisfiableRangeError`.
    """
    matched = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if request.method != "GET" or matched is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = matched.groups()
    if not first:
        return _suffix(last, size)
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < int(first):
        return None  # malformed, so it is ignored
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, end - start + 1)


def _suffix(last: str, size: int) -> ByteRange | None:
    if not last:
        return None
    wanted = min(int(last), size)
    if not wanted:
        raise UnsatisfiableRangeError
    return ByteRange(size - wanted, wanted)
