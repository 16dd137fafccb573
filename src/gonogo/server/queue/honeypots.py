"""Honeypots: choose when a voter gets a task whose answer is known, so that nobody can tell it from ordinary work.

An *item* is a question with a known answer; each task row of it is a *copy*, and a copy is served to no more people
than an ordinary task would be. Copies have no rank: no claim of ordinary work ever takes one.

**Scheduled.** Ordinary work comes sheet by sheet, and on a sheet by rising confidence. A honeypot has a place in that
order like any task, and is due when the order has passed its place: so neither its sheet nor its confidence, nor the
task before it, tells it from its neighbours. Where the pool holds more than the campaign's `gold_fraction` g of all
questions, only the share of the items that makes g is ever due, the same ones for everybody (`due_threshold`).

**Deficit.** Where the pool holds too little, a voter falls behind: of n tasks s were gold, and g·n − s is the deficit.
Beyond a margin (`DEFICIT_MARGIN`) any item may come, drawn for each claim with `catch_up_probability`; such a honeypot
can stand out by its sheet. A pool at least as rich as g needs none of them.

Colluding annotators who compare task ids or questions must not see honeypots repeat more or less often than ordinary
tasks, which come round by round, to everybody's first, then second person. So the copy served has been served to as
many people as the ordinary task that it stands in for, and an item gets another copy only when nothing else is left.

A honeypot that was released, or whose claim expired, does not come to the same person again. Ordinary work that was
released waits for the next round, where somebody else may take it; if gold came back sooner, or more surely, it would
show.
"""

from __future__ import annotations

import random
from datetime import datetime

from sqlalchemy import Connection

from gonogo.server.auth.principals import Voter
from gonogo.server.queue.honeypot_queries import SEARCH_LIMIT, HoneypotQueries, Visit
from gonogo.server.queue.rows import QueueCampaign, QueuedTask, ServedRow, VoterCursor
from gonogo.server.store.schema import tasks, voters
from gonogo.server.store.task_order import END, Rank

CORRECTION_GAIN = 0.02
"""Rise of the probability of a honeypot for each one of the deficit: a proportional controller."""
DEFICIT_MARGIN = 4.0
"""Deficit before a honeypot may come out of order."""
DEFICIT_MARGIN_SHARE = 0.02
"""Growth of the margin for each task served."""
SHUFFLE_RANGE = 2**31
"""Positions in the pool are 0 … `SHUFFLE_RANGE` − 1."""
GOLDEN_RATIO = (5**0.5 - 1) / 2

_queries = HoneypotQueries()


# --- the schedule ------------------------------------------------------------------------------------------


def catch_up_probability(fraction: float, n_served: int, n_gold: int) -> float:
    """Probability of a honeypot out of order for a voter with `n_gold` honeypots among `n_served` tasks.

    Proportional to the deficit, and bounded, so that gold never comes in bursts.
    """
    corrected = fraction + CORRECTION_GAIN * (fraction * n_served - n_gold)
    highest = max(min(2.5 * fraction, 0.95), fraction)
    return min(max(corrected, 0.0), highest)


def due_threshold(fraction: float, n_tasks: int, n_items: int) -> int:
    """The highest pool position of items that are ever due, so that `fraction` of all questions is gold."""
    return round((SHUFFLE_RANGE - 1) * min(1.0, fraction * n_tasks / ((1 - fraction) * n_items)))


def shuffle_position(number: int) -> int:
    """Pool position of the `number`-th item; the first items of any length leave no large gap.

    Multiples of the golden ratio, modulo 1 (Knuth, The Art of Computer Programming 3, 6.4, theorem S): so the items up
    to any `due_threshold` are spread evenly over the order in which they came, sheet by sheet.
    """
    return int(number * GOLDEN_RATIO % 1 * SHUFFLE_RANGE)


# --- serving -----------------------------------------------------------------------------------------------


