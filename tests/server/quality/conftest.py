"""The campaign in a real database, shared with the tests of consensus."""

from __future__ import annotations

from tests.server.consensus.conftest import campaign

__all__ = ["campaign"]
