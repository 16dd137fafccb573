"""Sheet pictures for an ML backend: the file itself where a drawing is a picture, else each of its pages as a PNG.

Pages of PDF, SVG and DXF are rendered by the child process that shows drawings to people.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

from gonogo.sheets.models import Level, NoPicture, PictureRequest
from gonogo.sheets.render_worker import RenderWorker
from gonogo.transfer.importing.drawings_folder import DRAWING_SUFFIXES, PIXEL_IMAGES, DrawingFolder

LONGER_SIDE: Final = 3508
"""Pixels of the longer side of a rendered page: an A4 at 300 dots an inch, an A3 at 212."""
_COLUMNS: Final = 200

Frame = tuple[float, float, float, float]
"""Where a page lies in its picture: left, top, right, bottom, in fractions of the picture."""
FULL: Final[Frame] = (0.0, 0.0, 1.0, 1.0)


class Sheet(NamedTuple):
    """Sheet to ask about: its drawing, by path and by name in the folder, and the page of one that is no picture."""

    path: Path
    drawing: str
    page: int | None = None

    @property
    def name(self) -> str:
        """Name for people."""
        return self.drawing if self.page in (None, 1) else f"{self.drawing}, page {self.page}"


async def find_sheets(folder: Path, worker: RenderWorker | None) -> tuple[list[Sheet], list[str]]:
    """The sheets below a folder, by name, and why other drawings are left out. Without `worker`, pictures alone."""
    drawings = DrawingFolder(folder)
    sheets: list[Sheet] = []
    left_out: list[str] = []
    for path in await asyncio.to_thread(_drawing_files, folder):
        name = path.relative_to(folder).as_posix()
        drawing = drawings.find(name)
        if isinstance(drawing, str):
            left_out.append(drawing)
        elif drawings.media_type(drawing) in PIXEL_IMAGES:
            sheets.append(Sheet(path, name))
        elif worker is None:
            left_out.append(f"drawing {name!r} is no PNG, JPEG or TIFF")
        else:
            first = await worker.draw(path, str(path), _page_request(8, 4, 1), urgent=True)
            n_pages = 1 if isinstance(first, NoPicture) else first.n_pages
            sheets += [Sheet(path, name, page) for page in range(1, n_pages + 1)]
    return sheets, left_out


def _drawing_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in DRAWING_SUFFIXES)


async def render_sheet(sheet: Sheet, worker: RenderWorker, target: Path) -> Frame | str:
    """Writes the page of a sheet to `target` as a PNG; returns where in it the page lies, or why there is none.

    Raises `OSError` if it cannot be written.
    """
    page = sheet.page or 1
    small = await worker.draw(sheet.path, str(sheet.path), _page_request(8, 4, page), urgent=True)
    if isinstance(small, NoPicture):
        return small.reason
    width, height = small.page_size
    rows = min(max(round(_COLUMNS * height / width), 1), 50 * _COLUMNS)
    scale = LONGER_SIDE / max(_COLUMNS, rows)
    pixels = max(round(_COLUMNS * scale), 1), max(round(rows * scale), 1)
    view = await worker.pixels(sheet.path, str(sheet.path), _page_request(_COLUMNS, rows, page), pixels)
    if isinstance(view, NoPicture) or view.box is None:
        return view.reason if isinstance(view, NoPicture) else "Its page can't be measured."
    await asyncio.to_thread(target.write_bytes, view.png)
    left, top, right, bottom = view.box
    return left / view.width, top / view.height, right / view.width, bottom / view.height


def on_page(box: list[float], frame: Frame) -> list[float]:
    """A box in fractions of the picture, in fractions of its page, as far as it lies there."""
    left, top, right, bottom = frame
    across, down = right - left, bottom - top
    x0, y0, x1, y1 = box
    corners = ((x0 - left) / across, (y0 - top) / down, (x1 - left) / across, (y1 - top) / down)
    return [min(max(corner, 0.0), 1.0) for corner in corners]


def _page_request(columns: int, rows: int, page: int) -> PictureRequest:
    """The whole page, with its own edge as the box, so that the answer says where it is."""
    whole = (0.0, 0.0, 1.0, 1.0, float(page))
    return PictureRequest(columns, rows, whole, Level.SHEET, rotation=0, cell_ratio=1.0, locator=None)
