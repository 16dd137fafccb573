"""The queue explains itself, in words and numbers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.desk.connection.server_protocol import WorkProgress
from gonogo.desk.session import messages


@pytest.fixture
def west() -> Iterator[None]:
    """A machine seven hours behind UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC+7"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("standing", "unsent", "words"),
    [
        (None, 0, "You're done: no question is left for you."),
        (WorkProgress(done=120, total=120), 0, "You're done: 120 of 120 answered."),
        (WorkProgress(done=119, total=120), 1, "You're done: 120 of 120 answered. 1 answer is still on the way."),
        (WorkProgress(done=3, total=9, held_by_others=2), 0, "Nothing left for you right now: 3 of 9 answered. 2"),
        (WorkProgress(), 2, "You're done: no question is left for you. 2 answers are still on the way."),
        (WorkProgress(closed=True, done=9, total=9), 0, "This campaign is closed."),
        (WorkProgress(held_by_others=2), 0, "no question is left for you. 2 tasks are with other annotators."),
        (WorkProgress(in_review=1), 0, "no question is left for you. 1 task is waiting for review."),
        (WorkProgress(done=5, total=5, waits_because="The lead has paused you."), 0, "The lead has paused you."),
    ],
)
def test_an_empty_queue_says_why(standing: WorkProgress | None, unsent: int, words: str) -> None:
    done = (standing.done or 0) + unsent if standing is not None else 0
    message, step = messages.drained(standing, unsent, done, standing.total if standing is not None else None)
    assert words in message
    assert step


def test_until_when_others_hold_is_told_in_the_time_of_the_place(west: None) -> None:
    now = datetime.now(UTC)
    soon = (now + timedelta(days=3)).replace(hour=20, minute=5)
    message, _ = messages.drained(WorkProgress(held_by_others=1, held_until=soon.isoformat()), 0)
    assert f"with other annotators until {soon:%Y-%m-%d} 13:05." in message
    assert messages.clock_time("soon") == "soon"
    assert messages.clock_time(now.isoformat()) == (now - timedelta(hours=7)).strftime("%H:%M")
