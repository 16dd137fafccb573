"""`gonogo export`: writes a campaign's tasks and votes to a file."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import click

from gonogo.cli.commands.export_datasets import dataset_options, export_dataset_folder
from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_INTERRUPTED, EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import campaign_argument, json_option, server_option
from gonogo.cli.support.output import print_json, progress_bars
from gonogo.client.errors import UnsupportedError
from gonogo.client.lookup import find_campaign
from gonogo.runtime import gc_paused
from gonogo.schemas.counted_nouns import counted
from gonogo.transfer.exporting.datasets_folder.export_datasets import DATASETS
from gonogo.transfer.exporting.datasets_folder.splits import WHOLE, Shares
from gonogo.transfer.exporting.export_campaign import ExportOptions, ExportResult, export_campaign, write_manifest
from gonogo.transfer.exporting.follow_campaign import follow_campaign, gives_cursors
from gonogo.transfer.exporting.followed_file import FollowedPipe, FollowPosition, open_followed_file
from gonogo.transfer.exporting.registry import DEFAULT_FORMAT, export_formats

_FORMATS = export_formats()
_PICTURE_FORMATS = ", ".join(name for name, item in _FORMATS.items() if item.needs_pictures)


@click.command(
    epilog="""\b
Examples:
  gonogo export "batch 12" > results.jsonl
  gonogo export "batch 12" --format csv --out results.csv \\
      --manifest results.manifest.json
  gonogo export "batch 12" --golden --format parquet --out golden.parquet
  # what was written, for a script
  gonogo export "batch 12" --out results.jsonl --json
  gonogo export "batch 12" --format coco --drawings scans/ --out coco.json
  # a folder for `datasets.load_dataset`, with a picture of each box
  gonogo export "batch 12" --format datasets --crops --split 80/10/10 \\
      --out dataset/
  # a line for the record of each reader, where readings were merged
  gonogo export "batch 12" --each-reading > records.jsonl
  # a line as each task settles; run again, it goes on
  gonogo export "batch 12" --follow --out settled.jsonl
  # the same for a pipe, after the line with cursor 17
  gonogo export "batch 12" --follow --after 17 | ./post
"""
)
@campaign_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*_FORMATS, DATASETS]),
    default=DEFAULT_FORMAT,
    show_default=True,
    help="What to write.",
)
@click.option("--golden", is_flag=True, help="Only what was promoted to the golden dataset.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write here instead of standard output; for --format datasets a folder.",
)
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what the export was made of, and its SHA-256: campaign, settings, versions.",
)
@click.option(
    "--drawings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=f"Folder of the pictures, for forms that need their size ({_PICTURE_FORMATS}), and for --crops.",
)
@dataset_options
@click.option(
    "--each-reading",
    is_flag=True,
    help="A record for each reading that was merged into a question, with the verdict that follows from its answer.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Write a line as each task settles, until the campaign is closed or all are settled; --out FILE is continued.",
)
@click.option(
    "--after",
    type=click.IntRange(0, 2**63 - 1),
    metavar="CURSOR",
    help="With --follow, without --out: begin after the line that has this `cursor`.",
)
@server_option
@json_option
def export(
    campaign: str,
    format_name: str,
    golden: bool,
    out: Path | None,
    manifest: Path | None,
    drawings: Path | None,
    crops: bool,
    shares: Shares,
    overwrite: bool,
    each_reading: bool,
    follow: bool,
    after: int | None,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Write CAMPAIGN: a record a task, with prediction, votes, consensus, rulings, times and gold.

    The same export of an unchanged campaign is the same, byte by byte.

    With --follow only what settled, in that order. After a break the same command goes on behind the last whole line of
    --out FILE. A task that changes after it settled gets another line, and the last one counts; gold gets none.
    """
    if after is not None and (not follow or out is not None):
        fail("--after goes with --follow, and without --out", "--out FILE goes on behind its last line.", EXIT_USAGE)
    if each_reading and (follow or format_name == DATASETS):
        what, step = ("--follow", "`readings` of a line has them.") if follow else (DATASETS, "A task is a row there.")
        fail(f"--each-reading isn't for {what}", step, EXIT_USAGE)
    if follow and (golden or manifest or drawings or format_name != DEFAULT_FORMAT):
        fail("--follow writes JSON Lines of what settles, and nothing else", "Export the rest at the end.", EXIT_USAGE)
    if format_name != DATASETS and (crops or overwrite or shares != WHOLE):
        fail("--crops, --split and --overwrite go with --format datasets", "Add it, or leave them out.", EXIT_USAGE)
    if out is not None and format_name != DATASETS and out.is_dir():
        fail(f"{out} is a folder", f"Name a file in it, such as {out / 'results.jsonl'}.", EXIT_USAGE)
    if format_name == DATASETS and manifest is not None:
        fail("--manifest is of one file", "A dataset says in its README.md what it was made of.", EXIT_USAGE)
    if format_name != DATASETS and _FORMATS[format_name].binary and out is None:
        fail(f"{_FORMATS[format_name].title} is not for a terminal or a pipe", "Give a file with --out.", EXIT_USAGE)
    if as_json and out is None:
        fail("--json would stand among the records on standard output", "Give them a file with --out.", EXIT_USAGE)
    for file in filter(None, (out, manifest)):
        if not file.parent.is_dir():
            fail(f"There is no folder {file.parent} for {file.name}", "Make it, or choose another place.")
    if format_name == DATASETS:
        export_dataset_folder(
            campaign,
            out,
            golden=golden,
            crops=crops,
            shares=shares,
            overwrite=overwrite,
            drawings=drawings,
            base_url=base_url,
            as_json=as_json,
        )
        return
    if follow:
        run(_follow(campaign, out, after or 0, base_url, as_json=as_json))
        return
    options = ExportOptions(format_name, golden, drawings, each_reading)
    with gc_paused():
        result = run(_export(campaign, options, out, manifest, base_url))
    for note in result.notes:
        echo_err(note)
    if as_json:
        print_json(
            {
                **asdict(result),
                "out": str(out),
                "format": format_name,
                "manifest": None if manifest is None else str(manifest),
            }
        )
    elif out is not None:
        gold = f" ({result.n_gold} of them gold)" if result.n_gold else ""
        derived = f" and {counted(result.n_derived, 'more reading')}" if result.n_derived else ""
        echo_err(f"{counted(result.n_tasks, 'task')}{gold}{derived} written to {out}.")
    if not result.n_tasks:
        echo_err("Nothing is promoted yet." if golden else "The campaign has no tasks.")


