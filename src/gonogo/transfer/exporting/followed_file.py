"""Files and pipes of a following export. A file has whole lines, and the last one says where to go on.

A run that was killed leaves at most half a line at the end. The next run cuts that off, reads from the last whole line
where it stands, and goes on: no line is lost, and none is there twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from pydantic_core import from_json

from gonogo.client.errors import InvalidInputError
from gonogo.transfer.exporting.registry import OutputStream

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment,unused-ignore]

_BLOCK: Final = 64 * 1024
_BEGINNINGS: Final = (b'{"cursor":', b'{"task_id":')
"""Beginning of a line from our own server, and from a plain one."""


class SettledKey(NamedTuple):
    """Identity of a settled task on a server without cursors; a task that was reopened settles with another."""

    task_id: str
    resolved_at: str | None
    verdict: str | None


@dataclass
class FollowPosition:
    """Position of a follower: the cursor of its last line, or without cursors all that it has."""

    cursor: int = 0
    known: set[SettledKey] = field(default_factory=set)


class FollowedPipe:
    """Pipe of a follower; `position` is where its lines end, `n_lines` how many this run has written."""

    def __init__(self, stream: OutputStream, position: FollowPosition) -> None:
        self._stream = stream
        self.position = position
        self.n_lines = 0

    def write(self, lines: list[bytes]) -> None:
        """Writes whole lines at once. Raises `OSError`."""
        self._stream.write(b"".join(lines))
        self._stream.flush()
        self.n_lines += len(lines)


class FollowedFile(FollowedPipe):
    """File of a follower: what is written is on the disk when `write` returns."""

    def __init__(self, stream: BinaryIO, position: FollowPosition) -> None:
        super().__init__(stream, position)
        self._number = stream.fileno()

    def write(self, lines: list[bytes]) -> None:
        super().write(lines)
        os.fsync(self._number)


@contextmanager
def open_followed_file(path: Path, campaign_id: str, *, cursors: bool) -> Iterator[FollowedFile]:
    """Opens or makes the file at `path`; cuts off half a line that a killed run left.

    `cursors`: the server gives each line a cursor, so that the last one is state enough.

    Raises:
        OSError: it can't be read or written.
        InvalidInputError: it is not a file of this campaign's lines, or another run is writing to it.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b") as stream:
        _lock(stream, path)
        end = _end_of_lines(stream, path)
        position = _read_position(stream, path, end, campaign_id, cursors=cursors)
        stream.truncate(end)
        stream.seek(end)
        os.fsync(stream.fileno())
        _sync_folder(path.parent)
        yield FollowedFile(stream, position)


def _lock(stream: BinaryIO, path: Path) -> None:
    """Keeps other runs out; best effort without file locks (Windows)."""
    try:
        if fcntl is not None:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InvalidInputError(
            f"Another run is writing to {path}.", next_step="Stop that one, or give another file."
        ) from None


def _end_of_lines(stream: BinaryIO, path: Path) -> int:
    """The place behind the last newline. Raises `InvalidInputError` if what follows is no beginning of our line."""
    end = stream.seek(0, os.SEEK_END)
    place = _newline_before(stream, end)
    stream.seek(place)
    head = stream.read(max(map(len, _BEGINNINGS)))
    if head.strip(b"\0") and not any(head.startswith(b) or b.startswith(head) for b in _BEGINNINGS):
        raise _foreign(path, "its last line is not one of ours")
    return place


def _newline_before(stream: BinaryIO, end: int) -> int:
    """The place behind the last newline in front of `end`; 0 without one."""
    while end > 0:
        start = max(0, end - _BLOCK)
        stream.seek(start)
        at = stream.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _read_position(stream: BinaryIO, path: Path, end: int, campaign_id: str, *, cursors: bool) -> FollowPosition:
    position = FollowPosition()
    if not end:
        return position
    stream.seek(_newline_before(stream, end - 1) if cursors else 0)
    while stream.tell() < end:
        try:
            record = from_json(stream.readline())
            if record["campaign_id"] != campaign_id:
                raise _foreign(path, f"it has lines of campaign {record['campaign']!r}")
            if cursors:
                position.cursor = int(record["cursor"])
            position.known.add(SettledKey(record["task_id"], record["resolved_at"], record["consensus_verdict"]))
        except (ValueError, TypeError, KeyError):
            raise _foreign(path, "it has lines that `gonogo export --follow` didn't write") from None
    return position


def _foreign(path: Path, reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path} can't be continued: {reason}.", next_step="Give another file; this one is unchanged."
    )


def _sync_folder(folder: Path) -> None:
    """Puts the name of a new file on the disk. Windows can't, and needs no help."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
