"""Indexed pixels: renders a view as palette indices for Kitty and Sixel, without colours. Child process only.

A plane is an array of indices: 0 (ink) to `PAPER` are greys, `MARK` is the frame around the judged box, `LINE` the edge
of the small map. The theme's colours are put in front of it when it is shown, so one plane serves light, dark and
inverted. Sixteen colours are all that a VT340 has, and enough for lines and letters.
"""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.child_messages import SIDE_MOST
from gonogo.sheets.models import Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.crop import CropView, Rect
from gonogo.sheets.render.draw_request import ChosenView, OpenDrawings, choose_view, overview_of
from gonogo.sheets.render.rasterizer import DrawingPage, Grey, fit_contrast, pool, render_view
from gonogo.sheets.terminal.sixel import BAND

Plane = NDArray[np.uint8]
PAPER, MARK, LINE = 13, 14, 15
_WIDE = 4.0  # below this magnification hairlines would fade: see `raster.pool`
_WIDE_STROKE = 0.5
_GUESSED_WIDTH = 10
_LEVELS = np.round(np.arange(256) * PAPER / 255).astype(np.uint8)
_PALE = PAPER // 2

Maps = dict[tuple[str, int, int, tuple[int, int]], Plane]


def cell_size(request: PictureRequest) -> tuple[int, int]:
    """Returns width and height of a cell in pixels; a guess of its shape where the terminal did not report it."""
    width, height = request.cell_pixels
    if width <= 0 or height <= 0:
        return _GUESSED_WIDTH, round(_GUESSED_WIDTH * request.cell_ratio)
    return width, height


def with_pixels(
    drawings: OpenDrawings, path: Path, key: str, request: PictureRequest, picture: Picture, maps: Maps
) -> Picture:
    """Returns `picture` with its pixels encoded for the request's protocol. Raises `CannotShowError`."""
    plane = draw_plane(drawings, path, key, request, maps)
    encode = sixel_body if request.mode is PictureMode.SIXEL else png_body
    height, width = plane.shape
    return dataclasses.replace(picture, pixel_mode=request.mode, pixel_size=(width, height), pixels=encode(plane))


