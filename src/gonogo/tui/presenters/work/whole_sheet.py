"""Texts of the whole drawing: what a search found, where a bookmark leads, and the class and unit of a sheet."""

from __future__ import annotations

from textual.content import Content

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture
from gonogo.sheets.sheet_text import Bookmark, PlaceKind, SheetText
from gonogo.tui.presenters.common.format import value_text
from gonogo.tui.text import one_line
from gonogo.values import Kind, from_json, general_deviation

SEARCH_KEYS = Content.assemble(
    ("Enter", "bold $accent"), (" finds it   ", "$quiet"), ("Esc", "bold $accent"), (" leaves", "$quiet")
)
NO_SEARCH = "Press / and type the text to look for."
_QUERY = 40
_NO_DIMENSIONS = ("title_block", "bom", "note")
_WORDS = (Kind.TEXT, Kind.OTHER, Kind.EMPTY)


def question_line(task: DeskTask) -> Content:
    """The question that is being answered, on one line."""
    value = value_text(task.predicted_value, 60)
    return Content.assemble(
        (value, "bold $strong"), "  ", (one_line(task.prompt or "Is this value read right?"), "$quiet")
    )


def no_hits(query: str, text: SheetText | NoPicture) -> Content:
    """Message that a search found nothing, with the reason where there is one."""
    if isinstance(text, NoPicture):
        return _warning(f"The text can't be searched. {text.reason}")
    if text.no_text:
        return _warning(text.no_text)
    cut = " in the part of its text that was read" if text.is_cut else ""
    return _warning(f"“{one_line(query, _QUERY)}” is not on this drawing{cut}.")


def hit_line(query: str, text: SheetText, at: int) -> Content:
    """The hit `at` (from 0) of a search: `“2768”: 1 of 3 · sheet 2 · ISO 2768-mK`."""
    hit = text.hits[at]
    count = f"{len(text.hits)} or more" if text.has_more else str(len(text.hits))
    page = f" · sheet {hit.box.page}" if text.n_pages > 1 else ""
    cut = " (not all of its text was read)" if text.is_cut else ""
    return Content.assemble(
        (f"“{one_line(query, _QUERY)}”: ", "$foreground"), (f"{at + 1} of {count}", "bold $strong"),
        (f"{cut}{page} · ", "$quiet"), (one_line(hit.line, 90), "$foreground"),
    )  # fmt: skip


def bookmark_line(kind: PlaceKind, place: Bookmark | None, text: SheetText | NoPicture) -> Content:
    """Where a bookmark leads; says that it is guessed, or why there is none."""
    if isinstance(text, NoPicture):
        return _warning(f"The {kind} can't be looked for. {text.reason}")
    if place is None:
        reason = text.no_text or "None of the words that usually stand there were found."
        return _warning(f"No {kind} found. {reason}")
    page = f", sheet {place.box.page}" if text.n_pages > 1 else ""
    if place.guessed:
        return _warning(f"{str(kind).capitalize()}{page}: guessed, where drawings usually have it.")
    facts = facts_text(text) if kind is not PlaceKind.NOTES else ""
    return Content.assemble(
        (f"{str(kind).capitalize()}{page}", "$foreground"), (f"  {facts}" if facts else "", "$quiet")
    )


def page_line(page: int, n_pages: int) -> Content:
    """`sheet 2 of 5`, or that there is only one."""
    if n_pages == 1:
        return Content.styled("This drawing has one sheet.", "$foreground")
    return Content.styled(f"sheet {page} of {n_pages}", "$foreground")


def facts_text(text: SheetText, unit: str = "") -> str:
    """Class and unit of a sheet, as far as they are sure: `ISO 2768-mK · mm`. `unit` is the campaign's."""
    return " · ".join(filter(None, (text.tolerance.name if text.tolerance else "", sure_unit(text, unit))))


def sure_unit(text: SheetText, unit: str) -> str:
    """The unit of the sheet, else of the campaign; empty where the two differ."""
    return "" if text.unit and unit and text.unit != unit else text.unit or unit


def facts_line(task: DeskTask, text: SheetText, unit: str) -> Content:
    """Class and unit of the sheet beside a value, with what the class means for it: `ISO 2768-m: ±0,2 · mm`.

    Empty beside words: a question on the title block or on a note must not find its answer there.
    """
    value = from_json(task.predicted_value)
    if value.kind in _WORDS or task.target_kind in _NO_DIMENSIONS:
        return Content("")
    drawn_in = sure_unit(text, unit)
    shown = "" if value.kind is Kind.ANGLE else drawn_in
    if text.tolerance is None:
        return Content.styled(shown if text.unit else "", "$quiet")
    deviation = general_deviation(value, text.tolerance, drawn_in)
    named = f"{text.tolerance.name}: {deviation}" if deviation else text.tolerance.name
    return Content.styled(" · ".join(filter(None, (named, shown))), "$quiet")


def _warning(text: str) -> Content:
    return Content.styled(one_line(text, 300), "$warning")
