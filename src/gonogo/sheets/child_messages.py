"""Messages between the app and the render process: a length-prefixed JSON head, then bytes. Nothing is unpickled."""

from __future__ import annotations

import dataclasses
import json
import math
import struct
from collections.abc import Mapping
from typing import Any

from gonogo.json_types import JsonObject
from gonogo.sheets.models import Box, CellGrid, Level, NoPicture, Picture, PictureRequest, PixelCrop
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.sheet_text import SheetText, text_from_json, text_to_json

PREFIX = struct.Struct(">II")
"""Length of the JSON head and of all the bytes after it."""

MOST = 64 * 1024 * 1024
SIDE_MOST = 4000
"""Pixels that a picture may be wide or high."""


def pack(head: Mapping[str, object], blobs: tuple[bytes, ...] = ()) -> bytes:
    """Returns one message; `blobs` follow the head, which holds their lengths."""
    text = json.dumps({**head, "blobs": [len(blob) for blob in blobs]}, ensure_ascii=False).encode()
    return PREFIX.pack(len(text), sum(map(len, blobs))) + text + b"".join(blobs)


def unpack(text: bytes, rest: bytes) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """Inverts `pack`, without the prefix. Raises `ValueError` for anything malformed."""
    head = json.loads(text)
    if not isinstance(head, dict):
        raise ValueError("the head is not an object")
    blobs, start = [], 0
    for length in head["blobs"]:
        blobs.append(rest[start : start + length])
        start += length
    if start != len(rest):
        raise ValueError("the announced bytes do not add up")
    return head, tuple(blobs)


def request_to_json(request: PictureRequest) -> JsonObject:
    return dataclasses.asdict(request)


def request_from_json(data: dict[str, Any]) -> PictureRequest:
    data = dict(data, level=Level(data["level"]), mode=PictureMode(data["mode"]))
    for name in ("bbox", "locator", "cell_pixels"):
        if data.get(name) is not None:
            data[name] = tuple(data[name])
    data["others"] = tuple(tuple(box) for box in data.get("others", ()))
    return PictureRequest(**data)


Answer = Picture | PixelCrop | SheetText | NoPicture


def answer_to_message(answer: Answer) -> bytes:
    """Returns a picture, or the reason why there is none, as one message."""
    if isinstance(answer, NoPicture):
        return pack({"no_picture": dataclasses.asdict(answer)})
    if isinstance(answer, SheetText):
        return pack({"text": text_to_json(answer)})
    if isinstance(answer, PixelCrop):
        fields = dataclasses.asdict(dataclasses.replace(answer, png=b""))
        return pack({"pixels": {**fields, "png": None, "shown": dataclasses.astuple(answer.shown)}}, (answer.png,))
    grids = [grid for grid in (answer.grid, answer.locator) if grid is not None]
    blobs = tuple(blob for grid in grids for blob in (grid.ink, grid.paper, grid.mark))
    head = {
        "grids": [{"width": g.width, "height": g.height, "mode": g.mode, "rows": g.rows} for g in grids],
        "shown": dataclasses.astuple(answer.shown),
        "box": dataclasses.astuple(answer.box) if answer.box else None,
        "neighbours": answer.neighbours,
        "page_size": answer.page_size,
        "locator_place": answer.locator_place,
        "pixel_mode": answer.pixel_mode,
        "pixel_size": answer.pixel_size,
        "angle_is_sure": answer.angle_is_sure,
        "ink": answer.ink,
        **{name: getattr(answer, name) for name in _PLAIN},
    }
    return pack(head, (*blobs, answer.pixels) if answer.pixel_mode else blobs)


def answer_from_message(head: dict[str, Any], blobs: tuple[bytes, ...]) -> Answer:
    """Inverts `answer_to_message`. Raises `ValueError`, `KeyError` or `TypeError` for anything malformed."""
    if "no_picture" in head:
        data = head["no_picture"]
        return NoPicture(data["reason"], data["next_step"], data["retry"], tuple(data["neighbours"]))
    if "text" in head:
        return text_from_json(head["text"])
    if "pixels" in head:
        data = head["pixels"]
        box = tuple(data["box"]) if data["box"] else None
        return PixelCrop(**{**data, "png": blobs[0], "shown": Box(*data["shown"]), "box": box})
    grids = [
        CellGrid(g["width"], g["height"], PictureMode(g["mode"]), tuple(g["rows"]), *blobs[3 * i : 3 * i + 3])
        for i, g in enumerate(head["grids"])
    ]
    for grid in grids:
        if len(grid.ink) != grid.width * grid.height or len(grid.rows) != grid.height:
            raise ValueError("a grid's cells do not add up")
    return Picture(
        grid=grids[0],
        locator=grids[1] if len(grids) > 1 else None,
        shown=Box(*head["shown"]),
        box=Box(*head["box"]) if head["box"] else None,
        neighbours=tuple(head["neighbours"]),
        page_size=tuple(head["page_size"]),
        locator_place=_cell(head["locator_place"]),
        angle_is_sure=bool(head["angle_is_sure"]),
        pixel_mode=PictureMode(head["pixel_mode"]) if head.get("pixel_mode") else None,
        pixel_size=_pixel_size(head),
        pixels=blobs[-1] if head.get("pixel_mode") else b"",
        ink=_ink(head.get("ink")),
        **{name: head[name] for name in _PLAIN},
    )


def _cell(place: Any) -> tuple[int, int] | None:
    if place is None:
        return None
    column, row = place
    if not (type(column) is int and type(row) is int and min(column, row) >= 0):
        raise ValueError("the place of the map makes no sense")
    return column, row


def _ink(sizes: Any) -> tuple[float, float, float, float] | None:
    if sizes is None:
        return None
    width, height, usual, least = (float(size) for size in sizes)
    if not (min(width, height, usual, least) > 0 and max(width, height, usual, least) < math.inf):
        raise ValueError("the size of a picture's text makes no sense")
    return width, height, usual, least


def _pixel_size(head: dict[str, Any]) -> tuple[int, int]:
    width, height = head.get("pixel_size") or (0, 0)
    if not (type(width) is int and type(height) is int and 0 <= width <= SIDE_MOST and 0 <= height <= SIDE_MOST):
        raise ValueError("a picture's size makes no sense")
    return width, height


_PLAIN = ("page", "n_pages", "magnification", "rotation", "note", "title", "text_rows", "strips")
