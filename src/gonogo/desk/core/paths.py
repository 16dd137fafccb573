"""Where the files of one person live. Paths are computed here; directories are made only when something is written."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT = "GONOGO_HOME"


class AppPaths:
    """The four folders of one person: settings, own data, state that must survive, and what can be made again.

    With `root` (or `GONOGO_HOME`) all four lie under it; otherwise where the operating system keeps such files.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        chosen = root if root is not None else os.environ.get(ENVIRONMENT) or None
        self.root: Path | None = Path(chosen).expanduser().absolute() if chosen is not None else None

    def __repr__(self) -> str:
        return f"Home({str(self.root) if self.root else None!r})"

    def config(self) -> Path:
        """Settings, themes and keymaps: written by hand, or by us when asked."""
        return self._folder("config")

    def data(self) -> Path:
        """The embedded workspace: its database and drawings."""
        return self._folder("data")

    def state(self) -> Path:
        """The outbox, what lies on the desk, logs: not to be copied to another machine, not to be deleted."""
        return self._folder("state")

    def cache(self) -> Path:
        """Drawings and crops; may be deleted at any time."""
        return self._folder("cache")

    def settings_file(self) -> Path:
        return self.config() / "settings.toml"

    def themes(self) -> Path:
        return self.config() / "themes"

    def outbox_file(self) -> Path:
        return self.state() / "outbox.sqlite"

    def memory_file(self) -> Path:
        return self.state() / "desk.sqlite"

    def first_frame_file(self) -> Path:
        """The last frame, for the next start."""
        return self.state() / "first-frame"

    def log_file(self) -> Path:
        return self.state() / "gonogo.log"

    def sheets_cache(self) -> Path:
        return self.cache() / "sheets"

    def make(self, folder: Path) -> Path:
        """Make one of these folders, readable by its owner only; returns it. Raises `OSError`."""
        return private_folder(folder)

    def _folder(self, kind: str) -> Path:
        if self.root is not None:
            return self.root / kind
        import platformdirs

        found: dict[str, str] = {
            "config": platformdirs.user_config_dir("gonogo", appauthor=False),
            "data": platformdirs.user_data_dir("gonogo", appauthor=False),
            "state": platformdirs.user_state_dir("gonogo", appauthor=False),
            "cache": platformdirs.user_cache_dir("gonogo", appauthor=False),
        }
        return Path(found[kind])


def private_folder(path: Path) -> Path:
    """Make `path` and its missing parents, readable by their owner only; returns `path`. Raises `OSError`."""
    missing = [path, *path.parents]
    for folder in reversed(missing):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


def private_file(path: Path) -> Path:
    """Make `path` (empty, mode 0600) and its folder if they are missing; returns `path`. Raises `OSError`."""
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return path
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut (a file is found by its directory entry)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
