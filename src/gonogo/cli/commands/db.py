"""`gonogo db`: a server's database: upgrade, backup, restore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from gonogo.cli.support import fail, say

if TYPE_CHECKING:
    from gonogo.server.store.engine import Store

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def database_option(command: F) -> F:
    """`--database`, or the workspace on this machine."""
    return click.option(
        "--database",
        envvar="GONOGO_DATABASE_URL",
        show_envvar=True,
        metavar="URL",
        help="The server's database; default: the workspace on this machine.",
    )(command)


def with_store(database: str | None, work: Callable[[Store], T]) -> T:
    """`work` on the database; what can go wrong with it becomes one sentence."""
    from gonogo.cli.commands.serve import workspace

    with opened(database or workspace()) as store:
        return work(store)


@contextmanager
def opened(database: str, *, replica: str | None = None) -> Iterator[Store]:
    """The store of this URL until the end of the block; what can go wrong with it becomes one sentence."""
    from sqlalchemy.exc import SQLAlchemyError

    from gonogo.server.store.engine import Store
    from gonogo.server.store.errors import BackupError, SchemaError

    try:
        store = Store(database, replica=replica)
        try:
            store.url.get_dialect().import_dbapi()  # is it there?
            yield store
        finally:
            store.dispose()
    except (SchemaError, BackupError) as error:
        fail(str(error))
    except ImportError as error:
        fail(
            f"the database's driver is not installed ({error.name})",
            'For PostgreSQL: pip install "gonogo[postgres]". Other databases than PostgreSQL and SQLite will not do.',
        )
    except (SQLAlchemyError, OSError, ValueError) as error:
        why = str(getattr(error, "orig", None) or error).partition("\n")[0]
        fail(
            f"the database cannot be used: {why}",
            "Look at --database, or GONOGO_DATABASE_URL. `gonogo serve --check` tells more.",
        )


@click.group(epilog="\b\nExample:\n  gonogo db backup backup.db")
def db() -> None:
    """The database of a server: bring it up to date, copy it while it is in use, bring a copy back."""


@db.command(epilog="\b\nExample:\n  gonogo db upgrade")
@database_option
def upgrade(database: str | None) -> None:
    """Bring the schema to this release's; `gonogo serve` does the same at its start."""
    from gonogo.server.store import migrate

    def work(store: Store) -> tuple[str | None, str]:
        with store.read() as connection:
            before = migrate.version(connection)
        store.upgrade()
        return before, migrate.HEAD

    before, after = with_store(database, work)
    say(
        f"The schema is {after}." if before == after else f"The schema was {before or 'not there'}, and is {after} now."
    )


@db.command(
    epilog="""\b
Examples:
  gonogo db backup /backups/gonogo-2026-06-01.db
  gonogo db backup --database postgresql://gonogo@db/gonogo /backups/gonogo.dump
"""
)
@database_option
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def backup(database: str | None, target: Path) -> None:
    """Copy the database to the new file TARGET; the server goes on meanwhile."""
    from gonogo.server.store.backup import backup as make

    size = with_store(database, lambda store: make(store, target))
    say(f"{target}: {size / 1e6:.1f} MB. Bring it back with `gonogo db restore {target} --database NEW`.")


@db.command(epilog="\b\nExample:\n  gonogo db restore backup.db --database sqlite:////srv/gonogo/new.db")
@database_option
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(database: str | None, source: Path) -> None:
    """Fill a new, empty database from the backup SOURCE."""
    from gonogo.server.store.backup import restore as fill

    version = with_store(database, lambda store: fill(source, store))
    say(f"Restored, schema {version}. `gonogo audit verify` tells whether its audit log is whole.")


@db.command(epilog="\b\nExample:\n  gonogo db prune --keep-drawings-days 90")
@database_option
@click.option(
    "--keep-drawings-days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Also delete drawings that only campaigns closed longer ago than this use; default: drawings stay.",
)
def prune(database: str | None, keep_drawings_days: int | None) -> None:
    """Delete what has expired: old sessions and links, idempotency answers, rate counts. A server does so, too."""
    from datetime import UTC, datetime

    from gonogo.server.ops import maintenance
    from gonogo.server.settings import ServerSettings

    settings = ServerSettings(database_url="", keep_drawings_days=keep_drawings_days)
    done = with_store(database, lambda store: maintenance.run_once(store, settings, datetime.now(UTC)))
    done.pop("gold_copies")
    say("Deleted: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.items()) + ".")
