"""A campaign as lines: one JSON object a task, with its prediction, its votes and its outcome.

Values and instants leave the database as the text and the numbers they are stored as, and names of parts, drawings and
people are looked up once for many tasks: an export of a million tasks is made of this loop and little else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
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

BATCH = 500
_KNOWN = 20_000  # names remembered at most
Fields = dict[str, Any]


def export_lines(store: Store, campaign: Row[Any], batch: int = BATCH, *, golden: bool = False) -> Iterator[bytes]:
    """The tasks of `campaign` in the order they were made, some whole lines at a time; memory stays flat.

    With `golden` only those that were promoted.
    """
    names, name = _Names(), _text(campaign.name)
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
        yield "".join([_line(row, name, names, ruled.get(row[0], ()), votes.get(row[0], ())) for row in rows]).encode()
        wanted["after"] = rows[-1][_NUMBER]


class _Names:
    """Who and what the ids of an export stand for, each looked up once: part and drawing of a revision, and a voter's
    e-mail address; all as JSON."""

    def __init__(self) -> None:
        self.revisions: dict[str | None, tuple[str, str]] = {}
        self.voters: dict[str, str] = {}

    def learn_revisions(self, connection: Connection, wanted: set[str | None]) -> None:
        if len(self.revisions) > _KNOWN:
            self.revisions.clear()
        fresh = wanted - self.revisions.keys()
        self.revisions |= dict.fromkeys(fresh, ("null", "null"))
        named = [name for name in fresh if name is not None]
        for row in connection.execute(_REVISIONS.where(part_revisions.c.id.in_(named))) if named else ():
            self.revisions[row.id] = (_text(row.name), _text(row.filename))  # the newest drawing comes last

    def learn_voters(self, connection: Connection, wanted: set[str]) -> None:
        fresh = wanted - self.voters.keys()
        self.voters |= dict.fromkeys(fresh, "null")
        for people in (users, annotator_accounts) if fresh else ():
            query = select(people.c.id, people.c.email).where(people.c.id.in_(fresh))
            self.voters |= {row.id: _text(row.email) for row in connection.execute(query)}


def _line(row: tuple[Any, ...], campaign: str, names: _Names, ruled: Sequence[Fields], votes: Sequence[str]) -> str:
    """The fields of `ExportRecord`, in its order."""
    # behind the cells with a writer are those of `golden`, and the number
    cells = ["null" if cell is None else write(cell) for write, cell in zip(_WRITERS, row, strict=False)]
    cells[_CAMPAIGN] = campaign
    cells[_PART], cells[_DRAWING] = names.revisions[row[_REVISION]]
    verdict, value, forced, promoted_at = row[_GOLDEN_AT:_NUMBER]
    if promoted_at is not None:
        cells[_GOLDEN_FIELD] = (
            f'{{"verdict":{_text(verdict)},"value":{_raw(value)},"forced":{_flag(forced)},'
            f'"promoted_at":{_quoted(promoted_at)}}}'
        )
    return _LINE % (*cells, to_json(ruled).decode() if ruled else "[]", ",".join(votes))


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
            f'"corrected_value":{"null" if value is None else value},'
            f'"confidence":{"null" if confidence is None else repr(confidence)},'
            f'"duration_ms":{"null" if duration is None else duration},'
            f'"claimed_at":{_quoted(claimed_at)},"created_at":{_quoted(created_at)},'
            f'"counted":{"true" if counted else "false"},"late":{"true" if late else "false"}}}'
        )
    return found


def _quoted(micros: int | None) -> str:
    return "null" if micros is None else f'"{_instant(micros)}"'


def _text(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


def _raw(json: str | None) -> str:
    """JSON as it is stored: on one line, as all that we store is."""
    return "null" if json is None else json


def _flag(flag: object) -> str:
    return "true" if flag else "false"


def _rulings(connection: Connection, span: Fields) -> dict[str, list[Fields]]:
    found: dict[str, list[Fields]] = defaultdict(list)
    for row in connection.execute(_RULINGS, span):
        found[row.task_id].append({**dict(zip(_RULING, row, strict=False)), "created_at": instant(row.created_at)})
    return found


def instant(micros: int | None) -> str | None:
    """Microseconds since 1970 as `records.instant` writes them."""
    return None if micros is None else _instant(micros)


def _instant(micros: int) -> str:
    return _minute(micros // 60_000_000) + _SECONDS[micros // 1_000_000 % 60] + _MILLIS[micros // 1000 % 1000]


@lru_cache(10_000)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).isoformat()[:17]


_SECONDS = [f"{second:02d}." for second in range(60)]
_MILLIS = [f"{milli:03d}Z" for milli in range(1000)]


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


def _writer(name: str) -> Callable[[Any], str]:
    """What writes the cells of a field as JSON."""
    if name in _VALUES:
        return str
    if name.endswith("_at"):
        return _quoted
    kind = ExportRecord.model_fields[name].annotation
    return _flag if kind is bool else repr if kind == float | None else encode_basestring


_WRITERS = tuple(_writer(name) for name in _FIELDS)
_LINE = "{" + "".join(f'"{name}":%s,' for name in _FIELDS) + '"rulings":%s,"submissions":[%s]}\n'
_CAMPAIGN, _PART, _DRAWING, _GOLDEN_FIELD = (_FIELDS.index(name) for name in ("campaign", "part", "drawing", "golden"))
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
