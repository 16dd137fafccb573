"""Data classes of the desk: tasks, decisions, and the state that the screen shows. No terminal, network or pydantic."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gonogo.json_types import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class DeskTask:
    """Task to judge, cleaned and ready to show.

    `predicted_value` is any JSON; `bbox` is `drawing_bbox` as served, as is `position`; `links` are the non-empty ids
    in reading order, such as `("feature", "7a31…")`. `other_readings` are values that others read in the same place,
    which show only once the value is corrected.
    """

    id: str
    campaign_id: str
    prompt: str
    predicted_value: JsonValue
    target_kind: str = ""
    detail_kind: str = ""
    field_name: str = ""
    field_path: str = ""
    bbox: tuple[float, ...] | None = None
    part_revision_id: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    n_required: int | None = None
    position: tuple[float, ...] | None = None
    other_readings: tuple[JsonValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """Task claimed for this session. `expires_at` is on the boot clock; `lease` is its whole length in seconds.

    `claimed` is false for one restored from the last run until the server has confirmed the claim.
    `again` is the number of the refused answer for which the question is asked again, or, with `amends`, of a delivered
    one that is to be changed; then there is no claim.
    `page` names the page of equal values that it was claimed with; empty for one that is asked alone.
    """

    task: DeskTask
    expires_at: float | None = None
    lease: float | None = None
    claimed: bool = True
    again: int = 0
    amends: bool = False
    page: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """Time of one decision by activity, in milliseconds; `duration_ms` is looking + editing.

    `idle` is time out of focus or beyond the idle limit; `focus_known` is false when the terminal never reported
    its focus, so that the time is known by the keys only.
    """

    looking: int
    editing: int = 0
    idle: int = 0
    waiting: int = 0
    focus_known: bool = False

    @property
    def duration_ms(self) -> int:
        return self.looking + self.editing


HELP: Final = "help"
"""`Decision.verdict` of a question that is given to the lead instead of being answered."""


@dataclass(frozen=True, slots=True)
class TaskNote:
    """Note of a person on a question: a reason of `NOTE_REASONS`, own words, or both; false when empty."""

    reason: str = ""
    words: str = ""

    def __bool__(self) -> bool:
        return bool(self.reason or self.words)


@dataclass(frozen=True, slots=True)
class Decision:
    """Answer of a person, before it is a request."""

    verdict: str
    corrected_value: JsonObject | None = None
    confidence: float | None = None
    times: Times = field(default_factory=lambda: Times(0))
    note: TaskNote = field(default_factory=TaskNote)
    group_size: int = 1
    """Questions that were confirmed at once, this one included; its times are its share of the page's."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Line of the history: the task, the answer, and its delivery state.

    `number` is its row in the outbox. Not `final`: another answer may be accepted where this one was refused.
    """

    task: DeskTask
    decision: Decision
    state: SendState
    detail: str = ""
    number: int = 0
    final: bool = True


class SendState(StrEnum):
    """Delivery state of an answer. Each is shown by its word, never by colour alone."""

    ON_DESK = "on desk"  # saved, can be taken back
    QUEUED = "queued"  # saved, will be sent
    SENDING = "sending"
    SENT = "sent"  # the server has it and said so
    LATE = "kept late"  # stored by the server, not counted
    PARKED = "parked"  # refused; kept here with its reason
    REPLACED = "replaced"  # refused, and answered again since


UNSENT = (SendState.ON_DESK, SendState.QUEUED, SendState.SENDING)
"""States of an answer that is still to reach the server."""
AMENDABLE = (SendState.QUEUED, SendState.SENDING, SendState.SENT)
"""States of an answer that the server has or will have, so that another one can change it."""


class Stage(StrEnum):
    """Stage of a session: what the screen shows."""

    LOADING = "loading"
    TASK = "task"
    DRAINED = "drained"
    OFFLINE = "offline"
    SIGNED_OUT = "signed out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SessionState:
    """Snapshot of a session for the screen. `retry_in`: seconds until the next try, when offline.

    `pace` is seconds a verdict (the median of the last 20, with the waiting between them), `left_seconds` the time
    for the rest at that pace; both `None` while unknown.
    `message` says what happened and `next_step` what to do; both are empty when all is well.
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
