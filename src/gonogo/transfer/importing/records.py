"""Record checker of an import: turns each record into a prediction, or into a bad line with its reason."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from gonogo.client.errors import InvalidInputError
from gonogo.json_types import JsonObject
from gonogo.schemas.gonogo_api import Prediction
from gonogo.schemas.strict_json import JsonFault, StrictJsonError, check_json, parse_json
from gonogo.transfer.importing.drawings_folder import DrawingFolder
from gonogo.transfer.importing.prediction import BadRecordError, check_fields, make_prediction, record_bbox

MAX_LINE: Final = 900_000
"""Longest line in bytes: a request's body is at most 1 MB, so that it can be replayed."""
MAX_DEPTH: Final = 30
"""Levels of one line; the request adds two, and a server takes 32."""
MAX_BAD: Final = 10_000
"""Bad lines remembered; a file with more of them is not this format."""
_PARTS: Final = 16
"""Parts into which the ids of a file are divided for the search of duplicates."""


class ImportLine(NamedTuple):
    """A good line: its number in the file (from 1), the prediction, and the path of its drawing, if it names one."""

    number: int
    prediction: Prediction
    drawing: Path | None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be imported, and the reason."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


class BadFileError(InvalidInputError):
    """A file that is not of the format it should be, or a mapping that fits no file."""


RawRecord = bytes | JsonObject | BadLine
"""A line of JSON, a record that another format was turned into, or the reason why there is none."""
NumberedRecords = Iterator[tuple[int, RawRecord]]
"""Raw records, each with the number that reports name it by."""


class RecordReader:
    """Checker of records, one by one; keeps of each no more than 16 bytes, and the bad ones."""

    def __init__(self, drawings: DrawingFolder) -> None:
        self.n_lines = 0
        self.stopped = False
        self._bad: list[BadLine] = []
        self._drawings = drawings
        self._id_hashes, self._numbers = array("Q"), array("Q")

    def good_lines(self, records: Iterable[tuple[int, RawRecord]]) -> Iterator[ImportLine]:
        """Yields the good ones; `duplicates` tells, when all are read, which of them repeat an earlier id."""
        for number, raw in records:
            self.n_lines += 1
            try:
                line = self._read(number, raw)
            except BadRecordError as error:
                self._bad.append(BadLine(number, str(error)))
                if len(self._bad) >= MAX_BAD:
                    self._bad.append(BadLine(number, "too many bad lines; the rest was not read"))
                    self.stopped = True
                    return
                continue
            self._id_hashes.append(int.from_bytes(hashlib.blake2b(line.prediction.id.encode(), digest_size=8).digest()))
            self._numbers.append(number)
            yield line

    def duplicates(self) -> dict[int, int]:
        """Good lines whose id an earlier one has: index among the good lines (from 0) → index of the earlier one."""
        duplicates: dict[int, int] = {}
        for part in range(_PARTS):  # one after the other, so that a table holds a sixteenth of the ids at a time
            first: dict[int, int] = {}
            for index, id_hash in enumerate(self._id_hashes):
                if id_hash % _PARTS == part and first.setdefault(id_hash, index) != index:
                    duplicates[index] = first[id_hash]
        return duplicates

    def bad_lines(self, duplicates: Mapping[int, int] | None = None) -> list[BadLine]:
        """All of them, in the order of the file; `duplicates` is the result of that method, if it was called before."""
        duplicates = self.duplicates() if duplicates is None else duplicates
        repeated = [
            BadLine(self._numbers[n], f"the same id or the same reading is already on line {self._numbers[m]}")
            for n, m in duplicates.items()
        ]
        repeated.sort(key=lambda line: line.number)
        return sorted([*self._bad, *repeated[:MAX_BAD]], key=lambda line: line.number)

    def _read(self, number: int, raw: RawRecord) -> ImportLine:
        record = _checked_record(raw)
        check_fields(record)
        path = self._find_drawing(record)
        bbox = record_bbox(record, self._drawings.media_type(path) if path else "")
        return ImportLine(number, make_prediction(record, bbox), path)

    def _find_drawing(self, record: Mapping[str, object]) -> Path | None:
        name = record.get("drawing")
        if name is None:
            return None
        if not isinstance(name, str) or not name.strip():
            raise BadRecordError("drawing must be a file name")
        path_or_reason = self._drawings.find(name)
        if isinstance(path_or_reason, str):
            raise BadRecordError(path_or_reason)
        return path_or_reason


def _checked_record(raw: RawRecord) -> JsonObject:
    """The record as an object of which any server can hold every value. Raises `BadRecordError`."""
    if isinstance(raw, BadLine):
        raise BadRecordError(raw.reason)
    try:
        if isinstance(raw, dict):
            check_json(raw, MAX_DEPTH)
            return raw
        if len(raw) > MAX_LINE:
            raise BadRecordError(f"longer than {MAX_LINE // 1000} kB")
        record = parse_json(raw, MAX_DEPTH)
    except StrictJsonError as error:
        raise BadRecordError(_reason(error)) from None
    if isinstance(record, list):
        raise BadRecordError("a JSON array, not an object; write one prediction a line")
    if not isinstance(record, dict):
        raise BadRecordError("not a JSON object")
    return record


def _reason(error: StrictJsonError) -> str:
    match error.fault:
        case JsonFault.NOT_UTF8:
            return "not UTF-8"
        case JsonFault.SYNTAX:
            return f"not JSON ({error.detail} at character {(error.position or 0) + 1})"
        case JsonFault.TOO_DEEP:
            return f"nests deeper than {MAX_DEPTH} levels"
        case JsonFault.REPEATED_KEY:
            return f"field {error.detail!r} is there twice"
        case JsonFault.CONSTANT:
            return f"{error.detail} is not a JSON number"
        case JsonFault.NOT_FINITE:
            return "a number is too large, or none at all (NaN)"
        case JsonFault.INTEGER_TOO_LARGE:
            return "a number does not fit into 64 bits"
        case JsonFault.NUL | JsonFault.SURROGATE:
            return "a text holds NUL or half a surrogate pair"
