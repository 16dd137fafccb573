"""Stroke font: letters as a plotter draws them, lines of one pen (ISO 3098 has the shapes), for drawings of tests."""

from __future__ import annotations

import math

Point = tuple[float, float]
Stroke = list[Point]

HEIGHT = 6.0
"""Height of capitals and digits in the font's units; the advance of a character is its width plus `GAP`."""
GAP = 1.4


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> str:
    """Returns an elliptic arc as points; angles in degrees counter-clockwise."""
    steps = max(3, round(abs(end - start) / 22.5))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return " ".join(f"{cx + rx * math.cos(a):.2f},{cy + ry * math.sin(a):.2f}" for a in angles)


# Width, then strokes parted by "/": points "x,y", origin at the baseline, y up.
_GLYPHS: dict[str, tuple[float, str]] = {
    "0": (3.6, _arc(1.8, 3, 1.8, 3, 90, 450)),
    "1": (1.8, "0,4.4 1.8,6 1.8,0"),
    "2": (3.6, _arc(1.8, 4.3, 1.8, 1.7, 165, -35) + " 0,0 3.6,0"),
    "3": (3.6, _arc(1.7, 4.45, 1.6, 1.55, 150, -90) + "/" + _arc(1.7, 1.45, 1.9, 1.45, 90, -150)),
    "4": (3.8, "2.9,0 2.9,6 0,1.8 3.8,1.8"),
    "5": (3.6, "3.2,6 0.5,6 0.2,3.2 " + _arc(1.6, 1.9, 1.9, 1.9, 110, -150)),
    "6": (3.6, "3,6 " + _arc(1.8, 1.9, 1.8, 1.9, 165, 525)),
    "7": (3.4, "0,6 3.4,6 1.2,0"),
    "8": (3.6, _arc(1.8, 4.5, 1.5, 1.5, -90, 270) + "/" + _arc(1.8, 1.5, 1.8, 1.5, 90, 450)),
    "9": (3.6, "0.6,0 " + _arc(1.8, 4.1, 1.8, 1.9, -15, 345)),
    ".": (0.4, "0.1,0 0.3,0 0.3,0.2 0.1,0.2 0.1,0"),
    ",": (0.6, "0.5,0.3 0.4,-0.3 0.1,-0.9"),
    "+": (3.0, "0,3 3,3/1.5,1.5 1.5,4.5"),
    "-": (2.6, "0,3 2.6,3"),
    "±": (3.0, "0,3.6 3,3.6/1.5,2.1 1.5,5.1/0,0.9 3,0.9"),
    "°": (1.6, _arc(0.8, 5.2, 0.8, 0.8, 0, 360)),
    "⌀": (4.4, _arc(2.2, 3, 2.2, 2.2, 0, 360) + "/0.4,-0.2 4,6.2"),
    "x": (2.6, "0,0 2.6,3.8/0,3.8 2.6,0"),
    ":": (0.4, "0.2,0.4 0.3,0.6/0.2,3.2 0.3,3.4"),
    "/": (2.6, "0,0 2.6,6"),
    "A": (4.0, "0,0 2,6 4,0/0.7,2 3.3,2"),
    "B": (3.6, "0,3 0,6 2,6 " + _arc(2, 4.5, 1.3, 1.5, 90, -90) + " 0,3 0,0 " + _arc(2, 1.5, 1.6, 1.5, -90, 90)),
    "C": (3.8, _arc(2.1, 3, 2.1, 3, 50, 310)),
    "D": (3.8, "0,0 0,6 1.6,6 " + _arc(1.6, 3, 2.2, 3, 90, -90) + " 0,0"),
    "E": (3.2, "3.2,0 0,0 0,6 3.2,6/0,3.1 2.6,3.1"),
    "F": (3.2, "0,0 0,6 3.2,6/0,3.1 2.6,3.1"),
    "G": (4.0, _arc(2.1, 3, 2.1, 3, 50, 330) + " 3.9,2.8 2.3,2.8"),
    "H": (3.8, "0,0 0,6/3.8,0 3.8,6/0,3.1 3.8,3.1"),
    "I": (0.4, "0.2,0 0.2,6"),
    "K": (3.8, "0,0 0,6/3.6,6 0,2.2/1.3,3.4 3.8,0"),
    "L": (3.0, "0,6 0,0 3,0"),
    "M": (4.6, "0,0 0,6 2.3,2 4.6,6 4.6,0"),
    "N": (3.8, "0,0 0,6 3.8,0 3.8,6"),
    "O": (4.2, _arc(2.1, 3, 2.1, 3, 0, 360)),
    "P": (3.6, "0,0 0,6 2,6 " + _arc(2, 4.4, 1.6, 1.6, 90, -90) + " 0,2.8"),
    "R": (3.8, "0,0 0,6 2,6 " + _arc(2, 4.4, 1.6, 1.6, 90, -90) + " 0,2.8/1.8,2.8 3.8,0"),
    "S": (3.6, _arc(1.8, 4.5, 1.7, 1.5, 40, 265) + " " + _arc(1.8, 1.5, 1.8, 1.5, 85, -140)),
    "T": (3.8, "0,6 3.8,6/1.9,6 1.9,0"),
    "U": (3.8, "0,6 0,1.9 " + _arc(1.9, 1.9, 1.9, 1.9, 180, 360) + " 3.8,6"),
    "V": (4.0, "0,6 2,0 4,6"),
    "W": (5.2, "0,6 1.3,0 2.6,5 3.9,0 5.2,6"),
    "X": (3.8, "0,0 3.8,6/0,6 3.8,0"),
    "Y": (4.0, "0,6 2,3 4,6/2,3 2,0"),
    "Z": (3.6, "0,6 3.6,6 0,0 3.6,0"),
    " ": (2.0, ""),
}  # fmt: skip


def strokes_of(text: str, height: float) -> tuple[list[Stroke], float]:
    """Returns the strokes of `text` on a baseline that starts at (0, 0), capitals `height` high, and its width."""
    scale = height / HEIGHT
    out: list[Stroke] = []
    at = 0.0
    for char in text:
        width, drawn = _GLYPHS[char]
        for stroke in filter(None, drawn.split("/")):
            points = (point.split(",") for point in stroke.split())
            out.append([((at + float(x)) * scale, float(y) * scale) for x, y in points])
        at += width + GAP
    return out, max(at - GAP, 0.0) * scale
