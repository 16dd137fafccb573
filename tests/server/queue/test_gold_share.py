"""Gold comes as often as promised: wherever it lies, whenever it was posted, for few people and many."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.house import House, people

GOLD = {"is_gold": True, "gold_answer": "correct"}
LAYOUTS = ("on the work's sheets", "on two of the work's sheets", "on sheets of its own", "on one sheet", "no drawing")
N_TASKS, N_SHEETS, N_ANSWERS = 600, 20, 500


def work_and_gold(
    layout: str, n_gold: int, rng: random.Random, n_tasks: int = N_TASKS
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Bodies of the tasks, sheet by sheet, and of the gold."""

    def body(sheet: str | None, confidence: float | None) -> dict[str, Any]:
        return {"part_revision_id": sheet, "predicted_confidence": confidence}

    sheets: dict[str, Callable[[int], str | None]] = {
        "on the work's sheets": lambda n: f"sheet-{n % N_SHEETS}",
        "on two of the work's sheets": lambda n: f"sheet-{n % 2}",
        "on sheets of its own": lambda n: f"gold-{n // 5}",
        "on one sheet": lambda n: "gold",
        "no drawing": lambda n: None,
    }
    tasks = [body(f"sheet-{n * N_SHEETS // n_tasks}", rng.random()) for n in range(n_tasks)]
    return tasks, [{**body(sheets[layout](n), rng.choice([None, rng.random()])), **GOLD} for n in range(n_gold)]


def post(house: House, campaign: str, tasks: list[Any], gold: list[Any], when: str, rng: random.Random) -> None:
    """Posts the gold with the tasks, before them, or after 60 answers; or everything one by one."""
    if when == "together":
        both = tasks + gold
        rng.shuffle(both)
        house.add(campaign, *both)
    elif when == "before":
        house.add(campaign, *gold)
        house.add(campaign, *tasks)
    elif when == "later":
        house.add(campaign, *tasks)
        for who in people(3):
            house.work_off_some(campaign, who, 20)
        house.add(campaign, *gold)
    else:
        both = tasks + gold
        rng.shuffle(both)
        for body in both:
            house.add(campaign, body)


def answers(house: House, campaign: str, n_people: int, count: int = N_ANSWERS) -> list[Any]:
    """As many answers of people in turn; the rows served."""
    crew, served = people(n_people), []
    for turn in range(count):
        who = crew[turn % n_people]
        claim = house.next(campaign, who)
        assert claim is not None
        served.append(house.task(claim.task.id))
        house.submit(campaign, claim.task.id, who)
    return served


def assert_share(served: list[Any], fraction: float) -> None:
    """Within a point, or the binomial 99 % bound."""
    bound = max(0.01, 2.576 * math.sqrt(fraction * (1 - fraction) / len(served)))
    assert sum(row.is_gold for row in served) / len(served) == pytest.approx(fraction, abs=bound)


