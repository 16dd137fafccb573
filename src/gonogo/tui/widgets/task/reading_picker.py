"""Reading picker: other readings of a place by number, while its value is corrected, and the strip that shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Resize
from textual.widget import Widget

from gonogo.tui.presenters.work.correction import reading_rows

SEEN_SECONDS = 0.3
"""Seconds after which a reading that a digit took counts as seen: sooner, the digit was meant for the line."""


@dataclass(slots=True)
class ReadingPicker:
    """Picker of other readings.

    A digit alone takes one only while nothing was typed (`fresh`): afterwards digits belong to the value, and Alt with
    the digit takes one. 0 puts the text back that stood in the line before.
    """

    texts: tuple[str, ...] = ()
    fresh: bool = False
    before: str | None = None
    _taken_at: float = -math.inf

    def pressed(self, key: str, line: str, now: float) -> str | None:
        """Returns the text that `key` puts into the line; `None` for a key that is for the line itself."""
        digit = key.removeprefix("alt+")
        if not self.texts or (digit == key and not self.fresh):
            return None
        number = int(digit) if len(digit) == 1 and digit.isascii() and digit.isdecimal() else -1
        if number == 0 and self.before is not None:
            text, self.before = self.before, None
            return text
        if not 1 <= number <= len(self.texts):
            self.fresh = self.fresh and key in _SENDING
            return None
        if self.before is None:
            self.before = line
        self._taken_at = now if digit == key else -math.inf
        return self.texts[number - 1]

    def was_seen(self, now: float) -> bool:
        """Returns whether the reading that a digit took had time to be seen; once it is asked, the next time it has."""
        seen = now - self._taken_at >= SEEN_SECONDS
        self._taken_at = -math.inf
        return seen


_SENDING = ("enter", "escape")
"""Keys that send or leave the line as it is."""


class ReadingStrip(Widget):
    """Rows of the other readings with their keys, in the layer `above` of the screen: they move no neighbour.

    It lies at the end of the screen that is farther from `line`, the row that is edited.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ReadingStrip { layer: above; width: 1fr; background: $raised; color: $foreground; padding: 0 1; margin: 1 0; }
    """

    def __init__(self, line: int, picker: ReadingPicker) -> None:
        super().__init__()
        self._line, self._picker = line, picker
        self._rows: Sequence[Content] = ()

    def on_mount(self) -> None:
        self.show()

    def on_resize(self, event: Resize) -> None:
        self.show()

    def show(self) -> None:
        """Shows the keys that count now."""
        width, height = self.app.size
        above, below = self._line - 1, height - self._line - 3
        picker = self._picker
        rows = reading_rows(
            picker.texts, width - 2, max(above, below, 1), fresh=picker.fresh, taken=picker.before is not None
        )
        self.styles.dock = "top" if above > below else "bottom"
        self.styles.height = len(rows)
        self._rows = rows
        self.refresh()

    def render(self) -> Content:
        return Content("\n").join(self._rows)
