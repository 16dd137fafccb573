"""Bookmarks of a drawing: finds title block, notes and general tolerances by the words that stand there. Pure.

The words are those of ISO 7200 and ISO 2768, as English, German and French drawings write them, without accents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gonogo.sheets.models import Box
from gonogo.sheets.render.text.text_lines import TextLine
from gonogo.sheets.sheet_text import Bookmark, PlaceKind
from gonogo.values.sheet.title_block import folded

USUAL_TITLE_BLOCK = (0.5, 0.72, 1.0, 1.0)
"""Where a title block stands that no text gives away: at the bottom right (ISO 7200, ISO 5457)."""

_LABELS = tuple(
    re.compile(rf"(?:{words})(?!\w)")
    for words in (
        r"scale|massstab|mass?stab|echelle",
        r"(?:drawing|dwg|drg|zeichnungs?|zchgs?|dessin|plan|document|dokument\w*|part)[\s.-]*(?:no|nr|number|nummer|num|n°)",
        r"title|titre|benennung|designation|bezeichnung",
        r"material|matl|werkstoff|matiere",
        r"drawn|gez|gezeichnet|bearb|bearbeitet|erstellt|dessine|created|creator",
        r"checked|chk|chk'd|gepr|gepruft|verifie|mfg",
        r"approved|appv|appv'd|genehmigt|freigabe|freigegeben|approuve",
        r"sheet|blatt|feuille|folio",
        r"rev|revision|anderung|indice|index",
        r"weight|gewicht|poids",
        r"date|datum",
        r"general tol\w*|allgemeintol\w*|tolerances? generales?",
        r"surface|surface finish|oberflache\w*",
        r"(?:legal )?owner|eigentumer|department|abteilung|dept",
        r"name|signature|signatur|unterschrift",
    )
)
_LABELS_LEAST = 3
_WIDE, _HIGH = 0.4, 0.3  # of the page: parts of one title block lie no further apart
_VALUE = 0.015  # of the page, from a label to the value that belongs to it
_NOTES = re.compile(
    r"(?:general\s+|allgemeine\s+)?(?:notes?|notizen|hinweise?|anmerkung(?:en)?|bemerkung(?:en)?|remarques?)"
    r"(?:\s+generales?)?\s*(?:[:.\-]|$)"
)
_NOTES_MOST = 40
_INDENT, _OUTDENT = 0.04, 0.01  # of the page's width
_NEXT_LINE = 1.8  # of a line's height: what lies further below belongs to something else
_TOLERANCES = (
    re.compile(r"\biso\s*-?\s*(?:2768|22081)|\bdin\s*7168"),
    re.compile(r"\bgeneral\s+tol|allgemeintol|freimasstol|tolerances?\s+generales?"),
    re.compile(r"unless\s+otherwise|\bnicht\s+anders|sauf\s+indication|\btoleran(?:ces?|zen)\s*:"),
)
_PAD = 0.008


def find_bookmarks(lines: Sequence[TextLine], page: int) -> list[Bookmark]:
    """Returns the bookmarks of one page; the title block is guessed where no words show it."""
    placed = [(folded(line.text), box) for line in lines if (box := line.box()) is not None]
    block = _title_block(placed)
    bookmarks = [Bookmark(PlaceKind.TITLE_BLOCK, block or Box(*USUAL_TITLE_BLOCK, page), guessed=block is None)]
    for kind, place in ((PlaceKind.NOTES, _notes(placed)), (PlaceKind.TOLERANCES, _tolerances(placed))):
        if place is not None:
            bookmarks.append(Bookmark(kind, place))
    return bookmarks


def _title_block(placed: Sequence[tuple[str, Box]]) -> Box | None:
    """Returns the rectangle around the most different labels that lie together, the lowest of several."""
    labels = [(number, box) for text, box in placed for number, label in enumerate(_LABELS) if label.match(text)]
    best: tuple[int, float, list[Box]] = (0, 0.0, [])
    for _, anchor in labels:
        near = [(number, box) for number, box in labels if _is_near(anchor, box)]
        rank = len({number for number, _ in near}), anchor.y1 + anchor.x1
        if rank > best[:2]:
            best = (*rank, [box for _, box in near])
    if best[0] < _LABELS_LEAST:
        return None
    labelled = _around(best[2])
    return _around([*best[2], *(box for _, box in placed if _is_beside(labelled, box))])


def _is_beside(block: Box, box: Box) -> bool:
    """Returns whether a text lies in the rectangle around the labels, or close to it: the value below a label does."""
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return block.x0 - _VALUE <= x <= block.x1 + _VALUE and block.y0 - _VALUE <= y <= block.y1 + _VALUE


def _is_near(anchor: Box, box: Box) -> bool:
    return abs(anchor.x0 - box.x0) <= _WIDE and abs(anchor.y0 - box.y0) <= _HIGH


def _notes(placed: Sequence[tuple[str, Box]]) -> Box | None:
    """Returns the rectangle of the heading of notes and of the lines below it, flush with it."""
    heading = next((box for text, box in placed if _NOTES.match(text)), None)
    return _around(_block(heading, placed)) if heading is not None else None


def _block(heading: Box, placed: Sequence[tuple[str, Box]]) -> list[Box]:
    """Returns a line and those below it, flush with it."""
    left, right = heading.x0 - _OUTDENT, heading.x0 + _INDENT
    column = [box for _, box in placed if left <= box.x0 <= right and box.y0 >= heading.y0]
    block = [heading]
    for box in sorted(column, key=lambda each: each.y0)[: _NOTES_MOST + 1]:
        below = box.y0 - block[-1].y1
        if below > _NEXT_LINE * max(box.height, block[-1].height):
            break
        block.append(box)
    return block


def _tolerances(placed: Sequence[tuple[str, Box]]) -> Box | None:
    """Returns the place of the line that names a standard; else of a heading, with the lines below it."""
    for words in _TOLERANCES:
        for text, box in placed:
            if words.search(text):
                return box if words is _TOLERANCES[0] else _around(_block(box, placed))
    return None


def _around(boxes: Sequence[Box]) -> Box:
    return Box(
        max(min(box.x0 for box in boxes) - _PAD, 0.0),
        max(min(box.y0 for box in boxes) - _PAD, 0.0),
        min(max(box.x1 for box in boxes) + _PAD, 1.0),
        min(max(box.y1 for box in boxes) + _PAD, 1.0),
        boxes[0].page,
    )
