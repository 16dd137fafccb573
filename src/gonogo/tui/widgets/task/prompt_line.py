"""Prompt line: the question of a task, cut with a sign and the key that shows all of it where there is no room."""

from __future__ import annotations

from textual.content import Content

from gonogo.tui.actions import key_name
from gonogo.tui.widgets.status_bar import StatusLine


class PromptLine(StatusLine):
    """Question in as many rows as its place has."""

    def render(self) -> Content:
        width, height = self.content_size
        if width < 1 or height < 1:
            return self._content
        rows = self._content.wrap(width)
        if len(rows) <= height:
            return self._content
        last = Content(" ").join(row.rstrip() for row in rows[height - 1 :])
        sign = self._sign()
        kept = last.truncate(max(width - sign.cell_length, 1))
        return Content("\n").join([*(row.rstrip() for row in rows[: height - 1]), kept.rstrip() + sign])

    def _sign(self) -> Content:
        """Returns `… g`: the key is the one that shows the question in full on this screen."""
        keys = (key for key, each in self.screen.active_bindings.items() if each.binding.action == "about")
        return next((Content.assemble("… ", (key_name(key), "bold $accent")) for key in keys), Content("…"))
