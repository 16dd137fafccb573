"""Gonogo's import format: JSON Lines, one prediction a line. Read strictly, each bad line with its reason.

    {"part": "halter", "drawing": "halter.jpg", "page": 1, "bbox": [1153, 294, 1285, 401], "bbox_unit": "px",
     "target_kind": "pmi", "detail_kind": "dimension", "predicted_value": {"text": "⌀550 A3"},
     "truth": {"text": "⌀550 A3"}}

`predicted_value` is required; `drawing` is a file relative to the drawings folder; `bbox` is `[x0, y0, x1, y1]` from
the top left in `bbox_unit` (`px` of an image, `pt` of a PDF, `norm` = fractions of the page). Any other field of a
prediction (`wire.extensions.Prediction`) may be there too, and fields nobody knows are left alone.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from pydantic import ValidationError

from gonogo.client.errors import InvalidInputError
from gonogo.schemas.gonogo_api import Prediction
from gonogo.schemas.strict_json import JsonFault, StrictJsonError, check_json, parse_json
from gonogo.transfer.importing.drawings import ImportDrawings, bbox_problem

MAX_LINE: Final = 900_000
"""Longest line in bytes: a request's body is at most 1 MB, so that it can be replayed."""
MAX_DEPTH: Final = 30
"""Levels of one line; the request adds two, and a server takes 32."""
MAX_BAD: Final = 10_000
"""Bad lines remembered; a file with more of them is not this format."""

_TEXT_OR_NONE: Final = frozenset({str, type(None)})
_PARTS: Final = 16
"""Into so many the ids of a file are divided when it is looked for two that are alike."""
_OWN: Final = ("part", "drawing", "page", "bbox", "bbox_unit")
_FIELDS: Final = frozenset(Prediction.model_fields)
_VALIDATE: Final = Prediction.__pydantic_validator__.validate_python  # `model_validate`, without its own overhead
KNOWN: Final = frozenset(_OWN) | _FIELDS
_NOT_HERE: Final = {
    "is_gold": "gold is made from `truth`, with --gold-from-truth",
    "gold_answer": "gold is made from `truth`, with --gold-from-truth",
    "n_required": "the number of votes is set for the campaign, not for a line",
    "calculation_id": "the import makes its own run",
}
_IDENTITY: Final = (
    *_OWN,
    *("target_kind", "detail_kind", "field_name", "field_path", "prompt", "predicted_value", "drawing_bbox"),
    *("position", "part_revision_id", "pmi_id", "feature_id", "dfm_issue_id", "face_uuid", "source"),
)


class ImportLine(NamedTuple):
    """A good line: its number in the file (from 1), the prediction, and its drawing's file, if it names one."""

    number: int
    prediction: Prediction
    drawing: Path | None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot go in, and why."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


class BadFileError(InvalidInputError):
    """A file that is not what it is said to be, or a mapping that fits no file."""


class _Bad(Exception):
    """The reason why a line is bad."""


Raw = bytes | dict[str, Any] | BadLine
"""A line as it stands in a file, a record another form was turned into, or why there is none."""


