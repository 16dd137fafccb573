"""The labeling server as the desk sees it: the client's operations in the desk's own types.

Imports httpx and pydantic (by the client), so the desk loads it only after its first task is shown.
"""

from __future__ import annotations

from gonogo.client.errors import ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError
from gonogo.client.gonogo_api import GonogoClient
from gonogo.client.requests import PreparedRequest
from gonogo.client.responses import parse
from gonogo.desk.connection.protocol import ClaimStatus, Fetched, Receipt, WorkProgress
from gonogo.desk.core.serialize import task_from_served
from gonogo.schemas.gonogo_api import DrawingUrl, QueueView
from gonogo.schemas.labeling import LabelingTaskPublic, LabelSubmission
from gonogo.schemas.review import RulingMade


class HttpTaskServer:
    """One server, one credential. All methods raise the client's errors."""

    def __init__(self, client: GonogoClient) -> None:
        self.client = client
        self.extensions = False
        self.max_held: int | None = None

    async def greet(self) -> None:
        """Find out whether the server has our extensions."""
        found = await self.client.capabilities()
        self.extensions = found is not None
        self.max_held = max(1, found.max_held_claims) if found else None

    async def send(self, prepared: PreparedRequest) -> Receipt:
        """One try of what lies in the outbox: a verdict, or an expert's ruling."""
        if prepared.path.endswith(("/ruling", "/adjudicate")):
            return await self._rule(prepared)
        return await self.client.send(prepared)

    async def _rule(self, prepared: PreparedRequest) -> Receipt:
        answer = await self.client.answer(prepared, once=True)
        if prepared.path.endswith("/ruling"):
            made = parse(RulingMade, answer).ruling
            return LabelSubmission(id=made.id or "", task_id=made.task_id, verdict=made.verdict)
        task = parse(LabelingTaskPublic, answer)
        return LabelSubmission(id=task.id, task_id=task.id)

    async def next_task(self, campaign_id: str, idempotency_key: str) -> Fetched:
        served = await self.client.next_task(campaign_id, idempotency_key=idempotency_key)
        if served.task is None:
            return Fetched(None)
        return Fetched(task_from_served(served.task.model_dump(), campaign_id), served.expires_in)

    async def renew(self, task_id: str) -> ClaimStatus:
        state = await self.client.renew(task_id)
        return ClaimStatus(state.held, state.expires_in)

    async def release(self, task_id: str) -> None:
        await self.client.release(task_id)

    async def standing(self, campaign_id: str) -> WorkProgress | None:
        """How far the work is; `None` when this credential may not know."""
        try:
            if self.extensions:
                return _of_queue(await self.client.queue(campaign_id))
            campaign = await self.client.get_campaign(campaign_id)
        except (PermissionDeniedError, NotFoundError, ConflictError, InvalidRequestError):
            return None
        return WorkProgress(
            campaign.name or "", campaign.resolved_count, campaign.task_count, closed=campaign.status == "closed"
        )

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
        view.campaign_status in ("closed", "promoted"),
        view.held_by_others.n_tasks,
        view.held_by_others.until or "",
        view.in_review,
        view.waits_because or "",
    )
