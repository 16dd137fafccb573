"""Data classes of a review: rows of the queue, a case with its votes, a ruling. No terminal, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gonogo.desk.core.models import DeskTask, SendState

if TYPE_CHECKING:
    from gonogo.schemas.review import ReviewDetail


@dataclass(frozen=True, slots=True)
class ReviewFilters:
    """Filters of the queue. `status` empty: what needs an expert; `sample` adds settled tasks to it."""

    status: str = ""
    kind: str = ""
    annotator: str = ""
    sheet: str = ""
    text: str = ""
    sample: bool = False

    @property
    def any(self) -> bool:
        return self != ReviewFilters()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Row of the queue. `verdicts` are the counted votes (word, how many); `harm` is `None` where unknown."""

    task: DeskTask
    status: str = ""
    harm: float | None = None
    posterior: float | None = None
    why: str = ""
    verdicts: tuple[tuple[str, int], ...] = ()
    n_values: int = 0
    adjudicated: bool = False
    agreement: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Page of the queue. `count`: length of the whole list; `hidden_own`: waiting tasks that this expert voted on;
    `unseen`: tasks of the campaign that the server has, but does not list.
    """

    rows: tuple[QueueRow, ...]
    count: int
    hidden_own: int = 0
    cursor: str | None = None
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """Case to rule on: a row with its votes; `detail` is `None` on a server that has no list of votes."""

    row: QueueRow
    detail: ReviewDetail | None = None
    names: bool = False

    @property
    def task(self) -> DeskTask:
        return self.row.task

    @property
    def settled_before(self) -> bool:
        """Whether the task has a ruling already, which another one would replace."""
        return self.detail.adjudicated if self.detail is not None else self.row.adjudicated


@dataclass(frozen=True, slots=True)
class Ruling:
    """Decision of an expert, before it is a request. `override` replaces an earlier ruling knowingly."""

    verdict: str
    value: dict[str, Any] | None = None
    note: str = ""
    error_type: str = ""
    gold: bool = False
    override: bool = False


@dataclass(frozen=True, slots=True)
class Ruled:
    """Ruling of this session with its delivery state; `detail` gives the reason when it was refused."""

    number: int
    ruling: Ruling
    state: SendState
    detail: str = ""

    @property
    def refused(self) -> bool:
        return self.state is SendState.PARKED
