"""SQLAlchemy engines: create the engines of one database, which share one pool of connections."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Engine

BUSY_TIMEOUT_MS: Final = 5000
"""How long a writer waits for a lock of another one before it fails with `OperationalError`."""

MAX_OVERFLOW: Final = 10
"""Connections that a pool may open beyond those that it keeps."""


class Engines(NamedTuple):
    """The pool, and a view of it for each use: write and read transactions, and queries outside of any."""

    pool: Engine
    writing: Engine
    reading: Engine
    autocommit: Engine
