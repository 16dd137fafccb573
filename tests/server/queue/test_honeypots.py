"""Honeypots: their share, and that nothing about them gives them away."""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from typing import Any

import pytest

from gonogo.server.serialize import served_task
from gonogo.server.store import compiled_statements
from gonogo.server.store.schema import tasks
from tests.server.house import House, people

GOLD = {"is_gold": True, "gold_answer": "correct"}


@pytest.mark.slow
@pytest.mark.parametrize("fraction", [0.1, 0.3])
def test_the_share_served_to_each_person_converges_without_a_period(house: House, fraction: float) -> None:
    campaign = house.campaign(gold_fraction=fraction, target_redundancy=3)
    sheets = [{"part_revision_id": f"sheet-{number % 12}"} for number in range(180)]
    house.add(campaign, *sheets, *[{**sheet, **GOLD} for sheet in sheets[:100]])
    for who in people(2):
        served = house.work_off(campaign, who)
        gold = [house.task(task).is_gold for task in served]
        assert gold.count(True) / len(gold) == pytest.approx(fraction, abs=0.03)
        places = [place for place, is_gold in enumerate(gold) if is_gold]
        gaps = Counter(after - before for before, after in itertools.pairwise(places))
        assert len(gaps) > 3
        assert max(gaps.values()) < 0.8 * sum(gaps.values())


def test_each_question_once_a_person_and_no_id_to_more_people_than_votes(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.4, target_redundancy=2)
    house.add(campaign, *[{}] * 40, *[GOLD] * 10)
    seen: dict[str, set[str]] = defaultdict(set)
    n_items: list[int] = []
    for who in people(5):
        items = []
        for task in house.work_off(campaign, who):
            seen[task].add(who.id)
            row = house.task(task)
            if row.is_gold:
                items.append(row.gold_item_id)
                assert row.n_required == 2
        assert len(items) == len(set(items))
        n_items.append(len(items))
    assert min(n_items[:2]) > 3  # a question that was met keeps no other one away
    assert all(len(persons) <= 2 for persons in seen.values())


def test_a_question_answered_without_being_served_does_not_come_again(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.5, target_redundancy=2)
    added = house.add(campaign, *[{}] * 30, *[GOLD] * 3)
    (who, other) = people(2)
    item = house.task(added[-1]).gold_item_id
    assert house.submit(campaign, added[-1], who).refused is None
    assert item not in {house.task(task).gold_item_id for task in house.work_off(campaign, who)}
    assert item in {house.task(task).gold_item_id for task in house.work_off(campaign, other)}


def test_a_honeypot_is_served_exactly_like_other_work(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.5, target_redundancy=3)
    asked = {"detail_kind": "dimension", "predicted_value": {"text": "⌀8"}, "drawing_bbox": [1, 2, 3, 4]}
    house.add(campaign, *[asked] * 20, *[{**asked, **GOLD, "n_required": 9}] * 20)
    shapes: dict[bool, set[Any]] = {False: set(), True: set()}
    for _claim in range(15):
        claim = house.next(campaign, people(1)[0])
        assert claim is not None
        shown = served_task(claim.task).model_dump(exclude={"id"})
        shapes[house.task(claim.task.id).is_gold].add(str(shown))
        house.submit(campaign, claim.task.id, people(1)[0])
    assert shapes[True] == shapes[False]


def test_honeypots_stop_with_the_ordinary_work(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.5)
    house.add(campaign, {}, *[GOLD] * 5)
    served = house.work_off(campaign, people(1)[0])
    assert not house.task(served[-1]).is_gold
    assert house.next(campaign, people(1)[0]) is None


def test_what_is_given_back_tells_nothing_by_when_it_comes_again(house: House) -> None:
    """Ordinary work given back waits for the next round; a honeypot that came sooner would be known by it."""
    campaign = house.campaign(gold_fraction=0.3, target_redundancy=2)
    house.add(campaign, *[{}] * 60, *[GOLD] * 20)
    one, _other = people(2)
    given_back: dict[str, set[str]] = {"ordinary": set(), "gold": set()}
    with house.at_once():
        for number in range(60):
            claim = house.next(campaign, one)
            assert claim is not None
            assert claim.task.id not in given_back["ordinary"] | given_back["gold"]
            if number % 2:
                house.submit(campaign, claim.task.id, one)
            else:
                house.release(claim.task.id, one)
                given_back["gold" if house.task(claim.task.id).is_gold else "ordinary"].add(claim.task.id)
    assert all(given_back.values())


def test_a_honeypot_whose_claim_ran_out_comes_again_as_the_same_copy_only(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.9)
    house.add(campaign, *[{}] * 30, GOLD)
    (who,) = people(1)
    met: Counter[str] = Counter()
    with house.at_once():
        while (claim := house.next(campaign, who)) is not None:
            if house.task(claim.task.id).is_gold:
                met[claim.task.id] += 1
                house.pass_time(minutes=11)
            else:
                house.submit(campaign, claim.task.id, who)
    assert len(met) == 1


def test_who_puts_everything_off_once_meets_the_gold_again_and_answers_it(house: House) -> None:
    """Else putting off would be a way around the gold: what never comes back was gold."""
    campaign = house.campaign(gold_fraction=0.3, target_redundancy=2)
    house.add(campaign, *[{}] * 40, *[GOLD] * 20)
    (who,) = people(1)
    put_off: list[str] = []
    answered: list[str] = []
    with house.at_once():
        while (claim := house.next(campaign, who)) is not None:
            if claim.task.id in put_off:
                house.submit(campaign, claim.task.id, who)
                answered.append(claim.task.id)
            else:
                house.release(claim.task.id, who)
                put_off.append(claim.task.id)
    gold = {task for task in put_off if house.task(task).is_gold}
    assert len(gold) >= 5
    assert len(answered) == len(set(answered))
    # Gold ends with the ordinary work: at most the last of it is not asked again.
    assert len(gold & set(answered)) >= len(gold) - 2


