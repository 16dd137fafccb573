"""Drawing functions for dimensions, leaders and symbols: each draws on a sample drawing and records a callout to be
read.
"""

from __future__ import annotations

import math

from gonogo.demo.drawing_board import CAP, LETTER, SMALL, Board, Rect, Size
from gonogo.demo.pdf_writer import text_width

GAP = 1.0  # between figures and their line
OVERRUN = 2.0  # of an extension line past the dimension line


def _truth(size: Size, kind: str) -> dict[str, object]:
    return {"kind": "diameter" if size.diameter else kind, "unit": "deg" if kind == "angle" else "mm"}


def horizontal(board: Board, name: str, x0: float, x1: float, y: float, foot: tuple[float, float], size: Size) -> None:
    """A dimension of x0…x1 drawn at height `y`; `foot` are the heights where the extension lines begin."""
    away = 1 if y > max(foot) else -1
    for x, start in zip((x0, x1), foot, strict=True):
        board.segment(x, start + away, x, y + OVERRUN * away, "thin")
    inside = x1 - x0 > 14
    if inside:
        board.segment(x0, y, x1, y, "thin")
        board.arrow(x0, y, 180)
        board.arrow(x1, y, 0)
        middle = (x0 + x1) / 2
    else:
        board.segment(x0 - 7, y, x1 + 7, y, "thin")
        board.arrow(x0, y, 0)
        board.arrow(x1, y, 180)
        width = board.figures_width(size)
        middle = x1 + 7 + width / 2
        board.segment(x1 + 7, y, x1 + 7 + width, y, "thin")
    box = board.figures(middle, y + GAP, size)
    board.record(name, box, size.written, _truth(size, "linear"))


def vertical(board: Board, name: str, y0: float, y1: float, x: float, foot: tuple[float, float], size: Size) -> None:
    """A dimension of y0…y1 drawn at `x`, its figures turned to be read from the right."""
    away = 1 if x > max(foot) else -1
    for y, start in zip((y0, y1), foot, strict=True):
        board.segment(start + away, y, x + OVERRUN * away, y, "thin")
    if y1 - y0 > 14:
        board.segment(x, y0, x, y1, "thin")
        board.arrow(x, y0, 270)
        board.arrow(x, y1, 90)
        middle = (y0 + y1) / 2
    else:
        width = board.figures_width(size)
        board.segment(x, y0 - 7, x, y1 + 7 + width, "thin")
        board.arrow(x, y0, 90)
        board.arrow(x, y1, 270)
        middle = y1 + 7 + width / 2
    box = board.figures(x - GAP, middle, size, 90)
    board.record(name, box, size.written, _truth(size, "linear"))


def leader(
    board: Board, name: str, tip: tuple[float, float], knee: tuple[float, float], size: Size, **kinds: str
) -> Rect:
    """An arrow from the figures at `knee` to `tip`; the figures stand on a short shelf, left or right of the knee."""
    board.segment(*tip, *knee, "thin")
    board.arrow(*tip, math.degrees(math.atan2(tip[1] - knee[1], tip[0] - knee[0])))
    width = board.figures_width(size) + 2
    side = 1 if knee[0] >= tip[0] else -1
    board.segment(knee[0], knee[1], knee[0] + side * width, knee[1], "thin")
    box = board.figures(knee[0] + side * width / 2, knee[1] + GAP, size)
    kind = kinds.pop("kind", "linear")
    board.record(name, box, size.written, _truth(size, kind), **kinds)
    return box


def angle(
    board: Board, name: str, corner: tuple[float, float], radius: float, span: tuple[float, float], text: str
) -> None:
    """An angle of `span` (degrees) at `corner`, with its arc and its figures outside the arc."""
    board.arc(*corner, radius, *span, "thin")
    for end, turn in ((span[0], -90), (span[1], 90)):
        a = math.radians(end)
        board.arrow(corner[0] + radius * math.cos(a), corner[1] + radius * math.sin(a), end + turn)
    a = math.radians(sum(span) / 2)
    size = Size(text)
    reach = radius + 3 + board.figures_width(size) / 2
    box = board.figures(corner[0] + reach * math.cos(a), corner[1] + reach * math.sin(a) - LETTER * CAP / 2, size)
    board.record(name, box, text, _truth(size, "angle"))


def roughness(board: Board, name: str, x: float, y: float, value: str) -> None:
    """A surface-texture symbol standing on (x, y), machined, with its parameter."""
    board.pen("thin")
    board.page.path(
        [(x - 1.8, y + 3.1), (x, y), (x + 3.6, y + 6.2), (x + 3.6 + 1.5 + text_width(value, SMALL), y + 6.2)]
    )
    board.page.path([(x - 1.8, y + 3.1), (x + 1.8, y + 3.1)])
    board.page.text(x + 4.2, y + 3.4, value, SMALL)
    box = (x + 3.6, y + 2.7, x + 5.0 + text_width(value, SMALL), y + 5.9)
    truth: dict[str, object] = {"kind": "roughness", "roughness": value}
    board.record(name, box, value, truth, detail_kind="surface_finish")


