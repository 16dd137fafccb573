"""The words near the judged box, for those to whom the cells say little. Pure, but for the page asked."""

from __future__ import annotations

from gonogo.sheets.crop import Rect, turn
from gonogo.sheets.raster import Page
from gonogo.sheets.types import Box
from gonogo.wire.clean import clean_text

_MOST = 8
_REACH = 0.15  # of the page's longer side: further away text belongs to something else
_INSIDE = 0.5  # of a word's area in the box


def words_near(page: Page, box: Box, rotation: int) -> tuple[str, ...]:
    """Up to eight pieces of text in and around `box`, nearest first, as "direction: text" for the turned page."""
    width, height = (page.height, page.width) if rotation in (90, 270) else (page.width, page.height)
    target = _rect(turn(box, rotation), width, height)
    reach = _REACH * max(width, height)
    found = []
    for place in page.places():
        fractions = Box(
            place.x / page.width, place.y / page.height,
            (place.x + place.width) / page.width, (place.y + place.height) / page.height,
        )  # fmt: skip
        seen = _rect(turn(fractions, rotation), width, height)
        distance, direction = _where(seen, target)
        if distance <= reach:
            found.append((distance, direction, place))
    found.sort(key=lambda item: item[0])
    words: list[str] = []
    for _, direction, place in found:
        text = " ".join(clean_text(page.text_at(place)).split())
        if text and len(words) < _MOST:
            words.append(f"{direction}: {text}")
    return tuple(words)


def _rect(box: Box, width: float, height: float) -> Rect:
    return Rect(box.x0 * width, box.y0 * height, box.width * width, box.height * height)


def _where(word: Rect, box: Rect) -> tuple[float, str]:
    """How far a word is from the box, and on which side; 0 for a word in it."""
    right, below = word.x - (box.x + box.width), word.y - (box.y + box.height)
    left, above = box.x - (word.x + word.width), box.y - (word.y + word.height)
    overlap = max(0.0, min(-right, -left, word.width)) * max(0.0, min(-below, -above, word.height))
    if overlap >= _INSIDE * word.width * word.height and overlap > 0:
        return 0.0, "in the box"
    across, down = max(left, right, 0.0), max(above, below, 0.0)
    side = "left" if left > right else "right"
    end = "above" if above > below else "below"
    distance = float((across**2 + down**2) ** 0.5)
    if across > 2 * down:
        return distance, side
    if down > 2 * across:
        return distance, end
    return distance, f"{end} {side}" if across and down else end
