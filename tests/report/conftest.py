"""Campaigns on a server in this process, whose reports are laid out."""

from __future__ import annotations

from tests.server.conftest import database
from tests.server.review.conftest import bench

__all__ = ["bench", "database"]
