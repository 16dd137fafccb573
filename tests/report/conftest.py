"""Campaigns on a server in this process, whose reports are laid out."""

from __future__ import annotations

from tests.server.review.conftest import bench, database, empty_file

__all__ = ["bench", "database", "empty_file"]
