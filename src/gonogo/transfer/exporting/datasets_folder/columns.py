"""Columns of a dataset: their types for Arrow, for the library `datasets` and for the card, and how records fill them.

The forms of the features are those that `datasets` reads: JSON in the Parquet metadata under `huggingface`, YAML in the
card. Both are kept to what its releases from 2 on know (`Sequence`, not the `List` of release 4).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import VERDICT_CLASSES, Verdict
from gonogo.transfer.exporting.picture_boxes import is_fraction, record_corners
from gonogo.transfer.exporting.registry import Record
from gonogo.transfer.exporting.value_text import compact_json, value_text

Fill = Callable[[Record], object]
"""The value of a column for a record."""


class DatasetColumn(NamedTuple):
    """Column of a dataset.

    Attributes:
        name: In the file.
        kind: `string`, `int64`, `float64`, `bool`, `numbers` (a list of floats), `image` or `votes`.
        means: A sentence for the card.
        fill: The value for a record; columns of the picture are filled by the export.
    """

    name: str
    kind: str
    means: str
    fill: Fill


_VOTE_FIELDS: Final = {
    "annotator": "string",
    "verdict": "string",
    "value_text": "string",
    "confidence": "float64",
    "duration_ms": "int64",
    "counted": "bool",
}


def _text(name: str) -> Fill:
    def fill(record: Record) -> object:
        value = record.get(name)
        return value if isinstance(value, str) or value is None else compact_json(value)

    return fill


def _first_text(*names: str) -> Fill:
    return lambda record: next((text for text in (_text(name)(record) for name in names) if text), None)


def _number(name: str) -> Fill:
    def fill(record: Record) -> object:
        value = record.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    return fill


def _flag(name: str) -> Fill:
    return lambda record: bool(record.get(name))


def _value_text(name: str) -> Fill:
    return lambda record: None if record.get(name) is None else value_text(record[name])


def _value_json(name: str) -> Fill:
    return lambda record: None if record.get(name) is None else compact_json(record[name])


def settled_verdict(record: Record) -> str | None:
    """The verdict of a settled task; what the votes lean to before that is none."""
    verdict = record.get("consensus_verdict")
    return verdict if record.get("status") == TaskStatus.RESOLVED and isinstance(verdict, str) else None


def settled_value(record: Record) -> object:
    """Settled value of the drawing: the prediction that is right, or the correction."""
    verdict = settled_verdict(record)
    if verdict == Verdict.CORRECT:
        return record.get("predicted_value")
    return record.get("consensus_value") if verdict == Verdict.INCORRECT else None


def _settled_text(record: Record) -> object:
    value = settled_value(record)
    return None if value is None else value_text(value)


def _settled_json(record: Record) -> object:
    value = settled_value(record)
    return None if value is None else compact_json(value)


def _box_unit(record: Record) -> object:
    box = record_corners(record)
    return None if box is None else "fraction" if is_fraction(box) else "drawing"


def _page(record: Record) -> object:
    box = record.get("drawing_bbox")
    return int(box[4]) if isinstance(box, list) and len(box) == 5 else 1


def _votes(verdict: str | None) -> Fill:
    def fill(record: Record) -> object:
        verdicts = [vote.get("verdict") for vote in record.get("submissions") or [] if vote.get("counted", True)]
        return len(verdicts) if verdict is None else verdicts.count(verdict)

    return fill


def _none(record: Record) -> object:
    return None


IMAGE_COLUMNS: Final = (
    DatasetColumn("image", "image", "The box and a little around it, grey, as it lies on the sheet.", _none),
    DatasetColumn(
        "image_box", "numbers", "The part of the page that `image` shows, x0, y0, x1, y1 in fractions.", _none
    ),
)
TASK_COLUMNS: Final = (
    DatasetColumn("task_id", "string", "Id of the question.", _text("task_id")),
    DatasetColumn("part", "string", "The part that the drawing is of.", _text("part")),
    DatasetColumn("drawing", "string", "File name of the drawing.", _text("drawing")),
    DatasetColumn("page", "int64", "Page of the drawing, from 1.", _page),
    DatasetColumn("box", "numbers", "x0, y0, x1, y1 of the place, origin top left, y down.", record_corners),
    DatasetColumn(
        "box_unit", "string", "`fraction` of the page, or the `drawing`'s own units (pixels, points).", _box_unit
    ),
    DatasetColumn(
        "kind", "string", "What was read there, such as `dimension`.", _first_text("detail_kind", "target_kind")
    ),
    DatasetColumn("field", "string", "The field of the part's data.", _first_text("field_path", "field_name")),
    DatasetColumn("question", "string", "What people were asked.", _text("prompt")),
    DatasetColumn("predicted_text", "string", "What the model read.", _value_text("predicted_value")),
    DatasetColumn("predicted_json", "string", "The same with all its fields, as JSON.", _value_json("predicted_value")),
    DatasetColumn("predicted_confidence", "float64", "How sure the model was, 0…1.", _number("predicted_confidence")),
    DatasetColumn(
        "verdict",
        "string",
        "Whether it is read right: `correct`, `incorrect`, `unsure`; null while it is not settled.",
        settled_verdict,
    ),
    DatasetColumn(
        "value_text", "string", "What the drawing shows: the right prediction, or the correction.", _settled_text
    ),
    DatasetColumn("value_json", "string", "The same with all its fields, as JSON.", _settled_json),
    DatasetColumn("status", "string", "`resolved`, `in_review` (waits for an expert) or `open`.", _text("status")),
    DatasetColumn("adjudicated", "bool", "Whether an expert decided.", _flag("adjudicated")),
    DatasetColumn("promoted", "bool", "Whether it is in the golden dataset.", _flag("golden")),
    DatasetColumn(
        "agreement", "float64", "Share of the votes equal to the verdict and its value.", _number("agreement")
    ),
    DatasetColumn("posterior", "float64", "Estimated probability that the verdict is right.", _number("posterior")),
    DatasetColumn("n_votes", "int64", "Counted votes.", _votes(None)),
    *(DatasetColumn(f"n_{verdict}", "int64", f"Votes `{verdict}`.", _votes(verdict)) for verdict in VERDICT_CLASSES),
    DatasetColumn("votes", "votes", "Each vote; annotators have numbers, no names.", _none),
    DatasetColumn("truth_text", "string", "The right value that was imported, where one was.", _value_text("truth")),
)


class Pseudonyms:
    """Numbers in place of annotators, in the order in which they come; the same one throughout an export."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def of(self, vote: Record) -> str | None:
        name = vote.get("annotator_id") or vote.get("annotator_email")
        return None if name is None else self._numbers.setdefault(str(name), f"a{len(self._numbers) + 1}")

    def votes(self, record: Record) -> list[dict[str, object]]:
        """The votes of a record, as the column has them."""
        return [
            {
                "annotator": self.of(vote),
                "verdict": _text("verdict")(vote),
                "value_text": _value_text("corrected_value")(vote),
                "confidence": _number("confidence")(vote),
                "duration_ms": vote["duration_ms"] if type(vote.get("duration_ms")) is int else None,
                "counted": bool(vote.get("counted", True)),
            }
            for vote in record.get("submissions") or []
        ]


