"""Where gold stands: as much as promised, at random, and on its sheets only where it does not stand out."""

from __future__ import annotations

import math
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.tasks.gold_plan import (
    MAX_COPIES,
    GoldItem,
    Placement,
    Slot,
    gold_ratio,
    plan_anywhere,
    plan_gold,
    plan_on_sheets,
)


def slots_of(*sizes: int) -> list[Slot]:
    """Sheets 0, 1, … of so many tasks, rising by confidence."""
    return [Slot("00000000", sheet, level) for sheet, size in enumerate(sizes) for level in range(size)]


def pool(*sizes: int, first: int = 0, level: int | None = None) -> list[GoldItem]:
    """Items on the sheets `first`, `first + 1`, …"""
    return [GoldItem(f"{s}-{n}", first + s, 0, level) for s, size in enumerate(sizes) for n in range(size)]


def sequence(n_slots: int, placements: list[Placement]) -> list[bool]:
    """The order as it is served: for each position whether it is gold."""
    before = Counter(placement.slot for placement in placements)
    return [is_gold for slot in range(n_slots) for is_gold in (*([True] * before[slot]), False)]


@given(
    n_slots=st.integers(1, 2_000),
    fraction=st.sampled_from([0.01, 0.02, 0.1, 0.3, 0.5, 0.7]),
    n_items=st.integers(1, 300),
    seed=st.integers(0, 10**6),
)
def test_mixed_gold_has_its_share_from_the_beginning_on(n_slots: int, fraction: float, n_items: int, seed: int) -> None:
    rng = random.Random(seed)
    n_wanted = round(gold_ratio(fraction) * n_slots)
    placements = plan_anywhere(n_slots, pool(n_items), n_wanted, rng)
    assert len(placements) == min(n_wanted, n_items * MAX_COPIES)
    assert all(0 <= placement.slot < n_slots for placement in placements)
    assert [placement.slot for placement in placements] == sorted(placement.slot for placement in placements)
    order = sequence(n_slots, placements)
    if len(placements) == n_wanted:
        for end in range(100, len(order), 100):
            allowed = 4.5 * math.sqrt(end * fraction * (1 - fraction)) + 2
            assert abs(sum(order[:end]) - fraction * end) <= allowed


@given(n_items=st.integers(1, 60), n_wanted=st.integers(1, 400), seed=st.integers(0, 10**6))
def test_an_item_comes_again_only_after_all_others(n_items: int, n_wanted: int, seed: int) -> None:
    placements = plan_anywhere(2_000, pool(n_items), n_wanted, random.Random(seed))
    met: Counter[int] = Counter()
    for placement in placements:
        met[placement.candidate] += 1
        assert met[placement.candidate] <= min(met[i] for i in range(n_items)) + 1


def test_the_positions_have_neither_a_period_nor_bursts() -> None:
    """Autocorrelation at each lag within the noise of independent draws."""
    for fraction in (0.02, 0.1, 0.5):
        order = sequence(
            20_000, plan_anywhere(20_000, pool(50_000), round(gold_ratio(fraction) * 20_000), random.Random(5))
        )
        mean = sum(order) / len(order)
        deviations = [is_gold - mean for is_gold in order]
        variance = sum(d * d for d in deviations)
        for lag in range(1, 30):
            correlation = sum(a * b for a, b in zip(deviations, deviations[lag:], strict=False)) / variance
            assert abs(correlation) < 4 / math.sqrt(len(order)), (fraction, lag)


def test_gold_that_is_a_random_part_of_the_work_stays_on_its_sheets() -> None:
    rng = random.Random(2)
    n_local = 0
    for _campaign in range(100):
        gold = Counter(rng.randrange(20) for _item in range(60))
        placements = plan_on_sheets(slots_of(*[27] * 20), pool(*(gold[sheet] for sheet in range(20))), 60, rng)
        if placements is not None:
            n_local += 1
            assert len(placements) == 60
    assert n_local >= 97


def test_gold_anywhere_else_makes_the_sheets_mixed() -> None:
    rng = random.Random(2)
    work = slots_of(*[30] * 20)
    for gold in (
        pool(*[1] * 60, first=100),  # a sheet each
        pool(60, first=100),  # all on one sheet of its own
        pool(*[20] * 3),  # on the first sheets of the work only
        pool(*[0] * 17, *[20] * 3),
        pool(*[1] * 20),  # evenly, but far too few
    ):
        plan = plan_gold(work, gold, 67, rng)
        assert plan.mixes_sheets
        assert len(plan.placements) == 67
    assert plan_gold(slots_of(*[1] * 600), pool(*[1] * 60), 60, rng).mixes_sheets  # it would come second on its sheet


@given(per_sheet=st.integers(3, 40), fraction=st.sampled_from([0.01, 0.1, 0.4]), seed=st.integers(0, 10**6))
def test_of_a_rich_pool_each_sheet_gets_its_share(per_sheet: int, fraction: float, seed: int) -> None:
    n_wanted = round(gold_ratio(fraction) * per_sheet * 20)
    rng = random.Random(seed)
    placements = plan_on_sheets(slots_of(*[per_sheet] * 20), pool(*[40] * 20), n_wanted, rng)
    assert placements is not None
    assert len(placements) == n_wanted
    gold = Counter(placement.candidate // 40 for placement in placements)
    assert max(gold.values(), default=0) <= n_wanted / 20 + 1


def test_gold_stands_at_its_own_confidence_and_without_one_anywhere_on_its_sheet() -> None:
    work = slots_of(30)
    rng = random.Random(1)
    known = [plan_on_sheets(work, pool(1, level=12), 1, rng) for _turn in range(5)]
    assert known == [[Placement(0, 12)]] * 5
    unknown = {placed[0].slot for _turn in range(200) if (placed := plan_on_sheets(work, pool(1), 1, rng))}
    assert len(unknown) > 20
