"""Caches: fetched drawings on disk, addressed by content, and an LRU dictionary for finished pictures."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from gonogo.sheets.private_folder import private_folder

_EXPORTS_KEPT = 20

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class LocatedDrawing:
    """File of a drawing on this machine; `key` changes with its content, `title` is the drawing's own name."""

    path: Path
    key: str
    title: str | None = None


class DrawingFileCache:
    """Disk cache of fetched drawings, addressed by content.

    `blobs/<sha256>` holds the bytes; `refs/<hash of the name>` holds that sha256 and, on a second line, the title.
    Files have mode 0600 in folders of 0700, made on the first write; the least recently used are deleted above `most`
    bytes. Blocking: call it in a thread.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._blobs, self._refs, self._most = folder / "blobs", folder / "refs", most
        self._exports = folder / "exports"

    def find(self, name: str) -> LocatedDrawing | None:
        """Returns the drawing stored under `name`, if it is still complete."""
        try:
            digest, _, title = self._ref(name).read_text("utf-8").partition("\n")
            path = self._blobs / digest
            os.utime(path)
        except (OSError, UnicodeDecodeError):
            return None
        return LocatedDrawing(path, digest, title or None) if digest.isalnum() else None

    def store(self, name: str, data: bytes, title: str | None = None) -> LocatedDrawing:
        """Stores `data` under `name`. Raises `OSError` when the disk does not take it."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._blobs / digest
        if not path.exists():
            _write(path, data)
        _write(self._ref(name), f"{digest}\n{title or ''}".encode())
        self._shrink(path)
        return LocatedDrawing(path, digest, title)

    def export(self, name: str, data: bytes) -> Path:
        """Writes `data` to a file of that name for another program; only the last few stay. Raises `OSError`."""
        path = self._exports / name
        _write(path, data)
        files = sorted(self._exports.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        for old in files[:-_EXPORTS_KEPT]:
            old.unlink(missing_ok=True)
        return path

    def clear(self) -> None:
        """Deletes everything."""
        for folder in (self._blobs, self._refs, self._exports):
            shutil.rmtree(folder, ignore_errors=True)

    def _ref(self, name: str) -> Path:
        return self._refs / hashlib.sha256(name.encode()).hexdigest()

    def _shrink(self, newest: Path) -> None:
        files = sorted(((entry.stat(), Path(entry.path)) for entry in os.scandir(self._blobs)), key=_last_used)
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in files:
            if total <= self._most:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                total -= stat.st_size


def _last_used(entry: tuple[os.stat_result, Path]) -> int:
    return entry[0].st_mtime_ns


def _write(path: Path, data: bytes) -> None:
    """Writes the file atomically: a crash leaves no half drawing under a good name."""
    private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # 0600 by its contract
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class LruCache(Generic[K, V]):
    """LRU dictionary: drops the least recently used items above `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if key in self._items:
            self._items.move_to_end(key)
        return self._items.get(key)

    def put(self, key: K, value: V) -> None:
        self._items[key] = value
        self._items.move_to_end(key)
        while len(self._items) > self._most:
            self._items.popitem(last=False)

    def forget(self, key: K) -> None:
        self._items.pop(key, None)

    def clear(self) -> None:
        self._items.clear()