async def _export(
    campaign: str, options: ExportOptions, out: Path | None, manifest: Path | None, base_url: str | None
) -> ExportResult:
    async with open_client(base_url, clean=False) as client:
        source = await find_campaign(client, campaign)
        if out is None:
            result = await export_campaign(client, source, sys.stdout.buffer, options)
            sys.stdout.flush()
        else:
            part = out.with_name(out.name + ".part")  # nothing half-written ever carries the final name
            try:
                with part.open("wb") as stream, progress_bars() as report:
                    result = await export_campaign(client, source, stream, options, report)
                part.replace(out)
            finally:
                part.unlink(missing_ok=True)
        if manifest is not None:
            await write_manifest(client, source, options, result, manifest)
        return result


async def _follow(campaign: str, out: Path | None, after: int, base_url: str | None, *, as_json: bool) -> None:
    async with open_client(base_url, clean=False) as client:
        source = await find_campaign(client, campaign)
        cursors = gives_cursors(await client.capabilities())
        if after and not cursors:
            raise UnsupportedError(
                "This server gives no cursors.", next_step="Use --out FILE, which knows what it has."
            )
        with _open_target(out, source.id, after, cursors=cursors) as target:
            try:
                await follow_campaign(client, source, target.position, target.write, echo_err)
            except asyncio.CancelledError:  # Ctrl+C
                fail(f"stopped after {counted(target.n_lines, 'new line')}", _next_step(target, out), EXIT_INTERRUPTED)
            if as_json:
                print_json({"n_lines": target.n_lines, "cursor": target.position.cursor or None, "out": str(out)})
            else:
                where = f" in {out}" if out else ""
                echo_err(f"{counted(target.n_lines, 'new line')}{where}. Nothing more will settle.")


def _open_target(
    out: Path | None, campaign_id: str, after: int, *, cursors: bool
) -> AbstractContextManager[FollowedPipe]:
    if out is None:
        return nullcontext(FollowedPipe(sys.stdout.buffer, FollowPosition(after)))
    return open_followed_file(out, campaign_id, cursors=cursors)


def _next_step(target: FollowedPipe, out: Path | None) -> str:
    cursor = target.position.cursor
    return f"Go on with --after {cursor}." if out is None and cursor else "Run the same command again to go on."
