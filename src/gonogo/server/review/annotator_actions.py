"""Lead's actions on an annotator's work in a campaign: pause, discount, restore; each leaves a record.

- *Pause* stops new tasks; tasks that the person holds may still be answered, and count.
- *Discount* takes all votes so far out of the count; their tasks go to somebody else.
- *Restore* counts them again.
- *Reopen* leaves the votes alone, and asks every task that they helped to resolve once more.

Rulings of experts always stand.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, false, func, null, select, true

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.review import (
    AnnotatorAction,
    AnnotatorActionCreate,
    AnnotatorActionPreview,
    AnnotatorState,
    AnnotatorVerb,
)
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import not_found
from gonogo.server.serialize import instant
from gonogo.server.store import task_order
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import (
    annotator_accounts,
    annotator_actions,
    annotator_pauses,
    assignments,
    discounted_votes,
    submissions,
    tasks,
    users,
)
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import AnySelect, fetch_one


class ActionRow(NamedTuple):
    """Row of `annotator_actions`."""

    number: int
    id: str
    campaign_id: str
    voter_id: str
    action: AnnotatorVerb
    n_tasks: int
    note: str | None
    actor_id: str
    created_at: datetime


def apply_action(
    connection: Connection,
    campaign: CampaignRow,
    voter_id: str,
    action: AnnotatorActionCreate,
    caller: Principal,
    now: datetime,
) -> ActionRow:
    """Applies the action in a write transaction, and returns its row. Raises 404 for a person not in the campaign.

    Repeating an action changes nothing but adds its row: the rows show what was asked, too.
    """
    if not _is_member(connection, campaign.id, voter_id):
        raise not_found()
    task_order.lock_order(connection, campaign.id, exclusive=True)
    apply = {"pause": _pause, "resume": _resume, "discount": _discount, "restore": _restore, "reopen": _reopen}
    n_tasks = apply[action.action](connection, campaign.id, voter_id, now)
    action_id = new_id()
    connection.execute(
        annotator_actions.insert().values(
            id=action_id,
            campaign_id=campaign.id,
            voter_id=voter_id,
            action=action.action,
            n_tasks=n_tasks,
            note=action.note,
            actor_id=caller.id,
            created_at=now,
        )
    )
    return fetch_one(connection, select(annotator_actions).where(annotator_actions.c.id == action_id), ActionRow)


def preview_action(
    connection: Connection, campaign: CampaignRow, voter_id: str, verb: AnnotatorVerb
) -> AnnotatorActionPreview:
    """The effect that `apply_action` would have now. Raises 404 for a person not in the campaign."""
    if not _is_member(connection, campaign.id, voter_id):
        raise not_found()
    mine = and_(submissions.c.campaign_id == campaign.id, submissions.c.voter_id == voter_id)
    counts: dict[str, AnySelect] = {
        "discount": select(func.count()).select_from(submissions).where(mine, submissions.c.counted == true()),
        "restore": select(func.count()).where(*_discounted(campaign.id, voter_id)),
        "reopen": select(func.count()).where(*_reopenable(campaign.id, voter_id)),
    }
    n_tasks = int(connection.execute(counts[verb]).scalar_one()) if verb in counts else 0
    thing = "task" if n_tasks == 1 else "tasks"
    consequence = _CONSEQUENCES[verb].format(n=n_tasks, tasks=thing)
    return AnnotatorActionPreview(voter_id=voter_id, action=verb, n_tasks=n_tasks, consequence=consequence)


def action_public(row: ActionRow) -> AnnotatorAction:
    """Action as a model of the wire."""
    values = {name: getattr(row, name) for name in AnnotatorAction.model_fields if name != "created_at"}
    return AnnotatorAction(**values, created_at=instant(row.created_at))


def annotator_states(connection: Connection, campaign_id: str) -> list[AnnotatorState]:
    """States of all annotators who voted in the campaign or are assigned to it, by name."""
    in_campaign = submissions.c.campaign_id == campaign_id
    voted = connection.execute(_VOTED.where(in_campaign).group_by(submissions.c.voter_id)).all()
    in_order = _ASSIGNED.where(assignments.c.campaign_id == campaign_id).order_by(assignments.c.number)
    assigned = {row.voter_id: row.status for row in connection.execute(in_order)}  # the newest assignment of each
    counts = {row.voter_id: row for row in voted}
    ids = sorted({*counts, *assigned})
    paused = connection.execute(_PAUSES.where(annotator_pauses.c.campaign_id == campaign_id)).all()
    since = {row.voter_id: row.paused_at for row in paused}
    accounts = connection.execute(_ACCOUNTS.where(annotator_accounts.c.id.in_(ids))).all()
    known = {row.id: row for row in accounts}
    known |= {row.id: row for row in connection.execute(_USERS.where(users.c.id.in_(ids))).all()}
    states = [
        AnnotatorState(
            voter_id=voter,
            name=known[voter].name if voter in known else None,
            email=known[voter].email if voter in known else None,
            kind=counts[voter].kind if voter in counts else "annotator",
            n_submissions=counts[voter].n if voter in counts else 0,
            n_discounted=counts[voter].n_discounted if voter in counts else 0,
            paused_at=instant(since.get(voter)),
            status=assigned.get(voter),
        )
        for voter in ids
    ]
    return sorted(states, key=lambda state: (state.name or state.email or state.voter_id).casefold())


def _is_member(connection: Connection, campaign_id: str, voter_id: str) -> bool:
    voted = _VOTED.where(submissions.c.campaign_id == campaign_id, submissions.c.voter_id == voter_id)
    assigned = _ASSIGNED.where(assignments.c.campaign_id == campaign_id, assignments.c.annotator_account_id == voter_id)
    queries: tuple[AnySelect, ...] = (voted.group_by(submissions.c.voter_id), assigned)
    return any(connection.execute(query).first() is not None for query in queries)


# --- the actions; each returns the number of tasks it touched -------------------------------------------------


def _pause(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> int:
    _resume(connection, campaign_id, voter_id, now)
    connection.execute(annotator_pauses.insert().values(campaign_id=campaign_id, voter_id=voter_id, paused_at=now))
    return 0


def _resume(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> int:
    mine = and_(annotator_pauses.c.campaign_id == campaign_id, annotator_pauses.c.voter_id == voter_id)
    connection.execute(delete(annotator_pauses).where(mine))
    return 0


def _discount(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> int:
    mine = and_(submissions.c.campaign_id == campaign_id, submissions.c.voter_id == voter_id)
    counted = and_(mine, submissions.c.counted == true())
    columns = (submissions.c.id, submissions.c.campaign_id, submissions.c.voter_id)
    fresh = select(*columns).where(counted)
    connection.execute(discounted_votes.insert().from_select(["submission_id", "campaign_id", "voter_id"], fresh))
    touched = select(submissions.c.task_id).where(counted)
    n_tasks = connection.execute(select(func.count()).select_from(touched.subquery())).scalar_one()
    fewer = tasks.update().where(tasks.c.id.in_(touched))
    connection.execute(fewer.values(submission_count=tasks.c.submission_count - 1))
    _reopen_short(connection, select(submissions.c.task_id).where(mine))
    connection.execute(submissions.update().where(counted).values(counted=False))
    return n_tasks


def _restore(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> int:
    """Counts the discounted votes again, on top of votes that have taken their places meanwhile."""
    gone = and_(*_discounted(campaign_id, voter_id))
    back = select(discounted_votes.c.submission_id).where(gone)
    touched = select(submissions.c.task_id).where(submissions.c.id.in_(back))
    n_tasks = connection.execute(select(func.count()).select_from(touched.subquery())).scalar_one()
    more = tasks.update().where(tasks.c.id.in_(touched))
    connection.execute(more.values(submission_count=tasks.c.submission_count + 1))
    full = more.where(tasks.c.submission_count >= tasks.c.n_required)
    connection.execute(full.values(rank=null()))
    connection.execute(submissions.update().where(submissions.c.id.in_(back)).values(counted=True))
    connection.execute(delete(discounted_votes).where(gone))
    return n_tasks


def _reopen(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> int:
    asked = tasks.update().where(*_reopenable(campaign_id, voter_id))
    n_votes = tasks.c.submission_count + 1
    n_tasks = connection.execute(asked.values(n_required=n_votes, settled_votes=n_votes)).rowcount
    _reopen_short(connection, _counted_tasks(campaign_id, voter_id))
    return int(n_tasks)


def _discounted(campaign_id: str, voter_id: str) -> tuple[ColumnElement[bool], ...]:
    return discounted_votes.c.campaign_id == campaign_id, discounted_votes.c.voter_id == voter_id


def _counted_tasks(campaign_id: str, voter_id: str) -> AnySelect:
    """Ids of the tasks where a vote of the person counts."""
    return select(submissions.c.task_id).where(
        submissions.c.campaign_id == campaign_id, submissions.c.voter_id == voter_id, submissions.c.counted == true()
    )


def _reopenable(campaign_id: str, voter_id: str) -> tuple[ColumnElement[bool], ...]:
    """Conditions of the tasks that *reopen* asks once more."""
    return (
        tasks.c.id.in_(_counted_tasks(campaign_id, voter_id)),
        tasks.c.status == TaskStatus.RESOLVED,
        tasks.c.adjudicated == false(),
        tasks.c.is_gold == false(),
        tasks.c.n_required < _MOST_VOTES,
    )


_MOST_VOTES = 50


_CONSEQUENCES: dict[AnnotatorVerb, str] = {
    "pause": "No new tasks for this person until you resume. What is held may still be answered, and all votes count.",
    "resume": "The person gets tasks again.",
    "discount": "The person's votes on {n} {tasks} stop counting; those tasks go to somebody else, unless an "
    "expert ruled. The votes are kept: `restore` counts them again.",
    "restore": "The person's discounted votes on {n} {tasks} count again.",
    "reopen": "{n} resolved {tasks} that the person helped to settle each go to somebody else once more. All votes "
    "still count; you can't undo this.",
}


def _reopen_short(connection: Connection, task_ids: AnySelect) -> None:
    """Opens tasks that now have fewer votes than they need, and puts them into the order; rulings stay."""
    short = tasks.update().where(
        tasks.c.id.in_(task_ids),
        tasks.c.adjudicated == false(),
        tasks.c.submission_count < tasks.c.n_required,
    )
    unsettled = {"consensus_verdict": null(), "consensus_value": null(), "agreement": null()}
    unsettled |= {"posterior": null(), "resolved_at": null(), "settled_max_risk": null()}
    connection.execute(short.values(status=TaskStatus.OPEN, **unsettled))
    free = short.where(tasks.c.holder_id.is_(None), tasks.c.rank.is_(None))
    connection.execute(free.values(rank=task_order.RANK_AT_INSERT_ROUND))


_PAUSES = select(annotator_pauses.c.voter_id, annotator_pauses.c.paused_at)
_VOTED = select(
    submissions.c.voter_id,
    func.max(submissions.c.voter_kind).label("kind"),
    func.count().label("n"),
    func.count(discounted_votes.c.submission_id).label("n_discounted"),
).outerjoin(discounted_votes, discounted_votes.c.submission_id == submissions.c.id)
_ASSIGNED = select(assignments.c.annotator_account_id.label("voter_id"), assignments.c.status)
_ACCOUNTS = select(annotator_accounts.c.id, annotator_accounts.c.display_name.label("name"), annotator_accounts.c.email)
_USERS = select(users.c.id, users.c.name, users.c.email)
