"""What lies on the desk: tasks, decisions and the state the screen shows. No terminal, no network, no pydantic."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class DeskTask:
    """One question, cleaned and ready to show.

    `predicted_value` is any JSON; `bbox` is `drawing_bbox` as served; `links` are the non-empty ids in reading
    order, such as `("feature", "7a31…")`.
    """

    id: str
    campaign_id: str
    prompt: str
    predicted_value: Any
    target_kind: str = ""
    detail_kind: str = ""
    field_name: str = ""
    field_path: str = ""
    bbox: tuple[float, ...] | None = None
    part_revision_id: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    n_required: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """Task claimed for this session. `expires_at` is on the boot clock; `lease` is its whole length in seconds.

    `claimed` is false for one restored from the last run until the server has confirmed the claim.
    `again` is the number of the refused answer for which the question is asked again; then there is no claim.
    """

    task: DeskTask
    expires_at: float | None = None
    lease: float | None = None
    claimed: bool = True
    again: int = 0


@dataclass(frozen=True, slots=True)
class Times:
    """Where the time of one decision went, in milliseconds; `duration_ms` is looking + editing.

    `idle` is time out of focus or beyond the idle limit; `focus_known` is false when the terminal never reported
    its focus, so that the time is known only by the keys.
    """

    looking: int
    editing: int = 0
    idle: int = 0
    waiting: int = 0
    focus_known: bool = False

    @property
    def duration_ms(self) -> int:
        return self.looking + self.editing


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's answer, before it is put into bytes."""

    verdict: str
    corrected_value: dict[str, Any] | None = None
    confidence: float | None = None
    times: Times = field(default_factory=lambda: Times(0))


@dataclass(frozen=True, slots=True)
class Decided:
    """One line of the history: the task, the answer, and what became of it.

    `number` is its row in the outbox. Not `final`: refused in a way that another answer may not be.
    """

    task: DeskTask
    decision: Decision
    state: SendState
    detail: str = ""
    number: int = 0
    final: bool = True


class SendState(StrEnum):
    """Where a verdict is. Each is shown with its word, never by colour alone."""

    ON_DESK = "on desk"  # saved, can be taken back
    QUEUED = "queued"  # saved, will be sent
    SENDING = "sending"
    SENT = "sent"  # the server has it and said so
    LATE = "kept late"  # stored by the server, not counted
    PARKED = "parked"  # refused; kept here with its reason
    REPLACED = "replaced"  # refused, and answered again since


class Stage(StrEnum):
    """What the annotate screen is showing."""

    LOADING = "loading"
    TASK = "task"
    DRAINED = "drained"
    OFFLINE = "offline"
    SIGNED_OUT = "signed out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SessionState:
    """A snapshot for the screen. `retry_in` is in seconds until the next try, when offline.

    `pace` is seconds a verdict (the median of the last 20, with the waiting between them), `left_seconds` the time
    the rest takes at that pace; both `None` while they cannot be known, or when the settings hide them.
    `message` says what happened and `next_step` what to do, in words; both empty when all is well.
    """

    stage: Stage
    campaign_name: str = ""
    done: int = 0
    total: int | None = None
    ahead: int = 0
    unsent: int = 0
    parked: int = 0
    can_undo: bool = False
    message: str = ""
    next_step: str = ""
    retry_in: float | None = None
    pace: float | None = None
    left_seconds: float | None = None
    recent: tuple[Decided, ...] = ()
