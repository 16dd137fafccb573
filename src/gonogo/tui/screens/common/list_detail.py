"""A list, and beside it what is known about the line under the cursor: what the screens of leads have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import OptionList, Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.tui import workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.desk.account.sign_in import SignedIn


class ListDetailScreen(Screen[None]):
    """Asks the server under one login. What it shows and says of an error is the subclass's own."""

    AUTO_FOCUS = "OptionList"

    top = getters.query_one("#top", StatusLine)
    options = getters.query_one(OptionList)
    about = getters.query_one("#about", Static)
    keys = getters.query_one("#keys", StatusLine)

    def __init__(self, signed: SignedIn) -> None:
        super().__init__()
        self._signed = signed

    gonogo = AppGetter()

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        with Horizontal(id="work"):
            yield OptionList(markup=False)
            with VerticalScroll(id="pane"):
                yield Static(id="about", markup=False)
        yield StatusLine(id="keys")

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_back(self) -> None:
        self.dismiss()

    def _show(self) -> None:
        raise NotImplementedError

    def _failed(self, error: GonogoClientError | DeskError) -> None:
        """Something that was asked for could not be done."""
        raise NotImplementedError

    def _work(self, what: Callable[[GonogoClient], Awaitable[None]], group: str) -> None:
        """Do something with a client of this login, in place of what `group` was doing; errors become words."""
        workers.begin(self, self._do, what, group=group)

    async def _do(self, what: Callable[[GonogoClient], Awaitable[None]]) -> None:
        try:
            async with await self.gonogo.services.client(self._signed) as client:
                await what(client)
        except (GonogoClientError, DeskError) as error:
            self._failed(error)
