"""Folder place: one file a drawing, named by its digest, written beside and renamed when it is whole and on disk."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gonogo.server.drawing_places.place import MARKER_NAME, FileStat, PlaceAwayError, PlaceError, file_name
from gonogo.server.drawing_places.place_url import FolderUrl

PIECE: Final = 1_000_000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class FolderPlace:
    """Place of a folder that the server's account owns. All machines that serve the database need the same folder."""

    piece_bytes = PIECE

    def __init__(self, url: FolderUrl) -> None:
        self.url = str(url)
        self._root = Path(url.path)

    def put(self, sha256: str, content: bytes, content_type: str) -> None:
        self._write(self._root / file_name(sha256), content)

    def stat(self, sha256: str) -> FileStat | None:
        with self._errors("read"):
            try:
                found = (self._root / file_name(sha256)).stat(follow_symlinks=False)
            except FileNotFoundError:
                self._require_root()
                return None
        return FileStat(found.st_size, f"{found.st_ino}.{found.st_mtime_ns}.{found.st_ctime_ns}")

    def read(self, sha256: str, start: int, size: int) -> bytes:
        with self._errors("read"):
            try:
                opened = os.open(self._root / file_name(sha256), os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:
                return b""
            with open(opened, "rb") as file:
                file.seek(start)
                return file.read(size)

    def delete(self, sha256: str) -> None:
        with self._errors("delete"):
            (self._root / file_name(sha256)).unlink(missing_ok=True)

    def sign(self, sha256: str, seconds: int, base_url: str) -> str | None:
        return None

    def read_marker(self) -> str | None:
        with self._errors("read"):
            try:
                return (self._root / MARKER_NAME).read_text("ascii", errors="replace").partition("\n")[0]
            except FileNotFoundError:
                return None

    def write_marker(self, marker: str) -> None:
        with self._errors("write"):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = (
            f"{marker}\nDrawings of a gonogo database lie here. It finds them by the line above: leave it as it is.\n"
        )
        self._write(self._root / MARKER_NAME, text.encode("ascii"))

    def _write(self, target: Path, content: bytes) -> None:
        with self._errors("write"):
            self._require_root()
            target.parent.mkdir(mode=0o700, exist_ok=True)
            unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
            try:
                with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(target)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            _sync_folder(target.parent)

    def _require_root(self) -> None:
        """Raises `PlaceAwayError` when the folder itself is gone, as a disk that is not mounted."""
        if not self._root.is_dir():
            raise PlaceAwayError(f"The folder of the drawings, {self._root}, isn't there.", "Is its disk mounted?")

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._sentence(what, error) from None

    def _sentence(self, what: str, error: OSError) -> PlaceError:
        if error.errno in _FULL:
            return PlaceAwayError(f"The disk of the drawings' folder, {self._root}, is full.", "Make room on it.")
        if error.errno in _FORBIDDEN:
            return PlaceAwayError(
                f"The server may not {what} files in the drawings' folder, {self._root} ({error.strerror}).",
                "Give the account of the server the folder.",
            )
        return PlaceAwayError(
            f"The drawings' folder, {self._root}, can't be used ({error.strerror or type(error).__name__})."
        )


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
