"""A list over the whole screen, a card in its place while it is empty, and a line to type on below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import getters
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Paste
from textual.screen import Screen
from textual.widgets import Input, Static

from gonogo.tui.widgets.status import StatusLine
from gonogo.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from gonogo.tui.app import GonogoApp


class TableScreen(Screen[None]):
    """While something is typed, only `leave_line` is bound; a subclass binds it to Esc."""

    listed = getters.query_one("#listed", StatusLine)
    head = getters.query_one("#head", StatusLine)
    keys = getters.query_one("#keys", StatusLine)
    words = getters.query_one("#words", Static)
    line = getters.query_one("#find", Input)

    def __init__(self) -> None:
        super().__init__(classes="-card")
        self._asking = ""  # what is typed now

    @property
    def gonogo(self) -> GonogoApp:
        return cast("GonogoApp", self.app)

    def _parts(self, status: StatusLine, rows: VirtualList, longest: int) -> ComposeResult:
        """All widgets; at most `longest` characters can be typed."""
        yield status
        yield StatusLine(id="listed")
        yield StatusLine(id="head")
        yield rows
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield Input(id="find", disabled=True, max_length=longest)
        yield StatusLine(id="keys")

    def _show_keys(self) -> None:
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action == "leave_line" if self._asking else action != "leave_line"

    def on_paste(self, event: Paste) -> None:
        if not self._asking:
            event.stop()

    def _ask(self, what: str, hint: str, value: str) -> None:
        """Let `what` be typed, `value` to begin with."""
        self._asking = what
        self.add_class("-asking")
        self.line.disabled = False
        self.line.placeholder = hint
        self.line.value = value
        self.line.focus()
        self._show_keys()

    def action_leave_line(self) -> None:
        self._asking = ""
        self.remove_class("-asking")
        self.line.disabled = True
        self.query_one(VirtualList).focus()
        self._show_keys()
