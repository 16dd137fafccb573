"""`gonogo import --ml-backend`: imports what a Label Studio ML backend reads on the drawings of a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_INTERRUPTED, EXIT_USAGE, fail
from gonogo.cli.support.options import F
from gonogo.cli.support.output import progress_bars
from gonogo.desk.core.paths import AppPaths
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.interrupt import ImportInterrupt
from gonogo.transfer.importing.ml_backend.label_config import DEFAULT_CONFIG, picture_field, read_label_config
from gonogo.transfer.importing.ml_backend.pictures import WAYS
from gonogo.transfer.importing.ml_backend.predict_drawings import BackendSource, import_predictions
from gonogo.transfer.importing.records import BadFileError
from gonogo.transfer.importing.spool import ImportOptions


def backend_options(command: F) -> F:
    """`--ml-backend`, `--label-config` and `--pictures`."""
    command = click.option(
        "--pictures",
        type=click.Choice(WAYS),
        default=WAYS[0],
        show_default=True,
        help="With --ml-backend: how it gets the pictures: from this computer, in the request, or from its own files.",
    )(command)
    command = click.option(
        "--label-config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="With --ml-backend: Label Studio's labeling configuration (XML); default: boxes with a text each.",
    )(command)
    return click.option(
        "--ml-backend",
        metavar="URL",
        help="Import what a Label Studio ML backend reads on the sheets in --drawings.",
    )(command)


def refuse_backend_options(label_config: Path | None, pictures: str) -> None:
    """Ends the command where an option of a backend is given, but no backend."""
    if label_config is not None or pictures != WAYS[0]:
        given = "--pictures" if label_config is None else "--label-config"
        fail(f"{given} goes with --ml-backend", "Add --ml-backend URL, or leave it out.", EXIT_USAGE)


def import_from_backend(
    url: str, label_config: Path | None, pictures: str, options: ImportOptions, base_url: str | None
) -> ImportResult:
    """Asks the backend about all pictures, and imports its readings; ends the command where that fails."""
    if options.drawings is None:
        fail("--ml-backend needs --drawings", "Name the folder of the pictures it is to read.", EXIT_USAGE)
    if not url.startswith(("http://", "https://")):
        fail("--ml-backend must begin with http:// or https://", "Give it like http://127.0.0.1:9090.", EXIT_USAGE)
    try:
        if label_config is None:
            config, field = DEFAULT_CONFIG, picture_field(DEFAULT_CONFIG)
        else:
            config, field = read_label_config(label_config)
    except BadFileError as error:
        fail(str(error), error.next_step)
    return run(_import(BackendSource(url, config, field, pictures), options, base_url))


async def _import(source: BackendSource, options: ImportOptions, base_url: str | None) -> ImportResult:
    async with open_client(base_url) as client:
        with progress_bars() as report:
            interrupt = ImportInterrupt(report)
            try:
                return await import_predictions(client, source, options, interrupt, AppPaths().cache() / "ml-backend")
            except BadFileError as error:  # here, before `run` takes it for a refusal of the server
                fail(str(error), error.next_step)
            except asyncio.CancelledError:  # Ctrl+C
                fail(*interrupt.stop(), code=EXIT_INTERRUPTED)
