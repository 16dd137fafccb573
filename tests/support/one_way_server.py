"""Server that only takes answers, without HTTP: for what the outbox does with each outcome."""

from __future__ import annotations

from dataclasses import dataclass, field

from gonogo.client.errors import GonogoClientError
from gonogo.client.transport.requests import PreparedRequest, RequestKind
from gonogo.desk.connection.server_protocol import ClaimStatus, WorkProgress
from gonogo.desk.core.models import ClaimedTask
from gonogo.sheets.models import DrawingAddress


def task_of(request: PreparedRequest) -> str:
    """The task that a submission is for."""
    return request.path.split("/")[-2]


@dataclass(frozen=True)
class Stored:
    id: str
    task_id: str | None = None
    verdict: str | None = None


@dataclass
class OneWayServer:
    """Takes every answer, or raises `fails`, for all tasks or those of `fails_for`; `sent` keeps what arrived."""

    fails: GonogoClientError | None = None
    fails_for: tuple[str, ...] = ()
    sent: list[tuple[PreparedRequest, RequestKind]] = field(default_factory=list)
    extensions: bool = True
    max_held: int | None = 5
    max_grouped: int | None = None
    takes_notes: bool | None = False
    takes_amendments: bool | None = False

    async def send(self, request: PreparedRequest, kind: RequestKind) -> Stored:
        self.sent.append((request, kind))
        if self.fails is not None and (not self.fails_for or task_of(request) in self.fails_for):
            raise self.fails
        return Stored(f"s{len(self.sent)}")

    async def discover_capabilities(self) -> None:
        return None

    async def next_task(self, campaign_id: str, idempotency_key: str) -> ClaimedTask | None:
        raise NotImplementedError

    async def next_group(self, campaign_id: str, limit: int, idempotency_key: str) -> list[ClaimedTask]:
        raise NotImplementedError

    async def renew(self, task_id: str) -> ClaimStatus:
        raise NotImplementedError

    async def release(self, task_id: str) -> None:
        raise NotImplementedError

    async def progress(self, campaign_id: str) -> WorkProgress | None:
        raise NotImplementedError

    async def drawing_url(self, part_revision_id: str) -> DrawingAddress:
        raise NotImplementedError

    async def aclose(self) -> None:
        return None
