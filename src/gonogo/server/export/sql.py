"""SQL of an export: lets the database itself write the lines of JSON.

An export of a million tasks is a million JSON objects with their votes. Read row by row and written by `pydantic`, it
takes half as long again (docs/design/performance.md), and each row waits for the interpreter's lock while others vote.
Written by the database, a batch is one text. `json_lines` and `settled_json_lines` are the only
doors; no other module writes JSON by SQL.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    type_coerce,
)

from gonogo.schemas.export_records import ExportRecord
from gonogo.server.store.dialects.sql_functions import ExactFloat, FormatText, IsoTimestamp, JsonQuote, StringAgg
from gonogo.server.store.schema import (
    amendments,
    annotator_accounts,
    cases,
    drawings,
    gold_items,
    golden_items,
    help_requests,
    part_revisions,
    parts,
    predictions,
    rulings,
    submissions,
    task_readings,
    task_updates,
    tasks,
    users,
)
from gonogo.server.store.schema.columns import Instant
from gonogo.server.store.typed_rows import AnyColumn
from gonogo.server.tasks.drawings import NEWEST_DRAWING_NUMBER

SETTLED_STATE: Final = "Labeled"
"""`cases.state` of a settled task that is no gold (`schemas.results_api.STATES`)."""

Cell = tuple[str, AnyColumn]
"""A field: its mark in the template (`%s`, with quotes for plain text), and the expression of its value."""


def json_lines(condition: ColumnElement[bool]) -> Select[str]:
    """One text: a line for each task that meets the condition, in the order they were made; `NULL` without any.

    The fields are those of `ExportRecord`, in its order. The parameter `name` is that of the campaign, as JSON.
    """
    cells = _task_cells()
    record = _object({name: cells[name] for name in ExportRecord.model_fields})
    lines = (
        select(record.label("line"), tasks.c.number)
        .select_from(_with_origin_and_outcome())
        .where(condition)
        .order_by(tasks.c.number)
        .subquery("lines")
    )
    return _one_text(lines, lines.c.number)


def settled_json_lines() -> Select[str]:
    """One text: a line for each settled task in the order they settled, with its place in it as `cursor`; or `NULL`.

    The fields are those of `SettledRecord`. Parameters: `campaign`, its `name` as JSON, `after` and `horizon`, between
    which the cursors lie, and `size`, the most lines. Gold never settles, so it is in none of them.
    """
    few = (
        select(cases.c.task_number, cases.c.seq)
        .where(
            cases.c.campaign_id == bindparam("campaign"),
            cases.c.state == SETTLED_STATE,
            cases.c.seq > bindparam("after"),
            cases.c.seq <= bindparam("horizon"),
        )
        .order_by(cases.c.seq)
        .limit(bindparam("size", type_=Integer))
        .subquery("few")
    )
    cells = {**_task_cells(), "cursor": _cell(few.c.seq)}
    record = _object({name: cells[name] for name in ("cursor", *ExportRecord.model_fields)})
    source = _with_origin_and_outcome(few.join(tasks, tasks.c.number == few.c.task_number))
    lines = select(record.label("line"), few.c.seq).select_from(source).order_by(few.c.seq).subquery("lines")
    return _one_text(lines, lines.c.seq)


def _one_text(lines: Subquery, order: AnyColumn) -> Select[str]:
    text = cast(StringAgg(lines.c.line, _literal("\n"), order), Text)
    return select(text.label("all")).select_from(lines)


def _task_cells() -> dict[str, Cell]:
    task = tasks.c
    own = {column.name: _cell(column) for column in tasks.columns}
    return own | {
        "task_id": _plain(task.id),
        "campaign": ("%s", bindparam("name", type_=Text)),
        "part": _text(parts.c.name),
        "drawing": _text(drawings.c.filename),
        "prediction_id": _text(predictions.c.external_id),
        "truth": _cell(predictions.c.truth),
        "error_type": _text(gold_items.c.error_type),
        "golden": (
            "%s",
            case((golden_items.c.promoted_at.is_(None), _literal("null")), else_=_object(_golden_cells())),
        ),
        "rulings": ("[%s]", _list(rulings, _ruling_cells(), rulings)),
        "amendments": ("[%s]", _list(amendments, _amendment_cells(), amendments)),
        "updates": ("[%s]", _list(task_updates, _update_cells(), task_updates)),
        "help": ("[%s]", _list(help_requests, _help_cells(), _help_with_people())),
        "submissions": ("[%s]", _list(submissions, _vote_cells(), _votes_with_people())),
        "source": _text(predictions.c.source),
        "readings": ("[%s]", _readings()),
    }


def _golden_cells() -> dict[str, Cell]:
    return {name: _cell(golden_items.c[name]) for name in ("verdict", "value", "forced", "promoted_at")}


def _ruling_cells() -> dict[str, Cell]:
    names = ("expert_id", "verdict", "corrected_value", "note", "error_type", "gold_status", "superseded", "by_page")
    return {name: _cell(rulings.c[name]) for name in (*names, "created_at")}


def _vote_cells() -> dict[str, Cell]:
    names = (
        "corrected_value",
        "confidence",
        "duration_ms",
        "claimed_at",
        "created_at",
        "counted",
        "late",
        "reason",
        "note",
        "group_size",
    )
    return {
        "id": _plain(submissions.c.id),
        "annotator_id": _plain(submissions.c.voter_id),
        "annotator_email": _text(func.coalesce(annotator_accounts.c.email, users.c.email)),
        "verdict": _plain(submissions.c.verdict),
    } | {name: _cell(submissions.c[name]) for name in names}


def _amendment_cells() -> dict[str, Cell]:
    names = ("before", "after", "created_at")
    return {"submission_id": _plain(amendments.c.submission_id)} | {name: _cell(amendments.c[name]) for name in names}


def _update_cells() -> dict[str, Cell]:
    return {name: _cell(task_updates.c[name]) for name in ("before", "after", "created_at")}


def _help_cells() -> dict[str, Cell]:
    return {
        "annotator_id": _plain(help_requests.c.voter_id),
        "annotator_email": _text(func.coalesce(annotator_accounts.c.email, users.c.email)),
    } | {name: _cell(help_requests.c[name]) for name in ("reason", "note", "duration_ms", "created_at")}


def _with_origin_and_outcome(source: FromClause = tasks) -> FromClause:
    """Outer joins only, so that every task of `source` is there once."""
    return (
        source.outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
        .outerjoin(gold_items, gold_items.c.id == tasks.c.gold_item_id)
        .outerjoin(golden_items, golden_items.c.task_id == tasks.c.id)
        .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
        .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
        .outerjoin(drawings, drawings.c.number == NEWEST_DRAWING_NUMBER)
    )


def _votes_with_people() -> FromClause:
    votes = submissions.outerjoin(users, users.c.id == submissions.c.voter_id)
    return votes.outerjoin(annotator_accounts, annotator_accounts.c.id == submissions.c.voter_id)


def _help_with_people() -> FromClause:
    requests = help_requests.outerjoin(users, users.c.id == help_requests.c.voter_id)
    return requests.outerjoin(annotator_accounts, annotator_accounts.c.id == help_requests.c.voter_id)


def _readings() -> ColumnElement[str]:
    """The other readings of the task's place in the order of import, as objects with commas between."""
    other = predictions.alias("other_reading")
    cells = {"prediction_id": _text(other.c.external_id), "source": _text(other.c.source)} | {
        name: _cell(other.c[name]) for name in ("predicted_value", "predicted_confidence", "truth")
    }
    rows = (
        select(_object(cells).label("object"), other.c.number)
        .select_from(task_readings.join(other, other.c.id == task_readings.c.prediction_id))
        .where(task_readings.c.campaign_id == tasks.c.campaign_id, task_readings.c.asked_id == tasks.c.prediction_id)
        .order_by(other.c.number)
        .correlate(tasks)
        .subquery("its_readings")
    )
    joined = select(StringAgg(rows.c.object, _literal(","), rows.c.number)).select_from(rows).scalar_subquery()
    return func.coalesce(joined, _literal(""))


