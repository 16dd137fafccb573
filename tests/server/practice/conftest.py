"""The bench of a lead and annotators, shared with the tests of review."""

from __future__ import annotations

from tests.server.review.conftest import bench

__all__ = ["bench"]
