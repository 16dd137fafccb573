"""Lookup functions: find campaigns, projects and runs by name or id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from gonogo.client.errors import IncompleteListError, InvalidInputError, NotFoundError, UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lead_client import LeadClient
from gonogo.client.page_reader import read_all
from gonogo.schemas.labeling import LabelingCampaignPublic, LabelingProjectPublic
from gonogo.schemas.lead import RunPublic
from gonogo.schemas.sanitize import clean_text


class Named(Protocol):
    """A campaign or a project."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str | None: ...


N = TypeVar("N", bound=Named)


async def all_campaigns(client: GonogoClient, status: str | None = None) -> list[LabelingCampaignPublic]:
    """Returns all campaigns that the credential may see. Raises as `read_all`."""
    return await read_all(lambda limit, cursor: client.list_campaigns(status=status, limit=limit, cursor=cursor))


async def all_projects(client: GonogoClient) -> list[LabelingProjectPublic]:
    """Returns all projects. Raises as `read_all`."""
    return await read_all(lambda limit, cursor: client.list_projects(limit=limit, cursor=cursor))


async def campaigns_named(client: GonogoClient, name_or_id: str) -> list[LabelingCampaignPublic]:
    """Returns the campaign with this id, else all campaigns with this name."""
    return _matching(await _listed(all_campaigns(client), name_or_id), name_or_id)


def _matching(items: Sequence[N], name_or_id: str) -> list[N]:
    name = clean_text(name_or_id)
    by_id = [item for item in items if item.id == name_or_id]
    return by_id or [item for item in items if clean_text(item.name or "") == name]


async def find_campaign(client: GonogoClient, name_or_id: str) -> LabelingCampaignPublic:
    """Returns the campaign with this name or id.

    Raises:
        NotFoundError: there is none; names that are near are given.
        InvalidInputError: the name belongs to several; their ids are given.
    """
    campaigns = await _listed(all_campaigns(client), name_or_id)
    return _only_match("campaign", campaigns, name_or_id, lambda item: f"{item.id} ({item.status}, {item.created_at})")


async def find_project(client: GonogoClient, name_or_id: str) -> LabelingProjectPublic:
    """Returns the project with this name or id; raises as `find_campaign`."""
    return _only_match("project", await _listed(all_projects(client), name_or_id), name_or_id, lambda item: item.id)


async def _listed(listing: Awaitable[list[N]], name_or_id: str) -> list[N]:
    """Returns the list; of one that the server cuts, what there is, if the wanted item is in it."""
    try:
        return await listing
    except IncompleteListError as error:
        items: list[N] = error.items
        if not _matching(items, name_or_id):
            raise
        return items


def _only_match(noun: str, items: Sequence[N], name_or_id: str, describe: Callable[[N], str]) -> N:
    matches = _matching(items, name_or_id)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ambiguous_name_error(noun, name_or_id, [describe(item) for item in matches])
    near = get_close_matches(name_or_id, [item.name or "" for item in items], 3, 0.6)
    raise NotFoundError(
        f"There is no {noun} {name_or_id!r}.",
        next_step=f"Is one of these meant: {', '.join(near)}?" if near else f"`gonogo {noun}s list` shows them all.",
    )


def ambiguous_name_error(noun: str, name: str, ids: list[str]) -> InvalidInputError:
    """Error for an ambiguous name, with at most ten of the matching ids."""
    return InvalidInputError(
        f"{len(ids)} {noun}s are called {name!r}.", next_step="Give the id of one: " + ", ".join(ids[:10])
    )


async def require_extensions(client: GonogoClient, action: str, extension: str = "") -> None:
    """Raises `UnsupportedError` on a plain ARCNM server, and on an older one of ours without `extension`.

    `action` begins the sentence, e.g. "Keys cannot be made".
    """
    capabilities = await client.capabilities()
    if capabilities is None:
        raise UnsupportedError(f"{action}: this is a plain ARCNM server.")
    if extension and extension not in capabilities.extensions:
        raise UnsupportedError(f"{action}: this server is of an earlier release.", next_step="Upgrade the server.")


async def all_runs(client: LeadClient, project_id: str) -> list[RunPublic] | None:
    """Prediction runs of a project; `None` on a plain server, which does not list them."""
    if await client.capabilities() is None:
        return None
    return await read_all(lambda limit, cursor: client.list_runs(project_id, limit=limit, cursor=cursor))


async def run_ids(client: LeadClient, project_id: str, names_or_ids: Sequence[str]) -> list[str]:
    """Ids of these runs, or of all of the project; a plain server gets the ids as they were given.

    Raises:
        NotFoundError: the project has no run, or none of this name.
        UnsupportedError: a plain server, and no ids.
    """
    runs = await all_runs(client, project_id)
    if runs is None:
        if not names_or_ids:
            raise UnsupportedError("This server does not list prediction runs.", next_step="Give their ids with --run.")
        return list(names_or_ids)
    ids = {run.run: run.id for run in runs} | {run.id: run.id for run in runs}
    missing = [name for name in names_or_ids if name not in ids]
    if missing or not runs:
        known = ", ".join(run.run for run in runs[:10])
        raise NotFoundError(
            f"The project has no prediction run {missing[0]!r}." if missing else "The project has no prediction runs.",
            next_step=f"It has: {known}." if runs else "`gonogo import` brings predictions in.",
        )
    return list(dict.fromkeys(ids[name] for name in names_or_ids or [run.id for run in runs]))
