"""Texts of notes on a question: the choices, the line below the value, and why a note can't be taken."""

from __future__ import annotations

from textual.content import Content

from gonogo.desk.core.models import TaskNote
from gonogo.schemas.note_reasons import NOTE_REASONS, reason_in_words
from gonogo.tui.presenters.common.format import paragraphs
from gonogo.tui.text import styled

NO_NOTE = "none"
"""Choice that removes the note."""
OTHER = "other"
"""Choice whose words are typed."""
WORDS = paragraphs(
    Content.styled("In your own words", "bold $strong"), Content("One or two sentences; the expert reads them.")
)
"""Card above the line of own words."""
ONLY_ONE = "This is the only question here now."
PUT_OFF = "Put off: the question comes back behind the others."
ASKED = "Given to the lead. u takes it back."


def choices(note: TaskNote) -> list[tuple[str, str]]:
    """Names and titles of the reasons; with a note, also how to remove it."""
    removal = [(NO_NOTE, "no note")] if note else []
    return [*NOTE_REASONS.items(), *removal]


def note_text(note: TaskNote) -> str:
    """A note on one line: `box wrong`, or `other` in its own words."""
    return ": ".join(filter(None, (reason_in_words(note.reason), note.words)))


def note_line(note: TaskNote) -> Content:
    """Line below the value: the note that goes with the answer; empty without one."""
    return Content.assemble(("note: ", "$accent"), styled(note_text(note), "$foreground")) if note else Content("")


def check_words(text: str) -> str:
    """Returns the problem of own words, empty for none."""
    return "" if text else "Type a few words, or press Esc."


def cannot_note_message(takes_notes: bool | None) -> str:
    """Reason why no note can be taken now; empty when one can."""
    if takes_notes is None:
        return "The server hasn't said yet whether it takes notes. Try again in a moment."
    return "" if takes_notes else "This server takes no notes and no questions to the lead."
