"""Queue view: computes the counts of a campaign's queue that one voter may see.

They walk indexes, not tasks; none of them is computed by a claim.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, exists, func, select

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.schemas.gonogo_api import HeldByOthers, QueueView
from gonogo.server.auth.principals import Voter
from gonogo.server.serialize import instant
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.schema import help_requests, submissions, tasks, voters
from gonogo.server.store.schema.rows import CampaignRow

# --- queries -----------------------------------------------------------------------------------------------


class VoterProgress(NamedTuple):
    """How far a voter has come in a campaign."""

    cursor: str = ""
    n_done: int = 0
    n_gold_done: int = 0


class ClaimsOfOthers(NamedTuple):
    """Open tasks that others hold and the voter could answer, and when the last of those claims expires."""

    n_tasks: int
    until: datetime | None


_in_campaign = tasks.c.campaign_id == bindparam("campaign")
_own_vote = exists().where(
    submissions.c.campaign_id == tasks.c.campaign_id,
    submissions.c.task_id == tasks.c.id,
    submissions.c.voter_id == bindparam("voter"),
)
_live = tasks.c.claim_expires_at > bindparam("now")
_PROGRESS = CompiledQuery(
    select(voters.c.cursor, voters.c.n_done, voters.c.n_gold_done).where(
        voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter")
    ),
    VoterProgress,
)
_ahead = and_(_in_campaign, tasks.c.rank > bindparam("cursor"))
_COUNT_AHEAD = CompiledStatement(select(func.count()).select_from(tasks).where(_ahead))
_COUNT_GOLD_AHEAD = CompiledStatement(
    select(func.count()).select_from(tasks).where(_ahead, tasks.c.rank.is_not(None), tasks.c.gold_item_id.is_not(None))
)
_COUNT_OWN_AHEAD = CompiledStatement(
    select(func.count())
    .select_from(submissions)
    .join(tasks, and_(tasks.c.id == submissions.c.task_id, tasks.c.campaign_id == submissions.c.campaign_id))
    .where(
        submissions.c.campaign_id == bindparam("campaign"),
        submissions.c.voter_id == bindparam("voter"),
        tasks.c.rank > bindparam("cursor"),
        tasks.c.gold_item_id.is_(None),
    )
)
_COUNT_HELP_AHEAD = CompiledStatement(
    select(func.count())
    .select_from(help_requests)
    .join(tasks, and_(tasks.c.id == help_requests.c.task_id, tasks.c.campaign_id == help_requests.c.campaign_id))
    .where(
        help_requests.c.campaign_id == bindparam("campaign"),
        help_requests.c.voter_id == bindparam("voter"),
        tasks.c.rank > bindparam("cursor"),
        tasks.c.gold_item_id.is_(None),
        ~_own_vote,
    )
)
_HELD_KINDS = CompiledStatement(
    select(tasks.c.is_gold).where(_in_campaign, tasks.c.holder_id == bindparam("voter"), _live)
)
_HELD_BY_OTHERS = CompiledQuery(
    select(func.count().label("n_tasks"), func.max(tasks.c.claim_expires_at).label("until")).where(
        _in_campaign,
        tasks.c.holder_id.is_not(None),
        tasks.c.holder_id != bindparam("voter"),
        _live,
        tasks.c.status == TaskStatus.OPEN,
        ~_own_vote,
        ~exists().where(
            help_requests.c.campaign_id == tasks.c.campaign_id,
            help_requests.c.task_id == tasks.c.id,
            help_requests.c.voter_id == bindparam("voter"),
        ),
    ),
    ClaimsOfOthers,
)
_COUNT_IN_REVIEW = CompiledStatement(
    select(func.count()).select_from(tasks).where(_in_campaign, tasks.c.status == TaskStatus.IN_REVIEW)
)


# --- the view ----------------------------------------------------------------------------------------------


def queue_view(
    connection: Connection, campaign: CampaignRow, voter: Voter, now: datetime, *, reviews: bool = False
) -> QueueView:
    """The queue as `voter` may know it; the number of tasks in review only with `reviews`.

    An annotator who saw that number change with an own answer would know which question it settled, and gold settles
    in another way.

    Gold shows in no number: `left_for_me` expects the campaign's share of honeypots on top of ordinary work, so that
    answering either kind takes one from it; `in_review` and `held_by_others` count both kinds alike.
    """
    params = {"campaign": campaign.id, "voter": voter.id}
    progress = _PROGRESS.first(connection, params) or VoterProgress()
    held = _HELD_KINDS.scalars(connection, {**params, "now": now})
    n_ordinary = held.count(False)
    if campaign.status == CampaignStatus.OPEN:
        ahead = {**params, "cursor": progress.cursor}
        n_ordinary += _COUNT_AHEAD.scalar(connection, ahead) - _COUNT_GOLD_AHEAD.scalar(connection, ahead)
        n_ordinary -= _COUNT_OWN_AHEAD.scalar(connection, ahead) + _COUNT_HELP_AHEAD.scalar(connection, ahead)
    others = _HELD_BY_OTHERS.one(connection, {**params, "now": now})
    return QueueView(
        campaign_id=campaign.id,
        campaign_name=campaign.name,
        campaign_status=campaign.status,
        left_for_me=_count_left(campaign, n_ordinary, len(held), progress),
        held_by_me=len(held),
        done_by_me=progress.n_done,
        held_by_others=HeldByOthers(n_tasks=others.n_tasks, until=instant(others.until)),
        in_review=_COUNT_IN_REVIEW.scalar(connection, params) if reviews else 0,
        guideline=campaign.guideline,
        unit=campaign.unit,
        grouping=campaign.grouping,
    )


def _count_left(campaign: CampaignRow, n_ordinary: int, n_held: int, progress: VoterProgress) -> int:
    """Tasks left for a voter, expected honeypots included. One answer of either kind takes one from it."""
    if campaign.status != CampaignStatus.OPEN:
        return 0
    if n_ordinary == 0:
        return n_held
    all_ordinary = n_ordinary + progress.n_done - progress.n_gold_done
    gold_per_ordinary = campaign.gold_fraction / (1 - campaign.gold_fraction)
    expected_gold = min(round(all_ordinary * gold_per_ordinary), campaign.n_gold_items)
    return max(all_ordinary + expected_gold - progress.n_done, n_held, 1)
