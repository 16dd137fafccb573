"""Imported predictions: a run of them is a calculation; importing the same again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, insert, select

from gonogo.server.bulk import execute_many, stored_instant, stored_json
from gonogo.server.drawings import newest_revision, part_named
from gonogo.server.errors import invalid
from gonogo.server.store.tables import calculations, new_id, part_revisions, parts, predictions
from gonogo.server.subjects import subject
from gonogo.wire.extensions import Prediction, PredictionsStored

_CHUNK = 500
_COLUMNS = [column.name for column in predictions.c if column.name != "number"]
_VALUES = [column.name for column in predictions.c if isinstance(column.type, JSON)]


def read_predictions(wanted: Sequence[Prediction]) -> list[dict[str, Any]]:
    """The columns of each prediction that its body decides; 422 with all that is wrong."""
    errors: list[dict[str, Any]] = []
    rows = []
    for index, item in enumerate(wanted):
        row = subject(item, ("body", "predictions", index), errors)
        rows.append({**row, "external_id": item.id, "truth": item.truth, "source": item.source})
    if errors:
        raise invalid(errors)
    return rows


def store_predictions(
    connection: Connection, org_id: str, project_id: str, run: str, wanted: Sequence[Prediction], now: datetime
) -> PredictionsStored:
    """Adds to the run what it does not have yet, by the predictions' own ids; the first of two equal ids wins."""
    rows = {row["external_id"]: (row, item) for row, item in zip(read_predictions(wanted), wanted, strict=True)}
    calculation = _calculation(connection, project_id, run, now)
    known = _known(connection, calculation, list(rows))
    unnamed = (item.part for _, item in rows.values() if not item.part_revision_id)
    revisions = _revisions(connection, org_id, unnamed, now)
    fresh = []
    for external_id, (row, item) in rows.items():
        if external_id not in known:
            revision = row["part_revision_id"] or (revisions[item.part] if item.part else None)
            row |= {"id": new_id(), "calculation_id": calculation, "part_revision_id": revision}
            row |= {"created_at": stored_instant(now)} | {name: stored_json(row[name]) for name in _VALUES}
            fresh.append(row)
    if fresh:
        execute_many(connection, insert(predictions), _COLUMNS, map(itemgetter(*_COLUMNS), fresh))
    return PredictionsStored(calculation_id=calculation, n_new=len(fresh), n_known=len(wanted) - len(fresh))


def _calculation(connection: Connection, project_id: str, run: str, now: datetime) -> str:
    query = select(calculations.c.id).where(calculations.c.project_id == project_id, calculations.c.run == run)
    found: str | None = connection.execute(query).scalar()
    if found is None:
        found = new_id()
        connection.execute(calculations.insert().values(id=found, project_id=project_id, run=run, created_at=now))
    return found


def _known(connection: Connection, calculation_id: str, external_ids: list[str]) -> set[str]:
    query = select(predictions.c.external_id).where(predictions.c.calculation_id == calculation_id)
    known: set[str] = set()
    for start in range(0, len(external_ids), _CHUNK):
        part = external_ids[start : start + _CHUNK]
        known |= set(connection.execute(query.where(predictions.c.external_id.in_(part))).scalars())
    return known


def _revisions(
    connection: Connection, org_id: str, names: Iterable[str | None], now: datetime
) -> dict[str | None, str]:
    """The newest revision of each named part; a part nobody has drawn yet is made, without a drawing."""
    wanted = [name for name in dict.fromkeys(names) if name]
    known: dict[str | None, str] = {}
    query = (
        select(parts.c.name, part_revisions.c.id)
        .join(part_revisions, part_revisions.c.part_id == parts.c.id)
        .where(parts.c.org_id == org_id)
        .order_by(part_revisions.c.number)  # so the newest is the one that stays
    )
    for start in range(0, len(wanted), _CHUNK):
        found = connection.execute(query.where(parts.c.name.in_(wanted[start : start + _CHUNK])))
        known |= {row.name: row.id for row in found}
    for name in wanted:
        if name not in known:
            known[name] = newest_revision(connection, part_named(connection, org_id, name, now), now)
    return known
