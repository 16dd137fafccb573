"""Opening drawings by what they are, not by their names. Child process only."""

from __future__ import annotations

import ctypes
import io
import math
import warnings
from pathlib import Path
from typing import Protocol

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from gonogo.sheets.crop import Rect
from gonogo.sheets.limits import CannotShow, Limits
from gonogo.sheets.raster import Page, darkest_of
from gonogo.sheets.sniff import Kind, sniff

Grey = NDArray[np.uint8]

OVERVIEW_SIDE = 1200
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "LA": 2, "I;16": 2, "RGB": 4, "RGBA": 4, "RGBX": 4, "YCbCr": 4, "CMYK": 4}


class Drawing(Protocol):
    """An open drawing. `kept_bytes` is what it costs to keep it open."""

    n_pages: int

    @property
    def kept_bytes(self) -> int: ...

    def page(self, number: int) -> Page: ...

    def close(self) -> None: ...


def open_drawing(path: Path, limits: Limits) -> Drawing:
    """Open by content. Raises `CannotShow` with a sentence when it is not a drawing we can read within the limits."""
    try:
        with path.open("rb") as file:
            head = file.read(2048)
    except FileNotFoundError as error:
        raise CannotShow("The drawing's file is not there any more.", retry=True) from error
    except OSError as error:
        raise CannotShow(f"The drawing's file cannot be read ({error.strerror}).") from error
    kind = sniff(head)
    if kind is Kind.PDF:
        return PdfDrawing(path, limits)
    if kind in (Kind.PNG, Kind.JPEG, Kind.TIFF):
        return ImageDrawing(path, kind, limits)
    raise CannotShow(kind.refusal(head))


