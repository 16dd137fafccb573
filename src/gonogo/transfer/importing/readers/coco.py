"""COCO reader: yields a record for each annotation that has a text; boxes are x, y, width, height in pixels.

The value is `text`, `caption` or `value` of the annotation or of its `attributes`, the confidence its `score`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gonogo.transfer.importing.bbox import corners_of_size
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.json_stream import first_bytes, is_number, stream_elements
from gonogo.transfer.importing.records import BadFileError, BadLine, NumberedRecords, RawRecord
from gonogo.transfer.importing.registry import importer

_ID_TYPES: Final = (int, str)  # exactly: `true` is no id, though Python takes it for 1


def _is_coco(path: Path) -> bool:
    return path.suffix.lower() == ".json" and not path.is_dir() and not first_bytes(path).startswith(b"[")


@importer("coco", place=2, sniff=_is_coco)
def read_coco(path: Path, _: CsvMapping | None = None) -> NumberedRecords:
    """Yields the annotations, counted from 1.

    The file is read twice, because images may stand behind the annotations that name them.
    """
    arrays: set[str] = set()
    images: dict[Any, Any] = {}
    categories: dict[Any, Any] = {}
    for key, item in stream_elements(path, frozenset({"images", "categories"}), arrays):
        if isinstance(item, dict) and type(item.get("id")) in _ID_TYPES:
            if key == "images":
                images.setdefault(item["id"], item.get("file_name"))
            else:
                categories.setdefault(item["id"], item.get("name"))
    if not {"images", "annotations"} <= arrays:
        raise BadFileError(f"{path} is not a COCO file: it has no images and annotations.")
    for number, (_key, item) in enumerate(stream_elements(path, frozenset({"annotations"})), 1):
        yield number, _record(number, item, images, categories)


def _record(number: int, item: Any, images: Mapping[Any, Any], categories: Mapping[Any, Any]) -> RawRecord:
    if not isinstance(item, dict):
        return BadLine(number, "an annotation that is no object")
    box = item.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(is_number, box)):
        return BadLine(number, "an annotation without a bbox of four numbers")
    if not (box[2] > 0 and box[3] > 0):
        return BadLine(number, "bbox is x, y, width, height, and this one has no width or no height")
    attributes = item.get("attributes")
    fields: dict[str, Any] = {**(attributes if isinstance(attributes, dict) else {}), **item}
    text = next((fields[name] for name in ("text", "caption", "value") if isinstance(fields.get(name), str)), None)
    drawing = _name_of(images, item.get("image_id"))
    if text is None or not drawing:
        return BadLine(number, "an annotation without a text" if text is None else "its image is not in the file")
    record = {
        "id": f"coco-{item.get('id', number)}",
        "drawing": drawing,
        "bbox": corners_of_size(box),
        "bbox_unit": "px",
        "detail_kind": _name_of(categories, item.get("category_id")),
        "predicted_value": {"text": text},
        "predicted_confidence": fields.get("score"),
    }
    return {name: value for name, value in record.items() if value is not None}


def _name_of(names: Mapping[Any, Any], item_id: Any) -> Any:
    return names.get(item_id) if type(item_id) in _ID_TYPES else None
