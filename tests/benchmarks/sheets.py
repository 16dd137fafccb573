"""Drawings: what a crop costs, in time here and in memory in `sheet_costs`. What can be read is `legibility`.

Run alone: `python -m tests.benchmarks.sheets`. Every ratio compares figures of one run.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageDraw

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Level, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.formats.open_drawing import open_drawing
from gonogo.sheets.render.mosaic import to_cells
from tests.benchmarks.sheet_costs import memory, repaint
from tests.sheets.conftest import pdf_bytes

MODES = (PictureMode.OCTANT, PictureMode.SEXTANT, PictureMode.QUADRANT, PictureMode.BRAILLE, PictureMode.HALF)
A1_POINTS = (2384, 1684)


MOST_PDF, MOST_PNG_MS, MOST_CELLS_MS, MOST_REPAINT = 1.2, 10.0, 5.0, 1.0


def run() -> dict[str, Any]:
    """Figures with their floors, and for each promise whether it was met in this run."""
    taken, painted, peaks = times(), repaint(), memory()
    met = {
        f"PDF crop ≤ {MOST_PDF} × pypdfium2 held open": taken["pdf region ratio"] <= MOST_PDF,
        f"PNG crop after the first ≤ {MOST_PNG_MS:g} ms": taken["png later crop"] <= MOST_PNG_MS,
        f"cells 100×40 ≤ {MOST_CELLS_MS:g} ms": all(taken[f"cells 100×40 {mode}"] <= MOST_CELLS_MS for mode in MODES),
        "repaint ≤ text": painted["picture / text"] <= MOST_REPAINT,
        **peaks.pop("met"),
    }
    return {"met": met, "times_ms": taken, "repaint_ms": painted, "memory_mb": peaks}


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


def _cells_time(grey: np.ndarray, mode: PictureMode) -> float:
    across, down = {PictureMode.HALF: (1, 2), PictureMode.QUADRANT: (2, 2), PictureMode.SEXTANT: (2, 3)}.get(
        mode, (2, 4)
    )
    pixels = grey[: 40 * down, : 100 * across]
    return _milliseconds(lambda: to_cells(pixels, mode), 15)


def _crop_times(path: Path) -> tuple[float, float]:
    """Whole answers (box, ink, crop, cells, frame, map) for boxes all over the sheet."""
    drawings, chance = OpenDrawings(DrawingLimits()), random.Random(1)
    spots = [(chance.uniform(0, 0.9), chance.uniform(0, 0.9)) for _ in range(30)]

    def crop(spot: tuple[float, float]) -> None:
        box = (spot[0], spot[1], spot[0] + 0.03, spot[1] + 0.012)
        draw_picture(drawings, path, str(path), PictureRequest(100, 40, box, Level.DETAIL, PictureMode.OCTANT))

    first = _milliseconds(lambda: crop(spots[0]), 1)
    later = iter(spots[1:])
    return first, _milliseconds(lambda: crop(next(later)), 29)


def _render_times(path: Path) -> tuple[float, float]:
    """The same regions (5 % of the area to 800 px) by our page and by pypdfium2 with the page kept open."""
    drawing = open_drawing(path, DrawingLimits())
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
