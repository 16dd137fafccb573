"""Value view: the predicted value, as large as its room allows, and below it the exact reading where they differ."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from gonogo.json_types import JsonValue
from gonogo.tui.lettering.layout import layout


class ValueView(Widget):
    """Widget for one value; `show` never moves its neighbours. `letter_rows` of `tui/lettering` sizes its room."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ValueView { height: 5; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._value: JsonValue = None
        self._cache: list[tuple[JsonValue, int, int, Content]] = []

    def show(self, value: JsonValue) -> None:
        self._value = value
        self.refresh()

    @property
    def is_cut(self) -> bool:
        """Whether some of the value has no room here."""
        return layout(self._value, *self.content_size).hidden > 0

    def prebuild(self, value: JsonValue) -> None:
        """Typesets a value that will be shown next."""
        self._content(value)

    def render(self) -> Content:
        return self._content(self._value)

    def _content(self, value: JsonValue) -> Content:
        width, height = self.content_size
        for cached_value, *size, content in self._cache:
            if cached_value is value and size == [width, height]:
                return content
        content = lay_out(value, width, height)
        self._cache = [*self._cache[-2:], (value, width, height, content)]
        return content


def lay_out(value: JsonValue, width: int, height: int) -> Content:
    """Lays out `value` as large as `width` × `height` cells allow, one row lower where two rows are left."""
    rows = layout(value, width, height).rows
    above = [Content("")] if height - len(rows) >= 2 else []
    return Content("\n").join([*above, *rows])
