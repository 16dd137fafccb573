"""Switch: the other campaigns of a login, the other way of working, and the other logins of this computer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.schemas.statuses import takes_answers
from gonogo.tui import workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.common.empty_state import again
from gonogo.tui.screens.common.choose_campaign import MANY
from gonogo.tui.screens.common.choose_campaign import entry as campaign_entry
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets.record_list import FindLine, RecordList

if TYPE_CHECKING:
    from gonogo.desk.account.identity import SignedIn


@dataclass(frozen=True, slots=True)
class Destination:
    """Entry of the list: where it leads, and the function that goes there."""

    key: str
    text: Content
    go: Callable[[], Awaitable[None]]


class SwitchScreen(ModalScreen[None]):
    """List of destinations. Enter goes there; Esc goes on with the work as it was. Nothing is signed out."""

    CSS_PATH = "switch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("r", "retry", "retry", show=False),
        Binding("slash", "find", "find", show=False),
    ]

    destinations: getters.query_one[RecordList[Destination]] = getters.query_one("#destinations", RecordList)
    message = getters.query_one("#message", Static)
    gonogo = AppGetter()

    def __init__(self, signed: SignedIn) -> None:
        super().__init__()
        self._signed = signed

    def compose(self) -> ComposeResult:
        with Vertical(id="switch-card"):
            yield Static(Content.styled("Go to", "bold $strong"), id="title", markup=False)
            yield RecordList[Destination](lambda each: each.text, lambda each: each.key, id="destinations")
            yield FindLine(lambda: self.destinations)
            yield Static(Content.styled("Asking the server for your campaigns …", "$quiet"), id="message", markup=False)

    def on_mount(self) -> None:
        self.destinations.show(self._elsewhere())
        self.destinations.focus()
        self.action_retry()

    def action_retry(self) -> None:
        """Asks the server for the campaigns, at once; by itself again while it does not answer (key `r`)."""
        workers.start_reading(self, self._load, group="campaigns")

    async def _load(self) -> Exception | None:
        """Reads the campaigns; returns the error, if any."""
        hint = "Enter goes there, Esc stays. Drafts and unsent answers are kept."
        try:
            campaigns = await self.gonogo.services.campaigns(self._signed)
        except (GonogoClientError, DeskError) as error:
            problem = content(f"{error} {error.next_step} {again(error)}", 600)
            self.message.update(Content("\n").join([problem, Content.styled(hint, "$quiet")]))
            return error
        navigator = self.gonogo.navigator
        shown = [each for each in campaigns if navigator.reviewing or takes_answers(each.status)]
        others = [each for each in shown if each.id != navigator.campaign_id]
        here = [
            Destination(each.id, campaign_entry(each), partial(navigator.open_campaign, self._signed, each.id))
            for each in others
        ]
        self.destinations.show([*here, *self._elsewhere()])
        self.destinations.highlighted = 0
        none = "" if others else "No other campaign here takes answers from you. "
        found = f" / finds one of {len(others)}." if len(others) >= MANY else ""
        self.message.update(Content.styled(none + hint + found, "$quiet"))
        return None

    def _elsewhere(self) -> list[Destination]:
        """Destinations that need no answer of the server."""
        navigator, services = self.gonogo.navigator, self.gonogo.services
        mode = "Back to the questions" if navigator.reviewing else "Review queue of this campaign"
        rows = [Destination("mode", _entry(mode, ""), navigator.show_review)]
        logins = services.other_logins()
        rows += [
            Destination(login.account, _entry(*_login_text(login)), partial(navigator.switch_login, login))
            for login in logins
        ]
        if services.has_workspace and not any(each.kind == "embedded" for each in (self._signed, *logins)):
            rows.append(Destination("here", _entry("This computer's workspace", ""), navigator.open_workspace))
        return [*rows, Destination("elsewhere", _entry("Another server or person …", "sign in"), self._sign_in)]

    async def _sign_in(self) -> None:
        self.gonogo.navigator.show_sign_in("Esc goes back; you stay signed in here.", back=True)

    def action_find(self) -> None:
        """Opens the line that searches the list (key `/`)."""
        self.query_one(FindLine).open()

    @on(OptionList.OptionSelected)
    def _go(self) -> None:
        destination = self.destinations.current
        if destination is not None:
            self.dismiss()
            self.app.call_later(destination.go)


def _login_text(login: SignedIn) -> tuple[str, str]:
    if login.kind == "embedded":
        return "This computer's workspace", ""
    return login.name or "your API key", login.base_url


def _entry(title: str, note: str) -> Content:
    return Content.assemble((one_line(title, 44), "$foreground"), "   ", (one_line(note, 60), "$quiet"))
