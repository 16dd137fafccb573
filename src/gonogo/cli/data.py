"""`gonogo import` and `gonogo export`: from a file of predictions to a campaign, and from a campaign to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli.common import EXIT_FAILED, connect, emit, json_option, run, say, server_option

if TYPE_CHECKING:
    from gonogo.cli.exporting import Exported
    from gonogo.cli.importing import ImportOptions, ImportResult, Report

SHOWN_BAD_LINES = 20


@click.command(
    "import",
    epilog="""\b
Examples:
  gonogo import predictions.jsonl --drawings scans/ --campaign "batch 12"
  gonogo import predictions.jsonl --drawings scans/ --campaign pmi --gold-from-truth

\b
One prediction a line: part, drawing, page, bbox, bbox_unit (px, pt, norm), predicted_value, any task field,
and optionally truth. A second import of the same file adds nothing.
""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--drawings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the drawings; default: the one FILE lies in.",
)
@click.option("--campaign", required=True, help="The campaign to make, or to add to.")
@click.option("--project", help="The project to put it in; default: called as the campaign.")
@click.option("--gold-from-truth", is_flag=True, help="A share of the lines with a truth becomes hidden gold.")
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out instead of refusing the file.")
@server_option
@json_option
def import_(
    file: Path,
    drawings: Path | None,
    campaign: str,
    project: str | None,
    gold_from_truth: bool,
    skip_bad: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Make project, drawings, predictions and campaign from FILE (JSON Lines)."""
    from gonogo.cli.importing import ImportOptions

    options = ImportOptions(file, campaign, drawings, project, gold_from_truth, skip_bad)
    result = run(_import(options, base_url))
    if as_json:
        emit({**asdict(result), "bad": [asdict(line) for line in result.bad]})
    for line in result.bad[:SHOWN_BAD_LINES]:
        say(f"{file}:{line.number}: {line.reason}")
    if len(result.bad) > SHOWN_BAD_LINES:
        say(f"… and {len(result.bad) - SHOWN_BAD_LINES} more bad lines.")
    if not as_json:
        for sentence in [*result.sentences(), *(() if result.imported else result.notes)]:
            say(sentence)
    if not result.imported:
        if result.bad and not skip_bad:
            say("Put the lines right, or leave them out with --skip-bad.")
        raise SystemExit(EXIT_FAILED)


async def _import(options: ImportOptions, base_url: str | None) -> ImportResult:
    from gonogo.cli.importing import import_file

    async with connect(base_url) as client:
        with _progress() as report:
            return await import_file(client, options, report)


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar for each kind of work on a terminal; otherwise one plain line when a kind is done."""
    if not sys.stderr.isatty():

        def plain(what: str, done: int, total: int) -> None:
            if done == total:
                say(f"{what}: {done}")

        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def bar(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield bar


@click.command(
    epilog="""\b
Examples:
  gonogo export "batch 12" > results.jsonl
  gonogo export "batch 12" --out results.jsonl
"""
)
@click.argument("campaign")
@click.option("--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of standard output.")
@server_option
def export(campaign: str, form: str, out: Path | None, base_url: str | None) -> None:
    """Write CAMPAIGN (a name or an id): one line a task, with its prediction, every vote, and the consensus."""
    done = run(_export(campaign, out, base_url))
    for note in done.notes:
        say(note)
    if out is not None:
        say(f"{done.n_tasks} tasks written to {out}.")


async def _export(campaign: str, out: Path | None, base_url: str | None) -> Exported:
    from gonogo.cli.exporting import export_jsonl
    from gonogo.cli.finding import find_campaign

    async with connect(base_url, clean=False) as client:
        found = await find_campaign(client, campaign)
        if out is None:
            done = await export_jsonl(client, found.id, sys.stdout.buffer)
            sys.stdout.flush()
            return done
        part = out.with_name(out.name + ".part")  # nothing half-written ever carries the final name
        try:
            with part.open("wb") as stream:
                done = await export_jsonl(client, found.id, stream)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
        return done
