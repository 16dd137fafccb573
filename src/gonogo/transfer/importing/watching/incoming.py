"""Incoming files of a watched folder: those that nobody writes to any more.

A file is whole when size and time of its last change were the same in looks `SETTLE_SECONDS` apart. Names that programs
give to unfinished files are passed by; a rename to the real name is the surest way to hand a file over.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo.transfer.importing.drawings_folder import DRAWING_SUFFIXES

SETTLE_SECONDS: Final = 2.0
DRAWINGS_SECONDS: Final = 60.0
"""Time that a whole file waits at most for drawings that are still being written into the folder."""
PREDICTION_SUFFIXES: Final = (".jsonl", ".ndjson", ".csv", ".json")
UNFINISHED_SUFFIXES: Final = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", ".lock")


@dataclass(frozen=True, slots=True)
class FileState:
    """State of a file by which a change shows."""

    size: int
    changed_ns: int
    inode: int


@dataclass(slots=True)
class _Seen:
    state: FileState
    since: float


class IncomingFiles:
    """Incoming files of `folder`, over many looks.

    `any_suffix` takes files of every name that isn't a drawing's: their format is given.
    """

    def __init__(self, folder: Path, *, any_suffix: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._any_suffix = any_suffix
        self._clock = clock
        self._seen: dict[Path, _Seen] = {}
        self.ignored: set[Path] = set()
        """Regular files whose names say neither predictions nor a drawing, as of the last look."""

    def look(self) -> list[Path]:
        """Returns the files that are whole, by name. Raises `OSError` when the folder can't be read."""
        now = self._clock()
        states = self._states()
        self._seen = {path: self._update(path, state, now) for path, state in states.items()}
        drawings_rest = all(self._rests(path, now) for path in states if _is_drawing(path))
        self.ignored = {path for path in states if not _is_drawing(path) and not self._is_wanted(path)}
        return sorted(
            path
            for path in states
            if self._is_wanted(path)
            and states[path].size
            and self._rests(path, now)
            and (drawings_rest or now - self._seen[path].since >= DRAWINGS_SECONDS)
        )

    def state(self, path: Path) -> FileState | None:
        """State of the file at the last look; `None` if it wasn't there."""
        seen = self._seen.get(path)
        return seen.state if seen else None

    def _states(self) -> dict[Path, FileState]:
        with os.scandir(self._folder) as entries:
            paths = [Path(entry.path) for entry in entries if not _is_unfinished(entry.name)]
        states = {path: state_of(path) for path in paths}
        return {path: state for path, state in states.items() if state is not None}

    def _update(self, path: Path, state: FileState, now: float) -> _Seen:
        seen = self._seen.get(path)
        return seen if seen is not None and seen.state == state else _Seen(state, now)

    def _rests(self, path: Path, now: float) -> bool:
        return now - self._seen[path].since >= SETTLE_SECONDS

    def _is_wanted(self, path: Path) -> bool:
        return not _is_drawing(path) and (self._any_suffix or path.suffix.lower() in PREDICTION_SUFFIXES)


def state_of(path: Path) -> FileState | None:
    """State of a regular file; `None` for a link, a pipe, a folder, or nothing."""
    try:
        status = path.lstat()
    except OSError:  # gone since the look
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return FileState(status.st_size, status.st_mtime_ns, status.st_ino)


def _is_drawing(path: Path) -> bool:
    return path.suffix.lower() in DRAWING_SUFFIXES


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~")) or name.endswith("~") or name.lower().endswith(UNFINISHED_SUFFIXES)