class ImagePage:
    """A decoded grey image, kept whole; an overview a few times smaller serves the wide views."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.width, self.height = float(image.width), float(image.height)
        self.factor = max(image.size) // OVERVIEW_SIDE
        self.grain = float(max(self.factor, 1))
        self.overview = _overview(image, self.factor) if self.factor > 1 else image

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        image, factor = self.image, 1
        if self.factor > 1 and region.width / columns >= self.factor and region.height / rows >= self.factor:
            image, factor = self.overview, self.factor
        x0, y0 = region.x / factor, region.y / factor
        x1 = min((region.x + region.width) / factor, image.width)
        y1 = min((region.y + region.height) / factor, image.height)
        smaller = (x1 - x0) >= columns and (y1 - y0) >= rows
        how = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
        return np.asarray(image.resize((columns, rows), how, box=(x0, y0, x1, y1)))


def _overview(image: Image.Image, factor: int) -> Image.Image:
    """The image `factor` times smaller, half way between the mean and the darkest, in bands to spare memory."""
    width = image.width // factor * factor
    small = image.reduce(factor).crop((0, 0, width // factor, image.height // factor))
    darkest = []
    for top in range(0, small.height * factor, factor * 64):
        bottom = min(top + factor * 64, small.height * factor)
        band = np.asarray(image.crop((0, top, width, bottom)))
        darkest.append(darkest_of(band, factor, factor))
    return Image.blend(small, Image.fromarray(np.concatenate(darkest)), 0.5)


class ImageDrawing:
    """PNG, JPEG or TIFF. Pages are decoded on first use, the size checked from the header before."""

    def __init__(self, path: Path, kind: Kind, limits: Limits) -> None:
        self._path, self._kind, self._limits = path, kind, limits
        self._pages: dict[int, ImagePage] = {}
        with self._opened() as image:
            self.n_pages = _count_frames(image, limits.pages) if kind is Kind.TIFF else 1

    @property
    def kept_bytes(self) -> int:
        return sum(int(page.width * page.height) for page in self._pages.values())

    def page(self, number: int) -> ImagePage:
        if number not in self._pages:
            self._pages.clear()  # one page of a scan at a time: turning back decodes again
            self._pages[number] = ImagePage(self._decode(number))
        return self._pages[number]

    def close(self) -> None:
        self._pages.clear()

    def _opened(self) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                return Image.open(self._path, formats=[self._kind.value])
        except Image.DecompressionBombError as error:
            raise CannotShow("The drawing has too many pixels to be opened safely.") from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise CannotShow(f"The {self._kind.value} drawing is damaged: its header cannot be read.") from error

    def _decode(self, number: int) -> Image.Image:
        with self._opened() as image:
            try:
                if number > 1:
                    image.seek(number - 1)
                self._fit_limits(image)
                turned = ImageOps.exif_transpose(image)
                return _on_paper(turned)
            except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
                raise CannotShow(f"The {self._kind.value} drawing is cut off or damaged.") from error

    def _fit_limits(self, image: Image.Image) -> None:
        width, height = image.size
        if self._kind is Kind.JPEG and image.mode in ("RGB", "YCbCr", "L"):
            image.draft("L", image.size)  # only the brightness is decoded: a third of the time and memory
        cost = width * height * _BYTES_A_PIXEL.get(image.mode, 4)
        if cost > self._limits.decoded_bytes or max(width, height) > self._limits.side_pixels:
            raise CannotShow(
                f"The drawing has {width}×{height} pixels, too many to be opened safely.",
                next_step="Ask for it as a PDF or at a lower resolution; judge from the text, or answer unsure.",
            )


def _count_frames(image: Image.Image, most: int) -> int:
    """Frames by walking the directory, not further than the limit (a hostile TIFF can hold a million)."""
    count = 1
    try:
        while count <= most:
            image.seek(count)
            count += 1
    except EOFError:
        return count
    except (OSError, ValueError, SyntaxError):
        return count
    raise CannotShow(f"The drawing has more than {most} pages.")


def _on_paper(image: Image.Image) -> Image.Image:
    """Grey, with what is transparent shown as white paper."""
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(paper, rgba).convert("L")
    if image.mode.startswith("I"):  # 16-bit greys are clipped by Pillow, not scaled
        return image.point(lambda level: level / 256).convert("L")
    return image.convert("L")


class PdfPage:
    """A PDF page kept open: each region is rendered afresh, so lines are sharp at every zoom."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self.grain = math.inf  # PDFium draws a hairline one pixel wide at every scale
        self.width, self.height = page.get_size()

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        scale_x, scale_y = columns / region.width, rows / region.height
        grey = np.full((rows, columns), 255, np.uint8)
        bitmap = pdfium_raw.FPDFBitmap_CreateEx(
            columns, rows, pdfium_raw.FPDFBitmap_Gray, grey.ctypes.data_as(ctypes.c_void_p), columns
        )
        if not bitmap:
            raise MemoryError
        try:
            matrix = pdfium_raw.FS_MATRIX(scale_x, 0, 0, scale_y, -region.x * scale_x, -region.y * scale_y)
            clip = pdfium_raw.FS_RECTF(0, 0, columns, rows)
            flags = pdfium_raw.FPDF_GRAYSCALE | pdfium_raw.FPDF_ANNOT
            pdfium_raw.FPDF_RenderPageBitmapWithMatrix(bitmap, self._page.raw, matrix, clip, flags)
        finally:
            pdfium_raw.FPDFBitmap_Destroy(bitmap)
        return grey

    def close(self) -> None:
        self._page.close()


class PdfDrawing:
    """A PDF held open, with the page last shown."""

    def __init__(self, path: Path, limits: Limits) -> None:
        try:
            self._document = pdfium.PdfDocument(io.BytesIO(path.read_bytes()))
        except pdfium.PdfiumError as error:
            needs_password = "password" in str(error).lower()
            why = "is locked by a password" if needs_password else "is damaged: PDFium cannot open it"
            raise CannotShow(f"The PDF drawing {why}.") from error
        self.n_pages = len(self._document)
        self.kept_bytes = path.stat().st_size
        self._pages: dict[int, PdfPage] = {}
        if self.n_pages > limits.pages:
            self.close()
            raise CannotShow(f"The drawing has {self.n_pages} pages; gonogo opens at most {limits.pages}.")
        if not self.n_pages:
            self.close()
            raise CannotShow("The PDF drawing has no page.")

    def page(self, number: int) -> PdfPage:
        if number not in self._pages:
            self._drop_pages()
            try:
                page = PdfPage(self._document[number - 1])
            except pdfium.PdfiumError as error:
                raise CannotShow(f"Page {number} of the PDF drawing is damaged.") from error
            if not (page.width > 0 and page.height > 0):
                raise CannotShow(f"Page {number} of the PDF drawing has no size.")
            self._pages[number] = page
        return self._pages[number]

    def close(self) -> None:
        self._drop_pages()
        self._document.close()

    def _drop_pages(self) -> None:
        for page in self._pages.values():
            page.close()
        self._pages.clear()
