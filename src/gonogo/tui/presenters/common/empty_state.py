"""Empty-state cards: texts for a screen with nothing to show: heading, reason, next step."""

from __future__ import annotations

from textual.content import Content

from gonogo.tui.presenters.common.format import paragraphs
from gonogo.tui.text import content


def again(error: Exception) -> str:
    """Last words of a card whose screen reads again by itself; not promised where the same may not help."""
    return "We keep trying. Press r to try now." if getattr(error, "transient", False) else "r tries again."


def heading(sign: str, color: str, words: str) -> Content:
    """Heading behind a sign in `color`, such as `"$warning"`; the program's own words only, never data."""
    return Content.assemble((f"{sign}  " if sign else "", f"bold {color}"), (words, "bold $strong"))


def waiting(words: str) -> Content:
    """Card while something is under way."""
    return heading("…", "$accent", words)


def problem(words: str, error: Exception) -> Content:
    """Card of an error while something was read: its message and its next step; the screen reads again by itself.

    F9 has its code and request id, where it has them.
    """
    details = [Content.styled("F9 shows the details.", "$quiet")] if getattr(error, "trace", "") else []
    step = content(f"{getattr(error, 'next_step', '')} {again(error)}".strip(), 500)
    return paragraphs(heading("!", "$warning", words), content(str(error), 600), step, *details)


def card(sign: str, color: str, words: str, reason: str, step: str) -> Content:
    """Card of a sign in a theme colour, a heading, the reason and the next step; empty texts are left out."""
    return paragraphs(heading(sign, f"${color}", words), *(content(text, 600) for text in (reason, step) if text))
