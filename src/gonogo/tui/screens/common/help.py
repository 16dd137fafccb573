"""Help screen: the keys of a screen and what they do, from the registry of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gonogo.tui import actions


class HelpScreen(ModalScreen[None]):
    """Table of the keys in `scopes`; Esc or ? closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "back", show=False)]

    def __init__(self, keymap: Mapping[str, str], scopes: Sequence[actions.Scope] = (actions.ANNOTATE,)) -> None:
        super().__init__()
        self._keymap = keymap
        self._scopes = scopes

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sheet-of-words"):
            yield Static(key_sheet(self._keymap, self._scopes), markup=False)


def key_sheet(keymap: Mapping[str, str], scopes: Sequence[actions.Scope]) -> Content:
    """Keys and sentence of each action in `scopes` and everywhere."""
    parts: list[Content] = []
    input_line = [actions.EDIT] if {actions.ANNOTATE, actions.ADJUDICATE} & set(scopes) else []
    for scope in (*scopes, *input_line, actions.EVERYWHERE):
        rows = [_row(action, keymap) for action in scope.actions]
        parts.append(Content("\n").join([Content.styled(scope.heading, "bold $strong"), Content(""), *rows]))
    parts.append(Content.styled("Esc  back", "$quiet"))
    return Content("\n\n").join(parts)


def _row(action: actions.Action, keymap: Mapping[str, str]) -> Content:
    keys = " ".join(actions.key_name(key) for key in actions.keys_of(action, keymap)) or "–"
    return Content.assemble((f"{keys:<13}", "bold $accent"), (action.help, "$foreground"))
