"""`gonogo import`: from a file of predictions to a campaign."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli.common import EXIT_FAILED, connect, emit, json_option, progress, run, say, server_option

if TYPE_CHECKING:
    from gonogo.cli.importing import ImportOptions, ImportResult

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
        with progress() as report:
            return await import_file(client, options, report)
