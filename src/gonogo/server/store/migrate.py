"""Schema migrations: check the version of a database and upgrade it to this release's.

Alembic is imported only when there is something to do: a start with a current database does not pay for it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, text

from gonogo.server.store.errors import SchemaError

HEAD: Final = "task_readings"
"""The revision this release works with; the newest file in `migrations/versions`."""
SQUASHED: Final = "0060"
FIRST: Final = "initial"
"""The first migration; `SQUASHED` is the last development version before it, of the same schema."""


def version(connection: Connection) -> str | None:
    """The revision of the database; `None` if it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def is_older(revision: str) -> bool:
    """True if this release can upgrade a database of this revision."""
    from gonogo.server.store.alembic_upgrade import known_revisions  # alembic, which a current database does without

    return revision == SQUASHED or revision in known_revisions()


def require_current(connection: Connection) -> None:
    """Raises `SchemaError` unless the database has this release's schema."""
    revision = version(connection)
    if revision != HEAD:
        raise SchemaError(
            f"The database has schema {revision!r}, this gonogo works with {HEAD!r}. Nothing was changed. "
            "If it is an older one, run `gonogo db upgrade`; if it is a newer one, use the release that made it."
        )


def upgrade(connection: Connection) -> None:
    """Brings the schema up to `HEAD`, within the connection's transaction.

    Raises `SchemaError` if the revision is unknown: the database is left as it is.
    """
    from gonogo.server.store.alembic_upgrade import upgrade_to_head  # as above

    if version(connection) == SQUASHED:
        connection.execute(text("UPDATE alembic_version SET version_num = :first"), {"first": FIRST})
    if not upgrade_to_head(connection):
        raise SchemaError(
            f"The database has schema {version(connection)!r}, which this gonogo (schema {HEAD!r}) does not know: "
            "it was made by a newer release, or by a development version before 0.1.0. Nothing was changed. "
            "Install that release, or use another database."
        )
