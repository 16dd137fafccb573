"""Example ruling: what an expert ruled on one item of a cluster, and what that asks for on the others. Pure.

An example overrules nobody by itself: each proposal says whether the key for a whole page makes it, or why it waits for
a key of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gonogo.desk.review.clusters import Cluster
from gonogo.desk.review.models import QueueRow, Ruled, Ruling
from gonogo.schemas.verdicts import Verdict
from gonogo.values import equal

if TYPE_CHECKING:
    from gonogo.schemas.review import GivenAnswer


class Waits(StrEnum):
    """Reason why the key for a whole page leaves an item; empty where it rules."""

    NO = ""
    NOTE = "has a note"
    NOT_LISTED = "votes not listed"
    NO_VOTES = "no votes"
    NO_VALUE = "no value typed"
    TWO_VALUES = "two values typed"
    AS_READ = "typed as it was read"
    NO_VOTE = "no vote for it"
    OUTVOTED = "outvoted"
    LIKELY_WRONG = "likely wrong"


@dataclass(frozen=True, slots=True)
class Example:
    """Ruling offered to the items of a cluster, which is named by `cluster`.

    `row` is the item that was ruled so; `None` where items of one value are verified together: are they read right?
    """

    row: QueueRow | None
    ruling: Ruling
    cluster: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Ruling proposed for an item; `None` where there is none to make. `waits` says why a page key leaves it."""

    ruling: Ruling | None
    waits: Waits = Waits.NO


def is_example(row: QueueRow, ruling: Ruling) -> bool:
    """Whether a ruling decides on what the row's cluster has in common: the reading is right, or the voters' value is.

    A value that the expert typed says nothing about other items, nor does an undecidable one, nor the value that was
    read, called wrong.
    """
    if ruling.by_page or ruling.verdict == Verdict.UNSURE:
        return False
    if ruling.verdict == Verdict.CORRECT:
        return True
    typed = _typed(row)
    if len(typed) != 1 or ruling.value is None or _as_read(row, typed[0]):
        return False
    return equal(ruling.value, typed[0].value).equal


def last_example(cluster: Cluster, ruled: Mapping[str, Ruled]) -> Example | None:
    """Returns the newest ruling (by task in `ruled`) of a cluster that is an example; refused ones are none."""
    rulings = [(ruled[row.task.id], row) for row in cluster.rows if row.task.id in ruled]
    for each, row in sorted(rulings, key=lambda pair: -pair[0].number):
        if not each.refused and is_example(row, each.ruling):
            return Example(row, each.ruling, cluster.key)
    return None


def verification(cluster: Cluster) -> Example:
    """Returns what asks whether the items of a cluster of one value are read right; no item was ruled for it."""
    return Example(None, Ruling("correct"), cluster.key)


def last_ruled(ruled: Mapping[str, Ruled]) -> str:
    """Returns the task of the newest ruling; empty without one."""
    return max(ruled, key=lambda task_id: ruled[task_id].number, default="")


def proposed(row: QueueRow, example: Example) -> Proposal:
    """Returns what `example` asks for on `row`: right, or wrong with the row's own value from its votes.

    A note of an annotator has to be read first, which no page shows. Where nothing was ruled as an example, an item
    that the votes, weighed by each voter's reliability, call wrong waits too.
    """
    if row.reasons:
        return Proposal(None, Waits.NOTE)
    if example.ruling.verdict == Verdict.CORRECT:
        proposal = _voted(row, Ruling("correct", by_page=True))
        doubtful = example.row is None and row.likely is not None and row.likely.verdict != Verdict.CORRECT
        return Proposal(proposal.ruling, Waits.LIKELY_WRONG) if doubtful and not proposal.waits else proposal
    typed = _typed(row)
    if len(typed) > 1:
        return Proposal(None, Waits.TWO_VALUES)
    value = typed[0].value if typed else None
    if not isinstance(value, dict):
        return Proposal(None, Waits.NO_VALUE if row.answers else _without_votes(row))
    if _as_read(row, typed[0]):
        return Proposal(None, Waits.AS_READ)
    return _voted(row, Ruling("incorrect", value, error_type=example.ruling.error_type, by_page=True))


def _typed(row: QueueRow) -> list[GivenAnswer]:
    """The different right values in the votes; equal ones are one answer."""
    return [given for given in row.answers if given.verdict == Verdict.INCORRECT and given.value is not None]


def _as_read(row: QueueRow, given: GivenAnswer) -> bool:
    """Whether a voter called the reading wrong, and typed the same value."""
    return equal(given.value, row.task.predicted_value).equal


def _without_votes(row: QueueRow) -> Waits:
    return Waits.NOT_LISTED if row.why == "plain" else Waits.NO_VOTES


def _voted(row: QueueRow, ruling: Ruling) -> Proposal:
    """A page key makes a ruling for which no fewer people voted than for any other verdict."""
    counts: dict[str, int] = {}
    for given in row.answers:
        counts[given.verdict] = counts.get(given.verdict, 0) + given.count
    votes = counts.pop(ruling.verdict, 0)
    if not row.answers:
        return Proposal(ruling, _without_votes(row))
    if not votes:
        return Proposal(ruling, Waits.NO_VOTE)
    return Proposal(ruling, Waits.OUTVOTED if votes < max(counts.values(), default=0) else Waits.NO)
