"""Drawing pipeline of one request: open, place the box, choose the view, render, fit cells, overlay. Child process."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.models import Box, CellGrid, Level, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.bbox import drawing_bbox, page_number
from gonogo.sheets.render.box_overlay import cell_mode_of, draw_frame, invert, locator_size, mark_region
from gonogo.sheets.render.crop import CropView, Rect, fit_view, rect_of_box, rotate_box, rotate_box_back
from gonogo.sheets.render.mosaic import to_cells
from gonogo.sheets.render.nearby_text import nearby_text
from gonogo.sheets.render.open_drawing import Drawing, open_drawing
from gonogo.sheets.render.rasterizer import DrawingPage, render_subpixels
from gonogo.sheets.render.text_metrics import TextMetrics, measure_text

_KEPT_BYTES = 100 * 1000 * 1000  # beside the drawing being opened
_KEPT_DRAWINGS = 6


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
        self, key: str, number: int, page: DrawingPage, view: CropView, size: tuple[int, int], mode: PictureMode
    ) -> CellGrid:
        """Returns the whole page in a few cells, rendered once for each page and rotation."""
        name = (key, number, view.rotation, size, mode)
        if name not in self._maps:
            if len(self._maps) > 64:
                self._maps.clear()
            whole = CropView(
                Rect(0, 0, view.page_width, view.page_height), view.page_width, view.page_height, view.rotation, 1
            )
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

    @property
    def target(self) -> Rect | None:
        """Box on the turned page, in its units."""
        if self.box is None:
            return None
        return rect_of_box(rotate_box(self.box, self.view.rotation), self.view.page_width, self.view.page_height)

    @property
    def shown(self) -> Box:
        """Visible part of the page, as it is in the file."""
        part = _fractions(self.view.shown, self.view)
        box = Box(part.x, part.y, part.x + part.width, part.y + part.height, self.number)
        return rotate_box_back(box, self.view.rotation)


def choose_view(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest) -> ChosenView:
    """Opens the drawing, places the box and chooses the view. Raises `CannotShowError`."""
    drawing = drawings.get(path, key)
    number = page_number(request.bbox)
    notes: tuple[str, ...] = ()
    if isinstance(number, str):
        notes, number = (number,), 1
    if number > drawing.n_pages:
        pages = "one page" if drawing.n_pages == 1 else f"{drawing.n_pages} pages"
        raise CannotShowError(f"The task points at page {number}, and the drawing has {pages}.")
    page = drawing.page(number)
    box: Box | None = None
    if request.bbox is not None and not notes:
        placed = drawing_bbox(request.bbox, page.width, page.height, page.units)
        if isinstance(placed, str):
            notes = (f"{placed} The whole sheet is shown.",)
        else:
            box, notes = placed.box, placed.notes
    metrics = drawings.metrics_of(key, page, box) if box and request.level is not Level.SHEET else TextMetrics()
    view = fit_view(request, box, page.width, page.height, _rotation(request, metrics), metrics.text_height)
    return ChosenView(page, number, drawing.n_pages, box, view, "; ".join(notes) or None, metrics)


def draw_picture(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest) -> Picture:
    """Returns the picture of one request, in cells. Raises `CannotShowError`."""
    chosen = choose_view(drawings, path, key, request)
    page, view, mode = chosen.page, chosen.view, cell_mode_of(request.mode)
    size = (request.columns, request.rows)
    grid = to_cells(render_subpixels(page, view, mode, *size, missing_weight=chosen.metrics.missing_weight), mode)
    if chosen.target is not None:
        grid = draw_frame(grid, view.rect, chosen.target)
    locator = _locator(drawings, key, chosen, request, mode)
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
        locator=locator,
        note=chosen.note,
        page_size=(page.width, page.height),
        neighbours=nearby_text(page, chosen.box, view.rotation) if chosen.box else (),
        text_rows=_text_rows(chosen, request),
    )


def _text_rows(chosen: ChosenView, request: PictureRequest) -> float | None:
    """Returns the height of the box's characters in rows of cells."""
    text = chosen.metrics.text_height
    return None if text is None else text * request.rows / chosen.view.rect.height


def _rotation(request: PictureRequest, metrics: TextMetrics) -> int:
    if request.rotation is not None:
        return request.rotation % 360 // 90 * 90
    if request.level is Level.DETAIL and metrics.is_vertical:
        return 90  # vertical dimensions are written to be read from the right (ISO 129-1)
    return 0


def _fractions(rect: Rect, view: CropView) -> Rect:
    width, height = view.page_width, view.page_height
    return Rect(rect.x / width, rect.y / height, rect.width / width, rect.height / height)


def _locator(
    drawings: OpenDrawings, key: str, chosen: ChosenView, request: PictureRequest, mode: PictureMode
) -> CellGrid | None:
    if request.locator is None:
        return None
    view = chosen.view
    size = locator_size(view.page_width, view.page_height, request.locator, request.cell_ratio)
    whole = drawings.locator_map(key, chosen.number, chosen.page, view, size, mode)
    return mark_region(whole, _fractions(view.shown, view))
