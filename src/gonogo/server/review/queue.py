"""Review queue: orders conflicts by expected harm, followed on request by a random sample of resolved tasks.

Expected harm is the probability that a task's outcome is wrong times the confidence of its prediction: what a
confident model got wrong does most damage downstream. A prediction without a confidence counts as a confident one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import cast as as_type

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.review import ReviewItem, ReviewPage
from gonogo.schemas.verdicts import VERDICT_CLASSES, Verdict
from gonogo.server.errors import invalid
from gonogo.server.practice.settings import load_review_settings
from gonogo.server.review.causes import causes_of
from gonogo.server.review.likely import TaskVotes, votes_of
from gonogo.server.review.notes import TaskNotes, notes_of
from gonogo.server.serialize import task_public
from gonogo.server.store.schema import (
    annotator_accounts,
    help_requests,
    part_revisions,
    parts,
    submissions,
    task_sheets,
    tasks,
    users,
)
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import AnyColumn, AnySelect

UNKNOWN_POSTERIOR = 1 / len(VERDICT_CLASSES)
ASSUMED_CONFIDENCE = 1.0
"""Confidence assumed of a prediction that came without one."""


@dataclass(frozen=True)
class ReviewQuery:
    """Filters of the queue; `sample` adds settled tasks to the conflicts, `reason` is that of a note, or `any`.

    `causes` names the cause of each conflict, too.
    """

    status: str | None = None
    kind: str | None = None
    annotator: str | None = None
    sheet: str | None = None
    text: str | None = None
    reason: str | None = None
    sample: bool = False
    causes: bool = False


def expected_harm(posterior: float | None, confidence: float | None) -> float:
    """Probability of a wrong outcome times confidence of the prediction, 0…1."""
    wrong = 1 - (UNKNOWN_POSTERIOR if posterior is None else posterior)
    return wrong * (ASSUMED_CONFIDENCE if confidence is None else confidence)


_harm = (1.0 - func.coalesce(tasks.c.posterior, UNKNOWN_POSTERIOR)) * func.coalesce(
    tasks.c.predicted_confidence, ASSUMED_CONFIDENCE
)


def queue_page(
    connection: Connection,
    campaign: CampaignRow,
    caller_id: str,
    filters: ReviewQuery,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> ReviewPage:
    """One page of the queue, without gold and without tasks that the caller voted on."""
    base = [tasks.c.campaign_id == campaign.id, tasks.c.is_gold == false(), *_filter_conditions(campaign.id, filters)]
    own = tasks.c.number.in_(_voted_on(campaign.id, caller_id))
    bands = _bands(connection, campaign.id, filters)
    at = _read_cursor(cursor, bands)
    rows: list[_QueueRow] = []
    following: str | None = None
    for index in range(at.band, len(bands)):
        band = bands[index]
        conditions = [*base, band.condition, ~own]
        if index == at.band and at.where is not None:
            conditions.append(at.where)
        rows += _read_rows(connection, campaign.id, band, conditions, limit + 1 - len(rows))
        if len(rows) > limit:
            rows = rows[:limit]
            following = _cursor(rows[-1])
            break
    count = sum(_count(connection, [*base, band.condition, ~own]) for band in bands)
    conflicts = [band for band in bands if band.name == "h"]
    hidden = sum(_count(connection, [*base, band.condition, own]) for band in conflicts)
    items = _items(connection, campaign.id, rows, now, causes=filters.causes)
    return ReviewPage(count=count, hidden_own=hidden, data=items, next_cursor=following)


# --- the order -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Band:
    """A part of the list: `f` open tasks that somebody asks about, `h` conflicts by harm, `s` a sample in random order,
    or `n` newest first."""

    name: str
    condition: ColumnElement[bool]
    order: tuple[AnyColumn, ...]


@dataclass(frozen=True)
class _PagePosition:
    """Where a page starts: a band, and a condition inside it."""

    band: int = 0
    where: ColumnElement[bool] | None = None


def _bands(connection: Connection, campaign_id: str, filters: ReviewQuery) -> list[_Band]:
    if filters.status is not None and filters.status != TaskStatus.IN_REVIEW:
        return [_Band("n", tasks.c.status == filters.status, (tasks.c.number.desc(),))]
    # Written out, so that the database sees that its index of the conflicts fits.
    conflicts = tasks.c.status == literal_column(f"'{TaskStatus.IN_REVIEW.value}'")
    bands = [_Band("h", conflicts, (_harm.desc(), tasks.c.number))]
    if filters.status is None:
        bands.insert(0, _Band("f", and_(tasks.c.status == TaskStatus.OPEN, _help_asked()), (tasks.c.number,)))
    if filters.sample and filters.status is None:
        drawn = _sampled(load_review_settings(connection, campaign_id).sample_rate)
        bands.append(_Band("s", drawn, (tasks.c.id,)))
    return bands


def _sampled(rate: float) -> ColumnElement[bool]:
    """Resolved tasks sampled at `rate`: ids are random, so the lowest ones are a sample that stays the same."""
    settled = and_(tasks.c.status == TaskStatus.RESOLVED, tasks.c.adjudicated == false())
    if rate >= 1:
        return settled
    return and_(settled, tasks.c.id < f"{int(rate * 2**32):08x}")


def _cursor(row: _QueueRow) -> str:
    if row.band == "h":
        return f"h{row.harm!r}:{row.task.number}"
    return f"s{row.task.id}" if row.band == "s" else f"{row.band}{row.task.number}"


def _read_cursor(cursor: str | None, bands: Sequence[_Band]) -> _PagePosition:
    if cursor is None:
        return _PagePosition()
    names = [band.name for band in bands]
    rest = cursor[1:]
    try:
        band = names.index(cursor[:1])
        if cursor[0] == "s" and len(rest) == 36:
            return _PagePosition(band, tasks.c.id > rest)
        if cursor[0] == "n":
            return _PagePosition(band, tasks.c.number < _parse_whole(rest))
        if cursor[0] == "f":
            return _PagePosition(band, tasks.c.number > _parse_whole(rest))
        level, number = rest.split(":")
        reached = float(level)
        if not 0 <= reached <= 1:
            raise ValueError
        return _PagePosition(band, or_(_harm < reached, and_(_harm == reached, tasks.c.number > _parse_whole(number))))
    except ValueError:
        message = "This cursor isn't from this list: send the previous page's next_cursor unchanged."
        raise invalid([{"loc": ["query", "cursor"], "msg": message, "type": "cursor"}]) from None


def _parse_whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError
    return int(text)


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(tasks).where(*conditions)).scalar_one()


# --- filters ---------------------------------------------------------------------------------------------


def _filter_conditions(campaign_id: str, filters: ReviewQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.kind:
        conditions.append(or_(tasks.c.target_kind == filters.kind, tasks.c.detail_kind == filters.kind))
    if filters.annotator:
        conditions.append(_voted_by(filters.annotator))
    if filters.sheet:
        conditions.append(_on_sheet(campaign_id, filters.sheet))
    if filters.text:
        conditions.append(_contains(filters.text))
    if filters.reason:
        conditions.append(_noted(filters.reason))
    return conditions


def _help_asked() -> ColumnElement[bool]:
    return exists().where(help_requests.c.campaign_id == tasks.c.campaign_id, help_requests.c.task_id == tasks.c.id)


def _noted(reason: str) -> ColumnElement[bool]:
    """Tasks with a note for `reason`, by a vote or a request for help; `any` for any note."""
    return or_(
        *(
            exists().where(
                table.c.campaign_id == tasks.c.campaign_id,
                table.c.task_id == tasks.c.id,
                or_(table.c.reason.is_not(None), table.c.note.is_not(None))
                if reason == "any"
                else table.c.reason == reason,
            )
            for table in (submissions, help_requests)
        )
    )


def _voted_by(person: str) -> ColumnElement[bool]:
    who: ColumnElement[bool] = submissions.c.voter_id == person
    if "@" in person:
        address = person.casefold()
        people = select(annotator_accounts.c.id).where(annotator_accounts.c.email == address)
        leads = select(users.c.id).where(func.lower(users.c.email) == address)
        who = or_(submissions.c.voter_id.in_(people), submissions.c.voter_id.in_(leads))
    return exists().where(submissions.c.campaign_id == tasks.c.campaign_id, submissions.c.task_id == tasks.c.id, who)


def _on_sheet(campaign_id: str, sheet: str) -> ColumnElement[bool]:
    """Tasks on a sheet, named by revision, by `revision#page`, or by the part."""
    on_sheet = select(task_sheets.c.sheet_seq).where(
        task_sheets.c.campaign_id == campaign_id, task_sheets.c.sheet == sheet
    )
    named = select(part_revisions.c.id).join(parts, parts.c.id == part_revisions.c.part_id).where(parts.c.name == sheet)
    return or_(tasks.c.part_revision_id == sheet, tasks.c.sheet_seq.in_(on_sheet), tasks.c.part_revision_id.in_(named))


def _contains(text: str) -> ColumnElement[bool]:
    """Tasks with `text` in question, field, or either value; JSON may be stored with escaped characters."""
    written = json.dumps(text)[1:-1]
    plain = [tasks.c.prompt, tasks.c.field_name, tasks.c.field_path]
    values = [as_type(tasks.c.predicted_value, Text), as_type(tasks.c.consensus_value, Text)]
    matches = [column.icontains(text, autoescape=True) for column in (*plain, *values)]
    if written != text:
        matches += [column.icontains(written, autoescape=True) for column in values]
    return or_(*matches)


# --- rows ------------------------------------------------------------------------------------------------


class _QueueRow(NamedTuple):
    task: TaskRow
    harm: float
    band: str


def _read_rows(
    connection: Connection, campaign_id: str, band: _Band, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[_QueueRow]:
    """The rows of a page, selected by the index alone, then read: the size of the tasks costs nothing."""
    chosen = select(tasks.c.number).where(*conditions).order_by(*band.order).limit(limit).subquery()
    query = select(tasks, _harm.label("harm")).join(chosen, chosen.c.number == tasks.c.number)
    query = query.where(tasks.c.campaign_id == campaign_id).order_by(*band.order)
    return [_QueueRow(TaskRow._make(task), harm, band.name) for *task, harm in connection.execute(query)]


def _voted_on(campaign_id: str, voter_id: str) -> AnySelect:
    """Numbers of the tasks that the voter voted on."""
    mine = tasks.alias("mine")
    query = select(mine.c.number).join(submissions, submissions.c.task_id == mine.c.id)
    by_voter = (submissions.c.campaign_id == campaign_id, submissions.c.voter_id == voter_id)
    return query.where(mine.c.campaign_id == campaign_id, *by_voter)


def _items(
    connection: Connection, campaign_id: str, rows: Sequence[_QueueRow], now: datetime, *, causes: bool
) -> list[ReviewItem]:
    task_ids = [row.task.id for row in rows]
    votes = votes_of(connection, campaign_id, task_ids)
    notes = notes_of(connection, campaign_id, task_ids)
    names = _part_names(connection, {row.task.part_revision_id for row in rows if row.task.part_revision_id})
    named = causes_of(connection, campaign_id, [row.task for row in rows], votes) if causes else {}
    return [
        _item(
            row,
            votes[row.task.id],
            notes.get(row.task.id, TaskNotes()),
            names.get(row.task.part_revision_id or ""),
            named.get(row.task.id, "") if causes else None,
            now,
        )
        for row in rows
    ]


def _part_names(connection: Connection, revision_ids: Collection[str]) -> dict[str, str]:
    """Names of parts by revision; a revision of somewhere else has none."""
    query = select(part_revisions.c.id, parts.c.name).join(parts, parts.c.id == part_revisions.c.part_id)
    return {row.id: row.name for row in connection.execute(query.where(part_revisions.c.id.in_(revision_ids)))}


def _item(
    row: _QueueRow, cast: TaskVotes, notes: TaskNotes, part: str | None, cause: str | None, now: datetime
) -> ReviewItem:
    verdicts = Counter(vote.verdict for vote in cast.votes)
    values = {vote.value.key for vote in cast.votes if vote.verdict == Verdict.INCORRECT and vote.value is not None}
    return ReviewItem(
        task=task_public(row.task, now),
        part=part,
        harm=row.harm,
        posterior=row.task.posterior,
        why={"s": "sample", "n": "listed", "f": "help"}.get(row.band) or conflict_reason(verdicts, len(values)),
        verdicts=dict(verdicts),
        n_values=len(values),
        answers=cast.answers,
        likely=cast.likely,
        adjudicated=row.task.adjudicated,
        reasons=notes.reasons,
        n_help=notes.n_help,
        cause=cause,
    )


def conflict_reason(verdicts: Counter[str], n_values: int) -> str:
    """The reason why votes don't settle a task: `tie`, `verdicts`, `values` or `unsafe`."""
    most = verdicts.most_common(2)
    if len(most) == 2:
        return "tie" if most[0][1] == most[1][1] else "verdicts"
    return "values" if n_values > 1 else "unsafe"
