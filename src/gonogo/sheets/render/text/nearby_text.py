"""Nearby text: words in and around the judged box, for people who cannot read the cells."""

from __future__ import annotations

from gonogo.schemas.sanitize import clean_text
from gonogo.sheets.models import Box
from gonogo.sheets.render.crop import Rect, nearest_quarter, rect_of_box, rotate_box
from gonogo.sheets.render.rasterizer import DrawingPage

_MOST = 8
_REACH = 0.15  # of the page's longer side: further away text belongs to something else
_INSIDE = 0.5  # of a word's area in the box


def nearby_text(page: DrawingPage, box: Box, rotation: int) -> tuple[str, ...]:
    """Returns up to eight texts in and around `box`, nearest first, as "direction: text" on the turned page.

    A slanted page counts as turned by the nearest quarter.
    """
    rotation = nearest_quarter(rotation)
    width, height = (page.height, page.width) if rotation in (90, 270) else (page.width, page.height)
    target = rect_of_box(rotate_box(box, rotation), width, height)
    words: list[tuple[float, str]] = []
    for place, text in page.text_near(
        rect_of_box(box, page.width, page.height), _REACH * max(width, height), _MOST + 4
    ):
        x, y = place.x / page.width, place.y / page.height
        fractions = Box(x, y, x + place.width / page.width, y + place.height / page.height)
        distance, direction = _where(rect_of_box(rotate_box(fractions, rotation), width, height), target)
        if plain := " ".join(clean_text(text).split()):
            words.append((distance, f"{direction}: {plain}"))
    return tuple(word for _, word in sorted(words, key=lambda item: item[0])[:_MOST])


def _where(word: Rect, box: Rect) -> tuple[float, str]:
    """Returns the distance of a word from the box (0 for a word in it), and its side."""
    right, below = word.x - (box.x + box.width), word.y - (box.y + box.height)
    left, above = box.x - (word.x + word.width), box.y - (word.y + word.height)
    overlap = max(0.0, min(-right, -left, word.width)) * max(0.0, min(-below, -above, word.height))
    if overlap >= _INSIDE * word.width * word.height and overlap > 0:
        return 0.0, "in the box"
    across, down = max(left, right, 0.0), max(above, below, 0.0)
    if not across and not down:  # partly in the box: where it sticks out furthest
        out = {"left": box.x - word.x, "above": box.y - word.y}
        out |= {"right": right + word.width, "below": below + word.height}
        return 0.0, max(out, key=lambda name: out[name])
    side = "left" if left > right else "right"
    end = "above" if above > below else "below"
    distance = float((across**2 + down**2) ** 0.5)
    if across > 2 * down:
        return distance, side
    if down > 2 * across:
        return distance, end
    return distance, f"{end} {side}" if across and down else end
