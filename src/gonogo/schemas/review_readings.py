"""Readings of a place in the review of its task, with their readers."""

from __future__ import annotations

from gonogo.schemas.base import AnyValue, Received


class ReviewReading(Received):
    """Reading of a task's place by one reader; `asked` is the one that the task asks about."""

    source: str | None = None
    value: AnyValue = None
    confidence: float | None = None
    asked: bool = False
