"""Campaigns written out. No click in here: the commands call it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from gonogo import __version__
from gonogo.cli.lookup import PAGE, every
from gonogo.client.errors import InvalidInputError, NotFoundError
from gonogo.client.gonogo_api import GonogoClient
from gonogo.client.lead import LeadClient
from gonogo.schemas.gonogo_api import ExportRecord
from gonogo.schemas.labeling import LabelingCampaignPublic, LabelingTaskList
from gonogo.transfer.exporting.writers import writer

Report = Callable[[str, int, int], None]
REPORT_EVERY = 1000


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to write: a form of `formats.NAMES`, all or only what was promoted, and the folder of the pictures."""

    form: str = "jsonl"
    golden: bool = False
    drawings: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """How many tasks were written, the SHA-256 and length of it all, and in words what could not be."""

    n_tasks: int
    sha256: str = ""
    size_bytes: int = 0
    notes: tuple[str, ...] = ()


class ExportMeasure:
    """A stream that knows the digest and length of what went through."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._hash = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._inner.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._inner.flush()

    def digest(self) -> str:
        return self._hash.hexdigest()


def _silent(what: str, done: int, total: int) -> None:
    """Nobody is listening."""


async def export_campaign(
    client: GonogoClient,
    campaign: LabelingCampaignPublic,
    out: BinaryIO,
    options: ExportOptions = ExportOptions(),
    report: Report = _silent,
) -> Exported:
    """Write the campaign's tasks to `out`, one by one: gold and every vote included.

    A plain ARCNM server lists no votes and has no pages; what it has is written in the same form, and the rest said.

    Raises:
        GonogoClientError: nothing more comes; what is already in `out` is not the whole campaign.
    """
    measured = ExportMeasure(out)
    form = writer(options.form, measured, options.drawings)  # type: ignore[arg-type]
    notes: list[str] = []
    ours = await client.capabilities() is not None
    pieces = (
        client.export_pieces(campaign.id, golden=options.golden) if ours else _public(client, campaign, options, notes)
    )
    n_tasks = 0
    async with aclosing(pieces):  # a disk that is full ends the request as well
        async for piece in pieces:
            before = n_tasks
            if options.form == "jsonl":
                measured.write(piece)  # as the server has it
                n_tasks += piece.count(b"\n")
            else:
                for line in piece.splitlines():
                    form.add(from_json(line))
                    n_tasks += 1
            if before // REPORT_EVERY < n_tasks // REPORT_EVERY:
                report("tasks", n_tasks, 0)
    form.close()
    return Exported(n_tasks, measured.digest(), measured.size, (*notes, *form.notes))


async def _public(
    client: GonogoClient, campaign: LabelingCampaignPublic, options: ExportOptions, notes: list[str]
) -> AsyncGenerator[bytes, None]:
    if options.golden:
        raise InvalidInputError(
            "This is a plain ARCNM server: it does not say which tasks were promoted.",
            next_step="Leave out --golden.",
        )
    total = 0

    async def fetch(cursor: str | None) -> LabelingTaskList:
        nonlocal total
        page = await client.list_tasks(campaign.id, limit=PAGE, cursor=cursor)
        total = max(total, page.count)
        return page

    tasks = await every(fetch)
    notes.append("This server lists no votes, so `submissions` is empty in each line.")
    if len(tasks) < total:
        notes.append(f"Only {len(tasks)} of {total} tasks could be read: this server has no further pages.")
    for task in tasks:
        known = {"task_id": task.id, "campaign_id": campaign.id, "campaign": campaign.name or ""}
        fields = {name: value for name, value in task.model_dump().items() if value is not None}
        record = ExportRecord.model_validate({"status": "", **fields, **known})
        yield json.dumps(record.model_dump(), ensure_ascii=False).encode() + b"\n"


async def write_manifest(
    client: LeadClient, campaign: LabelingCampaignPublic, options: ExportOptions, done: Exported, path: Path
) -> None:
    """Beside an export: what it was made of, and the digest by which it is known again.

    It holds no time of its own and no address, so the manifest of the same export is the same, too. `audit` is where
    the server's log of changes stood: it moves on with whatever is done on the server, be it elsewhere.
    """
    found = await client.capabilities()
    detail: dict[str, Any] = campaign.model_dump()
    if found is not None:
        detail = (await client.campaign_detail(campaign.id)).model_dump()
    manifest = {
        "campaign": detail,
        "inputs": {"prediction_runs": await _runs(client, campaign) if found else None},
        "export": {"format": options.form, "golden": options.golden, "drawings": options.drawings is not None},
        "content": {"n_tasks": done.n_tasks, "size_bytes": done.size_bytes, "sha256": done.sha256},
        "versions": {
            "gonogo": __version__,
            "server": f"{found.server} {found.version}" if found else None,
            **({"pyarrow": metadata.version("pyarrow")} if options.form == "parquet" else {}),
        },
        "audit": await _audit_head(client) if found else None,
        "notes": list(done.notes),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    await asyncio.to_thread(path.write_text, text, "utf-8")


async def _runs(client: LeadClient, campaign: LabelingCampaignPublic) -> list[dict[str, Any]]:
    """The prediction runs of the campaign's project, oldest first."""
    project_id = campaign.project_id
    if project_id is None:
        return []
    runs = await every(lambda cursor: client.list_runs(project_id, limit=PAGE, cursor=cursor))
    return [run.model_dump() for run in reversed(runs)]


async def _audit_head(client: LeadClient) -> dict[str, Any] | None:
    """Where the server's audit log stands; `None` from a release that does not tell."""
    try:
        return (await client.audit_head()).model_dump()
    except NotFoundError:
        return None
