"""PNG export: renders a view of a drawing to a grey PNG, for the system's viewer.

Child process only.
"""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image

from gonogo.sheets.child_messages import SIDE_MOST
from gonogo.sheets.models import PictureRequest, PixelCrop
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.draw_request import OpenDrawings, choose_view
from gonogo.sheets.render.rasterizer import fit_contrast, part_of, render_view

_SIDE_LEAST = 1000


def draw_pixels(
    drawings: OpenDrawings, path: Path, key: str, request: PictureRequest, size: tuple[int, int] | None
) -> PixelCrop:
    """Renders the view in `size` pixels, or at full resolution (`None`). Raises `CannotShowError`.

    The request's cells still decide how large text appears; its cell shape is taken from `size`.
    """
    if size is not None:
        size = (min(max(size[0], 1), SIDE_MOST), min(max(size[1], 1), SIDE_MOST))
        request = dataclasses.replace(request, cell_ratio=size[1] / size[0] * request.columns / request.rows)
    chosen = choose_view(drawings, path, key, request)
    view = chosen.view
    width, height = size or _native(view.rect, chosen.page.native)
    grey = render_view(chosen.page, view, width, height)
    grey = fit_contrast(grey, part_of(grey, view.rect, chosen.target) if chosen.target else None)
    if request.inverted:
        grey = np.bitwise_not(grey)
    data = io.BytesIO()
    Image.fromarray(grey).save(data, "PNG", compress_level=1)
    return PixelCrop(
        png=data.getvalue(),
        width=width,
        height=height,
        shown=chosen.shown,
        page=chosen.number,
        n_pages=chosen.n_pages,
        magnification=view.magnification,
        rotation=view.rotation,
        box=_box(view.rect, chosen.target, width, height) if chosen.target else None,
        note=chosen.note,
    )


def _native(view: Rect, native: float) -> tuple[int, int]:
    longer = max(view.width, view.height)
    scale = min(max(longer * native, _SIDE_LEAST), SIDE_MOST) / longer
    return max(1, round(view.width * scale)), max(1, round(view.height * scale))


def _box(view: Rect, box: Rect, width: int, height: int) -> tuple[float, float, float, float]:
    across, down = width / view.width, height / view.height
    left, top = (box.x - view.x) * across, (box.y - view.y) * down
    return left, top, left + box.width * across, top + box.height * down
