"""Errors on gold by the way of asking: votes on pages of equal values beside those of single questions."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from gonogo.json_types import as_object
from gonogo.report.quality import report_lines
from gonogo.server.store.schema import submissions, tasks
from tests.server.consensus.conftest import Campaign
from tests.server.quality.test_settled import RIGHT, WRONG, details, quality


def vote_on_gold(campaign: Campaign, *, n: int, missed: int, group_size: int | None) -> None:
    """Votes of three people on `n` wrong and `n` right gold tasks; `missed` of the wrong ones are called correct."""
    with campaign.at_once():
        for index in range(n):
            wrong = campaign.add_task(n_required=3, is_gold=True, gold_answer=WRONG)
            campaign.vote(wrong, *[RIGHT if index < missed else WRONG] * 3, refresh=False)
            right = campaign.add_task(n_required=3, is_gold=True, gold_answer=RIGHT)
            campaign.vote(right, *[RIGHT] * 3, refresh=False)
    with campaign.store.write() as connection:
        new = select(submissions.c.id).where(submissions.c.group_size.is_(None))
        connection.execute(update(submissions).where(submissions.c.id.in_(new)).values(group_size=group_size or 1))


def test_without_pages_there_is_nothing_to_compare(campaign: Campaign) -> None:
    vote_on_gold(campaign, n=8, missed=1, group_size=1)
    report = quality(campaign)
    assert details(report)["grouping"] is None
    assert not any("on a page" in line for line in report_lines(report.model_dump()))


@pytest.mark.parametrize(("missed", "worse", "advice"), [(1, [], ""), (14, ["false_accept"], "switch grouping off")])
def test_errors_of_pages_stand_beside_those_of_single_votes(
    campaign: Campaign, missed: int, worse: list[str], advice: str
) -> None:
    vote_on_gold(campaign, n=16, missed=1, group_size=1)
    vote_on_gold(campaign, n=16, missed=missed, group_size=6)
    report = quality(campaign)
    grouping = as_object(details(report)["grouping"])
    grouped, single = as_object(grouping["grouped"]), as_object(grouping["single"])
    assert (grouped["n_votes"], single["n_votes"]) == (96, 96)
    assert as_object(grouped["false_accept"])["k"] == 3 * missed
    assert as_object(single["false_accept"])["k"] == 3
    assert grouping["worse"] == worse
    do = str(as_object(as_object(details(report)["words"])["grouping"])["do"])
    assert advice in do
    assert bool(do) == bool(advice)
    lines = report_lines(report.model_dump())
    table = next(index for index, line in enumerate(lines) if line.startswith("Asked"))
    assert f"{3 * missed} of 48" in lines[table + 1]
    assert "3 of 48" in lines[table + 2]
    assert all(len(line) <= 80 for line in lines[table : table + 3])


def test_below_ten_gold_answers_nothing_is_claimed(campaign: Campaign) -> None:
    vote_on_gold(campaign, n=16, missed=0, group_size=1)
    vote_on_gold(campaign, n=1, missed=1, group_size=4)
    grouping = as_object(details(quality(campaign))["grouping"])
    assert as_object(grouping["grouped"])["false_accept"] is None
    assert "10 answers" in str(as_object(as_object(details(quality(campaign))["words"])["grouping"])["do"])


def test_votes_of_a_page_are_no_sign_of_haste(campaign: Campaign) -> None:
    """All of a page arrive together; alone, such a pace is flagged."""
    ids = [campaign.add_task(n_required=1) for _task in range(60)]
    with campaign.at_once():
        for task in ids:
            campaign.vote(task, RIGHT, refresh=False)
    with campaign.store.write() as connection:
        connection.execute(update(submissions).values(claimed_at=submissions.c.created_at))
        assert connection.execute(select(tasks.c.id)).all()
    assert signs(campaign)["too_fast"] is True
    with campaign.store.write() as connection:
        connection.execute(update(submissions).values(group_size=12))
    assert signs(campaign)["too_fast"] is False


def signs(campaign: Campaign) -> dict[str, object]:
    (person,) = as_object(details(quality(campaign))["annotators"]).values()
    return dict(as_object(person))