def draw_plane(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest, maps: Maps) -> Plane:
    """Renders the view with its frame and locator map, `columns` × `rows` cells of `cell_size`."""
    cell = cell_size(request)
    size = min(request.columns * cell[0], SIDE_MOST), min(request.rows * cell[1], SIDE_MOST)
    request = dataclasses.replace(request, cell_ratio=size[1] / size[0] * request.columns / request.rows)
    chosen = choose_view(drawings, path, key, request)
    plane = _indices(_grey(chosen.page, chosen.view, *size))
    frame = None
    if chosen.target is not None:
        frame = _frame(chosen.view.rect, chosen.target, size, gap=max(3, cell[1] // 4))
        _outline(plane, frame, MARK, thick=max(2, cell[0] // 4))
    if request.locator is not None:
        most = request.locator[0] * cell[0], request.locator[1] * cell[1]
        _lay_map(plane, _map(chosen, key, most, maps), frame, margin=cell[0] // 2)
    if request.inverted:
        plane = np.where(plane <= PAPER, PAPER - plane, plane).astype(np.uint8)
    return plane


def _grey(page: DrawingPage, view: CropView, width: int, height: int) -> Grey:
    if view.magnification >= _WIDE:
        return fit_contrast(render_view(page, view, width, height))
    return fit_contrast(pool(render_view(page, view, 2 * width, 2 * height), 2, 2, _WIDE_STROKE))


def _indices(grey: Grey) -> Plane:
    plane: Plane = _LEVELS[grey]
    return plane


def _frame(view: Rect, box: Rect, size: tuple[int, int], gap: int) -> tuple[int, int, int, int]:
    """Returns left, top, right, bottom (inclusive) of a line `gap` pixels outside the box; may lie off the picture."""
    across, down = size[0] / view.width, size[1] / view.height
    left, top = int((box.x - view.x) * across) - gap, int((box.y - view.y) * down) - gap
    right = int(np.ceil((box.x + box.width - view.x) * across)) + gap
    bottom = int(np.ceil((box.y + box.height - view.y) * down)) + gap
    return left, top, right, bottom


def _outline(plane: Plane, frame: tuple[int, int, int, int], index: int, thick: int, *, over: bool = False) -> None:
    """Draws the frame outwards, `thick` pixels wide, below ink that is there already, unless `over`."""
    left, top, right, bottom = frame
    height, width = plane.shape
    for x0, y0, x1, y1 in (
        (left - thick + 1, top - thick + 1, right + thick, top + 1),
        (left - thick + 1, bottom, right + thick, bottom + thick),
        (left - thick + 1, top, left + 1, bottom + 1),
        (right, top, right + thick, bottom + 1),
    ):
        part = plane[max(y0, 0) : max(min(y1, height), 0), max(x0, 0) : max(min(x1, width), 0)]
        part[(part > _PALE) | over] = index


def _map(chosen: ChosenView, key: str, most: tuple[int, int], maps: Maps) -> Plane:
    """Returns the locator map: the whole page, small, with the visible part marked."""
    whole, shown = overview_of(chosen)
    width, height = whole.page_width, whole.page_height
    scale = min(most[0] / width, most[1] / height)
    size = max(4, round(width * scale)), max(4, round(height * scale))
    name = key, chosen.number, whole.rotation, size
    if name not in maps:
        if len(maps) > 64:
            maps.clear()
        maps[name] = _indices(_grey(chosen.page, whole, *size))
    small = np.pad(maps[name], 1, constant_values=LINE)
    left, top = 1 + int(shown.x * width * scale), 1 + int(shown.y * height * scale)
    right = max(left + 3, int((shown.x + shown.width) * width * scale))
    bottom = max(top + 3, int((shown.y + shown.height) * height * scale))
    _outline(small, (left, top, min(right, size[0]), min(bottom, size[1])), MARK, 1, over=True)
    return small


def _lay_map(plane: Plane, small: Plane, frame: tuple[int, int, int, int] | None, margin: int) -> None:
    """Puts the map into the first corner (bottom left, then clockwise) where it does not touch the frame."""
    height, width = plane.shape
    rows, columns = small.shape
    if columns * 2 > width or rows * 2 > height:
        return
    left, right, top, bottom = margin, width - columns - margin, margin, height - rows - margin
    for x, y in ((left, bottom), (left, top), (right, top), (right, bottom)):
        apart = frame is None or (
            x > frame[2] + margin
            or x + columns < frame[0] - margin
            or y > frame[3] + margin
            or y + rows < frame[1] - margin
        )
        if apart:
            plane[y : y + rows, x : x + columns] = small
            return


def png_body(plane: Plane) -> bytes:
    """Returns the plane as the deflated rows of a PNG with four bits a pixel; see `kitty.png`."""
    height, width = plane.shape
    even = np.pad(plane, ((0, 0), (0, width % 2)))
    packed = even[:, 0::2] << 4 | even[:, 1::2]
    rows = np.concatenate((np.zeros((height, 1), np.uint8), packed), axis=1)
    return zlib.compress(rows.tobytes(), 6)


def sixel_body(plane: Plane) -> bytes:
    """Returns the plane as sixel data: bands of six rows, run-length encoded by colour; see `sixel.sixel`."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % BAND), (0, 0)), constant_values=255)
    bands = padded.reshape(-1, BAND, width)
    colours = np.arange(LINE + 1, dtype=np.uint8)[None, :, None]
    codes = np.zeros((bands.shape[0], LINE + 1, width), np.uint8)
    for row in range(BAND):
        codes |= (bands[:, row, None, :] == colours).astype(np.uint8) << row
    band, colour = np.nonzero(codes.any(axis=2))
    lines = codes[band, colour]
    opens = [f"#{number}" for number in colour.tolist()]
    joints = np.diff(band, prepend=0).tolist()
    starts = np.ones(lines.shape, np.bool_)
    starts[:, 1:] = lines[:, 1:] != lines[:, :-1]
    at = np.flatnonzero(starts)
    lengths = np.diff(at, append=lines.size).tolist()
    values = lines.ravel()[at].tolist()
    parts: list[str] = []
    line = -1
    for start, length, value in zip((at % width).tolist(), lengths, values, strict=True):
        if start == 0:
            line += 1
            parts.append("-" * joints[line] if joints[line] else "$" if line else "")
            parts.append(opens[line])
        if value == 0 and start + length == width:
            continue  # nothing more in this line
        parts.append(chr(63 + value) * length if length < 4 else f"!{length}{chr(63 + value)}")
    return "".join(parts).encode("ascii")
