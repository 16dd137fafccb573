"""Where the contract and the real drawings lie, when the folder beside this repository is there."""

from __future__ import annotations

from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
_SIBLING = REPO.parent / "shared"

SHARED: Path | None = _SIBLING if _SIBLING.is_dir() else None
"""The folder with `contract/` and `drawings/`, or `None` on a machine that has only the repository."""

DRAWINGS: Path | None = SHARED / "drawings" if SHARED and (SHARED / "drawings").is_dir() else None
