"""The schema's version, and the way to this release's.

Alembic is imported only when there is something to do: a start with a current database does not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0060"
"""The revision this release works with; the newest file in `migrations/versions`."""


class SchemaError(RuntimeError):
    """The database cannot be used by this release."""


def version(connection: Connection) -> str | None:
    """The revision of the database; `None` if it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def is_older(found: str) -> bool:
    """Whether this release knows the revision `found`, and can go on from it."""
    from alembic.script import ScriptDirectory

    return any(script.revision == found for script in ScriptDirectory.from_config(_config(None)).walk_revisions())


def upgrade(connection: Connection) -> None:
    """Brings the schema up to `HEAD`, within the connection's transaction."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(connection), "head")
    except CommandError as error:
        raise SchemaError(
            f"The database has schema {version(connection)!r}, which this gonogo (schema {HEAD!r}) does not know: "
            "it was made by a newer release. Nothing was changed. Install that release, or use another database."
        ) from error


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "gonogo.server.store:migrations")
    config.attributes["connection"] = connection
    return config
