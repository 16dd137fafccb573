"""Campaigns written out. No click in here: the commands call it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import BinaryIO

from gonogo.cli.finding import PAGE, every
from gonogo.client.extensions import GonogoClient
from gonogo.wire.extensions import ExportRecord
from gonogo.wire.labeling import LabelingTaskList


@dataclass(frozen=True, slots=True)
class Exported:
    """How many tasks were written, and in words what could not be."""

    n_tasks: int
    notes: tuple[str, ...] = ()


async def export_jsonl(client: GonogoClient, campaign_id: str, out: BinaryIO) -> Exported:
    """Write one JSON line a task to `out`, as the server has it: gold and every vote included.

    A plain ARCNM server lists no votes and has no pages; what it has is written in the same form, and the rest said.

    Raises:
        GonogoClientError: nothing more comes; what is already in `out` is not the whole campaign.
    """
    if await client.capabilities() is None:
        return await _export_public(client, campaign_id, out)
    n_tasks = 0
    async for line in client.export_lines(campaign_id):
        if line.strip():
            out.write(line)
            n_tasks += 1
    return Exported(n_tasks)


async def _export_public(client: GonogoClient, campaign_id: str, out: BinaryIO) -> Exported:
    campaign = await client.get_campaign(campaign_id)
    total = 0

    async def fetch(cursor: str | None) -> LabelingTaskList:
        nonlocal total
        page = await client.list_tasks(campaign_id, limit=PAGE, cursor=cursor)
        total = max(total, page.count)
        return page

    tasks = await every(fetch)
    for task in tasks:
        known = {"task_id": task.id, "campaign_id": campaign_id, "campaign": campaign.name or ""}
        fields = {name: value for name, value in task.model_dump().items() if value is not None}
        record = ExportRecord.model_validate({"status": "", **fields, **known})
        out.write(json.dumps(record.model_dump(), ensure_ascii=False).encode() + b"\n")
    notes = ["This server lists no votes, so `submissions` is empty in each line."]
    if len(tasks) < total:
        notes.append(f"Only {len(tasks)} of {total} tasks could be read: this server has no further pages.")
    return Exported(len(tasks), tuple(notes))
