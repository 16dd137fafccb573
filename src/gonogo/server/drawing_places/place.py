"""Drawing place: the interface of the three places where a server may keep the bytes of drawings, keyed by SHA-256.

The rows of `drawings` and `drawing_files` always lie in the database; only the bytes go to a place.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Protocol

MARKER_NAME: Final = "gonogo-drawings.txt"
"""Name of the file that says whose drawings lie in a place."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileStat(NamedTuple):
    """Size in bytes and version of a stored file.

    The version changes when the bytes do; `None` where nobody but this server can change them.
    """

    size: int
    version: str | None


class PlaceError(Exception):
    """Failure of a place. The operator reads its message and its next step; neither holds credentials."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class PlaceAwayError(PlaceError):
    """The place can't be reached or written to now; the same call may work later."""


class WrongPlaceError(PlaceError):
    """The place holds other drawings than those of this database, or none."""


class DamagedDrawingError(PlaceError):
    """A file is missing, cut short or changed."""


class DrawingPlace(Protocol):
    """One place. Calls block, so the server makes them in threads; they raise `PlaceError`."""

    @property
    def url(self) -> str:
        """The place's address in its one spelling, without credentials."""

    @property
    def piece_bytes(self) -> int:
        """Bytes that one `read` should ask for."""

    def put(self, sha256: str, content: bytes, content_type: str) -> None:
        """Stores a file, whole or not at all; one of the same digest is replaced."""

    def stat(self, sha256: str) -> FileStat | None:
        """Size and version; `None` if the file is missing."""

    def read(self, sha256: str, start: int, size: int) -> bytes:
        """Part of a file; empty if the file is missing or ends before `start`."""

    def delete(self, sha256: str) -> None:
        """Deletes a file; a missing one is no error."""

    def sign(self, sha256: str, seconds: int, base_url: str) -> str | None:
        """URL from which anybody can read the file for some time; `None` if the server must send it itself.

        `base_url` is where the caller reaches the server: the URL must be reachable from the same machines.
        """

    def read_marker(self) -> str | None:
        """The marker of the database whose drawings lie here; `None` in a fresh place."""

    def write_marker(self, marker: str) -> None:
        """Makes the place, and marks it."""


def file_name(sha256: str) -> str:
    """Name of a file below its place: two digits as a folder, so that none grows too large.

    Raises `ValueError` for anything but a SHA-256, so no name leads out of a place.
    """
    if _SHA256.fullmatch(sha256) is None:
        raise ValueError("A drawing's name is a SHA-256 of 64 hexadecimal digits.")
    return f"{sha256[:2]}/{sha256}"
