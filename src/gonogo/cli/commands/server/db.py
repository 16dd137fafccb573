"""`gonogo db`: upgrades, backs up, restores and prunes a server's database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from gonogo.cli.commands.server.move_drawings import move_drawings
from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.database import database_option, with_store
from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json, waiting
from gonogo.schemas.counted_nouns import counted
from gonogo.server.drawing_places.place import PlaceError
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.drawing_places.remembered import DrawingPlaces, StoredFiles, describe, files_of
from gonogo.server.ops import maintenance
from gonogo.server.settings import ServerSettings
from gonogo.server.store import backup as backups
from gonogo.server.store import migrate
from gonogo.server.store.engine import Store


@click.group(epilog="\b\nExample:\n  gonogo db backup backup.db")
def db() -> None:
    """The database of a server: bring it up to date, copy it while it is in use, bring a copy back."""


@db.command(epilog="\b\nExample:\n  gonogo db upgrade")
@database_option
@json_option
def upgrade(database: str | None, as_json: bool) -> None:
    """Bring the schema to this release's; `gonogo serve` does the same at its start."""

    def work(store: Store) -> tuple[str | None, str]:
        with store.read() as connection:
            before = migrate.version(connection)
        store.upgrade()
        return before, migrate.HEAD

    before, after = with_store(database, work, create=True)
    if as_json:
        print_json({"before": before, "after": after})
    echo_err(
        f"The schema is {after}." if before == after else f"The schema was {before or 'not there'}, and is {after} now."
    )


@db.command(
    epilog="""\b
Examples:
  gonogo db backup /backups/gonogo-2026-06-01.db
  gonogo db backup \\
      --database postgresql://gonogo@db/gonogo /backups/gonogo.dump
"""
)
@database_option
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def backup(database: str | None, target: Path, as_json: bool) -> None:
    """Copy the database to the new file TARGET; the server goes on meanwhile."""
    with waiting("Copying the database …"):
        size, drawings = with_store(database, lambda store: (backups.backup(store, target), _drawings_of(store)))
    if as_json:
        print_json({"file": str(target), "bytes": size, "drawings": None if drawings is None else drawings._asdict()})
    echo_err(f"{target}: {size / 1e6:.1f} MB. Bring it back with `gonogo db restore {target} --database NEW`.")
    if drawings is not None:
        echo_err(_backup_of_drawings(drawings))


@db.command(epilog="\b\nExample:\n  gonogo db restore backup.db --database sqlite:////srv/gonogo/new.db")
@database_option
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def restore(database: str | None, source: Path, as_json: bool) -> None:
    """Fill a new, empty database from the backup SOURCE."""
    with waiting("Filling the database …"):
        version, drawings = with_store(
            database, lambda store: (backups.restore(source, store), _missing_place(store)), create=True
        )
    if as_json:
        print_json({"schema": version})
    echo_err(f"Restored, schema {version}. `gonogo audit verify` checks its audit log.")
    if drawings:
        echo_err(drawings)


@db.command(epilog="\b\nExample:\n  gonogo db prune --keep-drawings-days 90 --dry-run")
@database_option
@click.option(
    "--keep-drawings-days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Also delete drawings that only campaigns closed longer ago than this use; default: drawings stay.",
)
@consequence_options
@json_option
def prune(database: str | None, keep_drawings_days: int | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete what has expired: old sessions and links, idempotency answers, rate counts. A server does so, too."""
    settings = ServerSettings(database_url="", keep_drawings_days=keep_drawings_days)

    def run(store: Store) -> dict[str, int] | None:
        with store.read() as connection:
            migrate.require_current(connection)
        plan = maintenance.preview(store, settings, datetime.now(UTC))
        would = {"done": False, "deleted": plan}
        if not agreed(f"Delete for good: {_listed(plan)}.", dry_run=dry_run, yes=yes, as_json=as_json, plan=would):
            return None
        return maintenance.run_once(store, settings, datetime.now(UTC))

    counts = with_store(database, run)
    if counts is not None:
        for name in ("gold_copies", "claims_ahead"):  # nothing is deleted there
            counts.pop(name)
        if as_json:
            print_json({"done": True, "deleted": counts})
        echo_err(f"Deleted: {_listed(counts)}.")


def _drawings_of(store: Store) -> StoredFiles | None:
    """Number and place of the drawings; `None` if an older schema does not name it."""
    with store.read() as connection:
        return files_of(connection) if migrate.version(connection) == migrate.HEAD else None


def _missing_place(store: Store) -> str:
    """Sentence on drawings that are not in a restored database; empty where they are."""
    drawings = _drawings_of(store)
    if drawings is None or drawings.url == DATABASE_URL:
        return ""
    try:
        DrawingPlaces(store).require_reachable()
    except PlaceError as error:
        return f"Its drawings ({drawings.number}) are not in the backup. {describe(error)}"
    return f"Its drawings ({drawings.number}) lie in {drawings.url}, where another database may delete them."


def _backup_of_drawings(drawings: StoredFiles) -> str:
    if drawings.url == DATABASE_URL:
        return f"It holds everything, the {counted(drawings.number, 'drawing')}, too."
    number = counted(drawings.number, "drawing")
    return (
        f"It does not hold the {number} ({drawings.size / 1e6:.1f} MB): they lie in {drawings.url}. "
        "Copy that place after the database, with its gonogo-drawings.txt."
    )


db.add_command(move_drawings)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
