"""Drawings: how much of a dimension can be read from the cells, and what a crop costs.

Run alone: `python -m tests.benchmarks.sheets`. Legibility needs the real drawings and tesseract; without them its
table is empty. Every ratio compares figures of one run.
"""

from __future__ import annotations

import io
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
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageDraw

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
CELL = (10, 20)  # pixels of a cell in the picture that tesseract reads
A1_POINTS = (2384, 1684)
_DETAIL = 10.0  # a magnification at which text is read


def run() -> dict[str, Any]:
    """All figures: `legibility` as shares of dimensions whose digits are all read, times in milliseconds."""
    return {"legibility": legibility(), "times_ms": times()}


def legibility() -> dict[str, dict[str, float]]:
    """For each pane and mode: the box takes a third of the pane's width, tesseract reads it, digits must be equal."""
    if DRAWINGS is None or shutil.which("tesseract") is None:
        return {}
    boxes = _dimensions(DRAWINGS)
    table: dict[str, dict[str, float]] = {}
    for pane in PANES:
        table["×".join(map(str, pane))] = {
            **{mode.value: _read_share(boxes, pane, mode) for mode in MODES},
            "full resolution": _read_share(boxes, pane, None),
        }
    return table


def _dimensions(folder: Path) -> list[tuple[Page, View, Rect, str]]:
    """Each marked dimension once: its page, the box turned upright, and the digits a person read there."""
    found: dict[tuple[str, tuple[float, ...]], str] = {}
    for line in (folder / "predictions.jsonl").read_text().splitlines():
        item = json.loads(line)
        found.setdefault((item["drawing"], tuple(item["bbox"])), item["truth"]["text"])
    opened = {name: open_drawing(folder / name, Limits()).page(1) for name in {name for name, _ in found}}
    out = []
    for (name, raw), truth in found.items():
        page = opened[name]
        placed = drawing_bbox(raw, page.width, page.height)
        assert isinstance(placed, Placed)
        rotation = 90 if look_at(page, placed.box).lies else 0
        width, height = (page.height, page.width) if rotation else (page.width, page.height)
        box = turn(placed.box, rotation)
        rect = Rect(box.x0 * width, box.y0 * height, box.width * width, box.height * height)
        out.append((page, View(rect, width, height, rotation, _DETAIL), rect, _digits(truth)))
    return out


def _read_share(boxes: list[tuple[Page, View, Rect, str]], pane: tuple[int, int], mode: Mode | None) -> float:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = list(pool.map(lambda box: _read(_crop(box[0], box[1], box[2], pane, mode)) == box[3], boxes))
    return round(read.count(True) / len(read), 3)


def _crop(page: Page, base: View, box: Rect, pane: tuple[int, int], mode: Mode | None) -> Image.Image:
    """The box as the pane shows it (`None`: at full resolution), cut out of the picture that its cells make."""
    columns, rows = pane
    width = box.width * 3
    height = width / columns * rows * 2
    rect = Rect(box.x + box.width / 2 - width / 2, box.y + box.height / 2 - height / 2, width, height)
    view = View(rect, base.page_width, base.page_height, base.rotation, _DETAIL)
    size = (columns * CELL[0], rows * CELL[1])
    if mode is None:
        grey = fit_contrast(turned_region(page, view, *size))
    else:
        cells = to_grey(to_cells(view_to_grey(page, view, mode, columns, rows), mode))
        grey = np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.NEAREST))
    unit = size[0] / width
    middle, half = (size[0] / 2, size[1] / 2), (box.width * unit / 2, box.height * unit / 2)
    x0, y0 = (max(0, int(m - h)) for m, h in zip(middle, half, strict=True))
    x1, y1 = (int(np.ceil(m + h)) for m, h in zip(middle, half, strict=True))
    cut = Image.fromarray(grey[y0:y1, x0:x1])
    framed = Image.new("L", (cut.width + 40, cut.height + 40), 255)
    framed.paste(cut, (20, 20))
    return framed


def _read(image: Image.Image) -> str:
    data = io.BytesIO()
    image.save(data, "PNG")
    command = ["tesseract", "-", "-", "--psm", "7"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    seen = subprocess.run(command, input=data.getvalue(), capture_output=True, env=environment, check=False)
    return _digits(seen.stdout.decode(errors="replace"))


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
