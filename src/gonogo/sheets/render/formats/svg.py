"""SVG drawings, rendered by resvg region by region. Needs the extra `cad`. Child process only."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.render.bbox import Units
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.formats.svg_sanitize import clean_svg
from gonogo.sheets.render.rasterizer import Grey
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine

_NATIVE_SIDE = 4800.0  # pixels along the longer side at which a vector drawing is written to a file
_DPI = 96  # resvg refuses sizes in millimetres without it


class VectorPage:
    """Page of sanitized markup; `area` is `x`, `y`, `width`, `height` in its own units (y down)."""

    grain = math.inf

    def __init__(self, markup: str, area: Rect, units: Units) -> None:
        self._markup = markup
        self._area = area
        self.width, self.height = area.width, area.height
        self.native = _NATIVE_SIDE / max(area.width, area.height)
        self.units = units
        self.kept_bytes = len(markup)

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        # The drawing sits whole in a window that shows the region: percentages within it keep their meaning.
        window = (self._area.x + region.x, self._area.y + region.y, region.width, region.height)
        markup = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns}" height="{rows}" preserveAspectRatio="none" '
            f'viewBox="{" ".join(map(repr, window))}">{self._markup}</svg>'
        )
        try:
            png = resvg_py.svg_to_bytes(svg_string=markup, dpi=_DPI, background="#ffffff")
        except ValueError as error:
            raise CannotShowError("The drawing is damaged: it cannot be rendered.") from error
        with Image.open(io.BytesIO(png)) as image:
            return np.asarray(image.convert("L").resize((columns, rows)), np.uint8)

    def text_direction(self, box: Rect) -> int | None:
        return None

    def text_near(self, box: Rect, reach: float, most: int) -> list[tuple[Rect, str]]:
        return []


class VectorDrawing:
    """Vector drawing of one page."""

    n_pages = 1
    without_text = "Text of SVG and DXF drawings can't be searched here, only that of PDFs."

    def __init__(self, page: VectorPage) -> None:
        self._page = page
        self.kept_bytes = page.kept_bytes

    def page(self, number: int) -> VectorPage:
        return self._page

    def text_lines(self, number: int, budget: ReadingBudget) -> list[TextLine]:
        return []

    def close(self) -> None:
        pass


def open_svg(path: Path, limits: DrawingLimits) -> VectorDrawing:
    """Opens an SVG after sanitizing it. Raises `CannotShowError`."""
    clean = clean_svg(path.read_bytes(), limits)
    area = Rect(clean.x, clean.y, clean.width, clean.height)
    return VectorDrawing(VectorPage(clean.text, area, Units(clean.x, clean.y)))
