"""Signs that somebody's votes deserve a look, and the breakdown of a report: what a lead would miss."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gonogo.server.consensus.agreement import count_votes, grouped_alpha, krippendorff_alpha
from gonogo.server.quality.campaign_report import campaign_quality
from gonogo.server.quality.flags import RUN_WINDOW, longest_run, time_on_task_ms, too_fast
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import gold_items
from tests.server.consensus.conftest import NOW, Campaign

RIGHT, WRONG = "correct", "incorrect"

Floats = NDArray[np.float64]


def block(campaign: Campaign) -> dict[str, Any]:
    with campaign.store.write() as connection:
        found = campaign_quality(connection, campaign.row(), NOW).gonogo
    assert found is not None
    return found


def test_a_batch_sent_late_is_no_haste_but_a_pace_nobody_can_look_at_is() -> None:
    held = np.full(40, 60_000.0)  # claimed a minute ahead each
    steady: Floats = np.arange(40, dtype=np.float64) * 4000.0
    assert too_fast(time_on_task_ms(held, steady))["too_fast"] is False
    late: Floats = steady.copy()
    late[-5:] = late[-1] + 600_000 + np.arange(5) * 50  # five held answers arrive at once after an outage
    assert too_fast(time_on_task_ms(held, late))["too_fast"] is False
    clicking: Floats = np.concatenate([steady[:20], steady[19] + np.arange(1, 21) * 400.0])
    assert too_fast(time_on_task_ms(held, clicking))["too_fast"] is True
    always: Floats = np.arange(40, dtype=np.float64) * 300.0
    assert too_fast(time_on_task_ms(held, always)) == {
        "too_fast_share": 34 / 40,
        "too_fast_recent": 20,
        "too_fast": True,
    }


def test_a_person_who_says_yes_to_everything_is_told_from_one_who_had_a_good_sheet(campaign: Campaign) -> None:
    with campaign.at_once():
        for index in range(60):
            wrong = index % 3 == 0
            task = campaign.add_task(n_required=3)
            careful = WRONG if wrong else RIGHT
            campaign.vote(task, careful, careful, RIGHT, refresh=False)
        for _ in range(40):  # a good sheet: everybody says yes, and is right
            campaign.vote(campaign.add_task(n_required=3), RIGHT, RIGHT, RIGHT, refresh=False)
    people = block(campaign)["annotators"]
    careful, clicker = people[campaign.people["p0"]], people[campaign.people["p2"]]
    assert "always_the_same" not in careful["flags"]
    assert "always_the_same" in clicker["flags"]
    assert (clicker["run"]["verdict"], clicker["run"]["length"]) == (RIGHT, 100)
    assert 0 < clicker["run"]["probability"] < 1e-3


def test_a_person_who_says_yes_from_the_first_answer_on_is_flagged_after_the_window_is_full_too(
    campaign: Campaign,
) -> None:
    with campaign.at_once():
        for index in range(RUN_WINDOW + 100):
            careful = WRONG if index % 5 == 0 else RIGHT
            campaign.vote(campaign.add_task(n_required=3), careful, careful, RIGHT, refresh=False)
    people = block(campaign)["annotators"]
    assert "always_the_same" not in people[campaign.people["p0"]]["flags"]
    assert "always_the_same" in people[campaign.people["p2"]]["flags"]


def test_a_person_who_stops_looking_drifts(campaign: Campaign) -> None:
    with campaign.at_once():
        for index in range(160):
            truth = WRONG if index % 2 else RIGHT
            third = truth if index < 100 or index % 4 else RIGHT if truth == WRONG else WRONG
            campaign.vote(campaign.add_task(n_required=3), truth, truth, third, refresh=False)
    people = block(campaign)["annotators"]
    assert people[campaign.people["p0"]]["drift"] is None
    drift = people[campaign.people["p2"]]["drift"]
    assert drift["against"] == "consensus"
    assert drift["before"] - drift["now"] >= 0.1


def test_missed_error_types_kinds_sheets_and_confusion(campaign: Campaign) -> None:
    item = new_id()
    with campaign.store.write() as connection:
        connection.execute(
            gold_items.insert().values(
                id=item, campaign_id=campaign.id, sheet_seq=0, shuffle=1, error_type="lost_tolerance"
            )
        )
    gold = campaign.add_task(n_required=4, is_gold=True, gold_answer=WRONG, gold_item_id=item)
    campaign.vote(gold, RIGHT, RIGHT, RIGHT, WRONG)
    for split in (RIGHT, WRONG):
        campaign.vote(campaign.add_task(n_required=2, detail_kind="thread"), RIGHT, split)
    campaign.vote(campaign.add_task(n_required=2, detail_kind="gdt"), RIGHT, RIGHT)
    found = block(campaign)
    (missed,) = found["error_types"]
    assert (missed["error_type"], missed["missed"], missed["n"]) == ("lost_tolerance", 3, 4)
    assert missed["interval"][0] < 0.75 < missed["interval"][1]
    assert [(kind["name"], kind["n_paired"], kind["n_split"]) for kind in found["by_kind"]] == [
        ("pmi · thread", 2, 1),
        ("pmi · gdt", 1, 0),
    ]
    assert found["by_kind"][1]["alpha"] is None  # no variation: undefined, neither 0 nor 1
    assert found["confusion"]["counts"][1] == [3, 1, 0]
    assert found["words"]["alpha"]["means"]
    assert "Not known yet" in found["words"]["false_accept"]["do"]


def test_an_undefined_alpha_says_why(campaign: Campaign) -> None:
    assert "nobody has voted yet" in block(campaign)["words"]["alpha"]["means"]
    campaign.vote(campaign.add_task(n_required=2), RIGHT)
    assert "no task has two votes" in block(campaign)["words"]["alpha"]["means"]
    campaign.vote(campaign.add_task(n_required=2), RIGHT, RIGHT)
    assert "every vote says the same" in block(campaign)["words"]["alpha"]["means"]


def test_the_pace_of_an_honest_person_comes_from_the_database(campaign: Campaign) -> None:
    for index in range(30):
        at = NOW + timedelta(seconds=4 * index)
        campaign.vote_of(campaign.add_task(n_required=1), "ann", RIGHT, created_at=at, claimed_at=at, refresh=False)
    assert block(campaign)["annotators"][campaign.people["ann"]]["too_fast"] is True  # claimed and sent in no time


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60))
def test_the_longest_run_is_one(labels: list[int]) -> None:
    start, length = longest_run(np.array(labels))
    assert len(set(labels[start : start + length])) == 1
    for at in range(len(labels) - length):
        assert len(set(labels[at : at + length + 1])) > 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 2)), max_size=80))
def test_alpha_of_groups_is_alpha_of_each(rows: list[tuple[int, int, int]]) -> None:
    counts = count_votes([unit for unit, _, _ in rows], [label for _, label, _ in rows], 10, 3)
    group = np.arange(10) % 3
    found = grouped_alpha(counts, group, 3)
    assert found == [pytest.approx(krippendorff_alpha(counts[group == g])) for g in range(3)]
