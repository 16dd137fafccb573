"""Subject of a task or a prediction: checks it, and converts it to the columns that both tables share."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.schemas.default_question import question
from gonogo.schemas.gonogo_api import Prediction
from gonogo.schemas.labeling import LabelingTaskCreate
from gonogo.server.errors import FieldError
from gonogo.server.store.schema.columns import subject_columns

Loc = tuple[str | int, ...]

SUBJECT_COLUMNS = [column.name for column in subject_columns()]
"""Names of the columns that tasks and predictions share."""

_AS_IS = (
    "target_kind",
    "detail_kind",
    "field_name",
    "field_path",
    "predicted_value",
    "predicted_confidence",
    "part_revision_id",
    "pmi_id",
    "feature_id",
    "dfm_issue_id",
    "face_uuid",
)


def subject_values(item: LabelingTaskCreate | Prediction, loc: Loc, errors: list[FieldError]) -> dict[str, object]:
    """The shared columns of `item`; problems are appended to `errors` as `{loc, msg, type}`, below `loc`."""
    values = {name: getattr(item, name) for name in _AS_IS}
    values["prompt"] = item.prompt or question(item.target_kind, item.detail_kind, item.field_name)
    for name, check in (("drawing_bbox", checked_box), ("position", checked_position)):
        try:
            values[name] = check(getattr(item, name))
        except ValueError as error:
            errors.append({"loc": [*loc, name], "msg": str(error), "type": name})
    return values


def checked_box(box: Sequence[float] | None) -> list[float] | None:
    """`[x0, y0, x1, y1]` or with a page as fifth number, corners in order. Raises `ValueError` otherwise."""
    if box is None:
        return None
    if len(box) not in (4, 5):
        raise ValueError("A box has four numbers, x0, y0, x1, y1, and may have the page as a fifth.")
    x0, y0, x1, y1 = box[:4]
    if x0 == x1 or y0 == y1:
        raise ValueError("The box is empty: its corners are on one line.")
    page = list(box[4:])
    if page and (page[0] < 1 or page[0] != int(page[0])):
        raise ValueError("The page of a box is a whole number, counted from 1.")
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), *page]


def checked_position(position: Sequence[float] | None) -> list[float] | None:
    """Two numbers (a point on the sheet) or three (in the part's frame, mm). Raises `ValueError` for anything else."""
    if position is None:
        return None
    if len(position) not in (2, 3):
        raise ValueError("A position has two numbers (on the sheet) or three (in the part's frame).")
    return list(position)


def sheet_key(part_revision_id: str | None, box: Sequence[float] | None) -> str:
    """Key of a sheet: `revision#page`. Tasks without a revision share one, the empty text."""
    if part_revision_id is None:
        return ""
    page = int(box[4]) if box is not None and len(box) == 5 else 1
    return f"{part_revision_id}#{page}"
