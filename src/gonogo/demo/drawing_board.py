"""Drawing board of the sample drawings: draws lines, dimensions and tolerances to PDF, and records each callout with
its true text.

Each dimension drawn is also recorded as a `Callout`: what stands there (the truth) and where, so that the sample
predictions and their boxes can never drift from the picture. Line kinds and lettering follow ISO 128 and ISO 3098;
dimensions ISO 129; tolerance frames ISO 1101; surface texture ISO 1302.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gonogo.demo.pdf_writer import POINTS_PER_MM, PdfPageWriter, text_width

SHEET_WIDTH, SHEET_HEIGHT = 420.0, 297.0  # A3 landscape
LETTER = 3.5  # height of dimension figures' em, mm
SMALL = 2.5
ARROW = 3.0
CAP = 0.72  # cap height of Helvetica over its em

Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Callout:
    """Callout of a drawing: its text as drawn, its structured truth and its box in PDF points, y down."""

    name: str
    text: str
    truth: dict[str, object]
    bbox: Rect
    target_kind: str = "pmi"
    detail_kind: str = "dimension"
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """A dimension's figures. `upper`/`lower` are printed as given; a lone `upper` starting with ± is inline."""

    text: str
    upper: str = ""
    lower: str = ""
    prefix: str = ""  # "2× "
    diameter: bool = False
    suffix: str = ""  # " H7", " THRU"

    @property
    def written(self) -> str:
        """The figures as one line of text, the expected reading."""
        tolerance = " ".join(part for part in (self.upper, self.lower) if part)
        return f"{self.prefix}{'⌀' if self.diameter else ''}{self.text}{self.suffix} {tolerance}".strip()


