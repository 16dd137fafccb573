"""A campaign as lines: one JSON object a task, with its prediction, its votes and its outcome.

Values and instants leave the database as the text and the numbers they are stored as, and names of parts, drawings and
people are looked up once for many tasks: an export of a million tasks is made of this loop and little else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    select,
    type_coerce,
)

from gonogo.server.store.columns import Instant
from gonogo.server.store.engine import Store
from gonogo.server.store.prepared import Prepared
from gonogo.server.store.tables import (
    annotator_accounts,
    drawings,
    gold_items,
    golden_items,
    part_revisions,
    parts,
    predictions,
    rulings,
    submissions,
    tasks,
    users,
)
from gonogo.wire.extensions import ExportRecord

BATCH = 1000
_KNOWN = 20_000  # names remembered at most
Fields = dict[str, Any]


def export_lines(store: Store, campaign: Row[Any], batch: int = BATCH, *, golden: bool = False) -> Iterator[bytes]:
    """The tasks of `campaign` in the order they were made, some whole lines at a time; memory stays flat.

    With `golden` only those that were promoted.
    """
    names = _Names()
    query = _GOLDEN if golden else _TASKS
    wanted = {"campaign": campaign.id, "after": 0, "batch": batch}
    while True:
        with store.report() as connection:
            rows = query.tuples(connection, wanted)
            if not rows:
                return
            span = {"campaign": campaign.id, "after": wanted["after"], "last": rows[-1][_NUMBER]}
            votes, ruled = _votes(connection, span, names), _rulings(connection, span)
            names.learn_revisions(connection, {row[_REVISION] for row in rows})
        yield b"".join([_line(row, campaign.name, names, ruled.get(row[0], []), votes.get(row[0], [])) for row in rows])
        wanted["after"] = rows[-1][_NUMBER]


class _Names:
    """Who and what the ids of an export stand for, each looked up once: part and drawing of a revision, and a voter's
    e-mail address (as JSON)."""

    def __init__(self) -> None:
        self.revisions: dict[str | None, tuple[str | None, str | None]] = {}
        self.voters: dict[str, str] = {}

    def learn_revisions(self, connection: Connection, wanted: set[str | None]) -> None:
        if len(self.revisions) > _KNOWN:
            self.revisions.clear()
        fresh = wanted - self.revisions.keys()
        self.revisions |= dict.fromkeys(fresh, (None, None))
        named = [name for name in fresh if name is not None]
        for row in connection.execute(_REVISIONS.where(part_revisions.c.id.in_(named))) if named else ():
            self.revisions[row.id] = (row.name, row.filename)  # the newest drawing comes last

    def learn_voters(self, connection: Connection, wanted: set[str]) -> None:
        fresh = wanted - self.voters.keys()
        self.voters |= dict.fromkeys(fresh, "null")
        for people in (users, annotator_accounts) if fresh else ():
            query = select(people.c.id, people.c.email).where(people.c.id.in_(fresh))
            self.voters |= {row.id: to_json(row.email).decode() for row in connection.execute(query)}


def _line(row: tuple[Any, ...], campaign: str, names: _Names, ruled: list[Fields], votes: list[str]) -> bytes:
    """The fields of `ExportRecord`, in its order."""
    found = dict(zip(_FIELDS, row, strict=False))  # behind these stand those of `golden`, and the number
    found["campaign"] = campaign
    found["part"], found["drawing"] = names.revisions[found["part_revision_id"]]
    for name in _VALUES:
        if found[name] is not None:
            found[name] = from_json(found[name])
    for name in _FLAGS:
        found[name] = bool(found[name])
    found["created_at"], found["resolved_at"] = instant(found["created_at"]), instant(found["resolved_at"])
    verdict, value, forced, promoted_at = row[_GOLDEN_AT:_NUMBER]
    if promoted_at is not None:
        found["golden"] = {
            "verdict": verdict,
            "value": None if value is None else from_json(value),
            "forced": bool(forced),
            "promoted_at": instant(promoted_at),
        }
    found["rulings"] = ruled
    return to_json(found)[:-1] + b',"submissions":[' + ",".join(votes).encode() + b"]}\n"


def _votes(connection: Connection, span: Fields, names: _Names) -> dict[str, list[str]]:
    """The votes of each task as JSON texts; most of an export is made of these."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = _VOTES.tuples(connection, span)
    rows.sort(key=itemgetter(0))
    names.learn_voters(connection, {row[3] for row in rows})
    emails = names.voters
    for _n, task_id, name, voter, verdict, value, confidence, duration, claimed_at, created_at, counted, late in rows:
        found[task_id].append(
            f'{{"id":"{name}","annotator_id":"{voter}","annotator_email":{emails[voter]},"verdict":"{verdict}",'
            f'"corrected_value":{"null" if value is None else to_json(from_json(value)).decode()},'
            f'"confidence":{"null" if confidence is None else repr(confidence)},'
            f'"duration_ms":{"null" if duration is None else duration},'
            f'"claimed_at":{_quoted(claimed_at)},"created_at":{_quoted(created_at)},'
            f'"counted":{"true" if counted else "false"},"late":{"true" if late else "false"}}}'
        )
    return found


