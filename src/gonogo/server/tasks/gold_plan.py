"""Gold plan: chooses where the honeypots of a campaign stand in its order, so that nobody can tell them. Pure.

Gold has a rank like any task, is claimed by the same statement and goes through the same rounds. So all depends on
where it stands. Of the order's positions a share `gold_fraction` is drawn at random, in blocks, which keeps the share
even and leaves neither a period nor bursts.

**On its sheets.** Where gold lies on the sheets of the work, and is spread over them as if it were a random part of the
work, each honeypot stands on its own sheet, at its own confidence. The sheets stay together.

**Mixed.** Anywhere else (gold on sheets of its own, or on a few of the work's) an honeypot would show by its sheet: it
alone would interrupt the others, or one sheet would be full of it. Then the sheets of the work change as often: the
order is drawn at random over all sheets, on each by rising confidence, and honeypots may stand anywhere.

A pool that is too small for the share gives several copies of an item. They stand far apart, first all items, then all
items once more, because nobody is served two of them.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MAX_COPIES = 25
"""Copies of an item; with three votes a copy, 75 people may meet it."""
MAX_REPEATED = 0.15
"""Share of the honeypots that may be second copies where gold stands on its sheets; with more, it is mixed."""
MAX_SHEET_LEAK = 0.1
"""Difference in how often gold and other tasks open a sheet; 0.1 gives an attacker an AUC of 0.55."""
BLOCK = 100
"""Least number of positions over which the share of gold is exact."""
GOLD_PER_BLOCK = 8
BIN = 5.0
"""Least expected gold of a bin in the test of evenness."""
MIN_SLOTS_TO_TEST = 30
MAX_DEVIATIONS = 4.0
"""Standard deviations of chi-square up to which gold counts as evenly spread."""


class Slot(NamedTuple):
    """An ordinary task of the order, which gold may stand before.

    Attributes:
        round: Round of its rank.
        sheet: Number of its sheet.
        level: Confidence as the place of a task has it (`task_order.sort_key`).
    """

    round: str
    sheet: int
    level: int


class GoldItem(NamedTuple):
    """A gold item, the number of its copies in the order, and its confidence as a level, `None` if it has none."""

    id: str
    sheet: int
    n_copies: int
    level: int | None = None


class Placement(NamedTuple):
    """A new copy: index of its candidate, and of the slot that it stands before."""

    candidate: int
    slot: int


class GoldPlan(NamedTuple):
    """Where new copies go, and whether the campaign mixes its sheets for them."""

    mixes_sheets: bool
    placements: list[Placement]


# --- how many ----------------------------------------------------------------------------------------------


def gold_ratio(fraction: float) -> float:
    """Honeypots for each ordinary task where `fraction` of all tasks is gold."""
    return fraction / (1 - fraction) if fraction < 1 else 1.0


def round_at_random(number: float, rng: random.Random) -> int:
    """A whole number beside `number`, whose expectation is `number`."""
    return max(math.floor(number + rng.random()), 0)


# --- where -------------------------------------------------------------------------------------------------


def plan_gold(
    slots: Sequence[Slot], candidates: Sequence[GoldItem], n_wanted: int, rng: random.Random, *, n_spare: int = 0
) -> GoldPlan:
    """Places `n_wanted` copies before `slots`, which are in the order's order: on the sheets of the gold, or mixed.

    Args:
        slots: The ordinary tasks of the order.
        candidates: The pool, best first: those with the fewest copies.
        n_wanted: Copies to place; fewer come where no item may have more.
        rng: Draws the positions.
        n_spare: Copies that may be missing rather than that the sheets are mixed.
    """
    placements = plan_on_sheets(slots, candidates, n_wanted, rng, n_spare=n_spare)
    if placements is not None:
        return GoldPlan(False, placements)
    return GoldPlan(True, plan_anywhere(len(slots), candidates, n_wanted, rng))


def plan_anywhere(n_slots: int, candidates: Sequence[GoldItem], n_wanted: int, rng: random.Random) -> list[Placement]:
    """Places copies at random, each item once before any comes again."""
    positions = _spread(n_slots, n_wanted, rng)
    copies = [candidate.n_copies for candidate in candidates]
    chosen: list[int] = []
    while len(chosen) < len(positions) and copies:
        least = min(copies)
        if least >= MAX_COPIES:
            break
        turn = [index for index, count in enumerate(copies) if count == least][: len(positions) - len(chosen)]
        for index in turn:
            copies[index] += 1
        rng.shuffle(turn)
        chosen += turn
    return [Placement(index, slot) for index, slot in zip(chosen, positions, strict=False)]


def _spread(n_slots: int, n_gold: int, rng: random.Random) -> list[int]:
    """Slots before which gold stands, in order: a random part of the positions of each block."""
    if not n_slots or not n_gold:
        return []
    per_slot = n_gold / n_slots
    size = max(BLOCK, round(GOLD_PER_BLOCK / per_slot))
    edges = [*range(0, n_slots, size)]
    if len(edges) > 1 and n_slots - edges[-1] < size:  # no short block at the end
        edges.pop()
    offset = rng.random() if len(edges) > 1 else 0.0
    positions, done = [], 0
    for begin, end in zip(edges, [*edges[1:], n_slots], strict=True):
        due = n_gold if end == n_slots else min(math.floor(end * per_slot + offset), n_gold)
        positions += [begin + slot for slot in _interleave(end - begin, due - done, rng)]
        done = due
    return positions


def _interleave(n_slots: int, n_gold: int, rng: random.Random) -> list[int]:
    """Slots before which gold stands if it is a random part of `n_slots + n_gold` positions; never behind the last."""
    positions = sorted(rng.sample(range(n_slots + n_gold), n_gold))
    return [min(position - before, n_slots - 1) for before, position in enumerate(positions)]


# --- on its sheets -----------------------------------------------------------------------------------------


def plan_on_sheets(
    slots: Sequence[Slot], candidates: Sequence[GoldItem], n_wanted: int, rng: random.Random, *, n_spare: int = 0
) -> list[Placement] | None:
    """Places each copy on its item's sheet; `None` where gold would stand out there."""
    sizes = Counter(slot.sheet for slot in slots)
    chosen = _choose_on_sheets(sizes, candidates, n_wanted, rng)
    if n_wanted - len(chosen) > n_spare:
        return None
    counts = Counter(candidates[index].sheet for index in chosen)
    if len(slots) >= MIN_SLOTS_TO_TEST and not (_is_even(slots, counts) and _is_hidden(sizes, counts)):
        return None
    return _place_on_sheets(slots, candidates, chosen, rng)


