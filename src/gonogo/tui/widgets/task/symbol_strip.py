"""Symbol strip: a row of drawing symbols with their keys and names, shown while one is picked."""

from __future__ import annotations

from textual.content import Content
from textual.events import Mount
from textual.widget import Widget

from gonogo.tui.presenters.common.key_hints import symbol_rows


class SymbolStrip(Widget):
    """Widget in the layer `above` of its screen: it moves no neighbour, so no drawing is fetched anew.

    It lies at the end of the screen that is farther from `line`, the row that is edited.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    SymbolStrip { layer: above; width: 1fr; background: $raised; color: $foreground; padding: 0 1; margin: 1 0; }
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self._line = line

    def _on_mount(self, event: Mount) -> None:
        width, height = self.app.size
        above, below = self._line - 1, height - self._line - 3
        self._rows = symbol_rows(width - 2, max(above, below, 1))
        self.styles.dock = "top" if above > below else "bottom"
        self.styles.height = len(self._rows)

    def render(self) -> Content:
        return Content("\n").join(self._rows)
