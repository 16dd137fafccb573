"""`gonogo export`: writes a campaign's tasks and votes to a file."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import campaign_argument, json_option, server_option
from gonogo.cli.support.output import print_json, progress_bars
from gonogo.client.lookup import find_campaign
from gonogo.runtime import gc_paused
from gonogo.transfer.exporting.export_campaign import ExportOptions, ExportResult, export_campaign, write_manifest
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
"""
)
@campaign_argument
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(_FORMATS)),
    default=DEFAULT_FORMAT,
    show_default=True,
    help="What to write.",
)
@click.option("--golden", is_flag=True, help="Only what was promoted to the golden dataset.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of standard output.")
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what the export was made of, and its SHA-256: campaign, settings, versions.",
)
@click.option(
    "--drawings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=f"Folder of the pictures, for forms that need their size ({_PICTURE_FORMATS}).",
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
    base_url: str | None,
    as_json: bool,
) -> None:
    """Write CAMPAIGN: a record a task, with prediction, votes, consensus, rulings, times and gold.

    The same export of an unchanged campaign is the same, byte by byte.
    """
    if _FORMATS[format_name].binary and out is None:
        fail(f"{_FORMATS[format_name].title} is not for a terminal or a pipe", "Give a file with --out.", EXIT_USAGE)
    if as_json and out is None:
        fail("--json would stand among the records on standard output", "Give them a file with --out.", EXIT_USAGE)
    for file in filter(None, (out, manifest)):
        if not file.parent.is_dir():
            fail(f"There is no folder {file.parent} for {file.name}", "Make it, or choose another place.")
    with gc_paused():
        result = run(_export(campaign, ExportOptions(format_name, golden, drawings), out, manifest, base_url))
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
        echo_err(f"{result.n_tasks} tasks{gold} written to {out}.")
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
