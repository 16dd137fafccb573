"""Full question screen: every field that the annotate screen shortens, and the guideline."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gonogo.desk.core.models import DeskTask
from gonogo.tui.presenters.format import reading
from gonogo.tui.text import content, one_line, styled
from gonogo.values.characters import look_alikes

_MODES = "m goes through the others; gonogo doctor shows them all."


MAX_ODD = 20
"""Odd characters of a value that are listed."""


class FullQuestionScreen(ModalScreen[None]):
    """Full question: prompt, value as JSON, unshortened ids, and the guideline, whose links open nothing."""

    CSS_PATH = "full_question.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,g,q", "dismiss", "back", show=False)]

    def __init__(self, task: DeskTask, guideline: str = "", drawn: str = "", unit: str = "") -> None:
        super().__init__()
        self._question = task
        self._guideline = guideline
        self._drawn = drawn
        self._unit = unit

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sheet-of-words"):
            yield Static(id="full-question", markup=False)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        """Shows the text for the width that it has now."""
        text = self.query_one("#full-question", Static)
        width = text.content_size.width
        text.update(full_question(self._question, self._guideline, self._drawn, self._unit, width))


def full_question(task: DeskTask, guideline: str | None, drawn: str = "", unit: str = "", width: int = 0) -> Content:
    """Text of all fields of `task`, in reading order; `drawn` describes the picture mode and its reason, `unit` is
    that of lengths without one, `width` the cells at which lists wrap.
    """
    value = json.dumps(task.predicted_value, ensure_ascii=False, indent=2, default=str)
    fields = [
        ("kind", " · ".join(part for part in (task.target_kind, task.detail_kind) if part)),
        ("field", task.field_path or task.field_name), *task.links,
        ("unit", f"{unit}, where the drawing writes none" if unit else ""),
        ("box", ", ".join(f"{number:g}" for number in task.bbox or ())),
    ]  # fmt: skip
    ids = [
        Content.assemble(styled(name, "$quiet"), " " * max(15 - len(one_line(name)), 2), styled(text, "$foreground"))
        for name, text in fields
        if text
    ]
    parts = [
        *_guideline(guideline, width),
        Content.styled("The question", "bold $strong"), content(task.prompt or "Is this value read right?"),
        Content.styled("The value that was read", "bold $strong"), content(value),
        *_odd_characters(task.predicted_value),
        Content.styled("What it points at", "bold $strong"), Content("\n").join(ids),
        *((Content.styled("How the drawing is drawn", "bold $strong"), content(f"{drawn}. {_MODES}")) if drawn else ()),
        Content.styled("Esc  back", "$quiet"),
    ]  # fmt: skip
    return Content("\n\n").join(parts)


def _odd_characters(value: Any) -> list[Content]:
    """Section on hidden characters and look-alikes of a value, with their code points; nothing if it has none."""
    found = look_alikes(reading(value)[:2_000])
    if not found:
        return []
    lines = [f"character {each.at + 1}: {each.description}" for each in found[:MAX_ODD]]
    more = [f"{len(found) - MAX_ODD} more"] if len(found) > MAX_ODD else []
    return [Content.styled("Not what it seems", "bold $warning"), content("\n".join([*lines, *more]))]


def _guideline(text: str | None, width: int) -> list[Content]:
    """Guideline section; says so if `text` is empty, left out if it is `None`."""
    if text is None:
        return []
    from gonogo.tui.markdown import guideline  # markdown-it takes 15 ms, and the annotate screen imports this module

    none = Content.styled("This campaign has none.", "$quiet")
    return [Content.styled("Guideline", "bold $strong"), guideline(text, width) if text.strip() else none]
