"""The forms an export can have. Each writer takes the records of `wire.extensions.ExportRecord` one by one.

All of them write the same bytes for the same records: fixed column order, nothing of the day or the machine.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from pydantic_core import to_json

from gonogo.client.errors import InvalidInputError
from gonogo.schemas.gonogo_api import ExportRecord
from gonogo.schemas.verdicts import VERDICT_CLASSES

Record = Mapping[str, Any]

NAMES: Final = ("jsonl", "csv", "parquet", "labelstudio", "coco")

COLUMNS: Final = (
    *(name for name in ExportRecord.model_fields if name != "submissions"),
    "n_votes",
    *(f"n_{verdict}" for verdict in VERDICT_CLASSES),
    "submissions",
)
"""Of CSV and Parquet: the record's own fields, the counted votes by verdict, and all votes as JSON text."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Writer(Protocol):
    """Writes records to a stream; `notes` says in words what the form could not hold."""

    def add(self, record: Record) -> None: ...

    def close(self) -> None: ...

    @property
    def notes(self) -> list[str]: ...


def writer(form: str, out: BinaryIO, drawings: Path | None = None) -> Writer:
    """The writer of `form`; `drawings` is a folder that has the pictures, for forms that need their size.

    Raises:
        InvalidInputError: the form needs a package that is not installed.
    """
    made: dict[str, Callable[[], Writer]] = {
        "jsonl": lambda: JsonLinesWriter(out),
        "csv": lambda: CsvWriter(out),
        "parquet": lambda: _parquet(out),
        "labelstudio": lambda: _boxes().LabelStudio(out, drawings),
        "coco": lambda: _boxes().Coco(out, drawings),
    }
    return made[form]()


def _boxes() -> Any:
    from gonogo.transfer.exporting import boxes

    return boxes


def _parquet(out: BinaryIO) -> Writer:
    try:
        from gonogo.transfer.exporting.parquet import ParquetWriter

        return ParquetWriter(out)
    except ModuleNotFoundError:
        raise InvalidInputError(
            "Parquet needs the package pyarrow, which is not installed.",
            next_step="pip install 'gonogo[parquet]', or export as csv or jsonl.",
        ) from None


class JsonLinesWriter:
    """One JSON object a line."""

    def __init__(self, out: BinaryIO) -> None:
        self.notes: list[str] = []
        self._out = out

    def add(self, record: Record) -> None:
        self._out.write(compact(record).encode() + b"\n")

    def close(self) -> None:
        pass


class CsvWriter:
    """A table for spreadsheets: UTF-8 with a mark, commas, one task a row.

    A text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, a tab) gets a `'` in front,
    which spreadsheets hide and our import takes off again; numbers stay as they are.
    """

    def __init__(self, out: BinaryIO) -> None:
        self.notes: list[str] = []
        self._out = out
        self._buffer = io.StringIO(newline="")
        self._rows = csv.writer(self._buffer, lineterminator="\r\n")
        out.write(b"\xef\xbb\xbf")
        self._rows.writerow(COLUMNS)

    def add(self, record: Record) -> None:
        self._rows.writerow([_cell(value) for value in row_of(record)])
        if self._buffer.tell() > 100_000:
            self._flush()

    def close(self) -> None:
        self._flush()

    def _flush(self) -> None:
        self._out.write(self._buffer.getvalue().encode())
        self._buffer.seek(0)
        self._buffer.truncate()


def row_of(record: Record) -> list[Any]:
    """The columns of a record: objects as JSON text, but a value that is all text as that text."""
    votes: list[Record] = record.get("submissions") or []
    verdicts = [vote.get("verdict") for vote in votes if vote.get("counted", True)]
    found = {**_BLANK, **record, "n_votes": len(verdicts)}
    for name in VERDICT_CLASSES:
        found[f"n_{name}"] = verdicts.count(name)
    return [_as_text(value) if isinstance(value, dict | list) else value for value in _IN_ORDER(found)]


def _as_text(value: dict[str, Any] | list[Any]) -> str:
    text = value.get("text") if isinstance(value, dict) and len(value) == 1 else None
    return text if isinstance(text, str) else compact(value)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def compact(value: Any) -> str:
    """JSON on one line, as the server writes it."""
    return to_json(value).decode()


_BLANK: Final = dict.fromkeys(COLUMNS)
_IN_ORDER: Final = itemgetter(*COLUMNS)
