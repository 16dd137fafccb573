"""Prediction import: stores predictions in runs (calculations); importing the same ones again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import JSON, Connection, select

from gonogo.schemas.default_question import question
from gonogo.schemas.gonogo_api import Prediction, PredictionsStored
from gonogo.server.errors import FieldError, invalid
from gonogo.server.store.bulk_insert import insert_new, stored_instant, stored_json
from gonogo.server.store.ids import new_id, time_ordered_ids
from gonogo.server.store.schema import calculations, predictions
from gonogo.server.store.schema.columns import subject_columns
from gonogo.server.tasks.drawings import newest_revisions
from gonogo.server.tasks.subject import checked_box, checked_position

_GIVEN = ("external_id", *(column.name for column in subject_columns()), "truth", "source")
_COLUMNS = (*_GIVEN, "id", "calculation_id", "created_at")
_FIELDS = itemgetter("id", *_GIVEN[1:])
_PROMPT, _BOX, _POSITION, _REVISION = map(_GIVEN.index, ("prompt", "drawing_bbox", "position", "part_revision_id"))
_VALUES = tuple(_GIVEN.index(column.name) for column in predictions.c if isinstance(column.type, JSON))


def store_predictions(
    connection: Connection, org_id: str, project_id: str, run: str, wanted: Sequence[Prediction], now: datetime
) -> PredictionsStored:
    """Adds the predictions that the run does not have yet, by their own ids; the first of two equal ids wins.

    Raises 422 with all problems.
    """
    rows = _read(wanted)
    unnamed = {item.part for item in wanted if item.part and not item.part_revision_id}
    revisions = newest_revisions(connection, org_id, sorted(unnamed), now) if unnamed else {}
    calculation = _calculation(connection, project_id, run, now)
    instant = stored_instant(now)
    for row, item, name in zip(rows, wanted, time_ordered_ids(len(rows), now), strict=True):
        row[_REVISION] = row[_REVISION] or (revisions[item.part] if item.part else None)
        for place in _VALUES:
            row[place] = stored_json(row[place])
        row += (name, calculation, instant)
    n_new = insert_new(connection, predictions, _COLUMNS, rows, ("calculation_id", "external_id"))
    return PredictionsStored(calculation_id=calculation, n_new=n_new, n_known=len(wanted) - n_new)


def _read(wanted: Sequence[Prediction]) -> list[list[object]]:
    """The columns `_GIVEN` of each prediction. Raises 422 with all problems."""
    errors: list[FieldError] = []
    rows = []
    for index, item in enumerate(wanted):
        row = list(_FIELDS(item.__dict__))
        if not row[_PROMPT]:
            row[_PROMPT] = question(item.target_kind, item.detail_kind, item.field_name)
        for name, place, check in (("drawing_bbox", _BOX, checked_box), ("position", _POSITION, checked_position)):
            try:
                row[place] = check(row[place])
            except ValueError as error:
                loc: list[str | int] = ["body", "predictions", index, name]
                errors.append({"loc": loc, "msg": str(error), "type": name})
        rows.append(row)
    if errors:
        raise invalid(errors)
    return rows


def _calculation(connection: Connection, project_id: str, run: str, now: datetime) -> str:
    query = select(calculations.c.id).where(calculations.c.project_id == project_id, calculations.c.run == run)
    run_id: str | None = connection.execute(query).scalar()
    if run_id is None:
        run_id = new_id()
        connection.execute(calculations.insert().values(id=run_id, project_id=project_id, run=run, created_at=now))
    return run_id
