"""Exceptions of the store, with messages for people; each says what to do."""

from __future__ import annotations


class BackupError(RuntimeError):
    """A backup or restore failed."""


class SchemaError(RuntimeError):
    """This release cannot use the database."""
