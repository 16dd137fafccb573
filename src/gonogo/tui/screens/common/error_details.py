"""Error details screen: status, code and request id of the last error, for those who look after the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gonogo.tui.presenters.common.format import field_line, paragraphs
from gonogo.tui.text import content, styled

if TYPE_CHECKING:
    from gonogo.client.errors import GonogoClientError


class ErrorDetailsScreen(ModalScreen[None]):
    """Details of one error, or the sentence that there was none; Esc or F9 closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f9,q", "dismiss", "back", show=False)]

    def __init__(self, error: GonogoClientError | None) -> None:
        super().__init__()
        self._error = error

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sheet-of-words"):
            yield Static(error_text(self._error), markup=False)


def error_text(error: GonogoClientError | None) -> Content:
    """Message and next step of an error, and what names it on the server."""
    if error is None:
        return paragraphs(Content("No error so far."), Content.styled("Esc  back", "$quiet"))
    fields = (
        ("status", str(error.status or "no answer")),
        ("code", error.code),
        ("request", error.request_id or ""),
        ("kind", type(error).__name__),
    )
    lines = [field_line(name, styled(text, "$foreground"), 10) for name, text in fields if text]
    return paragraphs(
        Content.styled("The last error", "bold $strong"),
        content(str(error), 800),
        content(error.next_step, 400),
        Content("\n").join(lines),
        Content.styled("Esc  back", "$quiet"),
    )