def read_lines(path: Path, drawings: Path | None = None) -> tuple[list[ImportLine], list[BadLine]]:
    """The good and the bad lines of `path`; drawings lie in the folder `drawings`, or beside the file.

    Raises:
        OSError: the file or the folder cannot be read.
    """
    reader = Reader(ImportDrawings(drawings or path.parent))
    good = list(reader.good_lines(numbered_lines(path)))
    again = reader.repeated()
    return [line for index, line in enumerate(good) if index not in again], reader.bad_lines(again)


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, read as they are asked for. Raises `OSError`."""
    with path.open("rb") as file:
        yield from _numbered(file)


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines from 1, without blank ones; one that is too long is cut at one byte over the limit."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(MAX_LINE)):
            pass
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            yield number, line


class Reader:
    """Checks lines one by one, and remembers of each no more than 16 bytes (and the bad ones)."""

    def __init__(self, drawings: ImportDrawings) -> None:
        self.n_lines = 0
        self.stopped = False
        self._bad: list[BadLine] = []
        self._drawings = drawings
        self._ids, self._numbers = array("Q"), array("Q")

    def good_lines(self, raw: Iterable[tuple[int, Raw]]) -> Iterator[ImportLine]:
        """The good ones; an id that an earlier line has is found by `repeated` when all are read."""
        for number, line in raw:
            self.n_lines += 1
            try:
                found = self.read(number, line)
            except _Bad as bad:
                self._bad.append(BadLine(number, str(bad)))
                if len(self._bad) >= MAX_BAD:
                    self._bad.append(BadLine(number, "too many bad lines; the rest was not read"))
                    self.stopped = True
                    return
                continue
            self._ids.append(int.from_bytes(hashlib.blake2b(found.prediction.id.encode(), digest_size=8).digest()))
            self._numbers.append(number)
            yield found

    def repeated(self) -> dict[int, int]:
        """Good lines whose id an earlier one has: which of the good lines (from 0) -> which one it repeats."""
        found: dict[int, int] = {}
        for part in range(_PARTS):  # one after the other, so that a few of the ids are in a table at a time
            first: dict[int, int] = {}
            for index, name in enumerate(self._ids):
                if name % _PARTS == part and first.setdefault(name, index) != index:
                    found[index] = first[name]
        return found

    def bad_lines(self, repeated: Mapping[int, int] | None = None) -> list[BadLine]:
        """All of them, in the order of the file; `repeated` is what the method of this name found, if it was asked."""
        repeated = self.repeated() if repeated is None else repeated
        again = [
            BadLine(self._numbers[n], f"the same id or the same reading is already on line {self._numbers[m]}")
            for n, m in repeated.items()
        ]
        again.sort(key=lambda line: line.number)
        return sorted([*self._bad, *again[:MAX_BAD]], key=lambda line: line.number)

    def read(self, number: int, line: Raw) -> ImportLine:
        if isinstance(line, BadLine):
            raise _Bad(line.reason)
        if isinstance(line, bytes):
            record = _record(line)
        else:
            record = line
            try:
                check_json(record, MAX_DEPTH)
            except StrictJsonError as error:
                raise _Bad(_fault(error)) from None
        _check_names(record)
        path = self._drawing(record)
        prediction = _prediction(record, _box(record, self._drawings.kind(path) if path else ""))
        return ImportLine(number, prediction, path)

    def _drawing(self, record: Mapping[str, Any]) -> Path | None:
        name = record.get("drawing")
        if name is None:
            return None
        if not isinstance(name, str) or not name.strip():
            raise _Bad("drawing must be a file name")
        found = self._drawings.find(name)
        if isinstance(found, str):
            raise _Bad(found)
        return found


def _record(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise _Bad(f"longer than {MAX_LINE // 1000} kB")
    try:
        record = parse_json(line, MAX_DEPTH)
    except StrictJsonError as error:
        raise _Bad(_fault(error)) from None
    if isinstance(record, list):
        raise _Bad("a JSON array, not an object; write one prediction a line")
    if not isinstance(record, dict):
        raise _Bad("not a JSON object")
    return record


def _fault(error: StrictJsonError) -> str:
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


@lru_cache(maxsize=1000)
def _meant(name: str) -> str | None:
    """The known field that an unknown `name` is a slip of; a file has the same few names on every line."""
    return next(iter(get_close_matches(name, KNOWN, 1, 0.85)), None)


def _check_names(record: Mapping[str, Any]) -> None:
    for name in () if record.keys() <= KNOWN else record:
        if name in _NOT_HERE and record[name]:
            raise _Bad(f"{name} cannot be imported: {_NOT_HERE[name]}")
        if name not in KNOWN and name not in _NOT_HERE and (near := _meant(name)):
            raise _Bad(f"unknown field {name!r}; is {near!r} meant?")
    for name in ("predicted_value", "truth"):
        if record.get(name) is not None and not isinstance(record[name], dict):
            raise _Bad(f'{name} must be an object, such as {{"text": "⌀16,5"}}')
    if record.get("predicted_value") is None:
        raise _Bad("no predicted_value")


def _box(record: Mapping[str, Any], kind: str) -> list[float] | None:
    """`bbox` as the wire's `drawing_bbox`: corners in order, and the page as a fifth number when it is not 1."""
    page = record.get("page", 1)
    if type(page) is not int or not 1 <= page <= 100_000:
        raise _Bad("page must be a whole number from 1")
    box = record.get("bbox")
    if box is None:
        if record.get("bbox_unit") is not None:
            raise _Bad("bbox_unit without bbox")
        return None
    if record.get("drawing_bbox") is not None:
        raise _Bad("bbox and drawing_bbox say the same; give one of them")
    problem = bbox_problem(box, record.get("bbox_unit"), kind)
    if problem:
        raise _Bad(problem)
    if record["bbox_unit"] == "norm":
        box = [min(max(number, 0.0), 1.0) for number in box]
    x0, y0, x1, y1 = map(float, box)
    if x0 == x1 or y0 == y1:
        raise _Bad("bbox is empty")
    found = [x0 if x0 < x1 else x1, y0 if y0 < y1 else y1, x1 if x0 < x1 else x0, y1 if y0 < y1 else y0]
    return [*found, float(page)] if page > 1 else found


def _prediction(record: Mapping[str, Any], box: list[float] | None) -> Prediction:
    fields = {name: value for name, value in record.items() if value is not None and name in _FIELDS}
    fields.setdefault("target_kind", "pmi")
    fields["id"] = record.get("id") or _content_id(record)
    if box is not None:
        fields["drawing_bbox"] = box
    if record.get("drawing") is not None and not fields.get("part"):
        fields["part"] = Path(record["drawing"]).stem
    if not fields.get("prompt"):
        kinds = [fields.get(name) for name in ("target_kind", "detail_kind", "field_name")]
        if _TEXT_OR_NONE.issuperset(map(type, kinds)):  # else the check below says so
            fields["prompt"] = written_prompt(*kinds)
    try:
        found: Prediction = _VALIDATE(fields, strict=True)
        return found
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _Bad(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _content_id(record: Mapping[str, Any]) -> str:
    """An id that stays the same as long as the question does; `truth` and confidence may be added later."""
    identity = {name: record[name] for name in _IDENTITY if record.get(name) is not None}
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return f"sha256-{hashlib.sha256(canonical.encode()).hexdigest()[:40]}"


@lru_cache(1000)
def written_prompt(target_kind: str, detail_kind: str | None, field_name: str | None) -> str:
    """The question where nobody wrote one, such as "Is this dimension read right?"."""
    thing = (detail_kind or target_kind).replace("_", " ")
    field = (field_name or thing).replace("_", " ")
    return f"Is this {thing} read right?" if field == thing else f"Is the {field} of this {thing} read right?"
