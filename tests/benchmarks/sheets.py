"""Drawings: how much of a dimension can be read from the cells, and what a crop costs.

Run alone: `python -m tests.benchmarks.sheets`. Legibility needs tesseract; its first set also the real drawings beside
this repository, without which only our own are read. Every ratio compares figures of one run.

How legibility is measured: the box takes a third of the pane's width and is turned upright; the view is made into cells
as the program does; the cells are painted as the blocks a terminal paints, with cells of three sizes (fonts differ) and
at two places of the box within its cell (luck with the grid evens out); the box is cut out, gets a white margin, and is
read by tesseract as one line. It counts when all digits are right and in order. "Full resolution" is the same without
cells. "Half-blocks as usual" are what other tools draw: the view resized to two pixels a cell, without our contrast and
strokes. The second set are our own demo drawings, on which nothing was tuned.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageDraw

from gonogo.demo.parts import draw_all
from gonogo.sheets.bbox import Placed, drawing_bbox
from gonogo.sheets.crop import Rect, View, turn
from gonogo.sheets.draw import Drawings, draw
from gonogo.sheets.ink import look_at
from gonogo.sheets.limits import Limits
from gonogo.sheets.mosaic import to_cells, to_grey
from gonogo.sheets.opening import open_drawing
from gonogo.sheets.raster import Page, fit_contrast, turned_region, view_to_grey
from gonogo.sheets.types import Level, Mode, PictureRequest
from tests.shared_material import DRAWINGS
from tests.sheets.conftest import pdf_bytes

MODES = (Mode.OCTANT, Mode.SEXTANT, Mode.QUADRANT, Mode.BRAILLE, Mode.HALF)
PANES = ((46, 18), (76, 32))
CELLS = ((8, 16), (10, 20), (12, 24))  # pixels of a cell in the pictures that tesseract reads
PLACES = ((0.0, 0.0), (0.35, 0.65))  # of the box within its cell
USUAL, FULL = "half-blocks as usual", "full resolution"
Painter = Callable[[Page, View, tuple[int, int], tuple[int, int]], Image.Image]
A1_POINTS = (2384, 1684)
_DETAIL = 10.0  # a magnification at which text is read


def run() -> dict[str, Any]:
    """All figures: `legibility` as shares of dimensions whose digits are all read, times in milliseconds."""
    return {"legibility": legibility(), "times_ms": times()}


@dataclass(frozen=True, slots=True)
class Dimension:
    """A marked dimension: its page, how it is turned, its box there in page units, and its digits."""

    page: Page
    turned: View
    box: Rect
    digits: str


def legibility() -> dict[str, dict[str, dict[str, float]]]:
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
    opened = {name: open_drawing(folder / name, Limits()).page(1) for name in {name for name, _ in found}}
    return [_dimension(opened[name], raw, truth) for (name, raw), truth in found.items()]


def _demo(folder: Path) -> list[Dimension]:
    """Every second callout with digits on our own drawings, from their vector PDFs."""
    out = []
    for name, board in draw_all().items():
        (folder / f"{name}.pdf").write_bytes(board.page.to_pdf(name))
        page = open_drawing(folder / f"{name}.pdf", Limits()).page(1)
        out += [_dimension(page, callout.bbox, callout.text) for callout in board.callouts if _digits(callout.text)]
    return out[::2]


def _dimension(page: Page, raw: tuple[float, ...], truth: str) -> Dimension:
    placed = drawing_bbox(raw, page.width, page.height)
    assert isinstance(placed, Placed)
    rotation = 90 if look_at(page, placed.box).lies else 0
    width, height = (page.height, page.width) if rotation else (page.width, page.height)
    box = turn(placed.box, rotation)
    rect = Rect(box.x0 * width, box.y0 * height, box.width * width, box.height * height)
    return Dimension(page, View(rect, width, height, rotation, _DETAIL), rect, _digits(truth))


def _read_share(boxes: list[Dimension], pane: tuple[int, int], painter: Painter) -> float:
    """Of all boxes, cell sizes and places: the share of readings with all digits right."""
    shots = [(box, place) for box in boxes for place in PLACES]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        paths, truths = [], []
        for number, (box, place) in enumerate(shots):
            view = _view(box, pane, place)
            for cell in CELLS:
                path = Path(name) / f"{number}-{cell[0]}.png"
                _cut(painter(box.page, view, pane, cell), view, box.box).save(path, compress_level=1)
                paths.append(path)
                truths.append(box.digits)
        parts = [paths[start :: os.cpu_count() or 1] for start in range(os.cpu_count() or 1)]
        read: dict[Path, str] = {}
        for part, texts in zip(parts, pool.map(_read, parts), strict=True):
            read.update(zip(part, texts, strict=True))
    return round(sum(read[path] == truth for path, truth in zip(paths, truths, strict=True)) / len(paths), 3)


def _view(box: Dimension, pane: tuple[int, int], place: tuple[float, float]) -> View:
    """The box in the middle of the pane, a third of it wide, moved by `place` in cells."""
    columns, rows = pane
    width = box.box.width * 3
    unit = width / columns
    height = unit * rows * 2
    x = box.box.x + box.box.width / 2 - width / 2 + place[0] * unit
    y = box.box.y + box.box.height / 2 - height / 2 + place[1] * unit * 2
    return replace(box.turned, rect=Rect(x, y, width, height))


def _mosaic(mode: Mode, page: Page, view: View, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    return _painted(view_to_grey(page, view, mode, *pane), mode, pane, cell)


def _usual_half(page: Page, view: View, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    columns, rows = pane
    fine = Image.fromarray(turned_region(page, view, columns * 4, rows * 8))
    return _painted(np.asarray(fine.resize((columns, rows * 2), Image.Resampling.LANCZOS)), Mode.HALF, pane, cell)


def _full(page: Page, view: View, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    return Image.fromarray(fit_contrast(turned_region(page, view, pane[0] * cell[0], pane[1] * cell[1])))


def _painted(grey: np.ndarray, mode: Mode, pane: tuple[int, int], cell: tuple[int, int]) -> Image.Image:
    """The picture that the cells make: each sub-pixel a block of its colour, as a terminal paints it."""
    cells = Image.fromarray(to_grey(to_cells(grey, mode)))
    return cells.resize((pane[0] * cell[0], pane[1] * cell[1]), Image.Resampling.NEAREST)


def _cut(picture: Image.Image, view: View, box: Rect) -> Image.Image:
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


def times() -> dict[str, float]:
    """First and later crops of an A1 sheet as PDF and as 300 dpi PNG, bare PDFium beside it, and cells at 100×40."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a1.pdf").write_bytes(_a1_pdf())
        _a1_png().save(folder / "a1.png", compress_level=1)
        grey = np.asarray(_a1_png().crop((1000, 1000, 1200, 1160)))
        figures = {f"cells 100×40 {mode.value}": _cells_time(grey, mode) for mode in MODES}
        for kind in ("pdf", "png"):
            first, later = _crop_times(folder / f"a1.{kind}")
            figures[f"{kind} first crop"], figures[f"{kind} later crop"] = first, later
        ours, bare = _render_times(folder / "a1.pdf")
        figures |= {"pdf region, ours": ours, "pdf region, bare pypdfium2": bare, "pdf region ratio": ours / bare}
    return {what: round(value, 3) for what, value in figures.items()}


