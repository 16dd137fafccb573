"""Progress callback: the type of function through which imports and exports report how far they are."""

from __future__ import annotations

from collections.abc import Callable

ReportProgress = Callable[[str, int, int], None]
"""Called with the kind of work ("read", "drawings", "predictions", "tasks", …), how many are done, and of how many.

A total of 0 means that it is not known; done equals the total when the work of this kind is finished."""


def no_progress(work: str, done: int, total: int) -> None:
    """A callback that does nothing."""
