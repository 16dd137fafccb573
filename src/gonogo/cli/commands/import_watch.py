"""`gonogo import --watch`: imports the files of a folder as they come in."""

from __future__ import annotations

import asyncio
import json
import sys

from gonogo.cli.support.api_client import open_client
from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_INTERRUPTED, EXIT_USAGE, echo_err, fail
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.sanitize import escape_json
from gonogo.transfer.importing.spool import ImportOptions
from gonogo.transfer.importing.watching.watch_folder import FolderWatch, WatchedFile

_SHOWN_REASONS = 5


def watch_import(options: ImportOptions, base_url: str | None, *, as_json: bool) -> None:
    """Watches the folder `options.file` until Ctrl+C; with `as_json` each file is an object on a line of its own."""
    if options.dry_run or options.part_revisions:
        given = "--dry-run" if options.dry_run else "--part-revision"
        fail(f"{given} is for one file, not for --watch", "Leave it out, or give a FILE.", EXIT_USAGE)
    run(_watch(options, base_url, _Reporter(as_json=as_json)))


async def _watch(options: ImportOptions, base_url: str | None, reporter: _Reporter) -> None:
    async with open_client(base_url) as client:
        watch = FolderWatch(client, options, reporter.settled, echo_err)
        echo_err(f"Watching {options.file}; Ctrl+C ends it.")
        try:
            await watch.run()
        except asyncio.CancelledError:  # Ctrl+C
            watch.stop()
            half = f" {watch.current.name} stays where it is." if watch.current else ""
            fail(f"stopped; {reporter.summary()}.{half}", "Run the same command again to go on.", EXIT_INTERRUPTED)


class _Reporter:
    """Reporter of the files of one run."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._n_imported = self._n_failed = 0

    def settled(self, file: WatchedFile) -> None:
        if file.imported:
            self._n_imported += 1
        else:
            self._n_failed += 1
        if self._as_json:
            self._print_line(file)
        sentences = file.result.sentences() if file.result is not None and file.imported else file.reasons
        for sentence in sentences[:_SHOWN_REASONS]:
            echo_err(f"{file.name}: {sentence}")
        if file.result is not None and (hint := file.result.merge_hint()):
            echo_err(f"{file.name}: {hint}")
        if not file.imported:
            echo_err(f"{file.name} is now {file.moved_to}; correct it and put it back.")

    def summary(self) -> str:
        failed = f", {self._n_failed} failed" if self._n_failed else ""
        return f"{counted(self._n_imported, 'file')} imported{failed}"

    def _print_line(self, file: WatchedFile) -> None:
        result = {} if file.result is None else file.result.as_json()
        record = {
            "file": file.name,
            "moved_to": str(file.moved_to),
            **result,
            "imported": file.imported,
            "bad": result.get("bad", []),
            "reasons": file.reasons,
        }
        sys.stdout.write(escape_json(json.dumps(record)) + "\n")
        sys.stdout.flush()
