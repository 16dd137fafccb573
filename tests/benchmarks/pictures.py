"""The pictures in the README and in docs/drawings.md: one detail of our own sample drawing in each way to draw.

    python -m tests.benchmarks.pictures docs/pictures

What a terminal makes of the cells is drawn here from the cells themselves, so no font stands in between.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from gonogo.demo.parts import draw_all
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import PictureRequest
from gonogo.sheets.picture_modes import CELL_MODES, PictureMode, subpixels_of
from gonogo.sheets.render.draw_request import OpenDrawings, choose_view
from gonogo.sheets.render.indexed_pixels import draw_plane
from gonogo.sheets.render.mosaic import to_cells, to_grey
from gonogo.sheets.render.pixel_overlay import MARK, PAPER
from gonogo.sheets.render.rasterizer import Grey, render_subpixels

PART, CALLOUT = "GX-4008 flange", "bolt_holes"
COLUMNS, ROWS = 46, 18
CELL = 12, 24
"""Pixels of a cell in the pictures; every mode's sub-pixels are whole ones."""
GREYS = 16


def drawn(grey: Grey, mode: PictureMode) -> Grey:
    """What a terminal shows of the cells that `grey` becomes."""
    shown = to_grey(to_cells(grey, mode))
    across, down = (size // parts for size, parts in zip(CELL, subpixels_of(mode), strict=True))
    large = shown.repeat(down, axis=0).repeat(across, axis=1)
    if mode is PictureMode.BRAILLE:  # dots, with gaps between them
        gap = np.ones((down, across), np.bool_)
        gap[1:-1, 1:-1] = False
        large[np.tile(gap, shown.shape)] = 255
    return large


def save(grey: Grey, path: Path) -> None:
    levels = (grey.astype(np.uint16) * (GREYS - 1) // 255).astype(np.uint8)
    image = Image.fromarray(levels)
    image = image.convert("P")
    image.putpalette([round(level * 255 / (GREYS - 1)) for level in range(GREYS) for _ in range(3)])
    image.save(path, optimize=True, bits=4)
    print(f"{path}: {path.stat().st_size} bytes")


def main(folder: Path) -> None:
    board = draw_all()[PART]
    box = next(callout.bbox for callout in board.callouts if callout.name == CALLOUT)
    request = PictureRequest(
        COLUMNS, ROWS, (*box, 1.0), mode=PictureMode.SEXTANT, zoom=0.8, pan_x=0.1, pan_y=0.2,
        locator=None, cell_pixels=CELL,
    )  # fmt: skip
    drawings = OpenDrawings(DrawingLimits())
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "sample.pdf"
        path.write_bytes(board.pdf())
        chosen = choose_view(drawings, path, PART, request)
        for mode in CELL_MODES:
            save(
                drawn(render_subpixels(chosen.page, chosen.view, mode, COLUMNS, ROWS), mode),
                folder / f"{mode.value}.png",
            )
        plane = draw_plane(drawings, path, PART, request, {})
        greys = np.where(plane == MARK, 7, np.minimum(plane, PAPER)).astype(np.uint16) * 255 // PAPER
        save(greys.astype(np.uint8), folder / "pixels.png")
        drawings.forget()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
