"""Label Studio reader: yields records for the regions of the first prediction of each task; boxes are in percent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from gonogo.json_types import JsonObject, JsonValue, as_list, as_object
from gonogo.transfer.importing.bbox import corners_of_size
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.drawings_folder import DRAWING_SUFFIXES
from gonogo.transfer.importing.json_stream import first_bytes, is_number, stream_elements
from gonogo.transfer.importing.records import BadFileError, BadLine, NumberedRecords, RawRecord
from gonogo.transfer.importing.registry import importer

_SIDES: Final = ("x", "y", "width", "height")


def _is_label_studio(path: Path) -> bool:
    return path.suffix.lower() == ".json" and not path.is_dir() and first_bytes(path).startswith(b"[")


@importer("labelstudio", place=3, sniff=_is_label_studio)
def read_label_studio(path: Path, _: CsvMapping | None = None) -> NumberedRecords:
    """Yields the regions; each has the number of its task, from 1."""
    arrays: set[str] = set()
    for number, (_key, task) in enumerate(stream_elements(path, frozenset({""}), arrays), 1):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            yield number, BadLine(number, "a task without data")
            continue
        predictions = task.get("predictions")
        first = predictions[0] if isinstance(predictions, list) and predictions else None
        if not isinstance(first, dict) or not isinstance(first.get("result"), list):
            yield number, BadLine(number, "a task without predictions")
            continue
        for record in _region_records(task, first, number):
            yield number, record
    if "" not in arrays:
        raise BadFileError(f"{path} is not a Label Studio export: it must be a list of tasks.")


def _region_records(task: JsonObject, prediction: JsonObject, number: int) -> Iterator[RawRecord]:
    drawing = next(filter(None, map(_file_name, as_object(task["data"]).values())), None)
    regions: dict[str, JsonObject] = {}
    for part in as_list(prediction["result"]):
        value = part.get("value") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(value, dict):
            regions.setdefault(str(part.get("id", "")), {}).update(value)
        else:
            yield BadLine(number, "a result without a value")
    for region_id, value in regions.items():
        text = value.get("text")
        text = text[0] if isinstance(text, list) and text else text
        if not isinstance(text, str):
            yield BadLine(number, f"region {region_id!r} without a text")
            continue
        given = [side for side in map(value.get, _SIDES) if side is not None]
        sides = [side for side in given if is_number(side)]
        if given and len(sides) != len(_SIDES):
            yield BadLine(number, f"region {region_id!r}: x, y, width and height must be four numbers")
            continue
        labels = value.get("rectanglelabels") or value.get("labels")
        record: JsonObject = {
            "id": f"ls-{task.get('id', number)}-{region_id}",
            "drawing": drawing,
            "predicted_value": {"text": text},
            "predicted_confidence": prediction.get("score"),
            "detail_kind": labels[0] if isinstance(labels, list) and labels else None,
        }
        if sides:
            fractions = [float(side) / 100 for side in sides]
            record |= {"bbox": [*corners_of_size(fractions)], "bbox_unit": "norm"}
        yield {key: item for key, item in record.items() if item is not None}


def _file_name(value: JsonValue) -> str | None:
    """The file name in an address such as `/data/upload/1/a.png` or `/data/local-files/?d=scans/a.png`."""
    if not isinstance(value, str):
        return None
    try:
        address = urlsplit(value)
        local = parse_qs(address.query).get("d")
    except ValueError:
        return None
    name = (local[0] if local else unquote(address.path)).replace("\\", "/").rsplit("/", 1)[-1]
    return name if name.lower().endswith(DRAWING_SUFFIXES) else None
