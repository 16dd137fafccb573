"""Server protocol: declares the operations of a labeling server that a session uses. No network libraries: it is on
the start path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gonogo.client.transport.requests import PreparedRequest, RequestKind
from gonogo.desk.core.models import ClaimedTask
from gonogo.sheets.models import DrawingAddress


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """State of a claim: whether it is still ours, and for how many seconds."""

    held: bool
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """Progress of a campaign. `done` and `total` are this person's; `None` where the server has only the campaign's.

    `unit` is the drawings' unit of lengths without one; empty while it is not known. With `grouping` equal values are
    asked on one page.
    """

    campaign_name: str = ""
    done: int | None = None
    total: int | None = None
    guideline: str = ""
    closed: bool = False
    held_by_others: int = 0
    held_until: str = ""
    in_review: int = 0
    waits_because: str = ""
    unit: str = ""
    grouping: bool = False


class Receipt(Protocol):
    """Receipt of a stored verdict or ruling."""

    @property
    def id(self) -> str: ...
    @property
    def task_id(self) -> str | None: ...
    @property
    def verdict(self) -> str | None: ...


class TaskServer(Protocol):
    """Labeling server under one credential. All methods raise `GonogoClientError`; nothing is retried here."""

    extensions: bool
    takes_notes: bool | None
    takes_amendments: bool | None
    max_held: int | None
    max_grouped: int | None

    async def discover_capabilities(self) -> None: ...
    async def send(self, request: PreparedRequest, kind: RequestKind) -> Receipt: ...
    async def next_task(self, campaign_id: str, idempotency_key: str) -> ClaimedTask | None: ...
    async def next_group(self, campaign_id: str, limit: int, idempotency_key: str) -> list[ClaimedTask]: ...
    async def renew(self, task_id: str) -> ClaimStatus: ...
    async def release(self, task_id: str) -> None: ...
    async def progress(self, campaign_id: str) -> WorkProgress | None: ...
    async def drawing_url(self, part_revision_id: str) -> DrawingAddress: ...
    async def aclose(self) -> None: ...
