"""Choice field: a setting with a few values side by side, one of them chosen by the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class ChoiceField(Widget, can_focus=True):
    """Field of `choices` (word, value). Left, right and space choose; the sign says which is chosen, not the colour."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ChoiceField { width: auto; height: 1; padding: 0 1; border-left: outer $line; background: $raised; }
    ChoiceField:focus { border-left: outer $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "choose(-1)", show=False),
        Binding("right,space", "choose(1)", show=False),
    ]

    index = reactive(0, layout=True)

    @dataclass
    class Changed(Message):
        """Another value is chosen."""

        field: ChoiceField
        value: object

        @property
        def control(self) -> ChoiceField:
            return self.field

    def __init__(self, choices: Sequence[tuple[str, object]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices = tuple(choices)

    def show(self, value: object) -> None:
        """Shows `value` as the chosen one; the first one where it is none of them."""
        values = [value for _, value in self._choices]
        self.set_reactive(ChoiceField.index, values.index(value) if value in values else 0)
        self.refresh(layout=True)

    def render(self) -> Content:
        words = []
        for number, (word, _) in enumerate(self._choices):
            chosen = number == self.index
            style = "bold $strong" if chosen else "$quiet"
            words.append(Content.styled(f"{'●' if chosen else '○'} {word}", style))
        return Content("   ").join(words)

    def action_choose(self, step: int) -> None:
        self.index = (self.index + step) % len(self._choices)
        self.post_message(self.Changed(self, self._choices[self.index][1]))

    def on_click(self) -> None:
        self.action_choose(1)
