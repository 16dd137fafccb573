"""Indexed pixels: renders a view as palette indices for Kitty and Sixel; the theme's colours are added when it is
shown. Child process only.

A plane is an array of indices: 0 (ink) to `PAPER` are greys, `MARK` is the frame around the judged box, `LINE` the edge
of the small map (`pixel_overlay`). The theme's colours are put in front of it when it is shown, so one plane serves
light, dark and inverted. Sixteen colours are all that a VT340 has, and enough for lines and letters.
"""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import numpy as np

from gonogo.sheets.child_messages import SIDE_MOST
from gonogo.sheets.models import Level, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.crop import CropView
from gonogo.sheets.render.draw_request import (
    KEEP,
    KEEP_SHEET,
    ChosenView,
    OpenDrawings,
    choose_view,
    in_strips,
    overview_of,
)
from gonogo.sheets.render.pixel_overlay import (
    LINE,
    MARK,
    PAPER,
    Mask,
    mark_pixels,
    outline,
    outline_faintly,
    write_marks,
)
from gonogo.sheets.render.pixel_overlay import Plane as Plane
from gonogo.sheets.render.rasterizer import Grey, fit_contrast, part_of, pool, render_view
from gonogo.sheets.terminal.sixel import BAND

_WIDE = 4.0  # below this magnification hairlines would fade: see `raster.pool`
_WIDE_STROKE = 0.5
_GUESSED_WIDTH = 10
_LEVELS = np.round(np.arange(256) * PAPER / 255).astype(np.uint8)
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
    plane, has_map = _draw(drawings, path, key, request, maps)
    if has_map and picture.locator_place is None:  # the cells that stand in have no room for it: nothing is missed
        picture = dataclasses.replace(picture, locator=None)
    elif not has_map:
        picture = dataclasses.replace(picture, locator_place=None)
    encode = sixel_body if request.mode is PictureMode.SIXEL else png_body
    height, width = plane.shape
    return dataclasses.replace(picture, pixel_mode=request.mode, pixel_size=(width, height), pixels=encode(plane))


def draw_plane(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest, maps: Maps) -> Plane:
    """Renders the view with its marking and locator map, `columns` × `rows` cells of `cell_size`."""
    return _draw(drawings, path, key, request, maps)[0]


def _draw(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest, maps: Maps) -> tuple[Plane, bool]:
    """Returns the plane, and whether the map found room in it."""
    cell = cell_size(request)
    size = min(request.columns * cell[0], SIDE_MOST), min(request.rows * cell[1], SIDE_MOST)
    request = dataclasses.replace(request, cell_ratio=size[1] / size[0] * request.columns / request.rows)
    chosen, strips = in_strips(choose_view(drawings, path, key, request), request)
    plane = np.full((size[1], size[0]), PAPER, np.uint8)
    taken = np.ones(plane.shape, np.bool_)
    for number, strip in enumerate(strips, 1):
        top, bottom = (round(row * size[1] / request.rows) for row in (strip.top, strip.top + strip.rows))
        part = plane[top:bottom]
        part[:] = _indices(_grey(chosen, strip.view, size[0], bottom - top))
        taken[top:bottom] = False
        if chosen.others:
            outline_faintly(part, strip.view.rect, map(chosen.turned, chosen.others), cell)
        if chosen.target is not None:
            keep = KEEP_SHEET if request.level is Level.SHEET else KEEP
            taken[top:bottom] = mark_pixels(part, strip.view.rect, chosen.target, chosen.outline, cell, keep)
        if number < len(strips):
            write_marks(plane[bottom : bottom + cell[1]], number, len(strips))
    has_map = False
    if request.locator is not None and not chosen.is_whole:
        most = request.locator[0] * cell[0], request.locator[1] * cell[1]
        has_map = _lay_map(plane, _map(chosen, key, most, maps), taken, margin=cell[0] // 2)
    if request.inverted:
        plane = np.where(plane <= PAPER, PAPER - plane, plane).astype(np.uint8)
    return plane, has_map


def _grey(chosen: ChosenView, view: CropView, width: int, height: int) -> Grey:
    if view.magnification >= _WIDE:
        grey = render_view(chosen.page, view, width, height)
        return fit_contrast(grey, part_of(grey, view.rect, chosen.target) if chosen.target else None)
    return fit_contrast(pool(render_view(chosen.page, view, 2 * width, 2 * height), 2, 2, _WIDE_STROKE))


def _indices(grey: Grey) -> Plane:
    plane: Plane = _LEVELS[grey]
    return plane


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
        maps[name] = _indices(_grey(chosen, whole, *size))
    small = np.pad(maps[name], 1, constant_values=LINE)
    left, top = 1 + int(shown.x * width * scale), 1 + int(shown.y * height * scale)
    right = max(left + 3, int((shown.x + shown.width) * width * scale))
    bottom = max(top + 3, int((shown.y + shown.height) * height * scale))
    outline(small, (left, top, min(right, size[0]), min(bottom, size[1])), MARK, 1)
    return small


def _lay_map(plane: Plane, small: Plane, taken: Mask, margin: int) -> bool:
    """Puts the map into the corner (bottom left first, clockwise) that covers nothing `taken` and hides least ink.

    Returns whether there was such a corner.
    """
    height, width = plane.shape
    rows, columns = small.shape
    if columns * 2 > width or rows * 2 > height:
        return False
    left, right, top, bottom = margin, width - columns - margin, margin, height - rows - margin
    corners = [(x, y) for x, y in ((left, bottom), (left, top), (right, top), (right, bottom))]
    free = [
        (x, y) for x, y in corners if not taken[y - margin : y + rows + margin, x - margin : x + columns + margin].any()
    ]
    if free:
        x, y = min(free, key=lambda at: int((plane[at[1] : at[1] + rows, at[0] : at[0] + columns] < PAPER).sum()))
        plane[y : y + rows, x : x + columns] = small
    return bool(free)


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
