"""Viewport of a drawing: the part of the page on view, changed by keys for zoom, pan and rotation. Immutable."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import Level, PictureRequest
from gonogo.sheets.picture_modes import PictureMode

_LEVELS = (Level.DETAIL, Level.VIEW, Level.SHEET)
_ZOOM_STEP = 1.4
_ZOOM_MIN, _ZOOM_MAX = 0.25, 12.0
_PAN_STEP = 0.25
_LOCATOR = (12, 6)
_SMALL_LOCATOR = (8, 4)


@dataclass(frozen=True, slots=True)
class Viewport:
    """View of one task. Mode and cell shape are the terminal's, level and zoom the sheet's, the rest is the task's."""

    level: Level = Level.DETAIL
    zoom: float = 1.0
    pan_x: float = 0.0
    pan_y: float = 0.0
    rotation: int | None = None
    mode: PictureMode = PictureMode.QUADRANT
    cell_ratio: float = 2.0
    cell_pixels: tuple[int, int] = (0, 0)
    pixels_most: int = 0
    """Pixels that a picture may be wide or high in this terminal; 0 for any."""

    def reset(self) -> Viewport:
        return Viewport(
            mode=self.mode, cell_ratio=self.cell_ratio, cell_pixels=self.cell_pixels, pixels_most=self.pixels_most
        )

    def with_window(self, cells: tuple[int, int], pixels: tuple[int, int]) -> Viewport:
        """Returns the view in a window of so many cells and pixels, which tell the shape of a cell."""
        if not (min(cells) > 0 and pixels[0] > 0):
            return self
        ratio = (pixels[1] / cells[1]) / (pixels[0] / cells[0])
        return replace(self, cell_ratio=min(max(ratio, 1.0), 4.0))

    def for_same_sheet(self) -> Viewport:
        """Returns the view for the next task on the same sheet."""
        return replace(self.reset(), level=self.level, zoom=self.zoom)

    def next_level(self) -> Viewport:
        level = _LEVELS[(_LEVELS.index(self.level) + 1) % len(_LEVELS)]
        return replace(self.reset(), level=level, rotation=self.rotation)

    def panned(self, x: int, y: int) -> Viewport:
        return replace(self, pan_x=self.pan_x + x * _PAN_STEP, pan_y=self.pan_y + y * _PAN_STEP)

    def dragged(self, x: float, y: float) -> Viewport:
        """Returns the view after the drawing was dragged right and down, in shares of its width and height."""
        return replace(self, pan_x=self.pan_x - x, pan_y=self.pan_y - y)

    def zoomed(self, direction: int) -> Viewport:
        zoom = min(max(self.zoom * _ZOOM_STEP**direction, _ZOOM_MIN), _ZOOM_MAX)
        return replace(self, zoom=zoom)

    def turned(self, shown: int, by: int = 90) -> Viewport:
        """Returns the view turned clockwise by `by` from `shown`, the rotation on the screen (all in degrees)."""
        return replace(self, rotation=(shown + by) % 360)

    def base_request(self, cells: tuple[int, int]) -> PictureRequest:
        """Returns a request without a task, for preparing pictures of a pane of `cells` (columns, rows)."""
        columns, rows = cells
        if self.pixels_most and min(self.cell_pixels) > 0:  # a smaller picture, in the middle of the pane
            columns = min(columns, self.pixels_most // self.cell_pixels[0])
            rows = min(rows, self.pixels_most // self.cell_pixels[1])
        locator = _LOCATOR if columns >= 60 and rows >= 20 else _SMALL_LOCATOR if columns >= 30 and rows >= 12 else None
        return PictureRequest(
            columns,
            rows,
            level=self.level,
            zoom=self.zoom,
            mode=self.mode,
            cell_ratio=self.cell_ratio,
            cell_pixels=self.cell_pixels,
            locator=locator,
        )

    def request(self, task: DeskTask, cells: tuple[int, int]) -> PictureRequest:
        """Returns the request of the picture of `task` in this view."""
        base = self.base_request(cells)
        return replace(base, bbox=task.bbox, pan_x=self.pan_x, pan_y=self.pan_y, rotation=self.rotation)
