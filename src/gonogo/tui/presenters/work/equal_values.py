"""Words of a page of equal values: its question, the mark of each tile, and what became of the page."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from gonogo.desk.core.models import DeskTask
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.verdicts import Verdict
from gonogo.tui.presenters.common.format import value_text
from gonogo.tui.text import one_line, styled

_MARKS = {
    Verdict.CORRECT: ("✓ right", "$correct"),
    Verdict.INCORRECT: ("✗ WRONG", "$incorrect"),
    Verdict.UNSURE: ("? UNSURE", "$unsure"),
}


def question(tasks: Sequence[DeskTask], width: int) -> Content:
    """The question of the page, as much as fits: all of its tasks ask the same."""
    count = Content.styled(f"{len(tasks)} × ", "bold $accent")
    prompt = one_line(tasks[0].prompt, max(width - count.cell_length, 1)) if tasks else ""
    return Content.assemble(count, (prompt, "bold $foreground"))


def mark(task: DeskTask, shown: DeskTask, verdict: str, unseen: str, *, at_cursor: bool) -> Content:
    """The line below a crop: cursor, answer by sign and word, and the task's own reading where it is written otherwise
    than that of `shown`, which stands above the page.
    """
    start = Content.styled("▸ " if at_cursor else "  ", "bold $accent")
    if unseen:
        return Content.assemble(start, (f"– comes alone: {unseen}", "$warning"))
    word, color = _MARKS.get(Verdict(verdict), (verdict, "$foreground"))
    own = own_reading(task, shown)
    return Content.assemble(start, (word, f"bold {color}"), "   ", styled(f"read: {own}" if own else "", "$quiet"))


def own_reading(task: DeskTask, shown: DeskTask) -> str:
    """The reading of a task, where it differs from that of `shown` in any character; else empty."""
    own = value_text(task.predicted_value)
    return "" if own == value_text(shown.predicted_value) else own


def left_message(reasons: Sequence[str]) -> str:
    """Notice that tiles were left out of the page, with the reasons."""
    why = ", ".join(dict.fromkeys(reasons))
    verb = "comes" if len(reasons) == 1 else "come"
    return f"{counted(len(reasons), 'question')} of the page {verb} alone: {why}."
