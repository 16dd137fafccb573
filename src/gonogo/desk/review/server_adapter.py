"""The server as a reviewer's desk sees it: queue, cases and rulings, on our own server and on a plain ARCNM one."""

from __future__ import annotations

from gonogo.client.errors import NotFoundError, PermissionDeniedError
from gonogo.desk.connection.protocol import WorkProgress
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.core.serialize import task_from_served
from gonogo.desk.review.models import Case, QueuePage, QueueRow, ReviewFilters
from gonogo.schemas.labeling import LabelingTaskPublic
from gonogo.schemas.review import ReviewItem

PAGE = 200
PLAIN_PAGE = 500
"""A plain server has no pages: this is the most it may be asked for at once."""


class ReviewServer(HttpTaskServer):
    """One server, one credential. All methods raise the client's errors."""

    async def page(self, campaign_id: str, filters: ReviewFilters, cursor: str | None) -> QueuePage:
        """One page of the queue, worst expected harm first; a plain server gives its newest tasks in review."""
        if not self.extensions:
            return await self._plain_page(campaign_id, filters)
        found = await self.client.review_queue(
            campaign_id,
            cursor=cursor,
            limit=PAGE,
            status=filters.status or None,
            kind=filters.kind or None,
            annotator=filters.annotator or None,
            sheet=filters.sheet or None,
            text=filters.text or None,
            sample=filters.sample,
        )
        rows = tuple(_row(item, campaign_id) for item in found.data)
        return QueuePage(rows, found.count, found.hidden_own, found.next_cursor)

    async def case(self, row: QueueRow, names: bool) -> Case:
        """Everything about one task; on a plain server that is what the list already said."""
        if not self.extensions:
            return Case(row)
        detail = await self.client.review_task(row.task.id, names=names)
        return Case(row, detail, names)

    async def standing(self, campaign_id: str) -> WorkProgress | None:
        """The campaign's name and how far it is; `None` when this credential may not know."""
        try:
            found = await self.client.get_campaign(campaign_id)
        except (PermissionDeniedError, NotFoundError):
            return await super().standing(campaign_id)
        return WorkProgress(found.name or "", found.resolved_count, found.task_count, closed=found.status == "closed")

    async def _plain_page(self, campaign_id: str, filters: ReviewFilters) -> QueuePage:
        """The filters a plain server does not know are applied here, to what it gave."""
        found = await self.client.list_tasks(campaign_id, status=filters.status or "in_review", limit=PLAIN_PAGE)
        rows = tuple(_plain_row(task, campaign_id) for task in found.data if _wanted(task, filters))
        return QueuePage(rows, len(rows))


def _row(item: ReviewItem, campaign_id: str) -> QueueRow:
    task = item.task
    return QueueRow(
        task=task_from_served(task.model_dump(), campaign_id),
        status=task.status or "",
        harm=item.harm,
        posterior=item.posterior,
        why=item.why,
        verdicts=tuple(item.verdicts.items()),
        n_values=item.n_values,
        adjudicated=item.adjudicated,
        agreement=task.agreement,
        confidence=task.predicted_confidence,
    )


def _plain_row(task: LabelingTaskPublic, campaign_id: str) -> QueueRow:
    given = ((task.consensus_verdict or "votes", task.submission_count),) if task.submission_count else ()
    return QueueRow(
        task=task_from_served(task.model_dump(), campaign_id),
        status=task.status or "",
        why="plain",
        verdicts=given,
        agreement=task.agreement,
        confidence=task.predicted_confidence,
    )


def _wanted(task: LabelingTaskPublic, filters: ReviewFilters) -> bool:
    if filters.kind and filters.kind not in (task.target_kind, task.detail_kind):
        return False
    if filters.sheet and filters.sheet != task.part_revision_id:
        return False
    shown = f"{task.prompt} {task.field_name} {task.field_path} {task.predicted_value} {task.consensus_value}"
    return filters.text.casefold() in shown.casefold()
