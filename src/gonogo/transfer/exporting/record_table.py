"""Table rows of export records: flattens each task into one row of fixed columns, for CSV and Parquet."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from gonogo.schemas.export_records import ExportRecord
from gonogo.schemas.verdicts import VERDICT_CLASSES
from gonogo.transfer.exporting.registry import Record
from gonogo.transfer.exporting.value_text import compact_json

COLUMNS: Final = (
    *(name for name in ExportRecord.model_fields if name != "submissions"),
    "n_votes",
    *(f"n_{verdict}" for verdict in VERDICT_CLASSES),
    "submissions",
    "derived_from",
)
"""The record's own fields, the counted votes by verdict, all votes as JSON text, and where a verdict is from."""

_EMPTY_ROW: Final = dict.fromkeys(COLUMNS)
_IN_ORDER: Final = itemgetter(*COLUMNS)


def table_row(record: Record) -> list[object]:
    """The columns of a record: objects as JSON text, but a value that is all text as that text."""
    votes: list[Record] = record.get("submissions") or []
    verdicts = [vote.get("verdict") for vote in votes if vote.get("counted", True)]
    columns = {**_EMPTY_ROW, **record, "n_votes": len(verdicts)}
    for verdict in VERDICT_CLASSES:
        columns[f"n_{verdict}"] = verdicts.count(verdict)
    return [_as_text(value) if isinstance(value, dict | list) else value for value in _IN_ORDER(columns)]


def _as_text(value: dict[str, object] | list[object]) -> str:
    text = value.get("text") if isinstance(value, dict) and len(value) == 1 else None
    return text if isinstance(text, str) else compact_json(value)