def _choose_on_sheets(
    sizes: Counter[int], candidates: Sequence[GoldItem], n_wanted: int, rng: random.Random
) -> list[int]:
    """Candidates to place: of each sheet its share, then what other sheets have too many, then a few second copies."""
    fresh: dict[int, list[int]] = {sheet: [] for sheet in sizes}
    for index, candidate in enumerate(candidates):
        if candidate.sheet in fresh and candidate.n_copies == 0:
            fresh[candidate.sheet].append(index)
    per_slot = n_wanted / max(sizes.total(), 1)
    passed, due, offset = 0, 0, rng.random()
    chosen: list[int] = []
    surplus: list[int] = []
    for sheet, size in sizes.items():
        passed += size
        quota = math.floor(passed * per_slot + offset) - due
        due += quota
        chosen += fresh[sheet][:quota]
        surplus += fresh[sheet][quota:]
    missing = max(n_wanted - len(chosen), 0)
    chosen = chosen[:n_wanted] + rng.sample(surplus, min(missing, len(surplus)))
    again = [i for i, item in enumerate(candidates) if item.sheet in sizes and item.n_copies < MAX_COPIES]
    n_again = min(n_wanted - len(chosen), round(MAX_REPEATED * n_wanted), len(again))
    return chosen + rng.sample(again, n_again)


def _is_even(slots: Sequence[Slot], counts: Counter[int]) -> bool:
    """Whether gold is spread over the order as a random part of it would be (chi-square over bins of whole sheets)."""
    per_slot = counts.total() / len(slots)
    chi_square, n_bins, expected, counted = 0.0, 0, 0.0, 0
    for sheet, size in Counter(slot.sheet for slot in slots).items():
        expected, counted = expected + size * per_slot, counted + counts[sheet]
        if expected >= BIN:
            chi_square += (counted - expected) ** 2 / expected
            n_bins, expected, counted = n_bins + 1, 0.0, 0
    return chi_square <= n_bins + MAX_DEVIATIONS * math.sqrt(2 * n_bins)


def _is_hidden(sizes: Counter[int], counts: Counter[int]) -> bool:
    """Whether gold opens a sheet about as often as other tasks do: on small sheets it would come second too often."""
    if not counts:
        return True
    opens = {sheet: 1 / (size + counts[sheet]) for sheet, size in sizes.items()}
    of_gold = sum(n * opens[sheet] for sheet, n in counts.items()) / counts.total()
    of_other = sum(size * opens[sheet] for sheet, size in sizes.items()) / sizes.total()
    return abs(of_gold - of_other) <= MAX_SHEET_LEAK


def _place_on_sheets(
    slots: Sequence[Slot], candidates: Sequence[GoldItem], chosen: Sequence[int], rng: random.Random
) -> list[Placement]:
    """Places copies at their own confidence, those without one anywhere on their sheet."""
    runs: dict[tuple[str, int], list[int]] = {}  # slots of one sheet in one round
    of_sheet: dict[int, list[tuple[str, int]]] = {}  # for each slot of a sheet its run
    for index, slot in enumerate(slots):
        key = (slot.round, slot.sheet)
        runs.setdefault(key, []).append(index)
        of_sheet.setdefault(slot.sheet, []).append(key)
    placements = []
    for index in chosen:
        candidate = candidates[index]
        run = runs[rng.choice(of_sheet[candidate.sheet])]
        if candidate.level is None or slots[run[0]].level == slots[run[-1]].level:
            at = rng.randrange(len(run))
        else:
            at = min(bisect_left([slots[i].level for i in run], candidate.level), len(run) - 1)
        placements.append(Placement(index, run[at]))
    return placements
