"""Regions of a Label Studio prediction: joins the parts of a result by their ids, and makes a record of each region.

Percent of the page become fractions. A rotated rectangle and a polygon become the box around them: Label Studio turns a
rectangle clockwise about its top left corner, in pixels, so that the size of the picture counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from gonogo.json_types import JsonObject, JsonValue, as_list, as_object
from gonogo.transfer.importing.bbox import corners_of_size
from gonogo.transfer.importing.json_stream import is_number
from gonogo.transfer.importing.records import BadLine, RawRecord

_SIDES: Final = ("x", "y", "width", "height")
_LABELS: Final = ("rectanglelabels", "labels", "polygonlabels")
_OVERSHOOT: Final = 0.01
"""Share of the page by which a detector's rectangle may reach over its edge."""
_OTHER_SHAPES: Final = ("radiusX", "rle", "vertices")


class _BadRegionError(Exception):
    """A region whose place cannot be read; the message is the reason."""


def region_records(prediction: JsonObject, number: int, record: JsonObject) -> Iterator[tuple[str, RawRecord]]:
    """Yields a record for each region with its id, `record` with what the region says; or the reason why there is none.

    `number` is that of the task in reports.
    """
    regions: dict[str, JsonObject] = {}
    for part in as_list(prediction["result"]):
        value = part.get("value") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(value, dict):
            about = {name: part[name] for name in ("score", "original_width", "original_height") if name in part}
            regions.setdefault(str(part.get("id", "")), {}).update(about | value)
        else:
            yield "", BadLine(number, "a result without a value")
    version = prediction.get("model_version")
    for region_id, value in regions.items():
        text = value.get("text")
        text = text[0] if isinstance(text, list) and text else text
        if not isinstance(text, str) or not text.strip():
            yield region_id, BadLine(number, f"region {region_id!r} without a text")
            continue
        try:
            box = _box(value)
        except _BadRegionError as error:
            yield region_id, BadLine(number, f"region {region_id!r}: {error}")
            continue
        labels = next(filter(None, map(value.get, _LABELS)), None)
        score = value.get("score")
        fields: JsonObject = {
            **record,
            "predicted_value": {"text": text},
            "predicted_confidence": score if is_number(score) else prediction.get("score"),
            "detail_kind": labels[0] if isinstance(labels, list) and labels else None,
            "source": str(version)[:200] if isinstance(version, str) and version else None,
        }
        if box is not None:
            fields |= {"bbox": [*box], "bbox_unit": "norm"}
        yield region_id, {key: item for key, item in fields.items() if item is not None}


def _box(value: JsonObject) -> list[float] | None:
    """The region's box in fractions of the page; `None` for a region without a place."""
    points = value.get("points")
    if isinstance(points, list):
        return _around([_point(point) for point in points])
    given = [side for side in map(value.get, _SIDES) if side is not None]
    if not given:
        return None
    if any(value.get(name) is not None for name in _OTHER_SHAPES):
        raise _BadRegionError("it is neither a rectangle nor a polygon")
    sides = [float(side) for side in given if is_number(side)]
    if len(given) != len(_SIDES) or len(sides) != len(_SIDES):
        raise _BadRegionError("x, y, width and height must be four numbers")
    rotation = value.get("rotation") or 0
    if not is_number(rotation):
        raise _BadRegionError("its rotation is not a number")
    if rotation % 360 == 0:
        box = corners_of_size([side / 100 for side in sides])
        slightly_off = min(box) >= -_OVERSHOOT and max(box) <= 1 + _OVERSHOOT
        return [min(max(number, 0.0), 1.0) for number in box] if slightly_off else box  # what is further off is refused
    return _around(_turned(sides, float(rotation), value))


def _turned(sides: Sequence[float], degrees: float, value: JsonObject) -> list[tuple[float, float]]:
    """The four corners, in percent of the page."""
    size = [value.get("original_width"), value.get("original_height")]
    width, height = (float(side) if is_number(side) and side > 0 else math.nan for side in size)
    if math.isnan(width) or math.isnan(height):
        raise _BadRegionError("it is rotated, and original_width and original_height are missing")
    x, y, across, down = sides
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(0.0, 0.0), (across * width, 0.0), (across * width, down * height), (0.0, down * height)]
    return [(x + (dx * cos - dy * sin) / width, y + (dx * sin + dy * cos) / height) for dx, dy in corners]


def _point(point: JsonValue) -> tuple[float, float]:
    numbers = [float(number) for number in as_list(point) if is_number(number)]
    if len(numbers) != 2:
        raise _BadRegionError("its points must be pairs of numbers")
    return numbers[0], numbers[1]


def _around(points: Sequence[tuple[float, float]]) -> list[float]:
    """The box around points in percent, in fractions, as far as it lies on the page."""
    if not points:
        raise _BadRegionError("it has no points")
    across, down = [x / 100 for x, _y in points], [y / 100 for _x, y in points]
    box = [min(across), min(down), max(across), max(down)]
    on_page = [min(max(number, 0.0), 1.0) for number in box]
    if not all(map(math.isfinite, box)) or on_page[0] == on_page[2] or on_page[1] == on_page[3]:
        raise _BadRegionError("it is empty, or off the page")
    return on_page


def first_prediction(predictions: JsonValue) -> JsonObject | None:
    """The first prediction of a task, if it has a list of results."""
    first = as_object(next(iter(as_list(predictions)), None))
    return first if isinstance(first.get("result"), list) else None
