"""Table screen: one table, with status, summary and column titles above, input line and keys below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.events import Paste
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from gonogo.tui.actions import Scope
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusLine
from gonogo.tui.widgets.virtual_table import VirtualTable


class TableScreen(Screen[None]):
    """Base of screens with one table. A card replaces the table while it is empty.

    A subclass composes with `compose_table` and refreshes by `show_table`. While the input line is open,
    `leave_line` is the only action.
    """

    AUTO_FOCUS = "VirtualTable"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave_line", show=False)]
    SCOPE: ClassVar[Scope]
    """The scope of the screen's actions."""
    PROMPTS: ClassVar[Mapping[str, str]]
    """Descriptions of the input line, by prompt."""
    PROMPT_LABEL: ClassVar[str] = ""
    ENTER: ClassVar[str]
    """Description of Enter in the input line."""

    table: getters.query_one[VirtualTable[Any]] = getters.query_one("#rows", VirtualTable)
    summary = getters.query_one("#listed", StatusLine)
    titles = getters.query_one("#head", StatusLine)
    card = getters.query_one("#words", Static)
    line = getters.query_one("#find", Input)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self) -> None:
        super().__init__(classes="-card")
        self.prompt = ""
        """Name of the prompt that is open, empty for none."""

    gonogo = AppGetter()

    def compose_table(
        self, status_line: StatusLine, table: VirtualTable[Any], max_length: int, *beside: Widget
    ) -> ComposeResult:
        """Yields all widgets, `beside` right of the table; `max_length` limits the characters of the input line."""
        yield status_line
        yield StatusLine(id="listed")
        yield StatusLine(id="head")
        with Horizontal():
            yield table
            yield from beside
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield Input(id="find", disabled=True, max_length=max_length)
        yield KeyFooter()

    @property
    def can_show(self) -> bool:
        """True while this screen is on top and mounted; on leaving, its widgets are removed before the screen."""
        return self.is_current and bool(self.query("#keys"))

    def show_table(self, summary: Content, card: Content | None) -> None:
        """Shows the current rows, or `card` in their place."""
        self.summary.show(summary)
        self.titles.show(Content.styled(self.table.header, "$quiet"))
        self.table.update()
        self.set_class(card is not None, "-card")
        if card is not None:
            self.card.update(Content.assemble(card))
        self.show_keys()

    def show_keys(self) -> None:
        """Shows the keys of the screen, or those of the open input line."""
        if not self.prompt:
            self.keys.show_scope(self.SCOPE)
            return
        enter, leave = ("Enter", "bold $accent"), ("Esc", "bold $accent")
        hint = f" leaves   {self.PROMPT_LABEL}{self.PROMPTS[self.prompt]}"
        self.keys.show_text(Content.assemble(enter, (f" {self.ENTER}   ", "$quiet"), leave, (hint, "$quiet")))

    # --- the input line --------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action == "leave_line" if self.prompt else action != "leave_line"

    @on(Paste)
    def drop_paste(self, event: Paste) -> None:
        """Drops pasted text unless the input line is open."""
        if not self.prompt:
            event.stop()

    def open_line(self, prompt: str, value: str) -> None:
        """Opens the input line for `prompt`, filled with `value`."""
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
