"""Text request: searches the text layer of a drawing, and reads its bookmarks, class and unit. Child process only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from gonogo.schemas.sanitize import REPLACEMENT, clean_text
from gonogo.sheets.models import Box
from gonogo.sheets.render.crop import Rect, rect_of_box
from gonogo.sheets.render.formats.open_drawing import Drawing
from gonogo.sheets.render.rasterizer import DrawingPage
from gonogo.sheets.render.text.bookmarks import find_bookmarks
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine
from gonogo.sheets.render.text.text_search import places_in
from gonogo.sheets.sheet_text import QUERY_MOST, Bookmark, SheetText, TextHit
from gonogo.values.sheet.title_block import TitleBlockFacts, read_title_block

HITS_MOST = 500
_SNIPPET = 80
_BESIDE = 30  # characters of a line before a hit
_KEPT = 3
_UNREADABLE = 0.1  # of a page's characters: with more of them the text may not be what is drawn
_INK = 64  # grey levels between ink and paper of a text that is really there
_SAMPLES = (120, 24)
_ROW = 0.004  # of the page: hits in one row are read from left to right


class DrawingTexts:
    """LRU cache of the text of drawings, by the content of their files."""

    def __init__(self) -> None:
        self._read: dict[str, _DrawingText] = {}

    def forget(self) -> None:
        self._read.clear()

    def answer(self, drawing: Drawing, key: str, page: int, query: str) -> SheetText:
        """Returns the hits of `query` on all pages, the bookmarks, and the facts of `page`."""
        text = self._read.pop(key, None) or _DrawingText(drawing, page)
        self._read = {**dict(list(self._read.items())[1 - _KEPT :]), key: text}
        hits = text.search(query[:QUERY_MOST]) if query else []
        facts = _facts(drawing.page(page), text.pages[page - 1]) if 1 <= page <= len(text.pages) else TitleBlockFacts()
        return SheetText(
            n_pages=drawing.n_pages,
            no_text="" if any(text.pages) else drawing.without_text,
            hits=tuple(hits[:HITS_MOST]),
            has_more=len(hits) > HITS_MOST,
            is_cut=text.is_cut,
            bookmarks=text.bookmarks,
            tolerance=facts.tolerance,
            unit=facts.unit,
        )


class _DrawingText:
    """Lines of all pages of a drawing, as far as the budget allows, and its bookmarks; page `first` is read first."""

    def __init__(self, drawing: Drawing, first: int) -> None:
        budget = ReadingBudget()
        numbers = range(1, drawing.n_pages + 1)
        self.pages: list[list[TextLine]] = [[] for _ in numbers]
        for number in sorted(numbers, key=lambda each: (each != first, each)):
            if budget.has_time():
                self.pages[number - 1] = drawing.text_lines(number, budget)
        self.is_cut = budget.is_spent
        self.bookmarks: tuple[Bookmark, ...] = tuple(
            bookmark for number in numbers for bookmark in find_bookmarks(self.pages[number - 1], number)
        )

    def search(self, query: str) -> list[TextHit]:
        """Returns the places of a text in reading order, one more than are shown at the most."""
        hits = (
            TextHit(box, _snippet(line.text, first))
            for lines in self.pages
            for line in lines
            for first, last in places_in(line.text, query)
            if (box := line.box(first, last)) is not None
        )
        return sorted(islice(hits, HITS_MOST + 1), key=lambda hit: (hit.box.page, round(hit.box.y0 / _ROW), hit.box.x0))


def _snippet(line: str, at: int) -> str:
    start = max(at - _BESIDE, 0)
    words = " ".join(clean_text(line[start : start + _SNIPPET]).split())
    return ("…" if start else "") + words + ("…" if start + _SNIPPET < len(line) else "")


def _facts(page: DrawingPage, lines: Sequence[TextLine]) -> TitleBlockFacts:
    """Returns class and unit of a page; none where its text may say other than what a person sees there.

    That is text that is drawn invisibly, that lies off the page, where there is no ink, or many of whose characters
    have no meaning.
    """
    everything = "".join(line.text for line in lines)
    odd = sum(character == REPLACEMENT for character in clean_text(everything))
    if odd > _UNREADABLE * max(len(everything), 1):
        return TitleBlockFacts()
    seen = [(line.text, box) for line in lines if line.is_visible and (box := line.box()) is not None]
    facts = read_title_block([text for text, _ in seen])
    shown = all(_has_ink(page, seen[at][1]) for at in facts.lines)
    return facts if shown else TitleBlockFacts()


def _has_ink(page: DrawingPage, box: Box) -> bool:
    region: Rect = rect_of_box(box, page.width, page.height)
    grey = page.render(region, *_SAMPLES)
    return int(np.ptp(grey)) >= _INK