def arrow_schema(arrow: Any, columns: tuple[DatasetColumn, ...]) -> Any:
    """The Arrow schema with the features in its metadata. `arrow` is the module `pyarrow`."""
    votes = arrow.list_(arrow.struct([(name, arrow.type_for_alias(kind)) for name, kind in _VOTE_FIELDS.items()]))
    types = {
        "numbers": arrow.list_(arrow.float64()),
        "image": arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]),
        "votes": votes,
    }
    fields = [(column.name, types.get(column.kind) or arrow.type_for_alias(column.kind)) for column in columns]
    info = {"info": {"features": {column.name: _feature(column.kind) for column in columns}}}
    return arrow.schema(fields, metadata={"huggingface": json.dumps(info)})


def _feature(kind: str) -> object:
    if kind == "image":
        return {"_type": "Image"}
    if kind == "numbers":
        return {"feature": _feature("float64"), "_type": "Sequence"}
    if kind == "votes":
        return [{name: _feature(own) for name, own in _VOTE_FIELDS.items()}]
    return {"dtype": kind, "_type": "Value"}


def yaml_features(columns: tuple[DatasetColumn, ...]) -> list[str]:
    """The features as lines of the card's YAML."""
    lines: list[str] = []
    for column in columns:
        lines.append(f"  - name: {column.name}")
        if column.kind == "numbers":
            lines.append("    sequence: float64")
        elif column.kind == "votes":
            lines.append("    list:")
            for name, kind in _VOTE_FIELDS.items():
                lines += [f"    - name: {name}", f"      dtype: {kind}"]
        else:
            lines.append(f"    dtype: {column.kind}")
    return lines


def row_of(record: Record, columns: tuple[DatasetColumn, ...], own: Mapping[str, object]) -> list[object]:
    """The columns of a record; `own` are those that the export fills itself, by name."""
    return [own[column.name] if column.name in own else column.fill(record) for column in columns]
