"""Export of a campaign: reads its tasks from the server, writes them to a stream in one format, and makes the
manifest. No click in here: the command calls it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from pydantic_core import from_json

from gonogo import __version__
from gonogo.client.errors import NotFoundError, UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lead_client import LeadClient
from gonogo.client.page_reader import read_all, read_all_by_status
from gonogo.schemas.labeling import LabelingCampaignPublic
from gonogo.schemas.sanitize import escape_json
from gonogo.transfer.exporting.each_reading import each_reading
from gonogo.transfer.exporting.registry import DEFAULT_FORMAT, OutputStream, export_formats, make_writer
from gonogo.transfer.exporting.task_record import task_record
from gonogo.transfer.progress_callback import ReportProgress, no_progress

REPORT_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Options of an export: its format, all or only what was promoted, and the folder of the pictures.

    With `each_reading` there is a record for each reading that was merged into a question.
    """

    format_name: str = DEFAULT_FORMAT
    golden: bool = False
    drawings: Path | None = None
    each_reading: bool = False


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Result of an export: SHA-256 and length of the content, and in `notes` what the format could not hold.

    `n_gold` of the `n_tasks` tasks are gold; `n_derived` more records are of readings that were merged into them.
    """

    n_tasks: int
    sha256: str = ""
    size_bytes: int = 0
    notes: tuple[str, ...] = ()
    n_gold: int = 0
    n_derived: int = 0


_GOLD: Final = re.compile(rb'"is_gold": ?true')
"""Mark of a gold task in an export line; the quotes of such a text in a value are escaped."""


class DigestingStream:
    """Output stream that computes digest and length of what is written through it."""

    def __init__(self, inner: OutputStream) -> None:
        self._inner = inner
        self._hash = hashlib.sha256()
        self.size = 0
        self.closed = False  # pyarrow asks

    def write(self, data: bytes) -> int:
        self._inner.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._inner.flush()

    def digest(self) -> str:
        return self._hash.hexdigest()


async def export_campaign(
    client: GonogoClient,
    campaign: LabelingCampaignPublic,
    out: OutputStream,
    options: ExportOptions = ExportOptions(),
    report: ReportProgress = no_progress,
) -> ExportResult:
    """Writes the campaign's tasks to `out`, one by one, gold and every vote included.

    A plain ARCNM server lists no votes and has no pages; the notes of the result say what is missing.

    Raises:
        GonogoClientError: nothing more comes; what is already in `out` is not the whole campaign.
    """
    stream = DigestingStream(out)
    writer = make_writer(options.format_name, stream, options.drawings)
    notes: list[str] = []
    pieces = await record_pieces(client, campaign, golden=options.golden, notes=notes)
    n_tasks = n_gold = n_records = 0
    async with aclosing(pieces):  # a disk that is full ends the request as well
        async for piece in pieces:
            before = n_tasks
            n_gold += len(_GOLD.findall(piece))
            if options.format_name == DEFAULT_FORMAT and not options.each_reading:
                stream.write(escape_json(piece.decode()).encode())  # unparsed: whole lines, as the server wrote them
                n_tasks += piece.count(b"\n")
            else:
                for line in piece.splitlines():
                    task = from_json(line)
                    for record in each_reading(task) if options.each_reading else (task,):
                        writer.add(record)
                        n_records += 1
                    n_tasks += 1
            if before // REPORT_EVERY < n_tasks // REPORT_EVERY:
                report("tasks", n_tasks, 0)
    writer.close()
    n_derived = n_records - n_tasks if options.each_reading else 0
    return ExportResult(n_tasks, stream.digest(), stream.size, (*notes, *writer.notes), n_gold, n_derived)


async def record_pieces(
    client: GonogoClient, campaign: LabelingCampaignPublic, *, golden: bool, notes: list[str]
) -> AsyncGenerator[bytes, None]:
    """The campaign's export records, in blocks of whole lines; `notes` gets what the server doesn't give."""
    if await client.capabilities() is not None:
        return client.export_pieces(campaign.id, golden=golden)
    return _from_task_list(client, campaign, notes, golden=golden)


async def _from_task_list(
    client: GonogoClient, campaign: LabelingCampaignPublic, notes: list[str], *, golden: bool
) -> AsyncGenerator[bytes, None]:
    """Yields export records made of the published list of tasks; `notes` gets what is missing in them.

    Raises as `read_all_by_status`: a list that the server cuts is never written as if it were all.
    """
    if golden:
        raise UnsupportedError(
            "This is a plain ARCNM server: it does not say which tasks were promoted.",
            next_step="Leave out --golden.",
        )
    tasks = await read_all_by_status(
        lambda status: lambda limit, cursor: client.list_tasks(campaign.id, status=status, limit=limit, cursor=cursor)
    )
    notes.append("This server lists no votes, so `submissions` is empty in each line.")
    for task in tasks:
        yield task_record(task, campaign)


async def write_manifest(
    client: LeadClient, campaign: LabelingCampaignPublic, options: ExportOptions, result: ExportResult, path: Path
) -> None:
    """Writes the manifest of an export: campaign, runs, options, versions, and digest of the content.

    It holds no time of its own and no address, so the same export has the same manifest. `audit` is the head of the
    server's audit log, which moves on with everything that is done on the server.
    """
    capabilities = await client.capabilities()
    detail: dict[str, object] = campaign.model_dump()
    if capabilities is not None:
        detail = (await client.campaign_detail(campaign.id)).model_dump()
    package = export_formats()[options.format_name].package
    manifest = {
        "campaign": detail,
        "inputs": {"prediction_runs": await _runs(client, campaign) if capabilities else None},
        "export": {
            "format": options.format_name,
            "golden": options.golden,
            "drawings": options.drawings is not None,
            "each_reading": options.each_reading,
        },
        "content": {"n_tasks": result.n_tasks, "size_bytes": result.size_bytes, "sha256": result.sha256},
        "versions": {
            "gonogo": __version__,
            "server": f"{capabilities.server} {capabilities.version}" if capabilities else None,
            **({package: metadata.version(package)} if package else {}),
        },
        "audit": await _audit_head(client) if capabilities else None,
        "notes": list(result.notes),
    }
    text = escape_json(json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)) + "\n"
    await asyncio.to_thread(path.write_text, text, "utf-8")


async def _runs(client: LeadClient, campaign: LabelingCampaignPublic) -> list[dict[str, object]]:
    """The prediction runs of the campaign's project, oldest first."""
    project_id = campaign.project_id
    if project_id is None:
        return []
    runs = await read_all(lambda limit, cursor: client.list_runs(project_id, limit=limit, cursor=cursor))
    return [run.model_dump() for run in reversed(runs)]


async def _audit_head(client: LeadClient) -> dict[str, object] | None:
    """Head of the server's audit log; `None` from a release without that route."""
    try:
        return (await client.audit_head()).model_dump()
    except NotFoundError:
        return None
