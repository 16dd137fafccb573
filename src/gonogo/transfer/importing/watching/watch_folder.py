"""Watch of a folder: imports each file that comes in, then moves it to `done/`, or to `failed/` with the reason.

A file is moved only after the server has all of it. A run that ends between leaves it where it lies; the next one
imports it again, which adds nothing. No click in here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gonogo.client.errors import GonogoClientError, InvalidRequestError, UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.retry import RetryPolicy
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.interrupt import ImportInterrupt
from gonogo.transfer.importing.records import BadFileError
from gonogo.transfer.importing.spool import ImportOptions
from gonogo.transfer.importing.watching.incoming import IncomingFiles, state_of
from gonogo.transfer.progress_callback import no_progress

DONE: Final = "done"
FAILED: Final = "failed"
LOOK_SECONDS: Final = 1.0
REASONS: Final = 1000
"""Bad lines that an error text lists at most."""


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """File that the watch has dealt with: where it lies now, and what came of it.

    Without a `result` the file could not be imported at all; `reasons` says why, a sentence a line.
    """

    name: str
    moved_to: Path
    result: ImportResult | None
    reasons: tuple[str, ...] = ()

    @property
    def imported(self) -> bool:
        return self.result is not None and self.result.imported


class FolderWatch:
    """Watch of `options.file`, a folder; `settled` hears of each file, `say` gets sentences for the person."""

    def __init__(
        self,
        client: GonogoClient,
        options: ImportOptions,
        settled: Callable[[WatchedFile], None],
        say: Callable[[str], None],
        *,
        policy: RetryPolicy = RetryPolicy(cap=30.0),  # noqa: B008 - frozen
    ) -> None:
        self._client, self._settled, self._say, self._policy = client, settled, say, policy
        self._folder = options.file
        self._options = replace(options, drawings=options.drawings or options.file)
        self._incoming = IncomingFiles(self._folder, any_suffix=options.format_name is not None)
        self._ignored: set[Path] = set()
        self._failures = 0
        self._interrupt = ImportInterrupt(no_progress)
        self.current: Path | None = None

    async def run(self) -> None:
        """Imports what comes in until it is cancelled.

        Raises:
            UnsupportedError: a plain ARCNM server, which can't take a second file into a campaign.
            GonogoClientError: the server refuses the campaign or the credential; the file stays where it is.
            OSError: the folder can't be read, or a file can't be moved.
        """
        if await self._client.capabilities() is None:
            raise UnsupportedError(
                "This is a plain ARCNM server: it can't tell what it has, so a campaign takes one file.",
                next_step="Import each file under a name of its own, without --watch.",
            )
        for name in (DONE, FAILED):
            await asyncio.to_thread((self._folder / name).mkdir, exist_ok=True)
        while True:
            for path in await asyncio.to_thread(self._incoming.look):
                await self._take(path)
            self._report_ignored()
            await asyncio.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Ends the reading of the current file, which runs in a thread."""
        self._interrupt.stop()

    async def _take(self, path: Path) -> None:
        """Imports one file and moves it; a file that changed meanwhile stays for a later look."""
        self.current = path
        try:
            outcome = await self._import(path)
        except GonogoClientError as error:
            if not error.transient:
                raise
            if not self._failures:
                self._say(f"{path.name}: {error} We try again until it works; the file stays where it is.")
            await self._policy.sleep(self._policy.backoff(self._failures))
            self._failures += 1
            return
        self._failures = 0
        if outcome is not None and await asyncio.to_thread(state_of, path) == self._incoming.state(path):
            self._settled(await asyncio.to_thread(self._move, path, outcome))
        self.current = None

    async def _import(self, path: Path) -> tuple[ImportResult | None, tuple[str, ...]] | None:
        """Result and reasons; `None` for a file that is gone."""
        self._interrupt = ImportInterrupt(no_progress)
        try:
            result = await import_file(self._client, replace(self._options, file=path), self._interrupt)
        except (BadFileError, InvalidRequestError) as error:
            return None, (str(error), error.next_step)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            return None, (f"It can't be read: {error.strerror}.",)
        return result, _reasons(result)

    def _move(self, path: Path, outcome: tuple[ImportResult | None, tuple[str, ...]]) -> WatchedFile:
        """Moves the file under a name that is free there; the reasons are written first."""
        result, reasons = outcome
        imported = result is not None and result.imported
        target = _free_name(self._folder / (DONE if imported else FAILED) / path.name)
        if reasons:
            ending = ".skipped.txt" if imported else ".error.txt"
            target.with_name(target.name + ending).write_text("\n".join(reasons) + "\n", "utf-8", "replace")
        path.rename(target)
        return WatchedFile(path.name, target, result, reasons)

    def _report_ignored(self) -> None:
        for path in sorted(self._incoming.ignored - self._ignored):
            self._say(f"{path.name} is not taken: its name ends in no .jsonl, .csv or .json. --format takes any name.")
        self._ignored |= self._incoming.ignored


def _reasons(result: ImportResult) -> tuple[str, ...]:
    """Reasons why nothing of a file was imported, and its bad lines."""
    reasons = [] if result.imported else result.sentences()
    reasons += [f"line {line.number}: {line.reason}" for line in result.bad[:REASONS]]
    if len(result.bad) > REASONS:
        reasons.append(f"… and {len(result.bad) - REASONS} more bad lines.")
    return tuple(reasons)


def _free_name(path: Path) -> Path:
    """`path`, or with a number before its ending where that is taken."""
    candidate, number = path, 1
    while candidate.exists() or candidate.is_symlink():
        number += 1
        candidate = path.with_name(f"{path.stem}.{number}{path.suffix}")
    return candidate
