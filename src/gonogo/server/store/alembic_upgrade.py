"""Alembic upgrade: lists the known schema revisions, and upgrades a database to the newest. Imports alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


def known_revisions() -> set[str]:
    """Revisions that this release can upgrade."""
    return {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}


def upgrade_to_head(connection: Connection) -> bool:
    """Runs the missing migrations; returns false if the revision of the database is unknown."""
    try:
        command.upgrade(_config(connection), "head")
    except CommandError:
        return False
    return True


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "gonogo.server.store:migrations")
    config.attributes["connection"] = connection
    return config
