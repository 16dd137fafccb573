"""Statuses of servers that chose words of their own."""

from __future__ import annotations

import pytest

from gonogo.schemas.statuses import is_settled, may_work, takes_answers


@pytest.mark.parametrize("status", ["open", "active", "running", "draft", None, ""])
def test_work_goes_on_in_a_campaign_unless_its_word_means_an_end(status: str | None) -> None:
    assert takes_answers(status)


@pytest.mark.parametrize("status", ["closed", "promoted", "archived", "Completed", "cancelled"])
def test_a_campaign_that_ended_takes_no_answers(status: str) -> None:
    assert not takes_answers(status)


def test_settled_tasks_and_people_who_left_are_known_by_their_words() -> None:
    assert is_settled("resolved")
    assert not any(map(is_settled, ("open", "in_review", "pending", None)))
    assert may_work("pending")
    assert not may_work("revoked")
