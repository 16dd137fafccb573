"""Screen of one table: status, summary and column titles above it, an input line and the keys below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Paste
from textual.screen import Screen
from textual.widgets import Input, Static

from gonogo.tui.actions import Scope
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.widgets import status
from gonogo.tui.widgets.status import StatusLine
from gonogo.tui.widgets.virtual_table import VirtualTable


class TableScreen(Screen[None]):
    """Base of screens of one table. A card stands in the table's place while it is empty.

    A subclass composes with `compose_table`, and shows what changed by `show_table`. While the input line is open,
    `leave_line` is the only action.
    """

    AUTO_FOCUS = "VirtualTable"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave_line", show=False)]
    SCOPE: ClassVar[Scope]
    """The scope of the screen's actions."""
    PROMPTS: ClassVar[Mapping[str, str]]
    """What the input line is for, by the name of the prompt."""
    PROMPT_LABEL: ClassVar[str] = ""
    ENTER: ClassVar[str]
    """What Enter does in the input line."""

    table: getters.query_one[VirtualTable[Any]] = getters.query_one("#rows", VirtualTable)
    summary = getters.query_one("#listed", StatusLine)
    titles = getters.query_one("#head", StatusLine)
    card = getters.query_one("#words", Static)
    line = getters.query_one("#find", Input)
    keys = getters.query_one("#keys", StatusLine)

    def __init__(self) -> None:
        super().__init__(classes="-card")
        self.prompt = ""
        """Name of the prompt that is open, empty for none."""

    gonogo = AppGetter()

    def compose_table(self, status_line: StatusLine, table: VirtualTable[Any], max_length: int) -> ComposeResult:
        """All widgets; `max_length` is how many characters the input line takes."""
        yield status_line
        yield StatusLine(id="listed")
        yield StatusLine(id="head")
        yield table
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield Input(id="find", disabled=True, max_length=max_length)
        yield StatusLine(id="keys")

    @property
    def can_show(self) -> bool:
        """Whether this screen is on top and its widgets are still there; when a screen is left, they go first."""
        return self.is_current and bool(self.query("#keys"))

    def show_table(self, summary: Content, card: Content | None) -> None:
        """Show the rows as they are now, or `card` while there are none."""
        self.summary.show(summary)
        self.titles.show(Content.styled(self.table.header, "$quiet"))
        self.table.update()
        self.set_class(card is not None, "-card")
        if card is not None:
            self.card.update(Content.assemble(card))
        self.show_keys()

    def show_keys(self) -> None:
        """The keys of the screen, or those of the input line with what it is for."""
        if not self.prompt:
            status.show_keys(self.keys, self.SCOPE)
            return
        enter, leave = ("Enter", "bold $accent"), ("Esc", "bold $accent")
        hint = f" leaves   {self.PROMPT_LABEL}{self.PROMPTS[self.prompt]}"
        self.keys.show(Content.assemble(enter, (f" {self.ENTER}   ", "$quiet"), leave, (hint, "$quiet")))

    # --- the input line --------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action == "leave_line" if self.prompt else action != "leave_line"

    @on(Paste)
    def drop_paste(self, event: Paste) -> None:
        """Pasted text is input only while the line is open."""
        if not self.prompt:
            event.stop()

    def open_line(self, prompt: str, value: str) -> None:
        """Open the input line for `prompt`, with `value` in it."""
        self.prompt = prompt
        self.add_class("-asking")
        self.line.disabled = False
        self.line.placeholder = self.PROMPTS[prompt]
        self.line.value = value
        self.line.focus()
        self.show_keys()

    def action_leave_line(self) -> None:
        self.prompt = ""
        self.remove_class("-asking")
        self.line.disabled = True
        self.table.focus()
        self.show_keys()
