"""Exceptions of the store, with messages for people; each says what to do."""

from __future__ import annotations


class BackupError(RuntimeError):
    """A backup or restore failed."""


class SchemaError(RuntimeError):
    """This release cannot use the database."""


class StoreClosedError(Exception):
    """Use of a store after its end, by a thread that outlived the server whose request it worked for."""
