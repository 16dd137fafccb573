"""Draw request: opens the drawing, places the box, chooses the view, renders it, fits cells, and marks the box. Child
process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.models import Box, CellGrid, Level, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.bbox import drawing_bbox, page_number
from gonogo.sheets.render.box_overlay import (
    box_cells,
    cell_mode_of,
    draw_faint_frames,
    invert,
    locator_size,
    mark_box,
    mark_region,
    place_locator,
)
from gonogo.sheets.render.crop import (
    CropView,
    Rect,
    fit_view,
    nearest_quarter,
    rotate_box,
    shown_on_page,
    turned_corners,
    turned_rect,
    turned_size,
)
from gonogo.sheets.render.formats.open_drawing import Drawing, open_drawing
from gonogo.sheets.render.mosaic import to_cells
from gonogo.sheets.render.rasterizer import DrawingPage, render_subpixels
from gonogo.sheets.render.text.long_text_strips import Strip, cut_into_strips, stack
from gonogo.sheets.render.text.nearby_text import nearby_text
from gonogo.sheets.render.text.text_metrics import TextMetrics, measure_text

KEEP, KEEP_SHEET = 0.5, 0.6  # of their contrast: what lies outside the box, near it and on the whole sheet
_WHOLE = 1.001  # magnification at which the whole page is shown
_KEPT_BYTES = 100 * 1000 * 1000  # beside the drawing being opened
_KEPT_DRAWINGS = 6
OTHERS_MOST = 300


class OpenDrawings:
    """LRU cache of open drawings, of the maps of their pages and of measured text."""

    def __init__(self, limits: DrawingLimits) -> None:
        self._limits = limits
        self._open: OrderedDict[str, Drawing] = OrderedDict()
        self._metrics: dict[tuple[str, Box], TextMetrics] = {}
        self._maps: dict[tuple[str, int, int, tuple[int, int], PictureMode], CellGrid] = {}

    def get(self, path: Path, key: str) -> Drawing:
        """Returns the open drawing with the content `key`. Raises `CannotShowError`."""
        if key not in self._open:
            self._make_room()
            self._open[key] = open_drawing(path, self._limits)
        self._open.move_to_end(key)
        return self._open[key]

    def forget(self) -> None:
        """Closes everything (after memory ran out, or at sign-out)."""
        while self._open:
            self._open.popitem()[1].close()
        self._maps.clear()
        self._metrics.clear()

    def locator_map(
        self, key: str, number: int, page: DrawingPage, whole: CropView, size: tuple[int, int], mode: PictureMode
    ) -> CellGrid:
        """Returns the whole page in a few cells, turned by the nearest quarter; rendered once for each of them."""
        name = (key, number, whole.rotation, size, mode)
        if name not in self._maps:
            if len(self._maps) > 64:
                self._maps.clear()
            self._maps[name] = to_cells(render_subpixels(page, whole, mode, *size), mode)
        return self._maps[name]

    def metrics_of(self, key: str, page: DrawingPage, box: Box) -> TextMetrics:
        """Returns the metrics of the text in a box, measured once, so that zooming cannot change the rotation."""
        if (key, box) not in self._metrics:
            if len(self._metrics) > 1000:
                self._metrics.clear()
            self._metrics[key, box] = measure_text(page, box)
        return self._metrics[key, box]

    def _make_room(self) -> None:
        while self._open and (
            len(self._open) >= _KEPT_DRAWINGS or sum(d.kept_bytes for d in self._open.values()) > _KEPT_BYTES
        ):
            self._open.popitem(last=False)[1].close()


@dataclass(frozen=True, slots=True)
class ChosenView:
    """View chosen for a request: the page, the corrected box, and the part of the page to show."""

    page: DrawingPage
    number: int
    n_pages: int
    box: Box | None
    view: CropView
    note: str | None
    metrics: TextMetrics
    others: tuple[Box, ...] = ()

    @property
    def target(self) -> Rect | None:
        """Rectangle around the box on the turned page, in its units; around the text where that is slanted."""
        if self.box is None:
            return None
        ink = self.metrics.ink_at(self.view.rotation)
        return ink or turned_rect(self.box, self.page.width, self.page.height, self.view.rotation)

    def turned(self, box: Box) -> Rect:
        """Rectangle around another box of the page, on the turned page, in its units."""
        return turned_rect(box, self.page.width, self.page.height, self.view.rotation)

    @property
    def extent(self) -> Rect | None:
        """Rectangle of the ink in the box on the turned page; all of the box where it could not be measured."""
        return self.metrics.extent_at(self.view.rotation, self.page.width, self.page.height) or self.target

    @property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """Corners of the box on the turned page, in its units, going round; none without a box."""
        if self.box is None:
            return ()
        return turned_corners(self.box, self.page.width, self.page.height, self.view.rotation)

    @property
    def is_whole(self) -> bool:
        """Whether the whole page is shown, so that a map of it would say nothing."""
        return self.view.magnification <= _WHOLE

    @property
    def shown(self) -> Box:
        """Visible part of the page, as it is in the file."""
        return shown_on_page(self.view, self.page.width, self.page.height, self.number)


def choose_view(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest) -> ChosenView:
    """Opens the drawing, places the box and chooses the view. Raises `CannotShowError`."""
    drawing = drawings.get(path, key)
    of_box = page_number(request.bbox)
    notes: tuple[str, ...] = ()
    if isinstance(of_box, str):
        notes, of_box = (of_box,), 1
    number = of_box if request.page is None else request.page
    if not 1 <= number <= drawing.n_pages:
        pages = "one page" if drawing.n_pages == 1 else f"{drawing.n_pages} pages"
        raise CannotShowError(f"The task points at page {number}, and the drawing has {pages}.")
    page = drawing.page(number)
    box: Box | None = None
    if request.bbox is not None and not notes and of_box == number:
        placed = drawing_bbox(request.bbox, page.width, page.height, page.units)
        if isinstance(placed, str):
            notes = (f"{placed} The whole sheet is shown.",)
        else:
            box, notes = placed.box, placed.notes
    metrics = drawings.metrics_of(key, page, box) if box and request.level is not Level.SHEET else TextMetrics()
    rotation = _rotation(request, metrics)
    extent = metrics.extent_at(rotation, page.width, page.height)
    view = fit_view(request, box, page.width, page.height, rotation, metrics.text_height, extent, metrics.least_height)
    others = tuple(_other_boxes(request, page, number)) if request.others else ()
    return ChosenView(page, number, drawing.n_pages, box, view, "; ".join(notes) or None, metrics, others)


def _other_boxes(request: PictureRequest, page: DrawingPage, number: int) -> Iterator[Box]:
    """Yields the other boxes that lie on the page; one that cannot be placed is left out."""
    for raw in request.others[:OTHERS_MOST]:
        if raw != request.bbox and page_number(raw) == number:
            placed = drawing_bbox(raw, page.width, page.height, page.units)
            if not isinstance(placed, str):
                yield placed.box


def draw_picture(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest) -> Picture:
    """Returns the picture of one request, in cells. Raises `CannotShowError`."""
    chosen = choose_view(drawings, path, key, request)
    chosen, strips = in_strips(chosen, request)
    page, view, mode = chosen.page, chosen.view, cell_mode_of(request.mode)
    grid = stack(tuple(_draw_strip(chosen, strip, request, mode) for strip in strips))
    locator = _locator(drawings, key, chosen, request, mode)
    place = _locator_place(grid, chosen, strips, locator) if locator else None
    if request.inverted:
        grid, locator = invert(grid), invert(locator) if locator else None
    return Picture(
        grid=grid,
        shown=chosen.shown,
        box=chosen.box,
        page=chosen.number,
        n_pages=chosen.n_pages,
        magnification=view.magnification,
        rotation=view.rotation,
        angle_is_sure=chosen.metrics.is_sure or request.rotation is not None,
        locator=locator,
        locator_place=place,
        note=chosen.note,
        page_size=(page.width, page.height),
        neighbours=nearby_text(page, chosen.box, view.rotation) if chosen.box else (),
        text_rows=_text_rows(chosen, strips[0]),
        ink=_ink(chosen),
        strips=len(strips),
    )


def in_strips(chosen: ChosenView, request: PictureRequest) -> tuple[ChosenView, tuple[Strip, ...]]:
    """Returns the view of what the strips show together, and the strips; a single one for most texts."""
    metrics = chosen.metrics
    view, strips = cut_into_strips(request, chosen.view, chosen.extent, metrics.text_height, metrics.least_height)
    return replace(chosen, view=view), strips


def _draw_strip(chosen: ChosenView, strip: Strip, request: PictureRequest, mode: PictureMode) -> CellGrid:
    target, metrics = chosen.target, chosen.metrics
    grey = render_subpixels(
        chosen.page,
        strip.view,
        mode,
        request.columns,
        strip.rows,
        missing_weight=metrics.missing_weight,
        text_height=metrics.text_height,
        box=target,
    )
    grid = to_cells(grey, mode)
    if chosen.others:
        grid = draw_faint_frames(grid, strip.view.rect, map(chosen.turned, chosen.others))
    if target is None:
        return grid
    keep = KEEP_SHEET if request.level is Level.SHEET else KEEP
    return mark_box(grid, strip.view.rect, target, chosen.outline, keep)


def _locator_place(
    grid: CellGrid, chosen: ChosenView, strips: tuple[Strip, ...], locator: CellGrid
) -> tuple[int, int] | None:
    """Returns where the map covers neither the box nor its frame nor the marks of strips."""
    taken = np.ones((grid.height, grid.width), np.bool_)
    for strip in strips:
        part = taken[strip.top : strip.top + strip.rows]
        part[:] = False
        if chosen.target is not None:
            part |= box_cells(strip.view.rect, chosen.target, chosen.outline, grid.width, strip.rows)
    taken |= (np.frombuffer(grid.mark, np.uint8) > 0).reshape(taken.shape)
    return place_locator(grid, taken, (locator.width + 2, locator.height + 2))


def _text_rows(chosen: ChosenView, strip: Strip) -> float | None:
    """Returns the height of the smallest of the box's characters in rows of cells."""
    text = chosen.metrics.least_height or chosen.metrics.text_height
    return None if text is None else text * strip.rows / strip.view.rect.height


