"""Statuses of any server: the words that mean an end, where the published reference says only "string".

A word that is not listed means that work goes on: another server may call an open campaign `active` or `running`.
"""

from __future__ import annotations

_ENDED = frozenset(
    {"closed", "promoted", "archived", "canceled", "cancelled", "completed", "done", "ended", "finished", "inactive"}
)
_SETTLED = _ENDED | {"resolved", "settled", "adjudicated"}
_REVOKED = frozenset({"revoked", "removed", "ended", "expired", "inactive", "deleted"})


def takes_answers(campaign_status: str | None) -> bool:
    """Returns whether a campaign of this status takes answers and tasks."""
    return (campaign_status or "").casefold() not in _ENDED


def is_settled(task_status: str | None) -> bool:
    """Returns whether a task of this status needs no ruling."""
    return (task_status or "").casefold() in _SETTLED


def may_work(assignment_status: str | None) -> bool:
    """Returns whether a person of this assignment may still work in the campaign."""
    return (assignment_status or "").casefold() not in _REVOKED
