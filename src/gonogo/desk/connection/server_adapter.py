"""Server adapter: calls the API client for a session and converts its responses to the desk's own types.

Imports httpx and pydantic (by the client), so a session loads it only after its first task is shown.
"""

from __future__ import annotations

from gonogo.client.errors import ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.requests import PreparedRequest, RequestKind
from gonogo.client.transport.response_parsing import parse
from gonogo.desk.connection.server_protocol import ClaimStatus, Receipt, WorkProgress
from gonogo.desk.core.models import ClaimedTask
from gonogo.desk.core.serialize import task_from_served
from gonogo.schemas.gonogo_api import DrawingUrl, HelpAsked, QueueView
from gonogo.schemas.labeling import LabelingTaskPublic, LabelSubmission
from gonogo.schemas.review import RulingMade
from gonogo.schemas.statuses import takes_answers


class HttpTaskServer:
    """Labeling server over HTTP. All methods raise the client's errors."""

    def __init__(self, client: GonogoClient) -> None:
        self.client = client
        self.extensions = False
        self.takes_notes: bool | None = None
        self.takes_amendments: bool | None = None
        self.max_held: int | None = None
        self.max_grouped: int | None = None

    async def discover_capabilities(self) -> None:
        """Asks whether the server has our extensions."""
        capabilities = await self.client.capabilities()
        self.extensions = capabilities is not None
        extensions = capabilities.extensions if capabilities is not None else []
        self.takes_notes, self.takes_amendments = "notes" in extensions, "amendments" in extensions
        self.max_held = max(1, capabilities.max_held_claims) if capabilities else None
        self.max_grouped = capabilities.max_grouped_claims if capabilities else None

    async def send(self, request: PreparedRequest, kind: RequestKind) -> Receipt:
        """Sends one row of the outbox, once, byte for byte."""
        response = await self.client.exchange(request)
        if kind is RequestKind.RULING:
            ruling = parse(RulingMade, response).ruling
            return LabelSubmission(id=ruling.id or "", task_id=ruling.task_id, verdict=ruling.verdict)
        if kind is RequestKind.ADJUDICATION:
            task = parse(LabelingTaskPublic, response)
            return LabelSubmission(id=task.id, task_id=task.id)
        if kind is RequestKind.HELP:
            asked = parse(HelpAsked, response)
            return LabelSubmission(id=asked.id, task_id=asked.task_id)
        return parse(LabelSubmission, response)

    async def next_task(self, campaign_id: str, idempotency_key: str) -> ClaimedTask | None:
        """Claims a task; the prefetcher dates its lease."""
        served = await self.client.next_task(campaign_id, idempotency_key=idempotency_key)
        if served.task is None:
            return None
        return ClaimedTask(task_from_served(served.task.model_dump(), campaign_id), lease=served.expires_in)

    async def next_group(self, campaign_id: str, limit: int, idempotency_key: str) -> list[ClaimedTask]:
        """Claims a page of tasks whose values are equal; empty when nothing is left."""
        group = await self.client.next_group(campaign_id, limit, idempotency_key=idempotency_key)
        page = idempotency_key if len(group.tasks) > 1 else ""
        return [
            ClaimedTask(task_from_served(task.model_dump(), campaign_id), lease=group.expires_in, page=page)
            for task in group.tasks
        ]

    async def renew(self, task_id: str) -> ClaimStatus:
        state = await self.client.renew(task_id)
        return ClaimStatus(state.held, state.expires_in)

    async def release(self, task_id: str) -> None:
        await self.client.release(task_id)

    async def progress(self, campaign_id: str) -> WorkProgress | None:
        """Returns the campaign's progress; `None` when this credential may not read it."""
        try:
            if self.extensions:
                return _of_queue(await self.client.queue(campaign_id))
            campaign = await self.client.get_campaign(campaign_id)
        except (PermissionDeniedError, NotFoundError, ConflictError, InvalidRequestError):
            return None
        return WorkProgress(campaign.name or "", closed=not takes_answers(campaign.status))

    async def drawing_url(self, part_revision_id: str) -> DrawingUrl:
        return await self.client.drawing_url(part_revision_id)

    async def aclose(self) -> None:
        await self.client.aclose()


def _of_queue(view: QueueView) -> WorkProgress:
    return WorkProgress(
        view.campaign_name or "",
        view.done_by_me,
        view.done_by_me + view.left_for_me,
        view.guideline or "",
        not takes_answers(view.campaign_status),
        view.held_by_others.n_tasks,
        view.held_by_others.until or "",
        view.in_review,
        view.waits_because or "",
        view.unit or "",
        view.grouping,
    )
