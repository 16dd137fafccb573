"""Prediction parser: checks the fields of an imported record and gives the absent ones their defaults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from pydantic import ValidationError

from gonogo.schemas.default_question import question
from gonogo.schemas.gonogo_api import Prediction
from gonogo.transfer.importing.bbox import MAX_PAGE, bbox_problem, drawing_bbox

_IMPORT_FIELDS: Final = ("part", "drawing", "page", "bbox", "bbox_unit")
_PREDICTION_FIELDS: Final = frozenset(Prediction.model_fields)
KNOWN_FIELDS: Final = frozenset(_IMPORT_FIELDS) | _PREDICTION_FIELDS
_NOT_IMPORTABLE: Final = {
    "is_gold": "gold is made from `truth`, with --gold-from-truth",
    "gold_answer": "gold is made from `truth`, with --gold-from-truth",
    "n_required": "the number of votes is set for the campaign, not for a line",
    "calculation_id": "the import makes its own run",
}
_IDENTITY: Final = (
    *_IMPORT_FIELDS,
    *("target_kind", "detail_kind", "field_name", "field_path", "prompt", "predicted_value", "drawing_bbox"),
    *("position", "part_revision_id", "pmi_id", "feature_id", "dfm_issue_id", "face_uuid", "source"),
)
_TEXT_OR_NONE: Final = frozenset({str, type(None)})
_VALIDATE: Final = Prediction.__pydantic_validator__.validate_python  # `model_validate`, without its own overhead


class BadRecordError(Exception):
    """A record that cannot be imported; the message is the reason."""


def check_fields(record: Mapping[str, object]) -> None:
    """Checks the names of the fields, and that there is a predicted value. Raises `BadRecordError`."""
    for name in () if record.keys() <= KNOWN_FIELDS else record:
        if name in _NOT_IMPORTABLE and record[name]:
            raise BadRecordError(f"{name} cannot be imported: {_NOT_IMPORTABLE[name]}")
        if name not in KNOWN_FIELDS and name not in _NOT_IMPORTABLE and (near := _near_field(name)):
            raise BadRecordError(f"unknown field {name!r}; is {near!r} meant?")
    for name in ("predicted_value", "truth"):
        if record.get(name) is not None and not isinstance(record[name], dict):
            raise BadRecordError(f'{name} must be an object, such as {{"text": "⌀16,5"}}')
    if record.get("predicted_value") is None:
        raise BadRecordError("no predicted_value")


@lru_cache(maxsize=1000)  # a file has the same few names on every line
def _near_field(name: str) -> str | None:
    """The known field of which an unknown `name` is a misspelling."""
    return next(iter(get_close_matches(name, KNOWN_FIELDS, 1, 0.85)), None)


def record_bbox(record: Mapping[str, object], media_type: str) -> list[float] | None:
    """The record's `drawing_bbox` from `bbox`, `bbox_unit` and `page`. Raises `BadRecordError`."""
    page = record.get("page", 1)
    if type(page) is not int or not 1 <= page <= MAX_PAGE:
        raise BadRecordError("page must be a whole number from 1")
    box, unit = record.get("bbox"), record.get("bbox_unit")
    if box is None:
        if unit is not None:
            raise BadRecordError("bbox_unit without bbox")
        return None
    if record.get("drawing_bbox") is not None:
        raise BadRecordError("bbox and drawing_bbox say the same; give one of them")
    problem = bbox_problem(box, unit, media_type)
    if problem:
        raise BadRecordError(problem)
    corners = drawing_bbox(cast("list[float]", box), cast("str", unit), page)
    if corners is None:
        raise BadRecordError("bbox is empty")
    return corners


def make_prediction(record: Mapping[str, object], bbox: list[float] | None) -> Prediction:
    """The prediction of a record whose fields were checked. Raises `BadRecordError`."""
    fields = {name: value for name, value in record.items() if value is not None and name in _PREDICTION_FIELDS}
    fields.setdefault("target_kind", "pmi")
    fields["id"] = record.get("id") or _content_id(record)
    if bbox is not None:
        fields["drawing_bbox"] = bbox
    drawing = record.get("drawing")
    if isinstance(drawing, str) and not fields.get("part"):
        fields["part"] = Path(drawing).stem
    if not fields.get("prompt"):
        kinds = [fields.get(name) for name in ("target_kind", "detail_kind", "field_name")]
        if _TEXT_OR_NONE.issuperset(map(type, kinds)):  # else the validation below names the field
            fields["prompt"] = question(*cast("list[str]", kinds))
    try:
        prediction: Prediction = _VALIDATE(fields, strict=True)
        return prediction
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadRecordError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _content_id(record: Mapping[str, object]) -> str:
    """An id that stays the same as long as the question does; `truth` and confidence may be added later."""
    identity = {name: record[name] for name in _IDENTITY if record.get(name) is not None}
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return f"sha256-{hashlib.sha256(canonical.encode()).hexdigest()[:40]}"
