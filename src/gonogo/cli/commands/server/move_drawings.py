"""`gonogo db move-drawings`: moves the drawings of a server to a folder, an object store, or back to the database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from gonogo.cli.support.consequences import agreed, consequence_options
from gonogo.cli.support.database import database_option, with_store
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import json_option
from gonogo.cli.support.output import print_json, progress_bars
from gonogo.schemas.counted_nouns import counted
from gonogo.server.drawing_places.move import DrawingMove, MoveReport
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.store import migrate
from gonogo.server.store.engine import Store

LISTED = 5
"""Damaged drawings that a sentence names."""


@click.command(
    "move-drawings",
    epilog="""\b
Examples:
  gonogo db move-drawings file:///srv/gonogo/drawings --dry-run
  gonogo db move-drawings file:///srv/gonogo/drawings
  gonogo db move-drawings 's3://scans?endpoint=https://s3.example.com' --yes
  gonogo db move-drawings database: --keep-copies
""",
)
@click.argument("target", metavar="URL")
@database_option
@click.option("--keep-copies", is_flag=True, help="Leave the copies in the old place; the same command deletes them.")
@click.option("--skip-damaged", is_flag=True, help="Move although drawings are missing or changed in the old place.")
@consequence_options
@json_option
def move_drawings(
    target: str, database: str | None, keep_copies: bool, skip_damaged: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Move the drawings to URL: file:///folder, s3://bucket/prefix?endpoint=…, or database:.

    Servers go on meanwhile. Each copy is read back and checked, the database then remembers the new place, and the old
    copies are deleted if you agree. A move that was cut off goes on with the same command; with the place that they lie
    in already, all drawings are only checked.
    """
    if not (dry_run or yes or keep_copies or sys.stdin.isatty()):
        fail(
            "nobody is there to confirm that the old copies go",
            "Look at it with --dry-run, then say --yes or --keep-copies.",
            EXIT_USAGE,
        )

    def run(store: Store) -> None:
        with store.read() as connection:
            migrate.require_current(connection)
        move = DrawingMove(DrawingPlaces(store), target)
        plan = move.plan
        size = f"{counted(plan.files, 'drawing')}, {plan.size / 1e6:.1f} MB"
        source, goal = _named(plan.source), _named(plan.target)
        echo_err(f"{size}: from {source} to {goal}." if source != goal else f"{size}: they lie in {goal} already.")
        if dry_run:
            echo_err("Nothing was done.")
            _print(plan._asdict(), as_json=as_json)
            return
        with progress_bars() as progress:
            report = move.copy(datetime.now(UTC), progress, skip_damaged=skip_damaged)
        deleted = 0
        if report.damaged and not skip_damaged:
            _fail_damaged(report, source)
        echo_err(f"The drawings lie in {goal}: {report.copied} copied, {report.present} were there and whole.")
        if source != goal and not keep_copies:
            question = f"Delete {counted(plan.files, 'copy', 'copies')} in {source} for good."
            if yes or agreed(question, dry_run=False, yes=False):
                with progress_bars() as progress:
                    deleted = move.delete_copies(progress)
                if plan.files and not deleted:
                    echo_err(f"Nothing was deleted: {source} and {goal} are the same place.")
                else:
                    echo_err(f"Deleted: {counted(deleted, 'copy', 'copies')} in {source}.")
        result = {"copied": report.copied, "present": report.present, "damaged": report.damaged, "deleted": deleted}
        _print({**plan._asdict(), **result}, as_json=as_json)

    with_store(database, run)


def _fail_damaged(report: MoveReport, source: str) -> None:
    names = ", ".join(name[:12] for name in report.damaged[:LISTED])
    more = ", …" if len(report.damaged) > LISTED else ""
    fail(
        f"{counted(len(report.damaged), 'drawing')} missing or changed in {source}: {names}{more}. Nothing was deleted",
        "Bring them back from a backup or import their files again; or move the others with --skip-damaged.",
    )


def _named(url: str) -> str:
    return "the database" if url == DATABASE_URL else url


def _print(result: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
