"""Python API for programs: takes names or ids, gives lists without pages, and has an async and a blocking form.

    with Labeling("https://label.example.com", "ak_…") as api:
        for task in api.tasks("batch 12", status="resolved"):
            print(task.id, task.prompt, task.agreement)

`AsyncLabeling` has the same methods with `await`, `async for` and `async with`. A campaign is given by its name or id.
Both work on any server of the ARCNM Labeling API; `export` needs a gonogo server. A request is repeated with the same
idempotency key, so a lost response has no second effect.

Every call raises `GonogoClientError` and nothing else: `NotFoundError` for an unknown campaign, `InvalidInputError` for
an ambiguous name or a value that is not of the API, `AuthenticationError` for a key that is not valid, `NetworkError`
without a response; `errors` lists all.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable, Iterator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from gonogo.client.credential import ApiKey
from gonogo.client.errors import InvalidInputError
from gonogo.client.lead_client import LeadClient
from gonogo.client.lookup import find_campaign
from gonogo.client.page_reader import read_pages
from gonogo.client.transport.response_parsing import misfits
from gonogo.json_types import JsonObject, as_object
from gonogo.network import NetworkOptions
from gonogo.schemas.labeling import (
    Adjudication,
    CampaignAssignmentCreate,
    CampaignAssignmentCreated,
    CampaignAssignmentPublic,
    LabelingCampaignCreate,
    LabelingCampaignPublic,
    LabelingTaskCreate,
    LabelingTaskPublic,
    LabelingTasksCreate,
    LabelSubmission,
    LabelSubmit,
    PromoteResult,
    QualityReport,
    ServedTask,
)

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

TASKS_A_REQUEST: Final = 1000
"""Most tasks that the API takes in one request."""


class AsyncLabeling:
    """Async API of one server; `client` has every further operation."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 - frozen
    ) -> None:
        """Nothing is sent yet. `transport` is another way to reach the server than the network.

        `HTTPS_PROXY`, `NO_PROXY` and `GONOGO_CA_FILE` count; `NetworkOptions(proxy=False)` goes without a proxy.
        A person's settings file is not read.

        Raises:
            InvalidInputError: `base_url` is not the address of a server.
        """
        self.client = LeadClient(base_url, ApiKey(api_key), transport=transport, network=network)
        self._ids: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self.client.aclose()

    # --- campaigns ---

    async def campaigns(self, status: str | None = None) -> AsyncIterator[LabelingCampaignPublic]:
        """Yields campaigns, newest first on a gonogo server."""
        async for page in read_pages(
            lambda limit, cursor: self.client.list_campaigns(status=status, limit=limit, cursor=cursor)
        ):
            for campaign in page:
                yield campaign

    async def campaign(self, name_or_id: str) -> LabelingCampaignPublic:
        """Returns one campaign as it is now."""
        return await self.client.get_campaign(await self._id(name_or_id))

    async def create_campaign(self, name: str, **settings: object) -> LabelingCampaignPublic:
        """Creates a campaign; `settings` are the other fields of `LabelingCampaignCreate`."""
        return await self.client.create_campaign(_model(LabelingCampaignCreate, {"name": name, **settings}))

    async def close_campaign(self, campaign: str) -> LabelingCampaignPublic:
        """Closes a campaign; nobody gets a task of it any more."""
        return await self.client.close_campaign(await self._id(campaign))

    async def promote(self, campaign: str, *, force: bool = False) -> PromoteResult:
        """Copies the resolved tasks to the golden dataset. `force` (gonogo server): also below the threshold."""
        return await self.client.promote_campaign(await self._id(campaign), force)

    async def quality(self, campaign: str) -> QualityReport:
        """Returns agreement, consensus and annotator figures; a gonogo server adds its own under `gonogo`."""
        return await self.client.campaign_quality(await self._id(campaign))

    # --- people ---

    async def assignments(self, campaign: str) -> list[CampaignAssignmentPublic]:
        """Returns the people of a campaign."""
        return (await self.client.list_assignments(await self._id(campaign))).data

    async def assign(self, campaign: str, email: str, **fields: object) -> CampaignAssignmentCreated:
        """Invites a person; only this result holds the magic link's token. `role="reviewer"` on a gonogo server."""
        body = _model(CampaignAssignmentCreate, {"email": email, **fields})
        return await self.client.create_assignment(await self._id(campaign), body)

    # --- tasks ---

    async def tasks(self, campaign: str, status: str | None = None) -> AsyncIterator[LabelingTaskPublic]:
        """Yields the tasks of a campaign, page by page."""
        async with aclosing(self.task_pages(campaign, status)) as pages:
            async for page in pages:
                for task in page:
                    yield task

    async def task_pages(
        self, campaign: str, status: str | None = None
    ) -> AsyncGenerator[list[LabelingTaskPublic], None]:
        """Yields the same in lists, as they arrive."""
        campaign_id = await self._id(campaign)
        async for page in read_pages(
            lambda limit, cursor: self.client.list_tasks(campaign_id, status=status, limit=limit, cursor=cursor)
        ):
            yield page

    async def create_tasks(
        self, campaign: str, tasks: Iterable[LabelingTaskCreate | Mapping[str, object]]
    ) -> list[LabelingTaskPublic]:
        """Creates tasks, 1,000 in a request, and returns them. All are checked before the first is sent."""
        checked = [task if isinstance(task, LabelingTaskCreate) else _model(LabelingTaskCreate, task) for task in tasks]
        campaign_id = await self._id(campaign)
        created: list[LabelingTaskPublic] = []
        for start in range(0, len(checked), TASKS_A_REQUEST):
            body = LabelingTasksCreate(tasks=checked[start : start + TASKS_A_REQUEST])
            created += (await self.client.create_tasks(campaign_id, body)).data
        return created

    async def next_task(self, campaign: str) -> ServedTask | None:
        """Claims the next task of a campaign; `None` when nothing is left for this key."""
        return (await self.client.next_task(await self._id(campaign))).task

    async def submit(self, task_id: str, verdict: str, **fields: object) -> LabelSubmission:
        """Answers a task; `fields` are `corrected_value`, `confidence` and `duration_ms`."""
        return await self.client.submit(task_id, _model(LabelSubmit, {"verdict": verdict, **fields}))

    async def adjudicate(
        self, task_id: str, verdict: str, corrected_value: JsonObject | None = None
    ) -> LabelingTaskPublic:
        """Settles a task by an expert's decision."""
        ruling = _model(Adjudication, {"verdict": verdict, "corrected_value": corrected_value})
        return await self.client.adjudicate(task_id, ruling)

    async def export(self, campaign: str) -> AsyncIterator[JsonObject]:
        """Yields every task with its prediction, votes and outcome, as `gonogo export` writes it (gonogo server)."""
        async with aclosing(self.export_pages(campaign)) as pages:
            async for page in pages:
                for record in page:
                    yield record

    async def export_pages(self, campaign: str) -> AsyncGenerator[list[JsonObject], None]:
        """Yields the same in lists, as they arrive."""
        async with aclosing(self.client.export_pieces(await self._id(campaign))) as pieces:
            async for piece in pieces:
                yield [as_object(json.loads(line)) for line in piece.splitlines()]

    async def _id(self, campaign: str) -> str:
        if campaign not in self._ids:
            self._ids[campaign] = (await find_campaign(self.client, campaign)).id
        return self._ids[campaign]