def test_a_large_pool_of_which_nothing_fits_costs_no_more_than_a_small_one(sqlite_house: House) -> None:
    """Rows looked at, as SQLite counts its steps: none of the copies was with as many people as the ordinary work."""

    def steps(n_gold: int) -> int:
        campaign = sqlite_house.campaign(gold_fraction=0.1, target_redundancy=3)
        sqlite_house.add(campaign, *[{"part_revision_id": f"p{n}"} for n in range(3)])
        sqlite_house.add(campaign, *[{"part_revision_id": f"g{n}", **GOLD} for n in range(n_gold)])
        with sqlite_house.store.write() as connection:
            connection.execute(tasks.update().where(~tasks.c.is_gold).values(n_people=1))
        (who,) = people(1)
        sqlite_house.next(campaign, who)
        return virtual_machine_steps(sqlite_house, lambda: sqlite_house.next(campaign, who))

    assert steps(2_000) < 2 * steps(200)


def virtual_machine_steps(house: House, work: Any) -> int:
    """Hundreds of steps of SQLite's machine that `work` takes."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    with house.at_once(), house.write() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(tick, 100)
        work()
        driver.set_progress_handler(None, 100)
    return count


@pytest.mark.slow
def test_honeypots_of_the_sheet_at_hand_are_preferred(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.2, target_redundancy=1)
    sheets = [{"part_revision_id": f"sheet-{number // 30}"} for number in range(120)]
    house.add(campaign, *sheets, *[{**sheet, **GOLD} for sheet in sheets[::2]])
    order = [house.task(task).part_revision_id for task in house.work_off(campaign, people(1)[0])]
    changes = sum(a != b for a, b in itertools.pairwise(order))
    assert changes <= 5


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_gold_is_asked_in_its_place(house: House, known: bool) -> None:
    """Sheet by sheet, and on a sheet by rising confidence, gold among the rest; without one, among the rest too."""
    rng = random.Random(3)
    campaign = house.campaign(gold_fraction=0.11, target_redundancy=3)
    tasks = [{"part_revision_id": f"sheet-{n // 30}", "predicted_confidence": rng.random()} for n in range(240)]
    gold = [{**tasks[8 * n], **GOLD, "predicted_confidence": rng.random() if known else None} for n in range(30)]
    house.add(campaign, *tasks)
    house.add(campaign, *gold[15:])
    house.add(campaign, *gold[:15])
    served = [house.task(task) for task in house.work_off(campaign, people(1)[0])]
    assert 240 + 27 <= len(served) <= 270
    assert [row.sheet_seq for row in served] == sorted(row.sheet_seq for row in served)
    if known:
        pairs = [pair for pair in itertools.pairwise(served) if not (pair[0].is_gold and pair[1].is_gold)]
        for a, b in pairs:
            assert a.predicted_confidence is not None
            assert b.predicted_confidence is not None
            assert a.sheet_seq < b.sheet_seq or a.predicted_confidence <= b.predicted_confidence
    else:
        last_of_sheet = [after.sheet_seq != row.sheet_seq for row, after in itertools.pairwise(served) if row.is_gold]
        assert sum(last_of_sheet) <= 4


def test_a_ring_that_compares_notes_meets_honeypots_no_oftener_than_other_work(house: House) -> None:
    """Everybody's first round: an ordinary id or question has been with one of them, and so has a honeypot's."""
    campaign = house.campaign(gold_fraction=0.2, target_redundancy=3)
    house.add(campaign, *[{}] * 80, *[GOLD] * 40)
    met: Counter[str] = Counter()
    with house.at_once():
        for _turn in range(20):
            for who in people(4):
                claim = house.next(campaign, who)
                assert claim is not None
                house.submit(campaign, claim.task.id, who)
                row = house.task(claim.task.id)
                met[row.gold_item_id or row.id] += 1
    assert set(met.values()) == {1}


def test_an_answer_to_gold_is_the_same_work_as_any_other(house: House) -> None:
    """Statement by statement; what differed in number or kind could be timed."""
    campaign = house.campaign(target_redundancy=2, gold_fraction=0.5)
    house.add(campaign, *[{}] * 12, *[{"is_gold": True, "gold_answer": "correct"}] * 12)
    first, second = people(2)
    house.work_off_some(campaign, first, 10)
    work: dict[bool, set[tuple[str, ...]]] = {True: set(), False: set()}
    for number in range(10):
        claim = house.next(campaign, second)
        assert claim is not None
        sent: list[str] = []
        watcher = watching(sent)
        house.submit(campaign, claim.task.id, second, ("correct", "incorrect")[number % 2])
        compiled_statements.watchers.remove(watcher)
        row = house.task(claim.task.id)
        work[row.is_gold].add(tuple(text for text in sent if "SET status=" not in text))
    assert work[True] == work[False]
    assert len(work[True]) == 1


def watching(sent: list[str]) -> compiled_statements.StatementObserver:
    def watcher(statement: str, _parameters: object) -> None:
        sent.append(statement)

    compiled_statements.watchers.append(watcher)
    return watcher