def _list(table: Table, cells: dict[str, Cell], source: FromClause) -> ColumnElement[str]:
    """The rows of `table` that belong to the task, oldest first, as objects with commas between."""
    rows = (
        select(_object(cells).label("object"), table.c.number)
        .select_from(source)
        .where(table.c.task_id == tasks.c.id)
        .order_by(table.c.number)
        .correlate(tasks)
        .subquery(f"its_{table.name}")
    )
    joined = select(StringAgg(rows.c.object, _literal(","), rows.c.number)).select_from(rows).scalar_subquery()
    return func.coalesce(joined, _literal(""))


def _object(cells: dict[str, Cell]) -> FormatText:
    template = "{" + ",".join(f'"{name}":{mark}' for name, (mark, _value) in cells.items()) + "}"
    return FormatText(_literal(template), *(value for _mark, value in cells.values()))


def _cell(column: AnyColumn) -> Cell:
    """The text of a column, by its type."""
    kind = column.type
    if isinstance(kind, Instant):
        return "%s", _or_null(_literal('"') + IsoTimestamp(type_coerce(column, BigInteger)) + _literal('"'))
    if isinstance(kind, Boolean):
        return "%s", case((column == true(), _literal("true")), else_=_literal("false"))
    if isinstance(kind, Float):
        return "%s", _or_null(ExactFloat(column))
    if isinstance(kind, JSON | Integer):
        return "%s", _or_null(cast(column, Text))
    return _text(column)


def _or_null(text: ColumnElement[str]) -> ColumnElement[str]:
    return func.coalesce(text, _literal("null"))


def _text(column: AnyColumn) -> Cell:
    return "%s", JsonQuote(column)


def _plain(column: AnyColumn) -> Cell:
    """A text that is never `NULL` and needs no escapes: an id or a verdict."""
    return '"%s"', column


def _literal(text: str) -> ColumnElement[str]:
    """A constant in the text of the statement."""
    return literal_column(f"'{text}'", Text)
