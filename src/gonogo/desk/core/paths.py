"""File paths of one person's settings, data, state and cache (platformdirs). Directories are created only when
something is written.
"""

from __future__ import annotations

import os
from pathlib import Path

from gonogo.sheets.private_folder import private_folder as private_folder

ENVIRONMENT = "GONOGO_HOME"


class AppPaths:
    """Folders of one person: settings, own data, state that must survive, and what can be made again.

    With `root` (or `GONOGO_HOME`) all four are under it; otherwise where the operating system keeps such files.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        folder = root if root is not None else os.environ.get(ENVIRONMENT) or None
        self.root: Path | None = Path(folder).expanduser().absolute() if folder is not None else None

    def __repr__(self) -> str:
        return f"AppPaths({str(self.root) if self.root else None!r})"

    def config(self) -> Path:
        """Returns the folder of settings, themes and keymaps: written by hand, or by us when asked."""
        return self._folder("config")

    def data(self) -> Path:
        """Returns the folder of the embedded workspace: its database and drawings."""
        return self._folder("data")

    def state(self) -> Path:
        """Returns the folder of outbox, state and logs: not to be copied to another machine, not to be deleted."""
        return self._folder("state")

    def cache(self) -> Path:
        """Returns the folder of drawings and crops; may be deleted at any time."""
        return self._folder("cache")

    def settings_file(self) -> Path:
        return self.config() / "settings.toml"

    def themes(self) -> Path:
        return self.config() / "themes"

    def workspace_file(self) -> Path:
        """Returns the database of the workspace on this machine; it is there once something was imported or tried."""
        return self.data() / "workspace.db"

    def credential_file(self) -> Path:
        """Returns the file of secrets for machines without a keyring; it is made only after consent."""
        return self.state() / "credentials.json"

    def outbox_file(self) -> Path:
        return self.state() / "outbox.sqlite"

    def memory_file(self) -> Path:
        return self.state() / "desk.sqlite"

    def first_frame_file(self) -> Path:
        """Returns the file of the last frame, for the next start."""
        return self.state() / "first-frame"

    def log_file(self) -> Path:
        return self.state() / "gonogo.log"

    def sheets_cache(self) -> Path:
        return self.cache() / "sheets"

    def make(self, folder: Path) -> Path:
        """Creates one of these folders, readable by its owner only; returns it. Raises `OSError`."""
        return private_folder(folder)

    def _folder(self, kind: str) -> Path:
        if self.root is not None:
            return self.root / kind
        import platformdirs  # deferred: 5 ms before the first frame, and a home given by `GONOGO_HOME` needs none

        folders: dict[str, str] = {
            "config": platformdirs.user_config_dir("gonogo", appauthor=False),
            "data": platformdirs.user_data_dir("gonogo", appauthor=False),
            "state": platformdirs.user_state_dir("gonogo", appauthor=False),
            "cache": platformdirs.user_cache_dir("gonogo", appauthor=False),
        }
        return Path(folders[kind])


def private_file(path: Path) -> Path:
    """Creates `path` (empty, mode 0600) and its folder if they are missing; returns `path`. Raises `OSError`."""
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return path
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Syncs `folder`, so that a new name in it survives a power cut (a file is found by its directory entry)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
