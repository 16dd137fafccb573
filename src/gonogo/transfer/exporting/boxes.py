"""Exports for programs that draw boxes on pictures: Label Studio and COCO.

Both want the size of the picture. It is read from the head of the file in `--drawings`; where it is not known,
Label Studio's percentages can be given only for boxes in fractions of the page, COCO's pixels only for others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from gonogo.transfer.exporting.writers import Record, compact

Size = tuple[int, int]


class PictureSizes:
    """Width and height of drawings in a folder, each looked at once."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Size | None] = {}

    def size(self, name: str | None) -> Size | None:
        """In pixels; `None` when there is no such picture (a PDF has none)."""
        if self._folder is None or not name:
            return None
        if name not in self._known:
            self._known[name] = _size(self._folder / Path(name).name) or _size(self._folder / name)
        return self._known[name]


def _size(path: Path) -> Size | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:  # reads the head only
            return picture.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def text_of(value: Any) -> str:
    """What a value says, as text."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"])
    return "" if value is None else compact(value)


def _corners(record: Record) -> list[float] | None:
    box = record.get("drawing_bbox")
    return [float(number) for number in box[:4]] if box and len(box) >= 4 else None


def _is_fraction(box: list[float]) -> bool:
    return all(0 <= number <= 1 for number in box)


class LabelStudioWriter:
    """A JSON array of tasks: the prediction as a pre-annotation, each vote as an annotation.

    Made for this labeling configuration: RectangleLabels `box`, TextArea `value`, Choices `verdict`, on Image `image`.
    """

    def __init__(self, out: BinaryIO, drawings: Path | None) -> None:
        self._out = out
        self._pictures = PictureSizes(drawings)
        self._n = self._n_without = 0

    def add(self, record: Record) -> None:
        size = self._pictures.size(record.get("drawing"))
        box = self._box(record, size)
        self._n_without += box is None
        task = {
            "id": self._n + 1,
            "data": {
                "image": record.get("drawing") or record.get("part") or "",
                "prompt": record.get("prompt"),
                "task_id": record["task_id"],
                "prediction_id": record.get("prediction_id"),
                "consensus": record.get("consensus_verdict"),
                "consensus_value": text_of(record.get("consensus_value")),
                "is_gold": record.get("is_gold", False),
            },
            "predictions": [self._prediction(record, box, size)],
            "annotations": [_annotation(vote) for vote in record.get("submissions") or []],
        }
        self._out.write((b"[\n" if self._n == 0 else b",\n") + compact(task).encode())
        self._n += 1

    def close(self) -> None:
        self._out.write(b"\n]\n" if self._n else b"[]\n")

    @property
    def notes(self) -> list[str]:
        return _without(self._n_without, "percentages of the picture")

    def _box(self, record: Record, size: Size | None) -> dict[str, Any] | None:
        box = _corners(record)
        if box is None or not (_is_fraction(box) or size):
            return None
        across, down = (1, 1) if _is_fraction(box) or size is None else size
        x0, y0, x1, y1 = box
        label = record.get("detail_kind") or record.get("target_kind") or "value"
        percent = {
            "x": round(100 * x0 / across, 4),
            "y": round(100 * y0 / down, 4),
            "width": round(100 * (x1 - x0) / across, 4),
            "height": round(100 * (y1 - y0) / down, 4),
        }
        return {**percent, "rotation": 0, "rectanglelabels": [label]}

    def _prediction(self, record: Record, box: dict[str, Any] | None, size: Size | None) -> dict[str, Any]:
        region: dict[str, Any] = {"id": "r1", "to_name": "image"}
        if size:
            region |= {"original_width": size[0], "original_height": size[1]}
        value: dict[str, Any] = {"text": [text_of(record.get("predicted_value"))]}
        if box is not None:
            value |= {key: item for key, item in box.items() if key != "rectanglelabels"}
        result = [{**region, "from_name": "value", "type": "textarea", "value": value}]
        if box is not None:
            result.insert(0, {**region, "from_name": "box", "type": "rectanglelabels", "value": box})
        found: dict[str, Any] = {"model_version": "import", "result": result}
        if record.get("predicted_confidence") is not None:
            found["score"] = record["predicted_confidence"]
        return found


def _annotation(vote: Record) -> dict[str, Any]:
    result: list[dict[str, Any]] = [
        {"from_name": "verdict", "to_name": "image", "type": "choices", "value": {"choices": [vote.get("verdict")]}}
    ]
    if vote.get("corrected_value") is not None:
        text = {"text": [text_of(vote["corrected_value"])]}
        result.append({"from_name": "value", "to_name": "image", "type": "textarea", "value": text})
    return {
        "unique_id": vote.get("id"),
        "completed_by": {"email": vote.get("annotator_email") or vote.get("annotator_id") or ""},
        "created_at": vote.get("created_at"),
        "lead_time": (vote.get("duration_ms") or 0) / 1000,
        "was_cancelled": not vote.get("counted", True),
        "result": result,
    }


class CocoWriter:
    """One JSON object; a box is `[x, y, width, height]` in pixels, its value and votes are attributes."""

    def __init__(self, out: BinaryIO, drawings: Path | None) -> None:
        self._out = out
        self._pictures = PictureSizes(drawings)
        self._images: dict[str, int] = {}
        self._categories: dict[str, int] = {}
        self._n = self._n_without = 0

    def add(self, record: Record) -> None:
        name = record.get("drawing") or record.get("part") or record.get("part_revision_id") or ""
        size = self._pictures.size(name)
        box = _corners(record)
        if box is None or (_is_fraction(box) and not size):
            self._n_without += 1
            return
        across, down = size if size and _is_fraction(box) else (1, 1)
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
        self._out.write((b'{"annotations":[\n' if self._n == 0 else b",\n") + compact(annotation).encode())
        self._n += 1

    def close(self) -> None:
        images = [self._image(name, number) for name, number in self._images.items()]
        categories = [{"id": number, "name": kind, "supercategory": ""} for kind, number in self._categories.items()]
        self._out.write(b'{"annotations":[' if self._n == 0 else b"\n")
        dump: Callable[[Any], str] = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
        self._out.write(f'],\n"images":{dump(images)},\n"categories":{dump(categories)}}}\n'.encode())

    @property
    def notes(self) -> list[str]:
        found = _without(self._n_without, "pixels")
        if any(self._pictures.size(name) is None for name in self._images):
            found.append("Width and height of pictures that are not in --drawings are 0.")
        return found

    def _image(self, name: str, number: int) -> dict[str, Any]:
        width, height = self._pictures.size(name) or (0, 0)
        return {"id": number, "file_name": name, "width": width, "height": height}


def _attributes(record: Record) -> dict[str, Any]:
    return {
        "task_id": record["task_id"],
        "text": text_of(record.get("predicted_value")),
        "score": record.get("predicted_confidence"),
        "verdict": record.get("consensus_verdict"),
        "corrected_text": text_of(record.get("consensus_value")),
        "agreement": record.get("agreement"),
        "is_gold": record.get("is_gold", False),
        "votes": [vote.get("verdict") for vote in record.get("submissions") or []],
    }


def _without(count: int, unit: str) -> list[str]:
    if not count:
        return []
    return [f"{count} tasks have no box that could be given in {unit}; --drawings names the folder of the pictures."]
