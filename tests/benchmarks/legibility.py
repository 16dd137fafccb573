"""How much of a dimension can be read from the cells: part of `sheets`.

Needs tesseract; the first set also the real drawings beside this repository, without which only our own are read.
The box takes a third of the pane's width and is turned upright; the view is made into cells
as the program does; the cells are painted as the blocks a terminal paints, with cells of three sizes (fonts differ) and
at two places of the box within its cell (luck with the grid evens out); the box is cut out, gets a white margin, and is
read by tesseract as one line. It counts when all digits are right and in order. "Full resolution" is the same without
cells. "Half-blocks as usual" are what other tools draw: the view resized to two pixels a cell, without our contrast and
strokes. The second set are our own demo drawings, on which nothing was tuned.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gonogo.demo.parts import draw_all
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.bbox import Placed, drawing_bbox
from gonogo.sheets.render.crop import CropView, Rect, rotate_box
from gonogo.sheets.render.mosaic import to_cells, to_grey
from gonogo.sheets.render.open_drawing import open_drawing
from gonogo.sheets.render.rasterizer import DrawingPage, fit_contrast, render_subpixels, render_view
from gonogo.sheets.render.text_metrics import measure_text
from tests.shared_material import DRAWINGS

MODES = (PictureMode.OCTANT, PictureMode.SEXTANT, PictureMode.QUADRANT, PictureMode.BRAILLE, PictureMode.HALF)
PANES = ((46, 18), (76, 32))
CELLS = ((8, 16), (10, 20), (12, 24))  # pixels of a cell in the pictures that tesseract reads
PLACES = ((0.0, 0.0), (0.35, 0.65))  # of the box within its cell
USUAL, FULL = "half-blocks as usual", "full resolution"
Painter = Callable[["Dimension", CropView, tuple[int, int], tuple[int, int]], Image.Image]
_DETAIL = 10.0  # a magnification at which text is read


@dataclass(frozen=True, slots=True)
class Dimension:
    """A marked dimension: its page, how it is turned, its box there in page units, and its digits."""

    page: DrawingPage
    turned: CropView
    box: Rect
    digits: str
    missing_weight: float | None


def legibility() -> dict[str, dict[str, Any]]:
    """For each set of drawings and each pane: the share read in each mode, and ratios to what is usual."""
    if shutil.which("tesseract") is None:
        return {}
    with tempfile.TemporaryDirectory() as name:
        sets = {"demo drawings": _demo(Path(name))}
        if DRAWINGS is not None:
            sets = {"real drawings": _real(DRAWINGS), **sets}
        return {
            f"{label}, {columns}×{rows}": _row(boxes, (columns, rows))
            for label, boxes in sets.items()
            for columns, rows in PANES
        }


def _row(boxes: list[Dimension], pane: tuple[int, int]) -> dict[str, float]:
    painters: dict[str, Painter] = {mode.value: partial(_mosaic, mode) for mode in MODES}
    painters |= {USUAL: _usual_half, FULL: _full}
    row = {name: _read_share(boxes, pane, painter) for name, painter in painters.items()}
    for mode in MODES[:3]:
        row[f"{mode.value} / {USUAL}"] = round(row[mode.value] / max(row[USUAL], 1e-9), 2)
        row[f"{mode.value} / half"] = round(row[mode.value] / max(row["half"], 1e-9), 2)
        row[f"{mode.value} / {FULL}"] = round(row[mode.value] / max(row[FULL], 1e-9), 2)
    return row


def _real(folder: Path) -> list[Dimension]:
    """Each dimension of the shared drawings once, with what a person read there."""
    found: dict[tuple[str, tuple[float, ...]], str] = {}
    for line in (folder / "predictions.jsonl").read_text().splitlines():
        item = json.loads(line)
        found.setdefault((item["drawing"], tuple(item["bbox"])), item["truth"]["text"])
    opened = {name: open_drawing(folder / name, DrawingLimits()).page(1) for name in {name for name, _ in found}}
    return [_dimension(opened[name], raw, truth) for (name, raw), truth in found.items()]


def _demo(folder: Path) -> list[Dimension]:
    """Every second callout with digits on our own drawings, from their vector PDFs."""
    out = []
    for name, board in draw_all().items():
        (folder / f"{name}.pdf").write_bytes(board.page.to_pdf(name))
        page = open_drawing(folder / f"{name}.pdf", DrawingLimits()).page(1)
        out += [_dimension(page, callout.bbox, callout.text) for callout in board.callouts if _digits(callout.text)]
    return out[::2]


def _dimension(page: DrawingPage, raw: tuple[float, ...], truth: str) -> Dimension:
    placed = drawing_bbox(raw, page.width, page.height)
    assert isinstance(placed, Placed)
    ink = measure_text(page, placed.box)
    rotation = 90 if ink.rotation == 90 else 0
    width, height = (page.height, page.width) if rotation else (page.width, page.height)
    box = rotate_box(placed.box, rotation)
    rect = Rect(box.x0 * width, box.y0 * height, box.width * width, box.height * height)
    return Dimension(page, CropView(rect, width, height, rotation, _DETAIL), rect, _digits(truth), ink.missing_weight)


def _read_share(boxes: list[Dimension], pane: tuple[int, int], painter: Painter) -> float:
    """Of all boxes, cell sizes and places: the share of readings with all digits right."""
    shots = [(box, place) for box in boxes for place in PLACES]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        paths, truths = [], []
        for number, (box, place) in enumerate(shots):
            view = _view(box, pane, place)
            for cell in CELLS:
                path = Path(name) / f"{number}-{cell[0]}.png"
                _cut(painter(box, view, pane, cell), view, box.box).save(path, compress_level=1)
                paths.append(path)
                truths.append(box.digits)
        parts = [paths[start :: os.cpu_count() or 1] for start in range(os.cpu_count() or 1)]
        read: dict[Path, str] = {}
        for part, texts in zip(parts, pool.map(_read, parts), strict=True):
            read.update(zip(part, texts, strict=True))
    return round(sum(read[path] == truth for path, truth in zip(paths, truths, strict=True)) / len(paths), 3)


def _view(box: Dimension, pane: tuple[int, int], place: tuple[float, float]) -> CropView:
    """The box in the middle of the pane, a third of it wide, moved by `place` in cells."""
    columns, rows = pane
    width = box.box.width * 3
    unit = width / columns
    height = unit * rows * 2
    x = box.box.x + box.box.width / 2 - width / 2 + place[0] * unit
    y = box.box.y + box.box.height / 2 - height / 2 + place[1] * unit * 2
    return replace(box.turned, rect=Rect(x, y, width, height))


def _mosaic(
    mode: PictureMode, box: Dimension, view: CropView, pane: tuple[int, int], cell: tuple[int, int]
) -> Image.Image:
    return _painted(render_subpixels(box.page, view, mode, *pane, missing_weight=box.missing_weight), mode, pane, cell)


def _usual_half(box: Dimension, view: CropView, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    columns, rows = pane
    fine = Image.fromarray(render_view(box.page, view, columns * 4, rows * 8))
    return _painted(
        np.asarray(fine.resize((columns, rows * 2), Image.Resampling.LANCZOS)), PictureMode.HALF, pane, cell
    )


def _full(box: Dimension, view: CropView, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    return Image.fromarray(fit_contrast(render_view(box.page, view, pane[0] * cell[0], pane[1] * cell[1])))


def _painted(grey: np.ndarray, mode: PictureMode, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    """The picture that the cells make: each sub-pixel a block of its colour, as a terminal paints it."""
    cells = Image.fromarray(to_grey(to_cells(grey, mode)))
    return cells.resize((pane[0] * cell[0], pane[1] * cell[1]), Image.Resampling.NEAREST)


def _cut(picture: Image.Image, view: CropView, box: Rect) -> Image.Image:
    unit = picture.width / view.rect.width
    left, top = (box.x - view.rect.x) * unit, (box.y - view.rect.y) * unit
    right, bottom = left + box.width * unit, top + box.height * unit
    corners = (max(0, int(left)), max(0, int(top)), min(picture.width, ceil(right)), min(picture.height, ceil(bottom)))
    cut = picture.crop(corners)
    framed = Image.new("L", (cut.width + 40, cut.height + 40), 255)
    framed.paste(cut, (20, 20))
    return framed


def _read(paths: list[Path]) -> list[str]:
    """The digits of each picture. One process for all: it loads its model once."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    command = ["tesseract", "-", "-", "--psm", "7"]
    names = "\n".join(map(str, paths)).encode()
    seen = subprocess.run(command, input=names, capture_output=True, env=environment, check=True)
    pages = seen.stdout.decode(errors="replace").split("\f")[: len(paths)]
    return [_digits(page) for page in pages]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
