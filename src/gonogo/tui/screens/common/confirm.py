"""A card with a consequence in words and, where something is to be typed, a line; Esc leaves without doing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class ConfirmScreen(ModalScreen[str | None]):
    """`check` says what is wrong with a text, or nothing; without it the card only tells."""

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, said: Content, check: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._said = said
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical(id="asked"):
            yield Static(Content.assemble(self._said), id="said", markup=False)
            if self._check is not None:
                yield Input(max_length=300)
            leave = "Esc leaves; nothing is done then." if self._check else "Esc"
            yield Static(Content.styled(leave, "$quiet"), id="hint", markup=False)

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        wrong = self._check(text) if self._check is not None else ""
        if wrong:
            self.query_one("#hint", Static).update(Content.styled(wrong, "$warning"))
        else:
            self.dismiss(text)
