"""Label Studio reader: yields records for the regions of the first prediction of each task; boxes are in percent."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from gonogo.json_types import JsonValue, as_object
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.drawings_folder import DRAWING_SUFFIXES
from gonogo.transfer.importing.json_stream import first_bytes, stream_elements
from gonogo.transfer.importing.label_studio_regions import first_prediction, region_records
from gonogo.transfer.importing.records import BadFileError, BadLine, NumberedRecords
from gonogo.transfer.importing.registry import importer


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
        first = first_prediction(task.get("predictions"))
        if first is None:
            yield number, BadLine(number, "a task without predictions")
            continue
        drawing = next(filter(None, map(_file_name, as_object(task["data"]).values())), None)
        for region_id, record in region_records(first, number, {"drawing": drawing}):
            if isinstance(record, dict):
                record = {"id": f"ls-{task.get('id', number)}-{region_id}", **record}
            yield number, record
    if "" not in arrays:
        raise BadFileError(f"{path} is not a Label Studio export: it must be a list of tasks.")


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
