"""PDF writer of the sample drawings: writes vector lines and Helvetica text on one page, without a dependency.

Units: millimetres, origin bottom left, y up (a draughtsman's sheet). Text is one of PDF's 14 standard fonts, so
nothing is embedded and a sheet stays a few kilobytes. Font metrics: Adobe's published Helvetica AFM.
"""

from __future__ import annotations

import math
import zlib

POINTS_PER_MM = 72 / 25.4

_ASCII_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 "
    "944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 "
    "500 278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTHS = {chr(32 + i): int(w) for i, w in enumerate(_ASCII_WIDTHS.split())}
_WIDTHS |= {"°": 400, "±": 584, "×": 584, "Ø": 778, "µ": 556, "ä": 556, "ö": 556, "ü": 556, "ß": 611, "²": 333}


def text_width(text: str, size: float) -> float:
    """Width of `text` in Helvetica at `size` (both in millimetres)."""
    return sum(_WIDTHS.get(char, 556) for char in text) * size / 1000


class PdfPageWriter:
    """PDF page in the making. All coordinates and widths in millimetres, angles in degrees counter-clockwise."""

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        k = POINTS_PER_MM
        self._ops: list[str] = [f"{k:.6f} 0 0 {k:.6f} 0 0 cm", "1 J 1 j"]

    def stroke(self, width: float, dash: tuple[float, ...] = ()) -> None:
        """Sets width and dashes (mm) of the lines that follow."""
        self._ops.append(f"{width:.3f} w [{' '.join(f'{d:.2f}' for d in dash)}] 0 d")

    def path(self, points: list[tuple[float, float]], *, close: bool = False, fill: bool = False) -> None:
        ops = [f"{x:.3f} {y:.3f} {'m' if i == 0 else 'l'}" for i, (x, y) in enumerate(points)]
        paint = "f" if fill else ("s" if close else "S")
        self._ops.append(" ".join([*ops, paint]))

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.path([(x0, y0), (x1, y1)])

    def rectangle(self, x: float, y: float, width: float, height: float) -> None:
        self._ops.append(f"{x:.3f} {y:.3f} {width:.3f} {height:.3f} re S")

    def arc(self, cx: float, cy: float, radius: float, start: float = 0, end: float = 360) -> None:
        """A circular arc from `start` to `end`, as Bézier pieces of at most 90 degrees."""
        pieces = max(1, math.ceil(abs(end - start) / 90 - 1e-9))
        step = math.radians((end - start) / pieces)
        handle = 4 / 3 * math.tan(step / 4) * radius
        angle = math.radians(start)
        x, y = cx + radius * math.cos(angle), cy + radius * math.sin(angle)
        ops = [f"{x:.3f} {y:.3f} m"]
        for _ in range(pieces):
            following = angle + step
            x1, y1 = x - handle * math.sin(angle), y + handle * math.cos(angle)
            x3, y3 = cx + radius * math.cos(following), cy + radius * math.sin(following)
            x2, y2 = x3 + handle * math.sin(following), y3 - handle * math.cos(following)
            ops.append(f"{x1:.3f} {y1:.3f} {x2:.3f} {y2:.3f} {x3:.3f} {y3:.3f} c")
            angle, x, y = following, x3, y3
        self._ops.append(" ".join([*ops, "S"]))

    def text(self, x: float, y: float, text: str, size: float, angle: float = 0) -> None:
        """`text` with its baseline starting at (x, y)."""
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        body = text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        self._ops.append(
            f"BT /F1 {size:.3f} Tf {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.3f} {y:.3f} Tm "
            f"({body.decode('latin-1')}) Tj ET"
        )

    def to_pdf(self, title: str) -> bytes:
        """The PDF file; the same drawing gives the same bytes."""
        stream = zlib.compress("\n".join(self._ops).encode("latin-1"), 9)
        size = f"{self.width * POINTS_PER_MM:.2f} {self.height * POINTS_PER_MM:.2f}"
        safe_title = "".join(c for c in title if c.isascii() and c not in "()\\")
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents 4 0 R "
            "/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(stream) + stream + b"\nendstream",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            f"<< /Title ({safe_title}) /Producer (gonogo) >>".encode(),
        ]
        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(objects, 1):
            offsets.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        table = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
        return bytes(out)