def _cells_time(grey: np.ndarray, mode: Mode) -> float:
    across, down = {Mode.HALF: (1, 2), Mode.QUADRANT: (2, 2), Mode.SEXTANT: (2, 3)}.get(mode, (2, 4))
    pixels = grey[: 40 * down, : 100 * across]
    return _milliseconds(lambda: to_cells(pixels, mode), 15)


def _crop_times(path: Path) -> tuple[float, float]:
    """Whole answers (box, ink, crop, cells, frame, map) for boxes all over the sheet."""
    drawings, chance = Drawings(Limits()), random.Random(1)
    spots = [(chance.uniform(0, 0.9), chance.uniform(0, 0.9)) for _ in range(30)]

    def crop(spot: tuple[float, float]) -> None:
        box = (spot[0], spot[1], spot[0] + 0.03, spot[1] + 0.012)
        draw(drawings, path, str(path), PictureRequest(100, 40, box, Level.DETAIL, Mode.OCTANT))

    first = _milliseconds(lambda: crop(spots[0]), 1)
    later = iter(spots[1:])
    return first, _milliseconds(lambda: crop(next(later)), 29)


def _render_times(path: Path) -> tuple[float, float]:
    """The same regions (5 % of the area to 800 px) by our page and by pypdfium2 with the page kept open."""
    drawing = open_drawing(path, Limits())
    page, bare = drawing.page(1), pdfium.PdfDocument(path)[0]
    width, height = page.width * 0.05**0.5, page.height * 0.05**0.5
    rows = round(800 * height / width)
    chance = random.Random(2)
    ours, theirs = [], []
    for _ in range(20):
        x, y = chance.uniform(0, page.width - width), chance.uniform(0, page.height - height)
        margins = (x, page.height - y - height, page.width - x - width, y)
        ours.append(_milliseconds(lambda x=x, y=y: page.render(Rect(x, y, width, height), 800, rows), 1))  # type: ignore[misc]
        theirs.append(
            _milliseconds(lambda m=margins: bare.render(scale=800 / width, crop=m, grayscale=True), 1)  # type: ignore[misc]
        )
    return median(ours), median(theirs)


def _milliseconds(call: Callable[[], object], times_called: int) -> float:
    taken = []
    for _ in range(times_called):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return median(taken)


def _a1_pdf(primitives: int = 20_000) -> bytes:
    chance = random.Random(3)
    width, height = A1_POINTS
    lines = [b"0.5 w"]
    for _ in range(primitives):
        x, y = chance.uniform(0, width), chance.uniform(0, height)
        lines.append(b"%.1f %.1f m %.1f %.1f l S" % (x, y, x + chance.uniform(-60, 60), y + chance.uniform(-60, 60)))
    return pdf_bytes(b"\n".join(lines), A1_POINTS)


def _a1_png() -> Image.Image:
    image, chance = Image.new("L", (9934, 7016), 255), random.Random(4)
    pen = ImageDraw.Draw(image)
    for _ in range(6000):
        x, y = chance.randrange(9934), chance.randrange(7016)
        pen.line((x, y, x + chance.randint(-200, 200), y + chance.randint(-200, 200)), fill=0, width=3)
    return image


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
