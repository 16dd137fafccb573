"""Campaigns and projects found by name or id. No click in here: the commands call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from gonogo.client.errors import InvalidInputError, NotFoundError
from gonogo.client.gonogo_api import GonogoClient
from gonogo.client.lead import LeadClient, all_assignments_of
from gonogo.schemas.labeling import CampaignAssignmentPublic, LabelingCampaignPublic, LabelingProjectPublic
from gonogo.schemas.lead import RunPublic
from gonogo.schemas.sanitize import clean_text

PAGE = 500

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ListResponse(Protocol[T_co]):
    """One page of a list of the API."""

    @property
    def data(self) -> Sequence[T_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


async def every(fetch: Callable[[str | None], Awaitable[ListResponse[T]]]) -> list[T]:
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


async def find_project(client: GonogoClient, name_or_id: str) -> LabelingProjectPublic:
    """The one project of this name or id; raises as `find_campaign`."""
    projects = await all_projects(client)
    wanted = clean_text(name_or_id)
    found = [item for item in projects if item.id == name_or_id] or [
        item for item in projects if clean_text(item.name or "") == wanted
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise ambiguous("project", name_or_id, [item.id for item in found])
    near = get_close_matches(name_or_id, [item.name or "" for item in projects], 3, 0.6)
    raise NotFoundError(
        f"There is no project {name_or_id!r}.",
        next_step=f"Is one of these meant: {', '.join(near)}?" if near else "`gonogo project list` shows them all.",
    )


async def all_assignments(client: LeadClient, campaign_id: str) -> list[CampaignAssignmentPublic]:
    """Everybody who was invited to the campaign, newest first, the revoked ones too."""
    return await all_assignments_of(client, campaign_id)


async def need_ours(client: GonogoClient, what: str) -> None:
    """Raises `InvalidInputError` on a plain ARCNM server: `what` it cannot do, as a whole sentence's beginning."""
    if await client.capabilities() is None:
        raise InvalidInputError(f"{what}: this is a plain ARCNM server.", next_step="Only a gonogo server does that.")


async def all_runs(client: LeadClient, project_id: str) -> list[RunPublic] | None:
    """The prediction runs of a project; `None` on a plain server, which does not list them."""
    if await client.capabilities() is None:
        return None
    return await every(lambda cursor: client.list_runs(project_id, limit=PAGE, cursor=cursor))


async def run_ids(client: LeadClient, project_id: str, wanted: Sequence[str]) -> list[str]:
    """Ids of the runs called so, or of all; a plain server gets the ids as they were given.

    Raises:
        NotFoundError: the project has no run, or none of this name.
    """
    runs = await all_runs(client, project_id)
    if runs is None:
        if not wanted:
            raise InvalidInputError(
                "This server does not list prediction runs.", next_step="Give their ids with --run."
            )
        return list(wanted)
    by_name = {item.run: item.id for item in runs} | {item.id: item.id for item in runs}
    missing = [name for name in wanted if name not in by_name]
    if missing or not runs:
        known = ", ".join(item.run for item in runs[:10])
        raise NotFoundError(
            f"The project has no prediction run {missing[0]!r}." if missing else "The project has no prediction runs.",
            next_step=f"It has: {known}." if runs else "`gonogo import` brings predictions in.",
        )
    return list(dict.fromkeys(by_name[name] for name in wanted or [item.id for item in runs]))
