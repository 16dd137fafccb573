"""`gonogo import`: makes a campaign from a file of predictions or from a results API."""

from __future__ import annotations

import asyncio
import csv
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import click

from gonogo.cli.commands.import_ml_backend import backend_options, import_from_backend, refuse_backend_options
from gonogo.cli.commands.import_watch import watch_import
from gonogo.cli.completion import complete_campaign, complete_project
from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import RenamedOption, campaign_settings, check_name, json_option, server_option
from gonogo.cli.support.output import print_json, progress_bars
from gonogo.cli.support.results_source import SOURCES, open_results_client
from gonogo.desk.core.paths import AppPaths
from gonogo.runtime import gc_paused
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.enums import VotePolicy
from gonogo.transfer.importing.csv_mapping import read_mapping
from gonogo.transfer.importing.from_results import ReimportSource, reimport
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.interrupt import ImportInterrupt
from gonogo.transfer.importing.records import BadFileError, BadLine
from gonogo.transfer.importing.registry import import_formats
from gonogo.transfer.importing.spool import ImportOptions
from gonogo.transfer.importing.target_campaign import CampaignSetup

SHOWN_BAD_LINES = 20


class ResultsTask(NamedTuple):
    """Task of a results API, from the options after `--source`."""

    source: str
    task: int
    url: str | None
    min_agreement: float


