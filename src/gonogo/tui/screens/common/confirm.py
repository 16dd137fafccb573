"""Confirmation screen: states the consequence of an action, and asks for a yes or a typed text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gonogo.tui.app_protocol import app_of


class ConfirmScreen(ModalScreen[str | None]):
    """Confirmation card; returns the typed text, `None` after Esc.

    `check` returns the problem of a text, empty for none; without `check` the card has no input line. The text is kept
    under the name `draft`, and stands there when the card is shown again, until the caller drops it.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    hint = getters.query_one("#hint", Static)

    def __init__(
        self, card: Content, check: Callable[[str], str] | None = None, text: str = "", *, draft: str = ""
    ) -> None:
        """`text` stands in the line at first, where nothing was typed under `draft`."""
        super().__init__()
        self._draft = draft
        self._card = card
        self._check = check
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(id="asked"):
            yield Static(Content.assemble(self._card), id="said", markup=False)
            if self._check is not None:
                typed = app_of(self).drafts.get(self._draft, self._text)
                yield Input(typed, select_on_focus=False, max_length=300)
            leave = "Esc cancels." if self._check else "Esc"
            yield Static(Content.styled(leave, "$quiet"), id="hint", markup=False)

    @on(Input.Changed)
    def _keep(self, event: Input.Changed) -> None:
        if self._draft:
            app_of(self).drafts[self._draft] = event.value

    @on(Input.Submitted)
    def _confirm(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        problem = self._check(text) if self._check is not None else ""
        if problem:
            self.hint.update(Content.styled(problem, "$warning"))
        else:
            self.dismiss(text)
