"""Choose theme screen: a list of the themes, each shown at once on the screen below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.text import content
from gonogo.tui.theme_files import ThemeFile


class ChooseThemeScreen(ModalScreen[str | None]):
    """List of the themes with the cursor on `chosen`. Moving previews; Enter returns the name, Esc `None`.

    `automatic` is the name of the first entry, that follows the terminal.
    """

    CSS_PATH = "choose_theme.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f2,q", "leave", "back", show=False)]
    AUTO_FOCUS = "OptionList"

    gonogo = AppGetter()

    def __init__(self, files: Sequence[ThemeFile], chosen: str, automatic: str) -> None:
        super().__init__()
        self._entries = [(automatic, "As the terminal: dark or light"), *((each.name, each.title) for each in files)]
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(id="themes"):
            yield Static(Content.styled("Theme", "bold $strong"), markup=False)
            yield OptionList(*(content(title, 40) for _, title in self._entries))
            yield Static(Content.styled("Enter keeps it, Esc cancels.", "$quiet"), markup=False)

    def on_mount(self) -> None:
        names = [name for name, _ in self._entries]
        self.query_one(OptionList).highlighted = names.index(self._chosen) if self._chosen in names else 0

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        self.gonogo.show_theme(self._entries[event.option_index][0])

    @on(OptionList.OptionSelected)
    def _keep(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index][0])

    def action_leave(self) -> None:
        self.gonogo.show_theme(self._chosen)
        self.dismiss(None)
