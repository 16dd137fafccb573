"""Server adapter for reviewers: fetches queue and cases and sends rulings, on a gonogo server or a standard ARCNM
one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gonogo.client.errors import NotFoundError, PermissionDeniedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.page_reader import read_what_there_is
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.connection.server_protocol import WorkProgress
from gonogo.desk.core.serialize import task_from_served
from gonogo.desk.review.models import Case, QueuePage, QueueRow, ReviewFilters
from gonogo.schemas.labeling import LabelingTaskPublic
from gonogo.schemas.review import ReviewItem
from gonogo.schemas.statuses import is_settled, takes_answers
from gonogo.schemas.verdicts import VERDICTS

PAGE = 200
_RECORD = (
    ("claimed by", "claimed_by_annotator_account_id"),
    ("claimed by", "claimed_by_user_id"),
    ("claimed at", "claimed_at"),
    ("claim ends", "claim_expires_at"),
    ("created", "created_at"),
    ("settled", "resolved_at"),
)
"""Published facts of a task: the name shown, and the field."""


class ReviewServer(HttpTaskServer):
    """Labeling server with a review queue, over HTTP. All methods raise the client's errors.

    `part_of` returns the name of a part revision's part, empty where it is unknown; `words` are the server's words for
    verdicts, by ours.
    """

    def __init__(
        self,
        client: GonogoClient,
        part_of: Callable[[str], str] = lambda revision: "",
        words: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(client)
        self._part_of = part_of
        self._verdicts = {word: verdict for verdict, word in (words or {}).items() if verdict in VERDICTS}

    async def page(
        self, campaign_id: str, filters: ReviewFilters, cursor: str | None, *, causes: bool = False
    ) -> QueuePage:
        """Returns one page of the queue, worst expected harm first, with the causes of the conflicts on request.

        A plain server names no cause; see `_plain_page`.
        """
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
            reason="any" if filters.noted else None,
            sample=filters.sample,
            causes=causes,
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
            campaign.name or "", campaign.resolved_count, campaign.task_count, closed=not takes_answers(campaign.status)
        )

    async def _plain_page(self, campaign_id: str, filters: ReviewFilters) -> QueuePage:
        """Returns the unresolved tasks that have their votes, or those of the status in `filters`.

        The published fields tell no conflict, so the order is by agreement × confidence, lowest first. The other
        filters are applied here.
        """
        tasks, count = await read_what_there_is(
            lambda limit, cursor: self.client.list_tasks(
                campaign_id, status=filters.status or None, limit=limit, cursor=cursor
            )
        )
        listed = [task for task in tasks if filters.status or _waits(task)]
        rows = [self._plain_row(task, campaign_id) for task in sorted(listed, key=_doubt)]
        rows = [row for row in rows if _matches(row, filters)]
        statuses = tuple({task.status for task in tasks if task.status})
        return QueuePage(tuple(rows), len(rows), unseen=count - len(tasks), statuses=statuses)

    def _plain_row(self, task: LabelingTaskPublic, campaign_id: str) -> QueueRow:
        verdict = task.consensus_verdict or ""
        return QueueRow(
            task=task_from_served(task.model_dump(), campaign_id),
            status=task.status or "",
            why="plain",
            part=self._part_of(task.part_revision_id) if task.part_revision_id else "",
            n_votes=task.submission_count or 0,
            leading=self._verdicts.get(verdict, verdict),
            agreement=task.agreement,
            confidence=task.predicted_confidence,
            record=_record(task),
        )


def _waits(task: LabelingTaskPublic) -> bool:
    """Returns whether a task has its votes, and no result; statuses of other servers are words of their own."""
    settled = task.resolved_at is not None or is_settled(task.status)
    return not settled and not task.is_gold and (task.submission_count or 0) >= max(1, task.n_required or 1)


def _doubt(task: LabelingTaskPublic) -> float:
    """Sort key: agreement × confidence; what a server leaves out counts as one half."""
    agreement, confidence = task.agreement, task.predicted_confidence
    return (0.5 if agreement is None else agreement) * (0.5 if confidence is None else confidence)


def _row(item: ReviewItem, campaign_id: str) -> QueueRow:
    task = item.task
    return QueueRow(
        task=task_from_served(task.model_dump(), campaign_id),
        status=task.status or "",
        harm=item.harm,
        posterior=item.posterior,
        why=item.why,
        part=item.part or "",
        n_votes=sum(item.verdicts.values()),
        verdicts=tuple(item.verdicts.items()),
        n_values=item.n_values,
        answers=tuple(item.answers),
        likely=item.likely,
        adjudicated=item.adjudicated,
        agreement=task.agreement,
        confidence=task.predicted_confidence,
        record=_record(task),
        reasons=tuple(item.reasons.items()),
        cause=item.cause,
    )


def _record(task: LabelingTaskPublic) -> tuple[tuple[str, str], ...]:
    values = ((name, getattr(task, field)) for name, field in _RECORD)
    return tuple((name, str(value)) for name, value in values if value)


def _matches(row: QueueRow, filters: ReviewFilters) -> bool:
    task = row.task
    if filters.kind and filters.kind not in (task.target_kind, task.detail_kind):
        return False
    if filters.sheet and filters.sheet.casefold() not in (
        (task.part_revision_id or "").casefold(),
        row.part.casefold(),
    ):
        return False
    text = f"{task.prompt} {task.field_name} {task.field_path} {task.predicted_value} {row.part}"
    return filters.text.casefold() in text.casefold()
