"""Folder reader: yields records from drawings with one JSON file each, `a.json` beside `a.png`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from gonogo.json_types import JsonObject, JsonValue
from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.drawings_folder import DRAWING_SUFFIXES
from gonogo.transfer.importing.json_stream import MAX_ELEMENT
from gonogo.transfer.importing.records import BadLine, NumberedRecords
from gonogo.transfer.importing.registry import importer


@importer("folder", place=4, sniff=Path.is_dir)
def read_folder(path: Path, _: CsvMapping | None = None) -> NumberedRecords:
    """Yields the predictions of all files, counted from 1: one, a list of them, or `{"predictions": […]}` a file."""
    number = 0
    drawings: dict[str, list[str]] = {}
    for item in sorted(path.iterdir()):
        if item.suffix.lower() in DRAWING_SUFFIXES:
            drawings.setdefault(item.stem, []).append(item.name)
    for file in sorted(item for item in path.iterdir() if item.suffix.lower() == ".json"):
        beside = drawings.get(file.stem, [])
        for record in _predictions(file):
            number += 1
            if isinstance(record, str):
                yield number, BadLine(number, f"{file.name}: {record}")
            elif len(beside) > 1 and "drawing" not in record:
                yield number, BadLine(number, f"{file.name}: say which `drawing`: {', '.join(beside)}")
            else:
                yield number, {**({"drawing": beside[0]} if beside else {}), **record}


def _predictions(file: Path) -> Iterator[JsonObject | str]:
    """The predictions of one file; a text is the reason why there is none."""
    try:
        if file.stat().st_size > MAX_ELEMENT:
            yield f"longer than {MAX_ELEMENT // 1_000_000} MB; put its predictions into a file of JSON Lines"
            return
        content: JsonValue = json.loads(file.read_bytes())
    except RecursionError:
        yield "nests too deep"
        return
    except ValueError as error:
        yield f"not JSON ({error})"
        return
    except OSError as error:
        yield f"cannot be read: {error.strerror}"
        return
    if isinstance(content, dict) and isinstance(content.get("predictions"), list):
        content = content["predictions"]
    for item in content if isinstance(content, list) else [content]:
        yield item if isinstance(item, dict) else "a prediction must be an object"
