"""What stands in place of something that is not there: a sign and a heading, what happened, the next step."""

from __future__ import annotations

from textual.content import Content

from gonogo.tui.text import content


def heading(sign: str, color: str, words: str) -> Content:
    """`words` behind a sign in `color`, such as `"$warning"`; both are the program's own."""
    return Content.assemble((f"{sign}  " if sign else "", f"bold {color}"), (words, "bold $strong"))


def waiting(words: str) -> Content:
    """Something is under way."""
    return heading("…", "$accent", words)


def problem(words: str, error: Exception) -> Content:
    """Something could not be done: why, and the next step."""
    step = getattr(error, "next_step", "")
    return Content("\n\n").join([heading("!", "$warning", words), content(str(error), 600), content(step, 400)])
