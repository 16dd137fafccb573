"""Tour: five questions with known answers that teach the keys at the first start of the demo.

The demo leaves the lessons in a file; reading it deletes it, so that the tour comes once. The session of a tour is an
`AnnotateSession` like any other, over a server that is nothing but these questions: undo and outbox are the real ones.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gonogo.client.transport.requests import PreparedRequest, RequestKind
from gonogo.desk.connection.server_protocol import ClaimStatus, TaskServer, WorkProgress
from gonogo.desk.core.models import ClaimedTask, DeskTask
from gonogo.desk.core.paths import AppPaths, private_file
from gonogo.desk.core.serialize import task_from_json, task_to_json
from gonogo.sheets.models import DrawingAddress

LEASE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """Question that teaches `correct`, `incorrect`, `fix`, `undo` or `context`; `truth` is the value drawn."""

    teaches: str
    task: DeskTask
    truth: str


@dataclass(frozen=True, slots=True)
class TourReceipt:
    """Receipt of an answer in the tour, which nobody keeps."""

    id: str = "tour"
    task_id: str | None = None
    verdict: str | None = None


def save_lessons(home: AppPaths, campaign_id: str, lessons: Sequence[Lesson]) -> None:
    """Leaves the lessons for the next start in the campaign. Raises `OSError`."""
    rows = [{"teaches": each.teaches, "task": task_to_json(each.task), "truth": each.truth} for each in lessons]
    text = json.dumps({"campaign_id": campaign_id, "lessons": rows}, ensure_ascii=False)
    private_file(_file(home)).write_text(text, encoding="utf-8")


def take_lessons(home: AppPaths, campaign_id: str) -> list[Lesson]:
    """Returns the lessons that are left for a campaign, once; empty when there are none. Never raises."""
    try:
        data = json.loads(_file(home).read_text(encoding="utf-8"))
        if data["campaign_id"] != campaign_id:
            return []
        lessons = [
            Lesson(str(row["teaches"]), task_from_json(row["task"]), str(row["truth"])) for row in data["lessons"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        lessons = []
    drop_lessons(home)
    return lessons


def drop_lessons(home: AppPaths) -> None:
    """Deletes the lessons: no tour will be shown."""
    with suppress(OSError):
        _file(home).unlink(missing_ok=True)


class TourServer:
    """Server of a tour: each question once, any answer taken. Drawings come from the campaign's own server."""

    extensions = True
    takes_notes: bool | None = False
    takes_amendments: bool | None = False
    max_held: int | None = 5
    max_grouped: int | None = None

    def __init__(self, lessons: Sequence[Lesson], connect: Callable[[], Awaitable[TaskServer]]) -> None:
        self._connect = connect
        self._drawings: TaskServer | None = None
        self._left = deque(lesson.task for lesson in lessons)
        self._total = len(lessons)
        self._done = 0

    async def discover_capabilities(self) -> None:
        return None

    async def send(self, request: PreparedRequest, kind: RequestKind) -> TourReceipt:
        self._done += 1
        return TourReceipt()

    async def next_task(self, campaign_id: str, idempotency_key: str) -> ClaimedTask | None:
        return ClaimedTask(self._left.popleft(), lease=LEASE_SECONDS) if self._left else None

    async def next_group(self, campaign_id: str, limit: int, idempotency_key: str) -> list[ClaimedTask]:
        task = await self.next_task(campaign_id, idempotency_key)
        return [] if task is None else [task]

    async def renew(self, task_id: str) -> ClaimStatus:
        return ClaimStatus(held=True, expires_in=LEASE_SECONDS)

    async def release(self, task_id: str) -> None:
        return None

    async def progress(self, campaign_id: str) -> WorkProgress | None:
        return WorkProgress("A short tour", self._done, self._total)

    async def drawing_url(self, part_revision_id: str) -> DrawingAddress:
        if self._drawings is None:
            self._drawings = await self._connect()
        return await self._drawings.drawing_url(part_revision_id)

    async def aclose(self) -> None:
        if self._drawings is not None:
            await self._drawings.aclose()


def _file(home: AppPaths) -> Path:
    return home.data() / "tour.json"
