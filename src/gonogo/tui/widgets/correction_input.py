"""The line a right value is typed on."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input

_EDITING = {
    "backspace": "delete_left", "delete": "delete_right", "left": "cursor_left", "right": "cursor_right",
    "home": "home", "end": "end", "ctrl+a": "home", "ctrl+e": "end", "ctrl+w": "delete_left_word",
    "ctrl+u": "delete_left_all", "ctrl+k": "delete_right_all",
}  # fmt: skip


class CorrectionInput(Input):
    """An Input that keeps the order of its keys.

    Textual inserts a letter at once but sends Backspace and the like through the application's bindings, so keys that
    arrive together (a slow line, a fast typist) change places: "Backspace 7" on "12" would leave "12".
    """

    async def on_key(self, event: Key) -> None:
        name = _EDITING.get(event.key)
        if name is not None:
            event.stop()
            event.prevent_default()
            await self.run_action(name)
