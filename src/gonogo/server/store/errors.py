"""Errors of the store that a person reads; each message says what to do."""

from __future__ import annotations


class BackupError(RuntimeError):
    """A backup or restore failed."""


class SchemaError(RuntimeError):
    """This release cannot use the database."""
