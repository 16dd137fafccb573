"""Pages of equal values: which tasks a page holds, who gets them, and that gold comes as often as among single ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from gonogo.json_types import as_object
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import leases, next_group
from gonogo.server.queue.next_task import Claim
from gonogo.server.store.schema import campaigns
from gonogo.values import canonical_key, equal
from tests.server.house import House, people

ANA, BO = people(2)


def valued(*texts: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"predicted_value": {"text": text}, "predicted_confidence": 0.5, **fields} for text in texts]


def texts(claims: Sequence[Claim]) -> list[str]:
    return [str(as_object(claim.task.predicted_value)["text"]) for claim in claims]


def test_a_page_holds_the_next_task_and_equal_ones_however_they_are_written(house: House) -> None:
    campaign = house.campaign(grouping=True)
    house.add(campaign, *valued("⌀16,5", "M8", "dia 16.5", "Ø 16,50", "16,5"))
    assert texts(house.next_group(campaign, ANA, 24)) == ["⌀16,5", "dia 16.5", "Ø 16,50"]
    assert texts(house.next_group(campaign, ANA, 24)) == ["M8"]


@pytest.mark.parametrize(
    ("settings", "together"),
    [({}, 1), ({"unit": "mm"}, 2), ({"unit": "mm", "trailing_zeros_matter": True}, 1)],
)
def test_equality_follows_the_settings_of_the_campaign_as_they_are_now(
    house: House, settings: dict[str, Any], together: int
) -> None:
    campaign = house.campaign(grouping=True)
    house.add(campaign, *valued("12,5", "12,50 mm"))
    with house.write() as connection:
        if settings:
            connection.execute(update(campaigns).values(settings))
    assert len(house.next_group(campaign, ANA, 24)) == together


@pytest.mark.parametrize(
    "other", [{"prompt": "Is this radius read right?"}, {"field_name": "upper"}, {"detail_kind": "thread"}]
)
def test_a_page_asks_one_question(house: House, other: dict[str, Any]) -> None:
    campaign = house.campaign(grouping=True)
    house.add(campaign, *valued("12,5"), *valued("12,5", **other))
    assert len(house.next_group(campaign, ANA, 24)) == 1


@pytest.mark.parametrize("value", [None, {}, {"text": " "}, {"text": "x" * 2000}])
def test_what_is_no_value_to_compare_at_a_glance_comes_alone(house: House, value: Any) -> None:
    campaign = house.campaign(grouping=True)
    house.add(campaign, {"predicted_value": value}, {"predicted_value": value})
    assert len(house.next_group(campaign, ANA, 24)) == 1


def test_without_the_setting_a_page_is_one_task_and_five_may_be_held(house: House) -> None:
    campaign = house.campaign()
    house.add(campaign, *valued(*["12,5"] * 8))
    pages = [house.next_group(campaign, ANA, 24) for _page in range(6)]
    assert [len(page) for page in pages] == [1] * 6
    assert pages[5][0].task.id == pages[0][0].task.id


def test_claims_of_pages_stay_within_their_own_limit(house: House) -> None:
    campaign = house.campaign(grouping=True)
    house.add(campaign, *valued(*["12,5"] * 100))
    pages = [house.next_group(campaign, ANA, limit) for limit in (24, 24, 20, 24)]
    assert [len(page) for page in pages] == [24, 24, 20, 4]
    again = house.next_group(campaign, ANA, 24)
    assert [claim.task.id for claim in again] == [pages[0][0].task.id], "the oldest again, alone"
    assert leases.MAX_GROUPED_CLAIMS == 72
    assert house.next(campaign, ANA) is not None, "a plain client gets one that it holds"


def test_a_page_leaves_out_what_others_hold_and_what_the_voter_has_answered(house: House) -> None:
    campaign = house.campaign(grouping=True, target_redundancy=2)
    ids = house.add(campaign, *valued(*["12,5"] * 5))
    held = house.next(campaign, BO)
    assert held is not None
    house.submit(campaign, ids[3], ANA)
    page = [claim.task.id for claim in house.next_group(campaign, ANA, 24)]
    assert page == [task for task in ids if task not in (held.task.id, ids[3])]


def test_tasks_released_from_a_page_come_back_to_everybody(house: House) -> None:
    campaign = house.campaign(grouping=True)
    ids = house.add(campaign, *valued("12,5", "M8", "12,5", "M8", "12,5"))
    page = house.next_group(campaign, ANA, 24)
    assert [claim.task.id for claim in page] == [ids[0], ids[2], ids[4]]
    for claim in page:
        house.release(claim.task.id, ANA)
    assert sorted(house.work_off(campaign, ANA)) == sorted(ids)


@pytest.mark.slow
@pytest.mark.parametrize("fraction", [0.1, 0.3])
def test_gold_comes_as_often_on_pages_as_in_single_questions(house: House, fraction: float) -> None:
    """Four people work off a campaign whose gold has the values that the work has; counted with both ways."""
    shares = {limit: _gold_share(house, fraction, limit) for limit in (1, 8)}
    for share, n_served in shares.values():
        assert abs(share - fraction) < 4 * math.sqrt(fraction * (1 - fraction) / n_served)


def _gold_share(house: House, fraction: float, limit: int) -> tuple[float, int]:
    campaign = house.campaign(gold_fraction=fraction, target_redundancy=2, grouping=True)
    values = [f"{size}" for size in range(20)]
    bodies = [
        valued(house.rng.choice(values), part_revision_id=f"part-{number % 6}")[0]
        | ({"is_gold": True, "gold_answer": "correct"} if number % 3 == 0 else {})
        for number in range(600)
    ]
    n_served = n_gold = 0
    crew: list[Voter] = people(4)
    met: dict[str, set[str]] = {voter.id: set() for voter in crew}
    with house.at_once():
        house.add(campaign, *bodies)
        for turn in range(200):
            voter = crew[turn % 4]
            for claim in house.next_group(campaign, voter, limit):
                row = house.task(claim.task.id)
                n_served, n_gold = n_served + 1, n_gold + row.is_gold
                assert row.gold_item_id is None or row.gold_item_id not in met[voter.id], "an item twice"
                met[voter.id] |= {row.gold_item_id} if row.gold_item_id else set()
                house.submit(campaign, claim.task.id, voter)
    return n_gold / n_served, n_served


VALUES = st.sampled_from(
    ["12,5", "12.50", "12.5 mm", "⌀12,5", "C5", "5x45°", "5×45°", "M8", "M 8", "Rz 6,3", "A-B", ""]
)


@given(first=VALUES, second=VALUES, zeros=st.booleans(), unit=st.sampled_from(["", "mm", "in"]))
def test_equal_keys_are_engineering_equality(first: str, second: str, zeros: bool, unit: str) -> None:
    a, b = ({"text": text} for text in (first, second))
    keys = [canonical_key(value, trailing_zeros=zeros, unit=unit) for value in (a, b)]
    assert (keys[0] == keys[1]) == equal(a, b, trailing_zeros=zeros, unit=unit).equal


def test_the_window_bounds_how_far_equal_values_are_looked_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_group, "WINDOW", 3)
    campaign = house.campaign(grouping=True)
    house.add(campaign, *valued("12,5", "M8", "M8", "12,5", "12,5"))
    assert len(house.next_group(campaign, ANA, 24)) == 2
