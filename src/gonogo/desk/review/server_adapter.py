"""Server adapter for reviewers: fetches queue and cases and sends rulings, on a gonogo server or a standard ARCNM
one.
"""

from __future__ import annotations

from gonogo.client.errors import NotFoundError, PermissionDeniedError
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.connection.server_protocol import WorkProgress
from gonogo.desk.core.serialize import task_from_served
from gonogo.desk.review.models import Case, QueuePage, QueueRow, ReviewFilters
from gonogo.schemas.labeling import LabelingTaskPublic
from gonogo.schemas.review import ReviewItem

PAGE = 200
PLAIN_PAGE = 500
"""Most tasks that a plain server, which has no pages, may be asked for at once."""


class ReviewServer(HttpTaskServer):
    """Labeling server with a review queue, over HTTP. All methods raise the client's errors."""

    async def page(self, campaign_id: str, filters: ReviewFilters, cursor: str | None) -> QueuePage:
        """Returns one page of the queue, worst expected harm first; of a plain server its newest tasks in review."""
        if not self.extensions:
            return await self._plain_page(campaign_id, filters)
        page = await self.client.review_queue(
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
        rows = tuple(_row(item, campaign_id) for item in page.data)
        return QueuePage(rows, page.count, page.hidden_own, page.next_cursor)

    async def case(self, row: QueueRow, names: bool) -> Case:
        """Returns everything about one task; of a plain server only the row itself."""
        if not self.extensions:
            return Case(row)
        detail = await self.client.review_task(row.task.id, names=names)
        return Case(row, detail, names)

    async def progress(self, campaign_id: str) -> WorkProgress | None:
        """Returns the campaign's name and progress; `None` when this credential may not read it."""
        try:
            campaign = await self.client.get_campaign(campaign_id)
        except (PermissionDeniedError, NotFoundError):
            return await super().progress(campaign_id)
        return WorkProgress(
            campaign.name or "", campaign.resolved_count, campaign.task_count, closed=campaign.status == "closed"
        )

    async def _plain_page(self, campaign_id: str, filters: ReviewFilters) -> QueuePage:
        """Returns the plain server's tasks; filters that it does not know are applied here."""
        tasks = await self.client.list_tasks(campaign_id, status=filters.status or "in_review", limit=PLAIN_PAGE)
        rows = tuple(_plain_row(task, campaign_id) for task in tasks.data if _matches(task, filters))
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
    verdicts = ((task.consensus_verdict or "votes", task.submission_count),) if task.submission_count else ()
    return QueueRow(
        task=task_from_served(task.model_dump(), campaign_id),
        status=task.status or "",
        why="plain",
        verdicts=verdicts,
        agreement=task.agreement,
        confidence=task.predicted_confidence,
    )


def _matches(task: LabelingTaskPublic, filters: ReviewFilters) -> bool:
    if filters.kind and filters.kind not in (task.target_kind, task.detail_kind):
        return False
    if filters.sheet and filters.sheet != task.part_revision_id:
        return False
    text = f"{task.prompt} {task.field_name} {task.field_path} {task.predicted_value} {task.consensus_value}"
    return filters.text.casefold() in text.casefold()
