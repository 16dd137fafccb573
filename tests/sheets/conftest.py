"""Drawings made on the fly: the same small sheet as an image and as a PDF, and files that are not what they seem."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.render.draw_request import OpenDrawings

PAGE = (800, 600)
"""Points of the PDF; the image has twice as many pixels."""

SPOTS = ((100, 80, 160, 110), (600, 60, 700, 180), (300, 400, 340, 560))
"""Black rectangles on the sheet, in points from the top left."""


def sheet_image() -> Image.Image:
    image = Image.new("L", (PAGE[0] * 2, PAGE[1] * 2), 255)
    pen = ImageDraw.Draw(image)
    for x0, y0, x1, y1 in SPOTS:
        pen.rectangle((x0 * 2, y0 * 2, x1 * 2 - 1, y1 * 2 - 1), fill=0)
    return image


def pdf_bytes(content: bytes, size: tuple[float, float] = PAGE, *, pages: int = 1, extra: bytes = b"") -> bytes:
    """A minimal PDF whose pages all show `content`."""
    kids = b" ".join(b"%d 0 R" % (4 + n) for n in range(pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents 3 0 R %s >>"
    sizes = (str(size[0]).encode(), str(size[1]).encode())
    return _pdf_of(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        *[page % (*sizes, extra)] * pages,
    )


Word = tuple[float, float, str]
"""Text with the place of its first character, in points from the top left."""


def text_pdf(*pages: list[Word], size: float = 12, mode: int = 0, extra: bytes = b"", under: bytes = b"") -> bytes:
    """A PDF whose pages hold text of `size` points in Helvetica; `mode` 3 draws it invisibly, `under` comes before."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for words in pages:
        shown = b"".join(
            b"1 0 0 1 %.1f %.1f Tm (%s) Tj\n"
            % (
                x,
                PAGE[1] - y,
                text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)"),
            )
            for x, y, text in words
        )
        content = under + b"BT /F1 %.1f Tf %d Tr\n%sET" % (size, mode, shown)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
            b"/Resources << /Font << /F1 %s >> >> %s >>" % (*PAGE, len(objects), font, extra)
        )
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(kids))
    return _pdf_of(*objects)


def _pdf_of(*objects: bytes) -> bytes:
    """A PDF of numbered objects, of which the first is the catalogue."""
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(out)


def sheet_pdf(*, pages: int = 1, extra: bytes = b"") -> bytes:
    boxes = (b"%d %d %d %d re f\n" % (x0, PAGE[1] - y1, x1 - x0, y1 - y0) for x0, y0, x1, y1 in SPOTS)
    return pdf_bytes(b"".join(boxes), pages=pages, extra=extra)


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def tiff_of_pages(pages: int) -> bytes:
    """A TIFF that many pages long, each of one pixel."""
    entries = ((256, 1), (257, 1), (258, 8), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1))
    size = 2 + 12 * len(entries) + 4
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries
    )
    following = (struct.pack("<I", 10 + size * (n + 1) if n + 1 < pages else 0) for n in range(pages))
    return b"II*\0" + struct.pack("<I", 10) + b"\0\0" + b"".join(directory + after for after in following)


def text_image(
    text: str, *, turned: int = 0, height: int = 40
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """A sheet with one word on it, turned counter-clockwise, and the box around the word with a small margin."""
    font = ImageFont.load_default(height)
    left, top, right, bottom = font.getbbox(text)
    word = Image.new("L", (int(right - left) + 12, int(bottom - top) + 12), 255)
    ImageDraw.Draw(word).text((6 - left, 6 - top), text, font=font, fill=0)
    word = word.rotate(turned, expand=True, fillcolor=255)
    sheet = Image.new("L", (1600, 1200), 255)
    sheet.paste(word, (700, 500))
    return sheet, (700.0, 500.0, 700.0 + word.width, 500.0 + word.height)


@pytest.fixture
def drawings() -> Iterator[OpenDrawings]:
    opened = OpenDrawings(DrawingLimits())
    yield opened
    opened.forget()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sheet as `sheet.png` and `vector.pdf`."""
    sheet_image().save(tmp_path / "sheet.png")
    (tmp_path / "vector.pdf").write_bytes(sheet_pdf())
    return tmp_path