def _quoted(micros: int | None) -> str:
    return "null" if micros is None else f'"{_instant(micros)}"'


def _rulings(connection: Connection, span: Fields) -> dict[str, list[Fields]]:
    found: dict[str, list[Fields]] = defaultdict(list)
    for row in connection.execute(_RULINGS, span):
        found[row.task_id].append({**dict(zip(_RULING, row, strict=False)), "created_at": instant(row.created_at)})
    return found


def instant(micros: int | None) -> str | None:
    """Microseconds since 1970 as `records.instant` writes them."""
    return None if micros is None else _instant(micros)


def _instant(micros: int) -> str:
    return f"{_minute(micros // 60_000_000)}{_SECONDS[micros // 1_000_000 % 60]}{micros // 1000 % 1000:03d}Z"


@lru_cache(10_000)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).isoformat()[:17]


_SECONDS = [f"{second:02d}." for second in range(60)]


def _micros(column: Column[datetime]) -> ColumnElement[Any]:
    return type_coerce(column, BigInteger)


_FIELDS = tuple(name for name in ExportRecord.model_fields if name not in ("rulings", "submissions"))
_VALUES = ("drawing_bbox", "predicted_value", "truth", "consensus_value")
_OTHERS: dict[str, ColumnElement[Any]] = {
    "task_id": tasks.c.id,
    "campaign": cast(None, Text),
    "part": cast(None, Text),  # these two are looked up: see `_Names`
    "drawing": cast(None, Text),
    "prediction_id": predictions.c.external_id,
    "truth": cast(predictions.c.truth, Text),
    "error_type": gold_items.c.error_type,
    "golden": cast(None, Text),
}


def _column(name: str) -> ColumnElement[Any]:
    if name in _OTHERS:
        return _OTHERS[name]
    column = tasks.c[name]
    if name in _VALUES:
        return cast(column, Text)
    return _micros(column) if isinstance(column.type, Instant) else column


_FLAGS = tuple(name for name in _FIELDS if ExportRecord.model_fields[name].annotation is bool)
_GOLDEN_AT = len(_FIELDS)
_NUMBER = _GOLDEN_AT + 4
_REVISION = _FIELDS.index("part_revision_id")
_within = (tasks.c.campaign_id == bindparam("campaign")) & (tasks.c.number > bindparam("after"))
_up_to = _within & (tasks.c.number <= bindparam("last"))
_all_tasks: Select[Any] = (
    select(
        *(_column(name).label(name) for name in _FIELDS),
        golden_items.c.verdict.label("golden_verdict"),
        cast(golden_items.c.value, Text).label("golden_value"),
        golden_items.c.forced,
        _micros(golden_items.c.promoted_at).label("promoted_at"),
        tasks.c.number,
    )
    .select_from(tasks)
    .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
    .outerjoin(gold_items, gold_items.c.id == tasks.c.gold_item_id)
    .outerjoin(golden_items, golden_items.c.task_id == tasks.c.id)
    .where(_within)
    .order_by(tasks.c.number)
    .limit(bindparam("batch", type_=Integer))
)
_TASKS, _GOLDEN = Prepared(_all_tasks), Prepared(_all_tasks.where(golden_items.c.task_id.is_not(None)))
_REVISIONS = (
    select(part_revisions.c.id, parts.c.name, drawings.c.filename)
    .join(parts, parts.c.id == part_revisions.c.part_id)
    .outerjoin(drawings, drawings.c.part_revision_id == part_revisions.c.id)
    .order_by(drawings.c.number)
)
_VOTES = Prepared(
    select(
        submissions.c.number,
        submissions.c.task_id,
        submissions.c.id,
        submissions.c.voter_id,
        submissions.c.verdict,
        cast(submissions.c.corrected_value, Text),
        submissions.c.confidence,
        submissions.c.duration_ms,
        _micros(submissions.c.claimed_at),
        _micros(submissions.c.created_at),
        submissions.c.counted,
        submissions.c.late,
    )
    .select_from(tasks)
    .join(submissions, submissions.c.task_id == tasks.c.id)
    .where(_up_to)
)
_RULING = ("expert_id", "verdict", "corrected_value", "note", "error_type", "gold_status", "superseded")
_RULINGS: Select[Any] = (
    select(*(rulings.c[name] for name in _RULING), _micros(rulings.c.created_at).label("created_at"), rulings.c.task_id)
    .select_from(tasks)
    .join(rulings, rulings.c.task_id == tasks.c.id)
    .where(_up_to)
    .order_by(rulings.c.number)
)
