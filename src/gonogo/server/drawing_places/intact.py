"""Digest check: a file that was changed, cut short or lost in its place is never sent as the drawing."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator

from gonogo.server.drawing_places.place import DamagedDrawingError, DrawingPlace, FileStat

MOST = 20_000
"""Checked versions that are remembered, some hundred bytes each."""


class DigestChecks:
    """Files whose digest was checked, by place, name and version: each version is read once more than it is sent."""

    def __init__(self) -> None:
        self._checked: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def require_intact(self, place: DrawingPlace, sha256: str, size: int) -> None:
        """Raises `DamagedDrawingError` if the place has other bytes than were stored. Blocks while it reads them."""
        stat = require_size(place, sha256, size)
        if stat.version is None:
            return
        key = (place.url, sha256, stat.version)
        with self._lock:
            if key in self._checked:
                self._checked.move_to_end(key)
                return
        require_digest(place, sha256, size)
        with self._lock:
            self._checked[key] = None
            if len(self._checked) > MOST:
                self._checked.popitem(last=False)


def require_size(place: DrawingPlace, sha256: str, size: int) -> FileStat:
    """Size and version of a file. Raises `DamagedDrawingError` if it is missing or of another size."""
    stat = place.stat(sha256)
    if stat is None:
        raise DamagedDrawingError(f"The drawing {sha256} is missing in {place.url}.", _AGAIN)
    if stat.size != size:
        raise DamagedDrawingError(f"The drawing {sha256} in {place.url} has {stat.size} bytes, not {size}.", _AGAIN)
    return stat


def require_digest(place: DrawingPlace, sha256: str, size: int) -> None:
    """Raises `DamagedDrawingError` unless the file in the place has this digest."""
    digest = hashlib.sha256()
    for piece in read_all(place, sha256, size):
        digest.update(piece)
    if digest.hexdigest() != sha256:
        raise DamagedDrawingError(f"The drawing {sha256} in {place.url} was changed: its digest is another.", _AGAIN)


def read_all(place: DrawingPlace, sha256: str, size: int) -> Iterator[bytes]:
    """Yields a file piece by piece, at most `size` bytes; it ends early where the file does."""
    start = 0
    while start < size:
        piece = place.read(sha256, start, min(place.piece_bytes, size - start))
        if not piece:
            return
        yield piece
        start += len(piece)


_AGAIN = "Bring it back from a backup, or import the drawing's file again."
