"""Derived verdicts: what the answer on one reading of a place says of the other readings of it. Plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from gonogo.schemas.verdicts import Verdict

ValueT = TypeVar("ValueT")
"""Values as the caller has them: JSON, or its text."""


class DerivedVerdict(NamedTuple, Generic[ValueT]):
    """Verdict on a reading that was not asked itself, and with `incorrect` the right value.

    The verdict is `None` while it can't be known: the question is open, or its answer carries no value.
    """

    verdict: str | None = None
    value: ValueT | None = None


def derive_verdict(
    reading: ValueT,
    asked: ValueT,
    verdict: str | None,
    settled_value: ValueT | None,
    same: Callable[[ValueT, ValueT], bool],
) -> DerivedVerdict[ValueT]:
    """The verdict on `reading` from that on `asked`, whose corrected value is `settled_value`.

    `same` tells whether two values are equal on a drawing.
    """
    if verdict is None:
        return DerivedVerdict()
    if verdict not in (Verdict.CORRECT, Verdict.INCORRECT):
        return DerivedVerdict(verdict)
    if same(reading, asked):
        return DerivedVerdict(verdict, settled_value if verdict == Verdict.INCORRECT else None)
    right = asked if verdict == Verdict.CORRECT else settled_value
    if right is None:
        return DerivedVerdict()
    return DerivedVerdict(Verdict.CORRECT) if same(reading, right) else DerivedVerdict(Verdict.INCORRECT, right)
