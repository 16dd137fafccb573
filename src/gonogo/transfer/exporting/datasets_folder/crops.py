"""Crops of a dataset: the picture of each row's box, rendered by the child process that shows drawings to people."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import PurePath
from typing import Final, NamedTuple

from gonogo.sheets.drawing_service import DrawingService
from gonogo.sheets.models import Level, NoPicture, Picture, PictureRequest, PixelCrop, SheetRef
from gonogo.transfer.exporting.picture_boxes import is_fraction, record_corners
from gonogo.transfer.exporting.registry import Record

_SHORT_SIDE: Final = 4
"""Cells of the shorter side of the view; with so few a box always fills it."""
_LONG_SIDE: Final = 200
_ZOOM: Final = 0.85
"""Of the view that the box fills: leaves a tenth of it around."""
_SHARE: Final = 0.8
_LEAST_SHARE: Final = 0.7
"""Share of the view's width or height that the box takes."""
_AROUND: Final = 1 / _SHARE
"""Size of the view over that of the box."""
_LONGEST: Final = 2_000
_VECTOR_PIXELS: Final = 640
"""Pixels of the longer side where the drawing has none of its own."""
_RASTER: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


class Crop(NamedTuple):
    """Picture of a box (PNG), and the part of the page that it shows, in fractions."""

    png: bytes
    shown: list[float]


class CropMaker:
    """Maker of crops; `missing` counts the reasons why rows have none."""

    def __init__(self, drawings: DrawingService) -> None:
        self._drawings = drawings
        self._page_sizes: dict[tuple[SheetRef, int], tuple[float, float] | NoPicture] = {}
        self.missing: Counter[str] = Counter()

    async def crop(self, record: Record) -> Crop | None:
        """The crop of the record's box; `None` without a box of some area, or without a drawing."""
        box = record_corners(record)
        if box is None:
            self.missing["They have no box."] += 1
            return None
        width, height = box[2] - box[0], box[3] - box[1]
        if not (0 < width < math.inf and 0 < height < math.inf):  # from a plain server, which may take any numbers
            self.missing["Their boxes have no area."] += 1
            return None
        page = int(record["drawing_bbox"][4]) if len(record["drawing_bbox"]) == 5 else 1
        name = record.get("drawing")
        ref = SheetRef(record.get("part_revision_id"), name or record.get("part"))
        size = await self._page_size(ref, page)
        if isinstance(size, NoPicture):
            self.missing[size.reason] += 1
            return None
        if is_fraction(box):
            width, height = width * size[0], height * size[1]
        columns, rows = _pane(width, height)
        request = PictureRequest(
            columns, rows, tuple(record["drawing_bbox"]), Level.PLACE, zoom=_ZOOM, rotation=0, cell_ratio=1.0
        )
        is_raster = isinstance(name, str) and PurePath(name).suffix.lower() in _RASTER
        longer = max(width, height) * _AROUND if is_raster else _VECTOR_PIXELS
        scale = min(max(longer, 16), _LONGEST) / max(columns, rows)
        pixels = max(round(columns * scale), 1), max(round(rows * scale), 1)
        view = await self._drawings.pixels(ref, request, *pixels)
        if isinstance(view, PixelCrop) and (share := _share(view)) < _LEAST_SHARE:
            # A view shows no text larger than reading takes, and text that can't be measured (a symbol) small.
            view = await self._drawings.pixels(ref, replace(request, zoom=_ZOOM * _SHARE / share), *pixels)
        if isinstance(view, NoPicture):
            self.missing[view.reason] += 1
            return None
        return Crop(view.png, [view.shown.x0, view.shown.y0, view.shown.x1, view.shown.y1])

    async def _page_size(self, ref: SheetRef, page: int) -> tuple[float, float] | NoPicture:
        if (ref, page) not in self._page_sizes:
            small = PictureRequest(8, 4, level=Level.SHEET, locator=None, page=page)
            picture = await self._drawings.picture(ref, small)
            self._page_sizes[ref, page] = picture.page_size if isinstance(picture, Picture) else picture
        return self._page_sizes[ref, page]


def _share(view: PixelCrop) -> float:
    """The larger share of the view's width and height that the box takes; 1 where the view has no box."""
    if view.box is None:
        return 1.0
    left, top, right, bottom = view.box
    return max((right - left) / view.width, (bottom - top) / view.height, 0.001)


def _pane(width: float, height: float) -> tuple[int, int]:
    """Columns and rows of square cells, in the shape of a box."""
    aspect = min(max(width / height, 1 / 50), 50.0)
    if aspect >= 1:
        return min(max(round(_SHORT_SIDE * aspect), _SHORT_SIDE), _LONG_SIDE), _SHORT_SIDE
    return _SHORT_SIDE, min(max(round(_SHORT_SIDE / aspect), _SHORT_SIDE), _LONG_SIDE)
