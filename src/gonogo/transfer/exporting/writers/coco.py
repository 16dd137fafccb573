"""COCO writer: exports tasks as annotations with boxes in pixels; value and votes are attributes.

A box in fractions of the page needs the size of the picture, from the folder of `--drawings`.
"""

from __future__ import annotations

import json
from pathlib import Path

from gonogo.schemas.sanitize import escape_json
from gonogo.transfer.exporting.picture_boxes import PictureSizes, box_notes, is_fraction, record_corners
from gonogo.transfer.exporting.registry import OutputStream, Record, exporter
from gonogo.transfer.exporting.value_text import compact_json, value_text


@exporter("coco", "COCO", place=4, needs_pictures=True)
class CocoWriter:
    """Writer of one JSON object; a box is `[x, y, width, height]` in pixels, its value and votes are attributes."""

    def __init__(self, out: OutputStream, drawings: Path | None = None) -> None:
        self._out = out
        self._sizes = PictureSizes(drawings)
        self._images: dict[str, int] = {}
        self._categories: dict[str, int] = {}
        self._n = self._n_without_box = 0

    def add(self, record: Record) -> None:
        name = record.get("drawing") or record.get("part") or record.get("part_revision_id") or ""
        size = self._sizes.size(name)
        box = record_corners(record)
        if box is None or (is_fraction(box) and not size):
            self._n_without_box += 1
            return
        across, down = size if size and is_fraction(box) else (1, 1)
        x, y, width, height = box[0] * across, box[1] * down, (box[2] - box[0]) * across, (box[3] - box[1]) * down
        kind = record.get("detail_kind") or record.get("target_kind") or "value"
        annotation = {
            "id": self._n + 1,
            "image_id": self._images.setdefault(name, len(self._images) + 1),
            "category_id": self._categories.setdefault(kind, len(self._categories) + 1),
            "bbox": [round(number, 3) for number in (x, y, width, height)],
            "area": round(width * height, 3),
            "iscrowd": 0,
            "segmentation": [],
            "attributes": _attributes(record),
        }
        self._out.write((b'{"annotations":[\n' if self._n == 0 else b",\n") + compact_json(annotation).encode())
        self._n += 1

    def close(self) -> None:
        images = [self._image(name, number) for name, number in self._images.items()]
        categories = [{"id": number, "name": kind, "supercategory": ""} for kind, number in self._categories.items()]
        self._out.write(b'{"annotations":[' if self._n == 0 else b"\n")
        self._out.write(f'],\n"images":{_spaced_json(images)},\n"categories":{_spaced_json(categories)}}}\n'.encode())

    @property
    def notes(self) -> list[str]:
        notes = box_notes(self._n_without_box, "pixels")
        if any(self._sizes.size(name) is None for name in self._images):
            notes.append("Width and height of pictures that are not in --drawings are 0.")
        return notes

    def _image(self, name: str, number: int) -> dict[str, object]:
        width, height = self._sizes.size(name) or (0, 0)
        return {"id": number, "file_name": name, "width": width, "height": height}


def _attributes(record: Record) -> dict[str, object]:
    return {
        "task_id": record["task_id"],
        "text": value_text(record.get("predicted_value")),
        "score": record.get("predicted_confidence"),
        "verdict": record.get("consensus_verdict"),
        "corrected_text": value_text(record.get("consensus_value")),
        "agreement": record.get("agreement"),
        "is_gold": record.get("is_gold", False),
        "votes": [vote.get("verdict") for vote in record.get("submissions") or []],
    }


def _spaced_json(value: object) -> str:
    return escape_json(json.dumps(value, ensure_ascii=False))
