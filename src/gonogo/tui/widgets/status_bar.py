"""Status widgets of fixed height: the status bar, lines of text, and a strip of the last verdicts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from gonogo.desk.core.models import Decided, DeskTask, SendState, SessionState, Stage
from gonogo.tui.presenters.common.format import value_text, verdict_sign
from gonogo.tui.presenters.common.subject import subject_text
from gonogo.tui.text import one_line, styled

_GAP = Content("   ")
_NOTHING_YET = Content.styled("nothing yet", "$quiet")


class StatusLine(Widget):
    """Content of a fixed height that is replaced without a layout pass, and only when it changed."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "StatusLine { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._content = Content("")

    def show(self, content: Content) -> None:
        if content.is_same(self._content):
            return
        self._content = content
        self.refresh()

    def render(self) -> Content:
        return self._content


class StatusBar(StatusLine):
    """Status bar: name and campaign left; what is saved, ahead and done right. The left is cut first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: tuple[str, str] = ("gonogo", "")
        self._right: list[Content] = []

    def show_state(
        self, state: SessionState, not_saved: str = "", *, sure: int = 0, pace: bool = True, refused_key: str = ""
    ) -> None:
        """`sure` is the confidence (1-5) chosen for this question, 0 when none is; `refused_key` shows the refused."""
        self._left = ("gonogo", one_line(state.campaign_name))
        self._right = status(state, not_saved, sure=sure, pace=pace, refused_key=refused_key)
        self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        shown = len(self._right)
        while shown and (right := _GAP.join(self._right[:shown])).cell_length + 8 > width:
            shown -= 1
        right = _GAP.join(self._right[:shown])
        name, campaign = self._left
        left = Content.assemble((name, "bold $accent"))
        room = width - left.cell_length - right.cell_length - 5
        if campaign and room > 3:
            left = Content.assemble(left, "  ", (one_line(campaign, room), "$foreground"))
        space = max(width - left.cell_length - right.cell_length, 1)
        return Content.assemble(left, " " * space, right)


def status(
    state: SessionState, not_saved: str = "", *, sure: int = 0, pace: bool = True, refused_key: str = ""
) -> list[Content]:
    """Right parts of the status bar, most important first."""
    parts: list[Content] = []
    if not_saved:
        parts.append(Content.styled("✗ NOT saved", "bold $error"))
    elif state.stage is Stage.SIGNED_OUT or state.stage is Stage.OFFLINE or state.retry_in is not None:
        signed_out = state.stage is Stage.SIGNED_OUT
        parts.append(Content.styled("→ signed out" if signed_out else "○ offline", "bold $warning"))
        parts.append(Content.styled(f"{state.unsent} kept here" if state.unsent else "✓ saved", "$foreground"))
    elif state.unsent > 5:
        parts.append(Content.styled(f"✓ saved, {state.unsent} to send", "$correct"))
    else:
        parts.append(Content.styled("✓ saved", "$correct"))
    if state.parked:
        key = f": {refused_key}" if refused_key else ""
        parts.append(Content.styled(f"! {state.parked} refused{key}", "bold $warning"))
    if sure:
        parts.append(Content.styled(f"sure {sure} of 5", "$foreground"))
    total = f" / {state.total}" if state.total is not None else " done"
    progress = Content.styled(f"{state.done}{total}", "$foreground")
    ahead = Content.styled(f"{state.ahead} ahead", "$quiet")
    timing = [Content.styled(text, "$quiet")] if pace and (text := pace_text(state.pace, state.left_seconds)) else []
    return [*parts, ahead, progress, *timing] if state.stage is Stage.TASK else [*parts, progress]


def pace_text(pace: float | None, left_seconds: float | None) -> str:
    """`4.2 s each, 38 min left`; both in seconds, `None` where unknown."""
    if pace is None:
        return ""
    each = f"{pace:.1f} s each" if pace < 10 else f"{pace:.0f} s each"
    if left_seconds is None:
        return each
    minutes = max(round(left_seconds / 60), 1)
    left = f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
    return f"{each}, {left} left"


class Facts(StatusLine):
    """Facts of a question, as many as fit."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._question: DeskTask | None = None

    def show_task(self, task: DeskTask) -> None:
        self._question = task
        self.refresh()

    def render(self) -> Content:
        width, height = self.content_size
        return facts(self._question, width, height) if self._question is not None else Content("")


def facts(task: DeskTask, width: int, height: int) -> Content:
    """Facts of a question: its kind and field in words; `g` has the ids."""
    lines = textwrap.wrap(subject_text(task), max(width, 10))
    return Content("\n").join([Content.styled(line, "$foreground") for line in lines[:height]])


class History(StatusLine):
    """Recent verdicts, newest first, each with its sign and a note if it was refused or late."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: dict[tuple[str, str, SendState], Content] = {}

    def show_recent(self, recent: Sequence[Decided]) -> None:
        """Shows `recent`, the newest answer last."""
        answers = {(answer.task.id, answer.decision.verdict, answer.state): answer for answer in reversed(recent)}
        before = list(self._items)
        self._items = {key: self._items.get(key) or _answer(answer) for key, answer in answers.items()}
        if list(self._items) != before:
            self.refresh()

    def render(self) -> Content:
        width, height = self.content_size
        lines = _flowed(list(self._items.values()), width)
        return Content("\n").join(_cut(lines, width, max(height, 1))) if lines else _NOTHING_YET


def _answer(item: Decided) -> Content:
    sign, color = verdict_sign(item.decision.verdict)
    parts = [Content.styled(f"{sign} ", f"bold {color}"), _value(item.task.predicted_value)]
    if item.decision.corrected_value is not None:
        parts += [Content.styled(" → ", "$quiet"), _value(item.decision.corrected_value)]
    if item.state in (SendState.PARKED, SendState.LATE):
        parts.append(Content.styled(" (refused)" if item.state is SendState.PARKED else " (kept late)", "$warning"))
    return Content.assemble(*parts)


def _value(value: object) -> Content:
    return styled(value_text(value, 16) or "–", "$foreground")


def _cut(lines: list[Content], width: int, height: int) -> list[Content]:
    """The first `height` lines; the last one goes on with what follows, and ends with an ellipsis where that is cut."""
    if len(lines) <= height:
        return lines
    last = Content.assemble(lines[height - 1], _GAP, *lines[height:])
    return [*lines[: height - 1], last.truncate(max(width, 1), ellipsis=True)]


def _flowed(items: Sequence[Content], width: int) -> list[Content]:
    """Items flowed into lines of at most `width` cells, three cells apart; an item that is too long is cut."""
    lines: list[Content] = []
    line = Content("")
    for item in items:
        if line.plain and line.cell_length + _GAP.cell_length + item.cell_length > width:
            lines.append(line)
            line = Content("")
        line = Content.assemble(line, _GAP, item) if line.plain else item.truncate(max(width, 1), ellipsis=True)
    return [*lines, line] if line.plain else lines
