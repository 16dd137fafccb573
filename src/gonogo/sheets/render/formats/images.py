"""Raster images: PNG, JPEG and TIFF, with the size checked before decoding. Child process only."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.file_type import FileType
from gonogo.sheets.render.bbox import FROM_TOP_LEFT
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.rasterizer import Grey, darkest_of
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine

OVERVIEW_SIDE = 1200
_NEARLY = 0.8  # of the overview's step: slightly soft beats reading every pixel of the sheet
_EDGE = 4  # pixels around a region that resampling looks at
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "LA": 2, "I;16": 2, "RGB": 4, "RGBA": 4, "RGBX": 4, "YCbCr": 4, "CMYK": 4}


class ImagePage:
    """Decoded grey image, kept whole, with a smaller overview for wide views."""

    native = 1.0
    units = FROM_TOP_LEFT

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.width, self.height = float(image.width), float(image.height)
        self.factor = max(image.size) // OVERVIEW_SIDE
        self.grain = float(max(self.factor, 1))
        self.overview = _overview(image, self.factor) if self.factor > 1 else image

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        image, factor = self.image, 1
        step = min(region.width / columns, region.height / rows)
        if self.factor > 1 and step >= self.factor * _NEARLY:
            image, factor = self.overview, self.factor
        x0, y0 = region.x / factor, region.y / factor
        x1 = min((region.x + region.width) / factor, image.width)
        y1 = min((region.y + region.height) / factor, image.height)
        smaller = (x1 - x0) >= columns and (y1 - y0) >= rows
        how = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
        if image.mode != "L":  # bilevel: kept as it is, an A0 scan of two greys would take twice its memory
            left, top = max(int(x0) - _EDGE, 0), max(int(y0) - _EDGE, 0)
            right, bottom = min(int(x1) + _EDGE, image.width), min(int(y1) + _EDGE, image.height)
            image = image.crop((left, top, right, bottom)).convert("L")
            x0, y0, x1, y1 = x0 - left, y0 - top, min(x1 - left, image.width), min(y1 - top, image.height)
        return np.asarray(image.resize((columns, rows), how, box=(x0, y0, x1, y1)))

    def text_direction(self, box: Rect) -> int | None:
        return None

    def text_near(self, box: Rect, reach: float, most: int) -> list[tuple[Rect, str]]:
        return []


def _overview(image: Image.Image, factor: int) -> Image.Image:
    """Returns the image `factor` times smaller, half way between mean and darkest, in bands to save memory."""
    width, height = image.width // factor * factor, image.height // factor * factor
    bands = []
    for top in range(0, height, factor * 64):
        band = image.crop((0, top, width, min(top + factor * 64, height))).convert("L")
        mean = band.reduce(factor)
        bands.append(np.asarray(Image.blend(mean, Image.fromarray(darkest_of(np.asarray(band), factor, factor)), 0.5)))
    return Image.fromarray(np.concatenate(bands))


class ImageDrawing:
    """Image file. Pages are decoded on first use, after the size in the header was checked."""

    without_text = "This drawing is a picture, so it holds no text to search."

    def __init__(self, path: Path, kind: FileType, limits: DrawingLimits) -> None:
        self._path, self._kind, self._limits = path, kind, limits
        self._pages: dict[int, ImagePage] = {}
        with self._opened() as image:
            self.n_pages = _count_frames(image, limits.pages) if kind is FileType.TIFF else 1

    @property
    def kept_bytes(self) -> int:
        return sum(int(page.width * page.height) for page in self._pages.values())

    def page(self, number: int) -> ImagePage:
        if number not in self._pages:
            self._pages.clear()  # one page of a scan at a time: turning back decodes again
            self._pages[number] = ImagePage(self._decode(number))
        return self._pages[number]

    def text_lines(self, number: int, budget: ReadingBudget) -> list[TextLine]:
        return []

    def close(self) -> None:
        self._pages.clear()

    def _opened(self) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                return Image.open(self._path, formats=[self._kind.value])
        except Image.DecompressionBombError as error:
            raise CannotShowError("The drawing has too many pixels to be opened safely.") from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise CannotShowError(f"The {self._kind.value} drawing is damaged: its header cannot be read.") from error

    def _decode(self, number: int) -> Image.Image:
        with self._opened() as image:
            try:
                if number > 1:
                    image.seek(number - 1)
                self._fit_limits(image)
                image.load()
                ImageOps.exif_transpose(image, in_place=True)  # the other form copies: an A0 scan is 140 MB
                return _on_paper(image)
            except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
                raise CannotShowError(f"The {self._kind.value} drawing is cut off or damaged.") from error

    def _fit_limits(self, image: Image.Image) -> None:
        width, height = image.size
        if self._kind is FileType.JPEG and image.mode in ("RGB", "YCbCr", "L"):
            image.draft("L", image.size)  # only the brightness is decoded: a third of the time and memory
        cost = width * height * _BYTES_A_PIXEL.get(image.mode, 4)
        if cost > self._limits.decoded_bytes or max(width, height) > self._limits.side_pixels:
            raise CannotShowError(
                f"The drawing has {width}×{height} pixels, too many to be opened safely.",
                next_step="Ask for it as a PDF or at a lower resolution; judge from the text, or answer unsure.",
            )


def _count_frames(image: Image.Image, most: int) -> int:
    """Counts the frames by walking the directory up to the limit (a hostile TIFF can hold a million)."""
    count = 1
    try:
        while count <= most:
            image.seek(count)
            count += 1
    except EOFError:
        return count
    except (OSError, ValueError, SyntaxError):
        return count
    raise CannotShowError(f"The drawing has more than {most} pages.")


def _on_paper(image: Image.Image) -> Image.Image:
    """Returns the image in grey or bilevel, with transparent areas as white paper."""
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(paper, rgba).convert("L")
    if image.mode.startswith("I"):  # 16-bit greys are clipped by Pillow, not scaled
        return image.point(lambda level: level / 256).convert("L")
    return image if image.mode in ("1", "L") else image.convert("L")
