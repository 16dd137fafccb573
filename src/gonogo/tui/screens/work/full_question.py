"""Full question screen: every field that the annotate screen shortens, and the guideline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gonogo.desk.core.models import DeskTask
from gonogo.tui.presenters.common.format import readable_time, reading
from gonogo.tui.presenters.common.subject import field_text, kind_text, page_of
from gonogo.tui.presenters.common.value_lines import value_content
from gonogo.tui.text import content, one_line, styled
from gonogo.values.characters import look_alikes

_MODES = "m goes through the others; gonogo doctor shows them all."


MAX_ODD = 20
"""Odd characters of a value that are listed."""


class FullQuestionScreen(ModalScreen[None]):
    """Full question: prompt, value and what it is made of, and the guideline, whose links open nothing.

    `i` shows the ids, too. `record` are published facts of the task, by name; `part` names its part; `others`
    are other readings of its place with their readers.
    """

    CSS_PATH = "full_question.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,g,q", "dismiss", "back", show=False),
        Binding("i", "ids", show=False),
    ]

    def __init__(
        self,
        task: DeskTask,
        guideline: str | None = "",
        drawn: str = "",
        unit: str = "",
        *,
        record: Sequence[tuple[str, str]] = (),
        part: str = "",
        others: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__()
        self._record, self._part, self._ids, self._others = record, part, False, tuple(others)
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
        details = SubjectDetails(self._part, self._unit, tuple(self._record), self._ids, self._others)
        text.update(full_question(self._question, self._guideline, self._drawn, details, width))

    def action_ids(self) -> None:
        self._ids = not self._ids
        self._show()


class SubjectDetails(NamedTuple):
    """Details of what a task points at. `unit` is that of lengths without one; `ids`: ids are shown, too.

    `others` are other readings with their readers, or `""`; not of a question that is still to be judged.
    """

    part: str = ""
    unit: str = ""
    record: tuple[tuple[str, str], ...] = ()
    ids: bool = False
    others: tuple[tuple[str, str], ...] = ()


NO_DETAILS = SubjectDetails()


def full_question(
    task: DeskTask, guideline: str | None, drawn: str = "", details: SubjectDetails = NO_DETAILS, width: int = 0
) -> Content:
    """Text of all fields of `task`, in reading order; `drawn` describes the picture mode and its reason, `width` are
    the cells at which lists wrap.
    """
    subject = _subject(task, details)
    parts = [
        *_guideline(guideline, width),
        Content.styled("The question", "bold $strong"), content(task.prompt or "Is this value read right?"),
        Content.styled("The value that was read", "bold $strong"), value_content(task.predicted_value),
        *_odd_characters(task.predicted_value), *_others(details.others),
        Content.styled("What it points at", "bold $strong"), Content("\n").join(subject),
        *((Content.styled("How the drawing is drawn", "bold $strong"), content(f"{drawn}. {_MODES}")) if drawn else ()),
        Content.styled("i  hides the ids   Esc  back" if details.ids else "i  shows the ids   Esc  back", "$quiet"),
    ]  # fmt: skip
    return Content("\n\n").join(parts)


def _subject(task: DeskTask, details: SubjectDetails) -> list[Content]:
    """Lines of what the task points at, in words; published facts and ids below them."""
    unit = f"{details.unit}, where the drawing writes none" if details.unit else ""
    part = details.part or dict(task.links).get("part", "")
    fields = [
        ("part", one_line(part, 60)), ("sheet", str(page_of(task)) if task.bbox else ""), ("kind", kind_text(task)),
        ("field", field_text(task)), ("unit", unit), ("position", ", ".join(f"{n:g}" for n in task.position or ())),
    ]  # fmt: skip
    times = [(name, text) for name, text in details.record if details.ids or not name.endswith(" by")]
    fields += [(name, readable_time(text)) for name, text in times]
    if details.ids:
        box = ", ".join(f"{number:g}" for number in task.bbox or ())
        fields += [("field path", task.field_path), ("box", box), ("task", task.id), *task.links]
    return [
        Content.assemble(styled(name, "$quiet"), " " * max(15 - len(one_line(name)), 2), styled(text, "$foreground"))
        for name, text in fields
        if text
    ]


def _others(readings: Sequence[tuple[str, str]]) -> list[Content]:
    """Section on other readings of the place; nothing if there are none."""
    if not readings:
        return []
    lines = [
        Content.assemble(styled(value, "$foreground"), *(("  ", styled(reader, "$quiet")) if reader else ()))
        for value, reader in readings
    ]
    return [Content.styled("Others read there", "bold $strong"), Content("\n").join(lines)]


def _odd_characters(value: object) -> list[Content]:
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
