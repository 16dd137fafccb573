"""Campaigns found by name, and written out. No click in here: the commands call it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import BinaryIO, Protocol, TypeVar

from gonogo.client.errors import InvalidInputError, NotFoundError
from gonogo.client.extensions import GonogoClient
from gonogo.wire.clean import clean_text
from gonogo.wire.extensions import ExportRecord
from gonogo.wire.labeling import LabelingCampaignPublic, LabelingProjectPublic, LabelingTaskList

PAGE = 500

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """One page of a list of the API."""

    @property
    def data(self) -> Sequence[T_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


async def every(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """All items of a list, page by page; `fetch` gets the cursor. A server without pages has only the first."""
    found: list[T] = []
    cursor: str | None = None
    while True:
        page = await fetch(cursor)
        found += page.data
        if not page.data or page.next_cursor in (None, cursor):
            return found
        cursor = page.next_cursor


async def all_campaigns(client: GonogoClient, status: str | None = None) -> list[LabelingCampaignPublic]:
    """Every campaign the credential may see; on a server without pages, its newest 500."""
    return await every(lambda cursor: client.list_campaigns(status=status, limit=PAGE, cursor=cursor))


async def all_projects(client: GonogoClient) -> list[LabelingProjectPublic]:
    """Every project; on a server without pages, its newest 500."""
    return await every(lambda cursor: client.list_projects(limit=PAGE, cursor=cursor))


async def campaigns_called(client: GonogoClient, name_or_id: str) -> list[LabelingCampaignPublic]:
    """The campaign of this id, or else all of this name."""
    return _called(await all_campaigns(client), name_or_id)


def _called(campaigns: list[LabelingCampaignPublic], name_or_id: str) -> list[LabelingCampaignPublic]:
    by_id = [item for item in campaigns if item.id == name_or_id]
    wanted = clean_text(name_or_id)
    return by_id or [item for item in campaigns if clean_text(item.name or "") == wanted]


async def find_campaign(client: GonogoClient, name_or_id: str) -> LabelingCampaignPublic:
    """The one campaign of this name or id.

    Raises:
        NotFoundError: there is none; names that are near are given.
        InvalidInputError: the name belongs to several; their ids are given.
    """
    campaigns = await all_campaigns(client)
    found = _called(campaigns, name_or_id)
    if len(found) == 1:
        return found[0]
    if found:
        raise ambiguous("campaign", name_or_id, [f"{item.id} ({item.status}, {item.created_at})" for item in found])
    near = get_close_matches(name_or_id, [item.name or "" for item in campaigns], 3, 0.6)
    raise NotFoundError(
        f"There is no campaign {name_or_id!r}.",
        next_step=f"Is one of these meant: {', '.join(near)}?" if near else "`gonogo campaign list` shows them all.",
    )


def ambiguous(kind: str, name: str, ids: list[str]) -> InvalidInputError:
    return InvalidInputError(
        f"{len(ids)} {kind}s are called {name!r}.", next_step="Give the id of one: " + ", ".join(ids[:10])
    )


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
