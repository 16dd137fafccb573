"""Data classes of a review: rows of the queue, a case with its votes, a ruling. No terminal, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gonogo.desk.core.models import DeskTask, SendState
from gonogo.json_types import JsonObject

if TYPE_CHECKING:
    from gonogo.schemas.review import GivenAnswer, LikelyOutcome, ReviewDetail


@dataclass(frozen=True, slots=True)
class ReviewFilters:
    """Filters of the queue. `status` empty: what needs an expert; `sample` adds settled tasks to it.

    `noted` keeps those with a note of an annotator.
    """

    status: str = ""
    kind: str = ""
    annotator: str = ""
    sheet: str = ""
    text: str = ""
    noted: bool = False
    sample: bool = False

    @property
    def any(self) -> bool:
        return self != ReviewFilters()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Row of the queue.

    Attributes:
        harm: Expected harm, `None` where unknown.
        part: The name of the drawing's part, empty where nobody knows it.
        n_votes: Number of counted votes; some servers give it without the verdicts.
        leading: Verdict of most votes, from servers that list no votes; else empty.
        verdicts: The counted votes (word, how many).
        answers: The counted votes with their values; empty where the server lists none.
        likely: Likeliest outcome by the votes; `None` without votes, or where the server lists none.
        record: Times and people of the task as published, by name, for those who ask.
        reasons: Reasons of the annotators' notes (word, how many).
        cause: Kind of difference between the reading and the voters' values; empty without one, `None` where unknown.
    """

    task: DeskTask
    status: str = ""
    harm: float | None = None
    posterior: float | None = None
    why: str = ""
    part: str = ""
    n_votes: int = 0
    leading: str = ""
    verdicts: tuple[tuple[str, int], ...] = ()
    n_values: int = 0
    answers: tuple[GivenAnswer, ...] = ()
    likely: LikelyOutcome | None = None
    adjudicated: bool = False
    agreement: float | None = None
    confidence: float | None = None
    record: tuple[tuple[str, str], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    cause: str | None = None

    def agreed_ruling(self) -> Ruling | None:
        """The ruling that all votes ask for; `None` if any of them differs from it, or none is known."""
        likely = self.likely
        if likely is None or likely.n_against or not likely.n_votes:
            return None
        return Ruling(likely.verdict, likely.value if isinstance(likely.value, dict) else None, by_page=True)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Page of the queue. `count`: length of the whole list; `hidden_own`: waiting tasks that this expert voted on;
    `unseen`: tasks of the campaign that the server has, but does not list; `statuses`: those of the listed tasks.
    """

    rows: tuple[QueueRow, ...]
    count: int
    hidden_own: int = 0
    cursor: str | None = None
    unseen: int = 0
    statuses: tuple[str, ...] = ()


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
    """Decision of an expert, before it is a request.

    Attributes:
        override: Replaces an earlier ruling knowingly.
        by_page: Made by the key for a whole page, and nothing else.
    """

    verdict: str
    value: JsonObject | None = None
    note: str = ""
    error_type: str = ""
    gold: bool = False
    override: bool = False
    by_page: bool = False


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


@dataclass(frozen=True, slots=True)
class Draft:
    """Draft of the next ruling: note, error type and gold proposal."""

    note: str = ""
    error_type: str = ""
    gold: bool = False
