"""Data classes of drawings: a request for a picture, and the rendered picture.

Plain dataclasses: numpy, Pillow and PDFium are imported only in the child process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gonogo.sheets.picture_modes import PictureMode


class DrawingAddress(Protocol):
    """The answer of a drawing-url request; `gonogo.schemas.gonogo_api.DrawingUrl` is one.

    `sha256` and `title` come where the URL leads to an object store, which knows neither.
    """

    @property
    def url(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def title(self) -> str | None: ...


class Level(StrEnum):
    """Level of detail: how much of the sheet is shown; `z` cycles through the first three."""

    DETAIL = "detail"  # the box and its context, text at a readable height
    VIEW = "view"  # the surroundings, about a third of the sheet
    SHEET = "sheet"  # the whole page
    PLACE = "place"  # the box in one piece, as large as it fits, and no larger than its text needs to be read


@dataclass(frozen=True, slots=True)
class SheetRef:
    """Reference to a drawing: the revision on a server, and the part's name for folders. Either may be absent."""

    part_revision_id: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the page, origin top left, y down; `page` counts from 1."""

    x0: float
    y0: float
    x1: float
    y1: float
    page: int = 1

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Picture as terminal cells, in grey levels that a theme maps to colours.

    `rows` holds `height` strings of `width` characters. `ink` and `paper` hold one byte a cell (row-major): the
    grey level of the foreground and of the background, 0 = full ink, 255 = bare paper; a theme maps the levels to
    its own two ends. `mark` holds one byte a cell: 1 where the cell's foreground belongs to the frame around the
    judged box and takes the accent colour, 2 where it is the quiet frame of another box, else 0.
    """

    width: int
    height: int
    mode: PictureMode
    rows: tuple[str, ...]
    ink: bytes
    paper: bytes
    mark: bytes


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Request for a view. `columns` × `rows` are cells; `cell_ratio` is the height of a cell over its width.

    `bbox` is the task's `drawing_bbox` as it came (see the contract for its units); `None` shows the sheet.
    `zoom` multiplies the magnification of the level; `pan_x`, `pan_y` move the view in fractions of its own size.
    `rotation` is in degrees clockwise, or `None` to turn the box's text upright automatically.
    `cell_pixels` is a cell's width and height in pixels, needed for the pixel protocols; (0, 0) when unknown.
    `page` is the page to show; `None` shows that of the box, or the first. A box of another page is not shown then.
    `others` are boxes in the form of `bbox` that get a faint frame where they lie on the page.
    """

    columns: int
    rows: int
    bbox: tuple[float, ...] | None = None
    level: Level = Level.DETAIL
    mode: PictureMode = PictureMode.QUADRANT
    zoom: float = 1.0
    pan_x: float = 0.0
    pan_y: float = 0.0
    rotation: int | None = None
    inverted: bool = False
    cell_ratio: float = 2.0
    locator: tuple[int, int] | None = (12, 6)
    cell_pixels: tuple[int, int] = (0, 0)
    page: int | None = None
    others: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """Rendered view: the cells, the part of the page that they show, and a small map of the sheet.

    `shown` is the visible part of the page; `box` the judged box, put right if it had to be (then `note` says how).
    `magnification` is screen pixels per pixel of the whole page fitted into the same pane (the sheet itself = 1).
    `rotation` is how far the page is turned, in degrees clockwise, 0 … 359. `angle_is_sure` is false when the text in
    the box may be slanted and the ink does not show it clearly, so that it was not turned.
    `page_size` is the page's width and height in its own units, before any rotation (see `render.text_fallback`).
    `text_rows` is the height of the smallest of the box's characters in rows of cells; `None` when the ink could not be
    measured. `ink` is the width and height of the text, and the height of its usual and its smallest characters, in
    units of the page: with it the size of the text in another pane can be told.
    `strips` is how many parts, one above the other, a text too long for the pane is cut into.
    `locator_place` is the cell (column, row) of the framed map's top left corner; `None` when no corner is free.
    `title` is the drawing's own name, where it has one. `neighbours` is text in and near the box, nearest first and
    with its direction ("left: 16,5"), where the file holds text, for people who cannot read the cells.
    `pixels`, for the modes `kitty` and `sixel`, is the same view in `pixel_size` indexed pixels, made by
    `render.indexed_pixels`; `terminal.kitty` and `terminal.sixel` add the colours. `grid` then stands in where the
    terminal cannot show pixels (under a window, in a list).
    """

    grid: CellGrid
    shown: Box
    box: Box | None
    page: int
    n_pages: int
    magnification: float
    rotation: int
    locator: CellGrid | None = None
    note: str | None = None
    title: str | None = None
    neighbours: tuple[str, ...] = ()
    page_size: tuple[float, float] = (1.0, 1.0)
    angle_is_sure: bool = True
    pixel_mode: PictureMode | None = None
    pixel_size: tuple[int, int] = (0, 0)
    pixels: bytes = b""
    text_rows: float | None = None
    ink: tuple[float, float, float, float] | None = None
    strips: int = 1
    locator_place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class PixelCrop:
    """View as real pixels, for a pixel protocol or the system's viewer.

    `png` is 8-bit grey, `width` × `height` pixels. `box` is where the judged box lies in it (left, top, right, bottom,
    in pixels; may reach over the edges), so that a caller can draw a frame around it.
    """

    png: bytes
    width: int
    height: int
    shown: Box
    page: int
    n_pages: int
    magnification: float
    rotation: int
    box: tuple[float, float, float, float] | None = None
    note: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Reason why no picture is shown, in words for the person, and the next step. A verdict stays possible."""

    reason: str
    next_step: str = "Judge from the text, or answer unsure."
    retry: bool = False
    neighbours: tuple[str, ...] = field(default=())
