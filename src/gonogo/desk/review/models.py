"""What lies on a reviewer's desk: rows of the queue, one case with its votes, a ruling. No terminal, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gonogo.desk.core.models import DeskTask, SendState

if TYPE_CHECKING:
    from gonogo.schemas.review import ReviewDetail


@dataclass(frozen=True, slots=True)
class ReviewFilters:
    """What the queue is narrowed down to. `status` empty: what needs an expert; `sample` adds settled tasks to it."""

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
    """One line of the queue. `verdicts` are the counted votes (word, how many); `harm` is `None` where unknown."""

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
    """`count` is the length of the whole list, `hidden_own` how many wait that this expert voted on."""

    rows: tuple[QueueRow, ...]
    count: int
    hidden_own: int = 0
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A row with everything known about it; `detail` is `None` on a server that has no list of votes."""

    row: QueueRow
    detail: ReviewDetail | None = None
    names: bool = False

    @property
    def task(self) -> DeskTask:
        return self.row.task

    @property
    def settled_before(self) -> bool:
        """Whether somebody has ruled already, so that another ruling replaces it."""
        return self.detail.adjudicated if self.detail is not None else self.row.adjudicated


@dataclass(frozen=True, slots=True)
class Ruling:
    """An expert's decision, before it is put into bytes. `override` replaces an earlier ruling knowingly."""

    verdict: str
    value: dict[str, Any] | None = None
    note: str = ""
    error_type: str = ""
    gold: bool = False
    override: bool = False


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ruling of this session and where it is; `detail` says why when it was refused."""

    number: int
    ruling: Ruling
    state: SendState
    detail: str = ""

    @property
    def refused(self) -> bool:
        return self.state is SendState.PARKED
