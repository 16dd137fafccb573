"""List-detail screen: shows records left and details of the selected one right; base class of the lead's screens."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from gonogo.tui.actions import Scope
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.record_list import RecordList
from gonogo.tui.widgets.status_bar import StatusLine


class ListDetailScreen(Screen[None]):
    """Base of a screen with `records` left and `details` right. A subclass composes with `compose_list_detail`."""

    AUTO_FOCUS = "RecordList"
    SCOPE: ClassVar[Scope]
    """The scope of the screen's actions."""

    top = getters.query_one("#top", StatusLine)
    records: getters.query_one[RecordList[Any]] = getters.query_one("#records", RecordList)
    details = getters.query_one("#about", Static)
    keys = getters.query_one("#keys", KeyFooter)

    gonogo = AppGetter()

    def compose_list_detail(self, records: RecordList[Any], pane: Widget | None = None) -> ComposeResult:
        """Yields all widgets. `pane` holds `#about`, the details; by default it scrolls them."""
        yield StatusLine(id="top")
        with Horizontal(id="work"):
            yield records
            yield pane or VerticalScroll(Static(id="about", markup=False), id="pane")
        yield KeyFooter()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def action_back(self) -> None:
        self.dismiss()

    def show(self) -> None:
        """Renders the current state."""
        raise NotImplementedError

    def show_keys(self) -> None:
        self.keys.show_scope(self.SCOPE)