def _ink(chosen: ChosenView) -> tuple[float, float, float, float] | None:
    """Returns `Picture.ink`."""
    text, extent = chosen.metrics.text_height, chosen.extent
    if text is None or extent is None:
        return None
    return extent.width, extent.height, text, chosen.metrics.least_height or text


def _rotation(request: PictureRequest, metrics: TextMetrics) -> int:
    if request.rotation is not None:
        return request.rotation % 360
    return metrics.rotation % 360 if request.level is Level.DETAIL else 0


def _locator(
    drawings: OpenDrawings, key: str, chosen: ChosenView, request: PictureRequest, mode: PictureMode
) -> CellGrid | None:
    if request.locator is None or chosen.is_whole:
        return None
    whole, shown = overview_of(chosen)
    size = locator_size(whole.page_width, whole.page_height, request.locator, request.cell_ratio)
    return mark_region(drawings.locator_map(key, chosen.number, chosen.page, whole, size, mode), shown)


def overview_of(chosen: ChosenView) -> tuple[CropView, Rect]:
    """Returns the view of the whole page, turned by the nearest quarter, and where the chosen view lies in it."""
    page, rotation = chosen.page, nearest_quarter(chosen.view.rotation)
    width, height = turned_size(page.width, page.height, rotation)
    shown = rotate_box(chosen.shown, rotation)
    whole = CropView(Rect(0, 0, width, height), width, height, rotation, 1)
    return whole, Rect(shown.x0, shown.y0, shown.width, shown.height)
