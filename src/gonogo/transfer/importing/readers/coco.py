"""COCO reader: yields a record for each annotation that has a text; boxes are x, y, width, height in pixels.

The value is `text`, `caption` or `value` of the annotation or of its `attributes`, the confidence its `score`.
"""

from __future__ import annotations

from pathlib import Path

from gonogo.json_types import JsonObject, JsonValue, as_list
from gonogo.transfer.importing.bbox import corners_of_size
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.json_stream import first_bytes, is_number, stream_elements
from gonogo.transfer.importing.records import BadFileError, BadLine, NumberedRecords, RawRecord
from gonogo.transfer.importing.registry import importer

Names = dict[int | str, JsonValue]
"""Names of images or categories by id."""


def _is_coco(path: Path) -> bool:
    return path.suffix.lower() == ".json" and not path.is_dir() and not first_bytes(path).startswith(b"[")


@importer("coco", place=2, sniff=_is_coco)
def read_coco(path: Path, _: CsvMapping | None = None) -> NumberedRecords:
    """Yields the annotations, counted from 1.

    The file is read twice, because images may stand behind the annotations that name them.
    """
    arrays: set[str] = set()
    images: Names = {}
    categories: Names = {}
    for key, item in stream_elements(path, frozenset({"images", "categories"}), arrays):
        if isinstance(item, dict) and (item_id := _id_of(item, "id")) is not None:
            if key == "images":
                images.setdefault(item_id, item.get("file_name"))
            else:
                categories.setdefault(item_id, item.get("name"))
    if not {"images", "annotations"} <= arrays:
        raise BadFileError(f"{path} is not a COCO file: it has no images and annotations.")
    for number, (_key, item) in enumerate(stream_elements(path, frozenset({"annotations"})), 1):
        yield number, _record(number, item, images, categories)


def _record(number: int, item: JsonValue, images: Names, categories: Names) -> RawRecord:
    if not isinstance(item, dict):
        return BadLine(number, "an annotation that is no object")
    box = [side for side in as_list(item.get("bbox")) if is_number(side)]
    if len(box) != 4 or len(as_list(item.get("bbox"))) != 4:
        return BadLine(number, "an annotation without a bbox of four numbers")
    if not (box[2] > 0 and box[3] > 0):
        return BadLine(number, "bbox is x, y, width, height, and this one has no width or no height")
    attributes = item.get("attributes")
    fields: JsonObject = {**(attributes if isinstance(attributes, dict) else {}), **item}
    text = next((fields[name] for name in ("text", "caption", "value") if isinstance(fields.get(name), str)), None)
    drawing = _name_of(images, _id_of(item, "image_id"))
    if text is None or not drawing:
        return BadLine(number, "an annotation without a text" if text is None else "its image is not in the file")
    record: JsonObject = {
        "id": f"coco-{item.get('id', number)}",
        "drawing": drawing,
        "bbox": [*corners_of_size(box)],
        "bbox_unit": "px",
        "detail_kind": _name_of(categories, _id_of(item, "category_id")),
        "predicted_value": {"text": text},
        "predicted_confidence": fields.get("score"),
    }
    return {name: value for name, value in record.items() if value is not None}


def _id_of(item: JsonObject, key: str) -> int | str | None:
    value = item.get(key)
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None  # `true` is no id


def _name_of(names: Names, item_id: int | str | None) -> JsonValue:
    return None if item_id is None else names.get(item_id)