@dataclass(slots=True)
class Board:
    """Drawing board of one sheet; coordinates in millimetres of paper, origin bottom left."""

    title: str
    page: PdfPageWriter = field(default_factory=lambda: PdfPageWriter(SHEET_WIDTH, SHEET_HEIGHT))
    callouts: list[Callout] = field(default_factory=list)

    # --- lines -------------------------------------------------------------------------------------------

    def pen(self, kind: str) -> None:
        widths = {"outline": (0.5, ()), "thin": (0.18, ()), "centre": (0.18, (6.0, 1.2, 0.6, 1.2)), "frame": (0.7, ())}
        widths["hidden"] = (0.25, (2.4, 1.0))
        width, dash = widths[kind]
        self.page.stroke(width, dash)

    def outline(self, *points: tuple[float, float], close: bool = True, kind: str = "outline") -> None:
        self.pen(kind)
        self.page.path(list(points), close=close)

    def segment(self, x0: float, y0: float, x1: float, y1: float, kind: str = "outline") -> None:
        self.pen(kind)
        self.page.line(x0, y0, x1, y1)

    def circle(self, cx: float, cy: float, radius: float, kind: str = "outline") -> None:
        self.pen(kind)
        self.page.arc(cx, cy, radius)

    def arc(self, cx: float, cy: float, radius: float, start: float, end: float, kind: str = "outline") -> None:
        self.pen(kind)
        self.page.arc(cx, cy, radius, start, end)

    def cross(self, cx: float, cy: float, reach: float) -> None:
        """Centre lines of a hole."""
        self.segment(cx - reach, cy, cx + reach, cy, "centre")
        self.segment(cx, cy - reach, cx, cy + reach, "centre")

    def hole(self, cx: float, cy: float, radius: float) -> None:
        self.circle(cx, cy, radius)
        self.cross(cx, cy, radius + 2.5)

    def hatch(self, x0: float, y0: float, x1: float, y1: float, spacing: float = 3.0) -> None:
        """45° section lines inside a rectangle."""
        self.pen("thin")
        offset = -(y1 - y0) + spacing
        while offset < x1 - x0:
            ax, ay = (x0 + offset, y0) if offset >= 0 else (x0, y0 - offset)
            reach = min(x1 - ax, y1 - ay)
            self.page.line(ax, ay, ax + reach, ay + reach)
            offset += spacing

    def arrow(self, x: float, y: float, angle: float) -> None:
        """A filled head with its tip at (x, y), pointing along `angle` (degrees)."""
        a = math.radians(angle)
        back = (x - ARROW * math.cos(a), y - ARROW * math.sin(a))
        side = (ARROW / 6 * math.sin(a), -ARROW / 6 * math.cos(a))
        self.page.path(
            [(x, y), (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])], fill=True
        )

    # --- lettering ---------------------------------------------------------------------------------------

    def label(
        self, x: float, y: float, text: str, size: float = LETTER, angle: float = 0, anchor: str = "left"
    ) -> None:
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor] * text_width(text, size)
        a = math.radians(angle)
        self.page.text(x - shift * math.cos(a), y - shift * math.sin(a), text, size, angle)

    def figures(self, x: float, y: float, size: Size, angle: float = 0) -> Rect:
        """Sets a dimension's figures centred on (x, y) above the line; returns their box in sheet millimetres.

        (x, y) is the middle of the baseline. The diameter sign is drawn, tolerances are stacked small on the right.
        """
        width = self.figures_width(size)
        lift = LETTER * 0.22 if size.lower else 0.0  # the lower deviation must clear the line
        a = math.radians(angle)
        along, up = (math.cos(a), math.sin(a)), (-math.sin(a), math.cos(a))

        def at(dx: float, dy: float) -> tuple[float, float]:
            dy += lift
            return x + along[0] * dx + up[0] * dy, y + along[1] * dx + up[1] * dy

        dx = -width / 2
        for text, draw in self._figure_runs(size):
            if draw == "diameter":
                self._diameter_sign(*at(dx + LETTER * 0.42, LETTER * CAP / 2), angle)
                dx += LETTER * 0.95
            elif draw == "stack":
                upper, lower = text.split("|")
                self.page.text(*at(dx, LETTER * 0.48), upper, SMALL, angle)
                self.page.text(*at(dx, -LETTER * 0.22), lower, SMALL, angle)
                dx += max(text_width(upper, SMALL), text_width(lower, SMALL))
            else:
                self.page.text(*at(dx, 0), text, LETTER, angle)
                dx += text_width(text, LETTER)
        stacked = bool(size.lower)
        low, high = (-LETTER * 0.3, LETTER * 1.0) if stacked else (-LETTER * 0.16, LETTER * 0.86)
        corners = [at(-width / 2 - 0.6, low), at(width / 2 + 0.6, low), at(-width / 2 - 0.6, high)]
        corners.append(at(width / 2 + 0.6, high))
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        return min(xs), min(ys), max(xs), max(ys)

    def _figure_runs(self, size: Size) -> list[tuple[str, str]]:
        runs = [(size.prefix, "text")] if size.prefix else []
        if size.diameter:
            runs.append(("", "diameter"))
        runs.append((size.text + size.suffix, "text"))
        if size.upper and not size.lower:
            runs.append((" " + size.upper, "text"))
        elif size.lower:
            runs.append((f" {size.upper}| {size.lower}", "stack"))
        return runs

    def figures_width(self, size: Size) -> float:
        total = 0.0
        for text, draw in self._figure_runs(size):
            if draw == "diameter":
                total += LETTER * 0.95
            elif draw == "stack":
                total += max(text_width(part, SMALL) for part in text.split("|"))
            else:
                total += text_width(text, LETTER)
        return total

    def _diameter_sign(self, cx: float, cy: float, angle: float) -> None:
        self.page.stroke(0.28)
        radius = LETTER * 0.30
        self.page.arc(cx, cy, radius)
        a = math.radians(60 + angle)
        reach = LETTER * 0.46
        self.page.line(
            cx - reach * math.cos(a), cy - reach * math.sin(a), cx + reach * math.cos(a), cy + reach * math.sin(a)
        )

    # --- callouts ----------------------------------------------------------------------------------------

    def record(self, name: str, box: Rect, text: str, truth: dict[str, object], **kinds: str) -> None:
        """Records a callout drawn at `box` (sheet millimetres, y up)."""
        k = POINTS_PER_MM
        x0, y0, x1, y1 = box
        top, bottom = SHEET_HEIGHT - y1, SHEET_HEIGHT - y0
        bbox = (round(x0 * k, 1), round(top * k, 1), round(x1 * k, 1), round(bottom * k, 1))
        self.callouts.append(Callout(name, text, {"text": text, **truth}, bbox, **kinds))

    def pdf(self) -> bytes:
        return self.page.to_pdf(self.title)
