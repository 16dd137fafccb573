"""The bench of a lead and annotators, shared with the tests of review."""

from __future__ import annotations

from tests.server.review.conftest import bench, database, empty_file

__all__ = ["bench", "database", "empty_file"]
