"""Known drawings: files on this machine for part revisions of servers that keep no drawings. Blocking."""

from __future__ import annotations

import uuid
from pathlib import Path

from gonogo.desk.core.imported_drawings import drawing_of, revision_of
from gonogo.desk.core.state_store import StateStore
from gonogo.sheets.cache import LocatedDrawing
from gonogo.sheets.drawing_limits import CannotShowError
from gonogo.sheets.folder_lookup import drawing_at, drawings_in

LARGEST = 50_000_000
"""Largest file in bytes that is compared; an import takes no larger one."""


class KnownDrawings:
    """Lookup by part revision: what was imported on this machine, else a file with the same bytes in `folders`."""

    def __init__(self, memory_file: Path, folders: tuple[Path, ...]) -> None:
        self._memory_file = memory_file
        self._folders = folders
        self._contents: dict[tuple[str, int, int], str] = {}

    def find(self, revision: str) -> LocatedDrawing | None:
        """Returns the drawing; `None` where no file is known.

        Raises:
            CannotShowError: the file was changed, or moved away, since the import.
        """
        store = StateStore(self._memory_file)  # of this thread: the desk's own connection belongs to another
        try:
            imported = drawing_of(store, revision)
        finally:
            store.close()
        if imported is not None and self._content(imported.path) == imported.content:
            return drawing_at(imported.path, imported.part)
        same = self._in_folders(imported.content if imported is not None else revision)
        if same is None and imported is not None:
            raise CannotShowError(
                f"The drawing of {imported.part} was moved or changed since it was imported.",
                next_step=f"Put the old one back: {imported.path}",
            )
        return drawing_at(same, imported.part if imported is not None else None) if same is not None else None

    def _in_folders(self, content: str) -> Path | None:
        if not _is_of_content(content):
            return None
        paths = (path for folder in self._folders for path in drawings_in(folder))
        return next((path for path in paths if self._content(path) == content), None)

    def _content(self, path: Path) -> str:
        """Returns the `revision_of` a file, empty where it cannot be read; each version of a file is read once."""
        try:
            stat = path.stat()
            key = (str(path), stat.st_mtime_ns, stat.st_size)
            if key not in self._contents:
                self._contents[key] = revision_of(path) if stat.st_size <= LARGEST else ""
            return self._contents[key]
        except OSError:
            return ""


def _is_of_content(revision: str) -> bool:
    """Whether an id may come from `revision_of`; servers make random ones."""
    try:
        return uuid.UUID(revision).version == 5
    except ValueError:
        return False
