"""`gonogo export --format datasets`: writes a campaign as a folder that the library `datasets` loads as it is."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

import click

from gonogo.cli.support.api_client import open_client, open_client_and_drawings
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_USAGE, echo_err, fail
from gonogo.cli.support.options import F
from gonogo.cli.support.output import print_json, progress_bars
from gonogo.client.errors import InvalidInputError
from gonogo.client.lookup import find_campaign
from gonogo.schemas.counted_nouns import counted
from gonogo.transfer.exporting.datasets_folder.export_datasets import DatasetOptions, DatasetResult, export_datasets
from gonogo.transfer.exporting.datasets_folder.splits import WHOLE, Shares, parse_shares


def _shares(ctx: click.Context, parameter: click.Parameter, text: str | None) -> Shares:
    """Callback of `--split`."""
    try:
        return WHOLE if text is None else parse_shares(text)
    except InvalidInputError as error:
        fail(f"--split: {error}", error.next_step, EXIT_USAGE)


def dataset_options(command: F) -> F:
    """`--crops`, `--split` and `--overwrite`."""
    command = click.option(
        "--overwrite", is_flag=True, help="With --format datasets: replace the dataset in the --out folder."
    )(command)
    command = click.option(
        "--split",
        "shares",
        metavar="80/10/10",
        callback=_shares,
        help="With --format datasets: shares of train, validation and test (80/20: train and test), by part.",
    )(command)
    return click.option(
        "--crops",
        is_flag=True,
        help="With --format datasets: a picture of each box, from --drawings or from the server.",
    )(command)


def export_dataset_folder(
    campaign: str,
    folder: Path | None,
    *,
    golden: bool,
    crops: bool,
    shares: Shares,
    overwrite: bool,
    drawings: Path | None,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Writes the folder, and prints what stands in it."""
    if folder is None:
        fail("a dataset is a folder", "Name it with --out.", EXIT_USAGE)
    if drawings is not None and not crops:
        fail("--drawings goes with --crops here", "Add --crops for pictures of the boxes.", EXIT_USAGE)
    options = DatasetOptions(golden=golden, shares=shares)
    result = run(_export(campaign, folder, options, base_url, crops=crops, drawings=drawings, overwrite=overwrite))
    for note in result.notes:
        echo_err(note)
    if as_json:
        print_json({**asdict(result), "out": str(folder), "format": "datasets"})
        return
    splits = ", ".join(f"{name} {number}" for name, number in result.splits.items())
    gold = f"; {counted(result.n_gold, 'row')} of hidden gold left out" if result.n_gold else ""
    echo_err(f"{counted(result.n_tasks, 'row')} ({splits}) written to {folder}{gold}.")
    echo_err(f"Next: read {folder / 'README.md'}, and add a licence before you publish it.")


async def _export(
    campaign: str,
    folder: Path,
    options: DatasetOptions,
    base_url: str | None,
    *,
    crops: bool,
    drawings: Path | None,
    overwrite: bool,
) -> DatasetResult:
    async with AsyncExitStack() as stack:
        if crops:
            client, service = await stack.enter_async_context(open_client_and_drawings(base_url, drawings))
            options = DatasetOptions(options.golden, options.shares, service)
        else:
            client = await stack.enter_async_context(open_client(base_url, clean=False))
        source = await find_campaign(client, campaign)
        with progress_bars() as report:
            return await export_datasets(client, source, folder, options, report, overwrite=overwrite)
