"""JSON Lines reader: yields one record a line; gonogo's own import format.

    {"part": "halter", "drawing": "halter.jpg", "page": 1, "bbox": [1153, 294, 1285, 401], "bbox_unit": "px",
     "target_kind": "pmi", "detail_kind": "dimension", "predicted_value": {"text": "⌀550 A3"},
     "truth": {"text": "⌀550 A3"}}

`predicted_value` is required; `drawing` is a file relative to the drawings folder; `bbox` is `[x0, y0, x1, y1]` from
the top left in `bbox_unit` (`px` of an image, `pt` of a PDF, `norm` = fractions of the page). Any other field of
`schemas.gonogo_api.Prediction` is accepted, and unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gonogo.transfer.importing.csv_mapping import CsvMapping
from gonogo.transfer.importing.records import MAX_LINE
from gonogo.transfer.importing.registry import importer


@importer("jsonl", place=0, sniff=lambda path: False)  # the default, for whatever no other format accepts
def read_jsonl(path: Path, _: CsvMapping | None = None) -> Iterator[tuple[int, bytes]]:
    """Yields the lines with their numbers from 1, without blank ones; one that is too long is cut past the limit."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE + 1):
            number += 1
            rest = line
            while not rest.endswith(b"\n") and (rest := file.readline(MAX_LINE)):
                pass
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if line.strip():
                yield number, line
