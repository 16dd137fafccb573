"""Private folders: readable by their owner only, all the way up."""

from __future__ import annotations

from pathlib import Path


def private_folder(path: Path) -> Path:
    """Creates `path` and its missing parents, readable by their owner only; returns `path`. Raises `OSError`.

    `mkdir(parents=True)` gives its mode to the last folder alone.
    """
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path
