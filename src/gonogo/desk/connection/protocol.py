"""What the desk learns from a server, without anything of the network: on the start path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gonogo.client.requests import PreparedRequest
from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import DrawingAddress


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer of next-task; `expires_in` in seconds, `None` where the server does not say."""

    task: DeskTask | None
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """Whether a claim is still ours, and for how many seconds."""

    held: bool
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """How far the campaign is. `done` and `total` are this person's where the server tells, else the campaign's."""

    campaign_name: str = ""
    done: int | None = None
    total: int | None = None
    guideline: str = ""
    closed: bool = False
    held_by_others: int = 0
    held_until: str = ""
    in_review: int = 0
    waits_because: str = ""


class Receipt(Protocol):
    """What the server says it has stored."""

    @property
    def id(self) -> str: ...
    @property
    def task_id(self) -> str | None: ...
    @property
    def verdict(self) -> str | None: ...


class TaskServer(Protocol):
    """A labeling server under one credential. All methods raise `GonogoClientError`."""

    extensions: bool
    max_held: int | None

    async def greet(self) -> None: ...
    async def send(self, prepared: PreparedRequest) -> Receipt: ...
    async def next_task(self, campaign_id: str, idempotency_key: str) -> Fetched: ...
    async def renew(self, task_id: str) -> ClaimStatus: ...
    async def release(self, task_id: str) -> None: ...
    async def standing(self, campaign_id: str) -> WorkProgress | None: ...
    async def drawing_url(self, part_revision_id: str) -> DrawingAddress: ...
    async def aclose(self) -> None: ...
