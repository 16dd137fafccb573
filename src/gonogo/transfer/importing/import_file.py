"""Import of a file of predictions: checks the file and sends its records into a campaign. No click in here: the command
calls it.

The file is checked as a whole before anything is sent. `into_gonogo_server` and `into_standard_server` do the sending.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from gonogo.client.errors import UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lookup import require_extensions
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.into_gonogo_server import import_into_gonogo
from gonogo.transfer.importing.into_standard_server import import_into_standard_server
from gonogo.transfer.importing.spool import ImportOptions, spool_file
from gonogo.transfer.progress_callback import ReportProgress, no_progress


async def import_file(
    client: GonogoClient,
    options: ImportOptions,
    report: ReportProgress = no_progress,
    memory_file: Path | None = None,
) -> ImportResult:
    """Imports `options.file`, or nothing of it when it has a bad line and `skip_bad` is off.

    `memory_file`, the state store, remembers drawings that the server doesn't keep.

    Raises:
        OSError: the file or the drawings folder cannot be read.
        BadFileError: the file is not of its format.
        InvalidInputError: campaign or project name cannot be used (ambiguous, closed, none to update).
        UnsupportedError: the server cannot update tasks, or merge readings.
        GonogoClientError: the server refused or went away; a second run goes on, and doubles nothing.
    """
    with await asyncio.to_thread(spool_file, options, report) as spool:
        result = ImportResult(n_lines=spool.n_good + len(spool.bad), bad=spool.bad)
        if not options.merge_readings and not (options.update and options.dry_run):  # those two don't go together
            n_places, _, at_least = spool.repeated
            result = replace(result, n_repeated_places=n_places, repeated_at_least=at_least)
        if not spool.n_good or (spool.bad and not options.skip_bad):
            return result
        if options.dry_run:
            n_merged = spool.repeated.n_readings - spool.repeated.n_places if options.merge_readings else 0
            n_tasks = spool.n_good - n_merged
            return replace(result, dry_run=True, n_drawings=len(spool.drawings), n_tasks=n_tasks, n_merged=n_merged)
        capabilities = await client.capabilities()
        if options.update and (capabilities is None or "task_updates" not in capabilities.extensions):
            raise UnsupportedError(
                "This server can't give new predictions to tasks that are there; nothing was imported.",
                next_step="Import the file into another --campaign, without --update.",
            )
        if options.merge_readings:
            await require_extensions(
                client, "Nothing was imported, as --merge-readings can't be done", "merged_readings"
            )
        elif capabilities is None or "merged_readings" not in capabilities.extensions:
            result = replace(result, n_repeated_places=0)  # no hint at what this server can't do
        if capabilities is None:
            return await import_into_standard_server(client, spool, result, report, memory_file)
        batched_drawings = "drawings_batch" in capabilities.extensions
        return await import_into_gonogo(client, spool, result, report, batched_drawings=batched_drawings)
