"""The corrected value: what the line starts with, how it reads, and what is sent."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from gonogo.tui.text import styled
from gonogo.tui.widgets.value_view import value_text
from gonogo.values import format_text, parse, to_json, typeset

MAX_SHOWN = 120


def as_read(predicted: Any) -> Content:
    """The reading letter by letter, when setting it as on a drawing moved or changed any letter."""
    text = value_text(predicted)
    shown = "".join("".join((part.text, part.upper, part.lower)) for part in typeset(predicted).parts)
    if not text or "".join(text.split()) == "".join(shown.split()):
        return Content("")
    return Content.assemble(("read: ", "$quiet"), styled(text[:MAX_SHOWN], "$quiet"))


def reading(text: str, predicted: Any) -> Content:
    """How the typed value is understood, while it is typed."""
    if not text.strip():
        return Content.styled("Type the value as the drawing shows it.", "$quiet")
    if text.strip() == value_text(predicted):
        return Content.styled("as it was read", "$quiet")
    parsed = parse(text)
    if parsed.ok:
        return Content.assemble(
            ("✓ reads as ", "$correct"), styled(format_text(parsed.value)[:MAX_SHOWN], "$foreground")
        )
    return Content.assemble(("kept as text: ", "$quiet"), styled(parsed.problem[:MAX_SHOWN], "$quiet"))


def refusal(text: str, predicted: Any) -> str:
    """Why this text cannot be sent as a correction, or nothing."""
    if not text:
        return "The line is empty. Esc, then s, says incorrect without a value."
    if text == value_text(predicted):
        return "Unchanged: this is what was read. Change it, or Esc and s."
    return ""


def value_of(text: str) -> dict[str, Any]:
    """The JSON value to send: the text as typed, with its parts where it was understood."""
    parsed = parse(text)
    return {**(to_json(parsed.value) if parsed.ok else {}), "text": text}
