"""Text of a sheet: what the text layer of a drawing's file says, as the render process answers it. Plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gonogo.json_types import JsonObject
from gonogo.sheets.models import Box
from gonogo.values.sheet.general_tolerances import GEOMETRICAL_CLASSES, LINEAR_CLASSES, GeneralTolerance

QUERY_MOST = 100
"""Characters of a search that count."""


class PlaceKind(StrEnum):
    """Kind of place that has a bookmark; its name as people read it."""

    TITLE_BLOCK = "title block"
    NOTES = "notes"
    TOLERANCES = "general tolerances"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Place on a page. `guessed`: no text says so, it is where drawings usually have it."""

    kind: PlaceKind
    box: Box
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class TextHit:
    """Place of a text that was searched for, with the line that it stands in, cleaned and cut."""

    box: Box
    line: str


@dataclass(frozen=True, slots=True)
class SheetText:
    """Answer to a search, with the bookmarks of the drawing and the facts of one of its pages.

    `no_text` is a sentence why there is nothing to search; empty where the drawing holds text. `hits` are in reading
    order; `has_more`: there are more of them. `is_cut`: the drawing has more text than was read.
    `tolerance` and `unit` are those of the page that was asked for, where they are sure.
    """

    n_pages: int
    no_text: str = ""
    hits: tuple[TextHit, ...] = ()
    has_more: bool = False
    is_cut: bool = False
    bookmarks: tuple[Bookmark, ...] = ()
    tolerance: GeneralTolerance | None = None
    unit: str = ""

    def bookmark(self, kind: PlaceKind, page: int) -> Bookmark | None:
        """Returns the place of a kind on `page`, else on the first page that has one; a guess only on `page`."""
        places = [each for each in self.bookmarks if each.kind is kind]
        here = next((each for each in places if each.box.page == page), None)
        sure = next((each for each in places if not each.guessed), None)
        return here if here is not None and (not here.guessed or sure is None) else sure


def text_to_json(text: SheetText) -> JsonObject:
    """Returns the answer as JSON."""
    return dataclasses.asdict(text)


def text_from_json(data: Mapping[str, Any]) -> SheetText:
    """Inverts `text_to_json`. Raises `ValueError`, `KeyError` or `TypeError` for anything malformed."""
    tolerance = data["tolerance"]
    return SheetText(
        n_pages=_count(data["n_pages"]),
        no_text=str(data["no_text"]),
        hits=tuple(TextHit(_box(hit["box"]), str(hit["line"])) for hit in data["hits"]),
        has_more=bool(data["has_more"]),
        is_cut=bool(data["is_cut"]),
        bookmarks=tuple(
            Bookmark(PlaceKind(each["kind"]), _box(each["box"]), bool(each["guessed"])) for each in data["bookmarks"]
        ),
        tolerance=_tolerance(tolerance) if tolerance else None,
        unit={"mm": "mm", "in": "in", "": ""}[data["unit"]],
    )


def _count(number: object) -> int:
    if not isinstance(number, int) or number < 0:
        raise ValueError("a count makes no sense")
    return number


def _box(data: Mapping[str, Any]) -> Box:
    sides = (float(data["x0"]), float(data["y0"]), float(data["x1"]), float(data["y1"]))
    if not (all(0 <= side <= 1 for side in sides) and sides[0] < sides[2] and sides[1] < sides[3]):
        raise ValueError("a place lies off its page")
    return Box(*sides, _count(data["page"]))


def _tolerance(data: Mapping[str, Any]) -> GeneralTolerance:
    linear, geometrical = data["linear"], data["geometrical"]
    if linear not in tuple(LINEAR_CLASSES) or geometrical not in ("", *GEOMETRICAL_CLASSES):
        raise ValueError("a tolerance class makes no sense")
    return GeneralTolerance(linear, geometrical, bool(data["alone"]))
