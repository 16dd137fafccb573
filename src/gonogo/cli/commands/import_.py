"""`gonogo import`: from a file of predictions to a campaign."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gonogo.cli.completion import complete_campaign, complete_project
from gonogo.cli.support import (
    EXIT_FAILED,
    EXIT_USAGE,
    bulk,
    connect,
    emit,
    fail,
    json_option,
    name_given,
    progress,
    run,
    say,
    server_option,
)

if TYPE_CHECKING:
    from gonogo.transfer.importing.formats import CsvMapping
    from gonogo.transfer.importing.from_results import ReimportSource
    from gonogo.transfer.importing.run import ImportResult
    from gonogo.transfer.importing.spool import ImportOptions

SHOWN_BAD_LINES = 20
FORMS = ("jsonl", "csv", "coco", "labelstudio", "folder")


@click.command(
    "import",
    epilog="""\b
Examples:
  gonogo import predictions.jsonl --drawings scans/ --campaign "batch 12"
  gonogo import predictions.jsonl --drawings scans/ --campaign pmi --gold-from-truth
  gonogo import predictions.jsonl --drawings scans/ --project "PMI 2026"     for `gonogo project generate`
  gonogo import readings.csv --mapping columns.toml --campaign pmi --dry-run
  gonogo import boxes.json --format coco --drawings scans/ --campaign boxes
  gonogo import --from centaur --task 1234 --campaign "second look"

\b
JSON Lines, one prediction a line: part, drawing, page, bbox, bbox_unit (px, pt, norm), predicted_value, any task field,
and optionally truth. Also: CSV (with a mapping in TOML: [columns], [constants], [csv]), COCO, Label Studio
predictions, and a folder of drawings with one JSON each. A second import of the same file adds nothing.
""",
)
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMS), help="What FILE is; default: by its name and beginning.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML that says which columns of a CSV are which.",
)
@click.option(
    "--drawings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the drawings; default: the one FILE lies in.",
)
@click.option(
    "--campaign",
    callback=name_given,
    shell_complete=complete_campaign,
    help="The campaign to make, or to add to; without it only the predictions are stored, for `project generate`.",
)
@click.option(
    "--project",
    callback=name_given,
    shell_complete=complete_project,
    help="The project to put it in; default: called as the campaign.",
)
@click.option("--gold-from-truth", is_flag=True, help="A share of the lines with a truth becomes hidden gold.")
@click.option("--dry-run", is_flag=True, help="Read and check the file, report, and send nothing.")
@click.option("--from", "source", type=click.Choice(["centaur", "gonogo"]), help="Import from a results API instead.")
@click.option("--task", type=click.IntRange(0), help="With --from: the task's number there.")
@click.option("--results-url", metavar="URL", help="With --from: the server; default: Centaur's own.")
@click.option(
    "--min-agreement",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="With --from: labeled cases below it are asked again, like the flagged ones.",
)
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out instead of refusing the file.")
@server_option
@json_option
def import_(
    file: Path | None,
    form: str | None,
    mapping: Path | None,
    source: str | None,
    task: int | None,
    results_url: str | None,
    min_agreement: float,
    base_url: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make project, drawings, predictions and campaign from FILE, or from a task of a results API."""
    from gonogo.transfer.importing.spool import ImportOptions

    if (file is None) == (source is None) or (source is not None and task is None):
        fail("give a FILE, or --from with --task", "`gonogo import --help` shows both.", EXIT_USAGE)
    if options["campaign"] is None and (options["project"] is None or options["gold_from_truth"]):
        fail(
            "gold is made with the tasks" if options["project"] else "where is it to go?",
            "Give a --campaign for tasks at once, or a --project alone to store predictions for `project generate`.",
            EXIT_USAGE,
        )
    if source is not None and task is not None:
        from gonogo.transfer.importing.from_results import ReimportSource

        bring = ReimportSource(source, results_url, task, min_agreement)
        result = run(_bring(bring, options, base_url))
    elif file is not None:
        run_options = ImportOptions(file, form=form, mapped=_mapped(mapping), **options)
        with bulk():
            result = run(_import(run_options, base_url))
    if as_json:
        emit({**asdict(result), "bad": [asdict(line) for line in result.bad]})
    for line in result.bad[:SHOWN_BAD_LINES]:
        say(f"{file or source}:{line.number}: {line.reason}")
    if len(result.bad) > SHOWN_BAD_LINES:
        say(f"… and {len(result.bad) - SHOWN_BAD_LINES} more bad lines.")
    if not as_json:
        for sentence in [*result.sentences(), *(() if result.imported or result.dry_run else result.notes)]:
            say(sentence)
    if not result.imported and not result.dry_run:
        if result.bad and not options["skip_bad"]:
            say("Put the lines right, or leave them out with --skip-bad.")
        raise SystemExit(EXIT_FAILED)


def _mapped(mapping: Path | None) -> CsvMapping | None:
    from gonogo.transfer.importing.formats import read_mapping
    from gonogo.transfer.importing.jsonl import BadFileError

    try:
        return read_mapping(mapping) if mapping else None
    except BadFileError as error:
        fail(str(error), error.next_step)


async def _bring(bring: ReimportSource, options: dict[str, Any], base_url: str | None) -> ImportResult:
    from gonogo.transfer.importing.from_results import bring_home

    async with connect(base_url) as client:
        with progress() as report:
            return await bring_home(client, bring, options, report)


async def _import(options: ImportOptions, base_url: str | None) -> ImportResult:
    from gonogo.transfer.importing.interrupt import ImportInterrupt
    from gonogo.transfer.importing.jsonl import BadFileError
    from gonogo.transfer.importing.run import import_file

    async with connect(base_url) as client:
        with progress() as report:
            watched = ImportInterrupt(report)
            try:
                return await import_file(client, options, watched)
            except BadFileError as error:
                fail(str(error), error.next_step)
            except asyncio.CancelledError:  # Ctrl+C
                fail(*watched.stop(), code=130)