def _part_revisions(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Callback of `--part-revision`: ids by part, from `PART=ID` and from files."""
    revisions: dict[str, str] = {}
    for text in texts:
        part, equals, revision = text.rpartition("=")
        if equals and part and revision:
            revisions[part] = revision
        else:
            revisions |= _read_part_revisions(Path(text))
    return revisions


def _read_part_revisions(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        fail(f"--part-revision {str(file)!r}: {reason}", "Give PART=ID, or a CSV of part,part_revision_id.", EXIT_USAGE)
    if rows and rows[0] == ["part", "part_revision_id"]:
        del rows[0]
    for number, row in enumerate(rows, 1):
        if len(row) != 2 or not all(cell.strip() for cell in row):
            fail(f"{file}: row {number} is not part,part_revision_id: {','.join(row)[:80]!r}", code=EXIT_USAGE)
    return {part.strip(): revision.strip() for part, revision in rows}


@click.command(
    "import",
    epilog="""\b
Examples:
  gonogo import predictions.jsonl --drawings scans/ --campaign "batch 12"
  gonogo import predictions.jsonl --drawings scans/ --campaign pmi \\
      --gold-from-truth
  # for `gonogo projects generate`
  gonogo import predictions.jsonl --drawings scans/ --project "PMI 2026"
  # several readers of each place: one question a place
  gonogo import predictions.jsonl --campaign pmi --merge-readings
  gonogo import readings.csv --mapping columns.toml --campaign pmi --dry-run
  gonogo import boxes.json --format coco --drawings scans/ --campaign boxes
  gonogo import --source centaur --task 1234 --campaign "second look"
  # a newer run of the model: what nobody has seen yet asks about its values
  gonogo import newer.jsonl --drawings scans/ --campaign "batch 12" --update
  # what a Label Studio ML backend reads
  gonogo import --ml-backend http://127.0.0.1:9090 --drawings scans/ \\
      --campaign ocr
  # each file that comes in, until Ctrl+C
  gonogo import --watch incoming/ --campaign "batch 12"

JSON Lines, one prediction a line: part, drawing, page, bbox, bbox_unit (px, pt, norm), predicted_value, any task field,
and optionally truth. Also: CSV (with a mapping in TOML: [columns], [constants], [csv]), COCO, Label Studio
predictions, and a folder of drawings with one JSON each. A second import of the same file adds nothing.
""",
)
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(import_formats())),
    help="Format of FILE; default: by its name and first bytes.",
)
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
    callback=check_name,
    shell_complete=complete_campaign,
    help="The campaign to make, or to add to; without it only the predictions are stored, for `projects generate`.",
)
@click.option(
    "--project",
    callback=check_name,
    shell_complete=complete_project,
    help="The project to put it in; default: called as the campaign.",
)
@click.option(
    "--part-revision",
    "part_revisions",
    multiple=True,
    metavar="PART=ID",
    callback=_part_revisions,
    help="The id of a part whose drawing the server has, or a CSV of part,part_revision_id; may come several times.",
)
@click.option(
    "--update",
    is_flag=True,
    help="Tasks of the campaign that nobody has seen ask about the new predictions of their records.",
)
@click.option("--gold-from-truth", is_flag=True, help="A share of the lines with a truth becomes hidden gold.")
@click.option(
    "--merge-readings",
    is_flag=True,
    help="Readings of one place by several sources become one question; the answer judges each of them.",
)
@campaign_settings
@click.option("--dry-run", is_flag=True, help="Read and check the file, report, and send nothing.")
@click.option(
    "--source",
    "--from",
    "source",
    cls=RenamedOption,
    type=click.Choice(SOURCES),
    help="Import from a results API instead.",
)
@click.option("--task", type=click.IntRange(0), help="With --source: the task's number there.")
@click.option(
    "--source-url",
    "--results-url",
    "source_url",
    cls=RenamedOption,
    metavar="URL",
    help="With --source: its server; default: Centaur's own.",
)
@click.option(
    "--min-agreement",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="With --source: labeled cases below it are asked again, like the flagged ones.",
)
@backend_options
@click.option(
    "--watch",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Import each file that comes into DIR; it moves to DIR/done, a bad one to DIR/failed, the reason beside it.",
)
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out instead of refusing the file.")
@server_option
@json_option
def import_(
    file: Path | None,
    format_name: str | None,
    mapping: Path | None,
    source: str | None,
    task: int | None,
    source_url: str | None,
    min_agreement: float,
    folder: Path | None,
    ml_backend: str | None,
    label_config: Path | None,
    pictures: str,
    base_url: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make project, drawings, predictions and campaign from FILE, or from a task of a results API."""
    if [file, source, folder, ml_backend].count(None) != 3 or (source is not None and task is None):
        wanted = "give a FILE, --watch DIR, --ml-backend URL, or --source with --task"
        fail(wanted, "`gonogo import --help` shows all.", EXIT_USAGE)
    wishes = {name: options[name] for name in ("gold_from_truth", "merge_readings")}
    _check_target(options["campaign"], options["project"], **wishes)
    if options["update"] and (source is not None or options["campaign"] is None):
        fail("--update needs a --campaign, and no --source", "`gonogo import --help` shows all.", EXIT_USAGE)
    if options["update"] and options["merge_readings"]:
        fail("--update and --merge-readings don't go together", "A question of several readings stays.", EXIT_USAGE)
    options["setup"] = _setup(options)
    if folder is not None:
        watch_import(_file_options(folder, format_name, mapping, options), base_url, as_json=as_json)
        return
    if ml_backend is None:
        refuse_backend_options(label_config, pictures)
    elif format_name or mapping:
        given = "--format" if format_name else "--mapping"
        fail(f"{given} is for a FILE, not for --ml-backend", "Leave it out.", EXIT_USAGE)
    if ml_backend is not None:
        from_backend = _file_options(options["drawings"] or Path(), None, None, options)
        result = import_from_backend(ml_backend, label_config, pictures, from_backend, base_url)
    elif file is not None:
        result = _import_file(file, format_name, mapping, options, base_url)
    else:
        origin = ResultsTask(source or "", task or 0, source_url, min_agreement)
        result = run(_reimport(origin, options, base_url))
    _show(result, file or source or ml_backend, as_json=as_json)
    if not result.imported and not result.dry_run:
        if result.bad and not options["skip_bad"]:
            echo_err("Correct the lines, or leave them out with --skip-bad.")
        raise SystemExit(EXIT_FAILED)


def _check_target(campaign: str | None, project: str | None, *, gold_from_truth: bool, merge_readings: bool) -> None:
    if campaign is None and (project is None or gold_from_truth or merge_readings):
        why = "gold is made" if gold_from_truth else "readings are merged"
        fail(
            f"{why} with the tasks" if project else "where is it to go?",
            "Give a --campaign for tasks at once, or a --project alone to store predictions for `projects generate`.",
            EXIT_USAGE,
        )


def _setup(options: dict[str, Any]) -> CampaignSetup:
    """Takes the settings of a campaign out of the options; ends the command where there is no campaign for them."""
    values = {field.name: options.pop(field.name) for field in fields(CampaignSetup)}
    given = [f"--{name.replace('_', '-')}" for name, value in values.items() if value is not None]
    if given and options["campaign"] is None:
        fail(f"{given[0]} is a setting of a campaign, and none is named", "Add --campaign NAME.", EXIT_USAGE)
    if values["min_votes"] is not None and values["votes"] != VotePolicy.BY_RISK:
        fail("--min-votes goes with --votes by_risk", "With fixed votes each task gets --redundancy.", EXIT_USAGE)
    if values["votes"] is not None:
        values["votes"] = VotePolicy(values["votes"])
    return CampaignSetup(**values)


def _import_file(
    file: Path, format_name: str | None, mapping: Path | None, options: dict[str, Any], base_url: str | None
) -> ImportResult:
    with gc_paused():
        return run(_import(_file_options(file, format_name, mapping, options), base_url))


def _file_options(file: Path, format_name: str | None, mapping: Path | None, options: dict[str, Any]) -> ImportOptions:
    try:
        columns = read_mapping(mapping) if mapping else None
    except BadFileError as error:
        fail(str(error), error.next_step)
    return ImportOptions(file, format_name=format_name, mapping=columns, **options)


async def _import(options: ImportOptions, base_url: str | None) -> ImportResult:
    async with open_client(base_url) as client:
        with progress_bars() as report:
            interrupt = ImportInterrupt(report)
            try:
                return await import_file(client, options, interrupt, AppPaths().memory_file())
            except BadFileError as error:  # here, before `run` takes it for a refusal of the server
                fail(str(error), error.next_step)
            except asyncio.CancelledError:  # Ctrl+C
                fail(*interrupt.stop(), code=EXIT_INTERRUPTED)


async def _reimport(origin: ResultsTask, options: dict[str, Any], base_url: str | None) -> ImportResult:
    source = ReimportSource(origin.source, origin.task, origin.min_agreement)
    async with open_client(base_url) as client, open_results_client(origin.source, origin.url, clean=False) as results:
        with progress_bars() as report:
            return await reimport(client, results, source, options, report)


def _show(result: ImportResult, origin: Path | str | None, *, as_json: bool) -> None:
    if as_json:
        print_json(result.as_json())
    _show_bad_lines(result.bad, origin)
    if not as_json:
        sentences = [*result.sentences(), *(() if result.imported or result.dry_run else result.notes)]
        for sentence in sentences:
            echo_err(sentence)
        if result.imported and result.campaign and not result.dry_run:
            echo_err(f"Next: gonogo annotate {shlex.quote(result.campaign)}")
        if hint := result.merge_hint():
            echo_err(hint)


def _show_bad_lines(bad: tuple[BadLine, ...], origin: Path | str | None) -> None:
    for line in bad[:SHOWN_BAD_LINES]:
        echo_err(f"{origin}:{line.number}: {line.reason}")
    if len(bad) > SHOWN_BAD_LINES:
        echo_err(f"… and {counted(len(bad) - SHOWN_BAD_LINES, 'more bad line')}.")