def choose_honeypot(
    connection: Connection,
    campaign: QueueCampaign,
    voter: Voter,
    cursor: VoterCursor,
    ordinary: QueuedTask,
    now: datetime,
    rng: random.Random,
) -> ServedRow | None:
    """The copy to serve instead of the ordinary task, if one is due or owed; the caller leases it."""
    if not campaign.n_gold_items or campaign.gold_fraction <= 0 or cursor.n_items_had >= campaign.n_gold_items:
        return None
    visit = Visit(campaign.id, voter.id, ordinary.n_people, start=0)
    copy = _scheduled(connection, campaign, cursor, ordinary, visit, rng)
    if copy is None and _is_owed(campaign.gold_fraction, cursor, rng):
        copy = _out_of_order(connection, campaign, visit, now, rng)
    if copy is not None and copy.gold_item_id is not None:
        _queries.insert_serving(
            connection, item_id=copy.gold_item_id, voter_id=voter.id, campaign_id=campaign.id, task_id=copy.id
        )
    return copy


def _scheduled(
    connection: Connection,
    campaign: QueueCampaign,
    cursor: VoterCursor,
    ordinary: QueuedTask,
    visit: Visit,
    rng: random.Random,
) -> ServedRow | None:
    """A copy that the order has passed: what the last sheet still has, then this sheet's before the ordinary task."""
    passed = [(ordinary.sheet_seq, Rank.parse(ordinary.rank).place)]
    if cursor.last_sheet_seq is not None and cursor.last_sheet_seq != ordinary.sheet_seq:
        passed.insert(0, (cursor.last_sheet_seq, END))
    threshold = due_threshold(campaign.gold_fraction, campaign.n_tasks, campaign.n_gold_items)
    for sheet, place in passed:
        somewhere = visit._replace(start=_random_start(campaign, threshold, rng))
        copy = _queries.scheduled_copy(connection, somewhere, sheet=sheet, place=place, threshold=threshold)
        if copy is not None:
            return copy
    return None


def _is_owed(fraction: float, cursor: VoterCursor, rng: random.Random) -> bool:
    n_served, n_gold = cursor.n_served, cursor.n_gold_served
    deficit = fraction * n_served - n_gold
    if deficit <= DEFICIT_MARGIN + DEFICIT_MARGIN_SHARE * n_served:
        return False
    return rng.random() < catch_up_probability(fraction, n_served, n_gold)


def _out_of_order(
    connection: Connection, campaign: QueueCampaign, visit: Visit, now: datetime, rng: random.Random
) -> ServedRow | None:
    """A copy of any item that the voter has not met: a like one, any one, or a new one."""
    for search in (_queries.like_copy, _queries.any_copy):
        copy = search(connection, visit._replace(start=_random_start(campaign, SHUFFLE_RANGE - 1, rng)))
        if copy is not None:
            return copy
    item = _queries.unmet_item(connection, visit._replace(start=_random_start(campaign, SHUFFLE_RANGE - 1, rng)))
    return None if item is None else _queries.create_copy(connection, item.id, now)


def _random_start(campaign: QueueCampaign, last: int, rng: random.Random) -> int:
    """Where a search starts; 0 for a small pool, which one search sees whole."""
    return rng.randrange(last + 1) if campaign.n_gold_items > SEARCH_LIMIT else 0


# --- bookkeeping -------------------------------------------------------------------------------------------


def add_spare_copies(connection: Connection, campaign_id: str, now: datetime, limit: int = 50) -> int:
    """Adds copies to items that run short of them, so that a claim seldom has to; returns how many."""
    short = _queries.items_short_of_copies(connection, campaign_id, limit)
    for item_id in short:
        _queries.create_copy(connection, item_id, now)
    return len(short)


def record_unserved(connection: Connection, campaign_id: str, item_id: str, task_id: str, voter: Voter) -> None:
    """Records that a voter answered a copy without being served it, so that the item does not come again."""
    if _queries.was_served(connection, item_id, voter.id):
        return
    _queries.insert_serving(connection, item_id=item_id, voter_id=voter.id, campaign_id=campaign_id, task_id=task_id)
    connection.execute(tasks.update().where(tasks.c.id == task_id).values(n_people=tasks.c.n_people + 1))
    own_cursor = (voters.c.campaign_id == campaign_id) & (voters.c.voter_id == voter.id)
    connection.execute(voters.update().where(own_cursor).values(n_gold_items=voters.c.n_gold_items + 1))
