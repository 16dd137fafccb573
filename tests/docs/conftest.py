"""Fixtures of the tests of the documentation."""

from tests.e2e.conftest import lead

__all__ = ["lead"]
