"""Unseen sheets: drawings of random dimensions with known text, boxes and angles, on which nothing was tuned.

Text in Helvetica or in plotter strokes, thin and thick pens, at any angle that a drawing is read at (−75 … 90 degrees
counter-clockwise), notes, control frames, stacked limits, with the lines of the drawing around them; as vector PDF and
as grey or dirty scans.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageFilter

from gonogo.demo.pdf_writer import POINTS_PER_MM, PdfPageWriter, text_width
from tests.support.stroke_font import strokes_of

PAGE = (420.0, 297.0)
_COLUMNS, _ROWS = 6, 5
_CAP = 0.72  # of Helvetica's size: the height of its capitals and digits
_LIMIT = 0.62  # of the nominal's height: the height of stacked limits
Format = Literal["pdf", "scan", "dirty scan"]
FORMATS: tuple[Format, ...] = ("pdf", "scan", "dirty scan")


@dataclass(frozen=True, slots=True)
class UnseenBox:
    """Marked text: its parts as drawn (stacked limits and lines of notes are parts), its box and its angle.

    `bbox` is left, top, right, bottom in units of the file from the top left; `angle` is the direction of the text in
    degrees counter-clockwise; `kind` is the sort of text. `smallest` is the height of its smallest characters (limits).
    """

    parts: tuple[str, ...]
    bbox: tuple[float, float, float, float]
    angle: int
    kind: str
    smallest: float


@dataclass(frozen=True, slots=True)
class UnseenSheet:
    """Sheet: its file name, the bytes of the file, and its boxes."""

    name: str
    data: bytes
    boxes: tuple[UnseenBox, ...]


@dataclass(slots=True)
class _Pen:
    """Pen on a page, at a place and an angle: draws in millimetres along and across the text.

    `weight` is the width of plotted strokes over the height of the letters.
    """

    page: PdfPageWriter
    x: float
    y: float
    angle: int
    is_plotted: bool
    weight: float
    corners: list[tuple[float, float]] = field(default_factory=list)
    smallest: float = math.inf

    def at(self, along: float, across: float) -> tuple[float, float]:
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        return self.x + along * cos - across * sin, self.y + along * sin + across * cos

    def text(self, along: float, across: float, text: str, height: float) -> float:
        """Draws `text` and counts it to the box; returns its width."""
        self.smallest = min(self.smallest, height * (1 + self.weight * self.is_plotted))
        below = 0.16 * height if set(text) & set(",⌀gpy") else 0.0
        if self.is_plotted:
            strokes, width = strokes_of(text, height)
            self.page.stroke(self.weight * height)
            for stroke in strokes:
                self.page.path([self.at(along + x, across + y) for x, y in stroke])
        else:
            size = height / _CAP
            written = text.replace("⌀", "Ø")
            width = text_width(written, size)
            self.page.text(*self.at(along, across), written, size, self.angle)
        self.mark(along, across - below, along + width, across + height)
        return width

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float) -> None:
        self.page.stroke(width)
        self.page.line(*self.at(x0, y0), *self.at(x1, y1))

    def mark(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.corners += [self.at(x, y) for x in (x0, x1) for y in (y0, y1)]


Drawer = Callable[[_Pen, random.Random, float], tuple[str, ...]]


def _number(chance: random.Random) -> str:
    places = chance.choice((0, 0, 1, 2))
    value = chance.choice((chance.uniform(1, 10), chance.uniform(10, 100), chance.uniform(100, 900)))
    return f"{value:.{places}f}".replace(".", chance.choice(".,"))


def _dimension(pen: _Pen, chance: random.Random, height: float) -> tuple[str, ...]:
    """A number with its sign, over its dimension line or alone."""
    number = _number(chance)
    angle, thread = chance.randint(5, 85), chance.choice((3, 4, 5, 6, 8, 10, 12, 16, 20, 24))
    text = chance.choice((
        number, number, f"⌀{number}", f"R{number}", f"M{thread}", f"{angle}°", f"{chance.randint(2, 9)}x⌀{number}",
        f"{number} ±0.{chance.randint(1, 9)}", f"{chance.randint(1, 5)}x45°", f"⌀{number} H{chance.randint(6, 11)}",
    ))  # fmt: skip
    width = pen.text(0, 0, text, height)
    if chance.random() < 0.7:
        reach, below = chance.uniform(1, 12), -chance.uniform(0.25, 0.6) * height
        pen.line(-reach, below, width + reach, below, chance.uniform(0.13, 0.3))
        for x, way in ((-reach, 1), (width + reach, -1)):
            pen.line(x, below - 8, x, below + 3, 0.18)
            tip = [pen.at(x, below), pen.at(x + way * 3, below + 0.5), pen.at(x + way * 3, below - 0.5)]
            pen.page.path(tip, close=True, fill=True)
    elif chance.random() < 0.5:
        pen.line(-1, -0.3 * height, -14, -0.3 * height - chance.uniform(6, 16), 0.2)
        pen.line(-1, -0.3 * height, width, -0.3 * height, 0.2)
    return (text,)


def _limits(pen: _Pen, chance: random.Random, height: float) -> tuple[str, ...]:
    """A nominal with its limits one above the other."""
    nominal = chance.choice(("", "⌀", f"{chance.randint(2, 8)}x⌀")) + _number(chance)
    upper = f"+0.{chance.randint(1, 99):02d}"
    lower = chance.choice(("0", f"-0.{chance.randint(1, 99):02d}"))
    along = pen.text(0, 0, nominal, height) + 0.4 * height
    pen.text(along, 0.62 * height, upper, _LIMIT * height)
    width = pen.text(along, -0.28 * height, lower, _LIMIT * height)
    if chance.random() < 0.5:
        pen.line(-6, -0.75 * height, along + width + 6, -0.75 * height, 0.2)
    return nominal, upper, lower


def _note(pen: _Pen, chance: random.Random, height: float) -> tuple[str, ...]:
    """One to three lines of a general note."""
    lines = chance.sample(
        ("BREAK ALL EDGES 0.2", "ISO 2768-MH", "MATERIAL 42CRMO4", "HARDENED 58 HRC", "SURFACE RA 3.2", "SCALE 1:2",
         "EDGES ISO 13715 -0.3", "WELD A4 ALL AROUND", "PRIMED RAL 7035"), chance.randint(1, 3),
    )  # fmt: skip
    for number, line in enumerate(lines):
        pen.text(0, -1.6 * height * number, line, min(height, 3.5))
    return tuple(lines)


def _frame(pen: _Pen, chance: random.Random, height: float) -> tuple[str, ...]:
    """A feature control frame: sign, zone, datums."""
    side, along = 2 * height, 0.0
    zone = chance.choice(("", "⌀")) + f"0.{chance.randint(1, 50):02d}"
    datums = chance.sample("ABCDEFH", chance.randint(0, 3))
    pen.line(along, 0, along, side, 0.25)
    x, y, r = side / 2, side / 2, side * 0.28
    pen.page.stroke(0.25)
    pen.page.arc(*pen.at(x, y), r)
    pen.line(x - 1.4 * r, y, x + 1.4 * r, y, 0.25)
    pen.line(x, y - 1.4 * r, x, y + 1.4 * r, 0.25)
    along = side
    for text in (zone, *datums):
        pen.line(along, 0, along, side, 0.25)
        along += 0.5 * height + pen.text(along + 0.5 * height, 0.5 * height, text, height) + 0.5 * height
    for line in ((along, 0.0, along, side), (0.0, 0.0, along, 0.0), (0.0, side, along, side)):
        pen.line(*line, 0.25)
    pen.mark(0, 0, along, side)
    return zone, *datums


_KINDS: tuple[tuple[str, Drawer, float], ...] = (
    ("dimension", _dimension, 0.6), ("limits", _limits, 0.2), ("note", _note, 0.1), ("frame", _frame, 0.1),
)  # fmt: skip


def _angle(kind: str, chance: random.Random) -> int:
    if kind == "note":
        return 0
    if kind == "frame":
        return chance.choice((0, 0, 90))
    return chance.choice((0, 0, 90, 45, 30, 60, chance.randint(1, 89), chance.randint(1, 89), chance.randint(-75, -1)))


def unseen_sheets(seeds: range, formats: tuple[Format, ...] = FORMATS) -> Iterator[UnseenSheet]:
    """Returns a sheet a seed, in the formats by turns; the same seed gives the same sheet."""
    for seed in seeds:
        yield unseen_sheet(seed, formats[seed % len(formats)])


def unseen_sheet(seed: int, kind: Format) -> UnseenSheet:
    """Returns the sheet of `seed`."""
    chance = random.Random(f"unseen {seed}")
    page = PdfPageWriter(*PAGE)
    boxes = [_marked(page, chance, cell) for cell in range(_COLUMNS * _ROWS)]
    data = page.to_pdf(f"unseen {seed}")
    if kind == "pdf":
        return UnseenSheet(f"unseen-{seed}.pdf", data, tuple(boxes))
    dpi = chance.choice((150, 200))
    scan = _scanned(data, dpi, random.Random(seed), dirty=kind == "dirty scan")
    scaled = (_scaled(box, dpi / 72) for box in boxes)
    return UnseenSheet(f"unseen-{seed}.png", scan, tuple(scaled))


def _scaled(box: UnseenBox, scale: float) -> UnseenBox:
    x0, y0, x1, y1 = (value * scale for value in box.bbox)
    return replace(box, bbox=(x0, y0, x1, y1), smallest=box.smallest * scale)


def _marked(page: PdfPageWriter, chance: random.Random, cell: int) -> UnseenBox:
    """Draws one text within its cell of the page, and returns its box in points."""
    kind, draw, _ = chance.choices(_KINDS, [weight for *_, weight in _KINDS])[0]
    plotted = chance.random() < 0.5
    height = chance.choice((2.5, 3.5, 3.5, 5.0))
    weight = chance.choice((1 / 20, 1 / 14, 1 / 10, 1 / 7))
    angle = _angle(kind, chance)
    middle = (cell % _COLUMNS + 0.5) * PAGE[0] / _COLUMNS, (cell // _COLUMNS + 0.5) * PAGE[1] / _ROWS
    # Drawn once on a page of its own, to learn its size; then again so that its middle is in the cell's.
    state = chance.getstate()
    trial = _Pen(PdfPageWriter(*PAGE), 0, 0, angle, plotted, weight)
    draw(trial, chance, height)
    left, bottom, right, top = _bounds(trial.corners)
    chance.setstate(state)
    pen = _Pen(page, middle[0] - (left + right) / 2, middle[1] - (bottom + top) / 2, angle, plotted, weight)
    parts = draw(pen, chance, height)
    left, bottom, right, top = _bounds(pen.corners)
    margin = chance.choice((0.0, 0.2, 0.6, 1.2)) + weight * height / 2 * plotted
    k = POINTS_PER_MM
    box = (left - margin) * k, (PAGE[1] - top - margin) * k, (right + margin) * k, (PAGE[1] - bottom + margin) * k
    return UnseenBox(parts, box, angle, kind, pen.smallest * k)


def _bounds(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _scanned(pdf: bytes, dpi: int, chance: random.Random, *, dirty: bool) -> bytes:
    """Renders the PDF as a scanner would: soft, noisy, on paper that is not white and with ink that is not black."""
    document = pdfium.PdfDocument(pdf)
    image = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    document.close()
    image = image.filter(ImageFilter.GaussianBlur(dpi / 300 * chance.uniform(0.3, 0.9)))
    grey = np.asarray(image, np.float64)
    ink, paper = (chance.randint(40, 90), chance.randint(200, 240)) if dirty else (20, 250)
    grey = ink + grey / 255 * (paper - ink)
    noise = np.random.default_rng(chance.randint(0, 10**6))
    grey += noise.normal(0, 12 if dirty else 3, grey.shape)
    if dirty:
        specks = noise.random(grey.shape) < 0.0003
        grey[specks] = ink
    out = io.BytesIO()
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(out, "PNG", compress_level=1)
    return out.getvalue()