def datum(board: Board, letter: str, x: float, y: float, direction: float = 90) -> None:
    """A datum triangle standing on (x, y), its letter in a box along `direction` (degrees)."""
    a = math.radians(direction)
    across = (-math.sin(a), math.cos(a))
    board.pen("thin")
    tip = (x + 2.4 * math.cos(a), y + 2.4 * math.sin(a))
    board.page.path(
        [(x + 1.5 * across[0], y + 1.5 * across[1]), (x - 1.5 * across[0], y - 1.5 * across[1]), tip], fill=True
    )
    end = (x + 6 * math.cos(a), y + 6 * math.sin(a))
    board.page.line(*tip, *end)
    cx, cy = end[0] + 2.5 * math.cos(a), end[1] + 2.5 * math.sin(a)
    board.page.rectangle(cx - 2.5, cy - 2.5, 5, 5)
    board.label(cx, cy - LETTER * CAP / 2, letter, LETTER, anchor="middle")


def tolerance_frame(
    board: Board, name: str, x: float, y: float, symbol: str, zone: str, datums: str, tip: tuple[float, float]
) -> None:
    """A feature control frame with its lower left corner at (x, y) and a leader to `tip`.

    `symbol` is one of `⌖ ⏥ ⟂ ◎ ↗ //`; `zone` may start with ⌀; `datums` is one letter a compartment.
    """
    height, unit = 6.0, 6.0
    diameter = zone.startswith("⌀")
    figures = Size(zone.lstrip("⌀"), diameter=diameter)
    widths = [unit, board.figures_width(figures) + 2.4, *[5.0] * len(datums)]
    board.pen("thin")
    at = x
    for width in widths:
        board.page.rectangle(at, y, width, height)
        at += width
    _characteristic(board, symbol, x + unit / 2, y + height / 2)
    baseline = y + (height - LETTER * CAP) / 2
    board.figures(x + unit + widths[1] / 2, baseline, figures)
    at = x + unit + widths[1]
    for letter in datums:
        board.label(at + 2.5, baseline, letter, LETTER, anchor="middle")
        at += 5.0
    start = (x, y + height / 2) if tip[0] < x else (at, y + height / 2)
    if x <= tip[0] <= at:
        start = (tip[0], y if tip[1] < y else y + height)
    board.segment(*start, *tip, "thin")
    board.arrow(*tip, math.degrees(math.atan2(tip[1] - start[1], tip[0] - start[0])))
    names = {"⌖": "position", "⏥": "flatness", "⟂": "perpendicularity", "◎": "concentricity", "↗": "circular_runout"}
    text = "|".join([symbol, zone, *datums])
    truth: dict[str, object] = {"kind": "gdt", "symbol": names.get(symbol, "parallelism"), "zone": zone}
    truth |= {"datums": list(datums)} if datums else {}
    board.record(name, (x - 0.4, y - 0.4, at + 0.4, y + height + 0.4), text, truth, detail_kind="gdt")


def _characteristic(board: Board, symbol: str, cx: float, cy: float) -> None:
    board.page.stroke(0.28)
    page, r = board.page, 1.5
    if symbol == "⌖":
        page.arc(cx, cy, r)
        page.line(cx - r - 0.9, cy, cx + r + 0.9, cy)
        page.line(cx, cy - r - 0.9, cx, cy + r + 0.9)
    elif symbol == "◎":
        page.arc(cx, cy, r + 0.4)
        page.arc(cx, cy, r - 0.6)
    elif symbol == "⏥":
        page.path([(cx - 2.1, cy - 1.2), (cx + 1.1, cy - 1.2), (cx + 2.1, cy + 1.2), (cx - 1.1, cy + 1.2)], close=True)
    elif symbol == "⟂":
        page.line(cx - 1.9, cy - 1.6, cx + 1.9, cy - 1.6)
        page.line(cx, cy - 1.6, cx, cy + 1.9)
    elif symbol == "↗":
        page.line(cx - 1.7, cy - 1.7, cx + 1.2, cy + 1.2)
        board.arrow(cx + 1.8, cy + 1.8, 45)
    else:
        page.line(cx - 1.9, cy - 1.6, cx - 0.1, cy + 1.6)
        page.line(cx + 0.1, cy - 1.6, cx + 1.9, cy + 1.6)