class Labeling:
    """Blocking API of one server: the methods of `AsyncLabeling`, run in a thread of its own.

    Works in scripts, threads, and notebooks, whose event loop is already running.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 - frozen
    ) -> None:
        """Nothing is sent yet. Arguments and errors as of `AsyncLabeling`."""
        self.api = AsyncLabeling(base_url, api_key, transport=transport, network=network)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gonogo client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections, ends lists that are still read, and ends the thread. Idempotent."""
        if self._loop.is_closed():
            return
        try:
            self.run(self._loop.shutdown_asyncgens())
            self.run(self.api.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def run(self, operation: Coroutine[object, object, T]) -> T:
        """Runs any operation of `api` or `api.client` and returns its result; Ctrl+C cancels it."""
        if self._loop.is_closed():
            operation.close()
            raise InvalidInputError("This connection is closed.", next_step="Make a new `Labeling`.")
        future = asyncio.run_coroutine_threadsafe(operation, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def campaigns(self, status: str | None = None) -> Iterator[LabelingCampaignPublic]:
        """Yields campaigns; see `AsyncLabeling.campaigns`."""
        return iter(self.run(_list(self.api.campaigns(status))))

    def campaign(self, name_or_id: str) -> LabelingCampaignPublic:
        """Returns one campaign; see `AsyncLabeling.campaign`."""
        return self.run(self.api.campaign(name_or_id))

    def create_campaign(self, name: str, **settings: object) -> LabelingCampaignPublic:
        """Creates a campaign; see `AsyncLabeling.create_campaign`."""
        return self.run(self.api.create_campaign(name, **settings))

    def close_campaign(self, campaign: str) -> LabelingCampaignPublic:
        """Closes a campaign; see `AsyncLabeling.close_campaign`."""
        return self.run(self.api.close_campaign(campaign))

    def promote(self, campaign: str, *, force: bool = False) -> PromoteResult:
        """Copies resolved tasks to the golden dataset; see `AsyncLabeling.promote`."""
        return self.run(self.api.promote(campaign, force=force))

    def quality(self, campaign: str) -> QualityReport:
        """Returns the quality report; see `AsyncLabeling.quality`."""
        return self.run(self.api.quality(campaign))

    def assignments(self, campaign: str) -> list[CampaignAssignmentPublic]:
        """Returns the people of a campaign; see `AsyncLabeling.assignments`."""
        return self.run(self.api.assignments(campaign))

    def assign(self, campaign: str, email: str, **fields: object) -> CampaignAssignmentCreated:
        """Invites a person; see `AsyncLabeling.assign`."""
        return self.run(self.api.assign(campaign, email, **fields))

    def tasks(self, campaign: str, status: str | None = None) -> Iterator[LabelingTaskPublic]:
        """Yields the tasks of a campaign, page by page; see `AsyncLabeling.tasks`."""
        return self._items(self.api.task_pages(campaign, status))

    def create_tasks(
        self, campaign: str, tasks: Iterable[LabelingTaskCreate | Mapping[str, object]]
    ) -> list[LabelingTaskPublic]:
        """Creates tasks; see `AsyncLabeling.create_tasks`."""
        return self.run(self.api.create_tasks(campaign, tasks))

    def next_task(self, campaign: str) -> ServedTask | None:
        """Claims the next task; see `AsyncLabeling.next_task`."""
        return self.run(self.api.next_task(campaign))

    def submit(self, task_id: str, verdict: str, **fields: object) -> LabelSubmission:
        """Answers a task; see `AsyncLabeling.submit`."""
        return self.run(self.api.submit(task_id, verdict, **fields))

    def adjudicate(self, task_id: str, verdict: str, corrected_value: JsonObject | None = None) -> LabelingTaskPublic:
        """Settles a task; see `AsyncLabeling.adjudicate`."""
        return self.run(self.api.adjudicate(task_id, verdict, corrected_value))

    def export(self, campaign: str) -> Iterator[JsonObject]:
        """Yields every task with its votes and outcome; see `AsyncLabeling.export`."""
        return self._items(self.api.export_pages(campaign))

    def _items(self, pages: AsyncGenerator[list[T], None]) -> Iterator[T]:
        try:
            while (page := self.run(_next(pages))) is not None:
                yield from page
        finally:
            if not self._loop.is_closed():  # `close` has ended the pages
                self.run(pages.aclose())


async def _next(pages: AsyncGenerator[list[T], None]) -> list[T] | None:
    return await anext(pages, None)


async def _list(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


def _model(kind: type[M], fields: Mapping[str, object]) -> M:
    """Returns the model of these fields. Raises `InvalidInputError` for an unknown field or a value out of range."""
    unknown = sorted(set(fields) - set(kind.model_fields))
    if unknown:
        raise InvalidInputError(f"{kind.__name__} has no field {unknown[0]!r}.")
    try:
        return kind.model_validate({name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        raise InvalidInputError(f"{kind.__name__}: {misfits(error)}.") from error