@pytest.mark.slow
@pytest.mark.parametrize(("fraction", "n_people"), [(0.01, 10), (0.02, 10), (0.1, 10), (0.5, 10), (0.02, 3), (0.1, 50)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gold_has_its_share_wherever_it_lies(sqlite_house: House, layout: str, fraction: float, n_people: int) -> None:
    rng = random.Random(f"{layout} {fraction} {n_people}")
    when = rng.choice(["together", "before", "later", "later"])
    with sqlite_house.at_once():
        campaign = sqlite_house.campaign(gold_fraction=fraction, target_redundancy=3)
        n_gold = round(N_TASKS * fraction / (1 - fraction)) + 5
        post(sqlite_house, campaign, *work_and_gold(layout, n_gold, rng), when, rng)
        assert_share(answers(sqlite_house, campaign, n_people), fraction)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["on sheets of its own", "no drawing"])
def test_gold_has_its_share_on_postgresql(postgres_house: House, layout: str) -> None:
    rng = random.Random(layout)
    with postgres_house.at_once():
        campaign = postgres_house.campaign(gold_fraction=0.1, target_redundancy=3)
        post(postgres_house, campaign, *work_and_gold(layout, 70, rng), "later", rng)
        assert_share(answers(postgres_house, campaign, 10), 0.1)


@pytest.mark.slow
@given(
    layout=st.sampled_from(LAYOUTS),
    when=st.sampled_from(["together", "before", "later", "one by one"]),
    fraction=st.sampled_from([0.02, 0.1, 0.3, 0.5]),
    richness=st.sampled_from([0.2, 0.7, 1.0, 3.0]),
    n_people=st.sampled_from([3, 7, 20]),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_share_holds_for_pools_poor_and_rich(
    sqlite_house: House, layout: str, when: str, fraction: float, richness: float, n_people: int, seed: int
) -> None:
    """Of a poor pool only so much as that nobody meets an item twice."""
    rng = random.Random(seed)
    n_gold = max(3, round(richness * 250 * fraction / (1 - fraction)))
    with sqlite_house.at_once():
        campaign = sqlite_house.campaign(gold_fraction=fraction, target_redundancy=3)
        post(sqlite_house, campaign, *work_and_gold(layout, n_gold, rng, n_tasks=250), when, rng)
        met: dict[str, Counter[str]] = defaultdict(Counter)
        crew, n_served, n_found = people(n_people), 0, 0
        for turn in range(300):
            who = crew[turn % n_people]
            claim = sqlite_house.next(campaign, who)
            assert claim is not None
            row = sqlite_house.task(claim.task.id)
            sqlite_house.submit(campaign, claim.task.id, who)
            if row.is_gold:
                met[who.id][str(row.gold_item_id)] += 1
            n_served, n_found = n_served + 1, n_found + row.is_gold
    assert all(count == 1 for items in met.values() for count in items.values())
    bound = 4 * math.sqrt(fraction * (1 - fraction) / n_served)
    if when == "one by one":
        bound += 0.03  # what is due is placed as the tasks come
    reachable = 0.6 * n_gold * n_people / n_served
    assert n_found / n_served >= min(fraction, reachable) - bound
    assert n_found / n_served <= fraction + bound


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_ids_of_gold_are_seen_by_as_many_people_as_others_to_the_end(sqlite_house: House, layout: str) -> None:
    ids_of_gold_are_seen_by_as_many_people(sqlite_house, layout)


@pytest.mark.slow
def test_so_they_are_on_postgresql(postgres_house: House) -> None:
    ids_of_gold_are_seen_by_as_many_people(postgres_house, "on two of the work's sheets")


def ids_of_gold_are_seen_by_as_many_people(house: House, layout: str) -> None:
    rng = random.Random(3)
    with house.at_once():
        campaign = house.campaign(gold_fraction=0.2, target_redundancy=3)
        post(house, campaign, *work_and_gold(layout, 60, rng, n_tasks=200), "together", rng)
        seen: dict[str, set[str]] = defaultdict(set)
        crew, done = people(5), 0
        while done < len(crew):
            done = 0
            for who in crew:
                claim = house.next(campaign, who)
                if claim is None:
                    done += 1
                    continue
                seen[claim.task.id].add(who.id)
                house.submit(campaign, claim.task.id, who)
        counts: dict[bool, Counter[int]] = {False: Counter(), True: Counter()}
        for task, persons in seen.items():
            counts[house.task(task).is_gold][len(persons)] += 1
    assert counts[False] == {3: 200}
    assert set(counts[True]) <= {2, 3}
    assert counts[True][3] >= 0.96 * counts[True].total()


@pytest.mark.slow
def test_gold_on_sheets_of_its_own_interrupts_no_sheet_that_others_do_not(house: House) -> None:
    """What a person sees first: how often the sheet changes."""
    rng = random.Random(3)
    with house.at_once():
        campaign = house.campaign(gold_fraction=0.1, target_redundancy=3)
        post(house, campaign, *work_and_gold("on sheets of its own", 30, rng, n_tasks=200), "later", rng)
        served = [house.task(task) for task in house.work_off(campaign, people(1)[0])]
    stays: dict[bool, list[bool]] = {False: [], True: []}
    for before, row in itertools.pairwise(served):
        stays[row.is_gold].append(before.sheet_seq == row.sheet_seq)
    assert len(stays[True]) >= 15
    assert sum(stays[False]) / len(stays[False]) < 0.12
    assert sum(stays[True]) / len(stays[True]) < 0.12


def test_a_mixed_campaign_asks_each_sheet_by_rising_confidence(house: House) -> None:
    rng = random.Random(3)
    with house.at_once():
        campaign = house.campaign(gold_fraction=0.1, target_redundancy=1)
        post(house, campaign, *work_and_gold("on one sheet", 20, rng, n_tasks=120), "together", rng)
        served = [house.task(task) for task in house.work_off(campaign, people(1)[0])]
    by_sheet: dict[int, list[float]] = defaultdict(list)
    for row in served:
        if not row.is_gold:
            by_sheet[row.sheet_seq].append(row.predicted_confidence or 0.0)
    assert len(by_sheet) == N_SHEETS
    for levels in by_sheet.values():
        assert levels == sorted(levels)
