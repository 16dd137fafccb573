"""Which campaign to work on, when there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.desk.account.identity import SignedIn


class ChooseCampaignScreen(Screen[None]):
    """Lists the open campaigns of the person signed in; a single one is opened at once."""

    CSS_PATH = "choose_campaign.tcss"

    options = getters.query_one(OptionList)
    message = getters.query_one("#message", Static)

    def __init__(self, signed: SignedIn, wanted: str = "") -> None:
        """`wanted`: the id or name of the campaign to open without asking, if there is one of it."""
        super().__init__()
        self._signed = signed
        self._wanted = wanted

    gonogo = AppGetter()

    @property
    def _invited(self) -> bool:
        """Whether somebody else made the campaigns: a session is an invitation's; a key and the workspace lead."""
        return self._signed.kind == "session"

    def compose(self) -> ComposeResult:
        with Vertical(id="choice"):
            yield Static(Content.styled("Which campaign?", "bold $strong"), id="title", markup=False)
            yield OptionList(markup=False)
            yield Static(Content.styled("Asking the server …", "$quiet"), id="message", markup=False)

    def on_mount(self) -> None:
        self.run_worker(self._load(), group="campaigns", exclusive=True)

    async def _load(self) -> None:
        from gonogo.client.errors import GonogoClientError
        from gonogo.desk.core.errors import DeskError

        try:
            found = await self.gonogo.services.campaigns(self._signed)
        except (GonogoClientError, DeskError) as error:
            self._say(str(error), f"{error.next_step}\nCtrl+Q leaves.")
            return
        # a closed campaign takes no answers, but rulings
        campaigns = [one for one in found if self.gonogo.navigator.reviewing or is_open(one)]
        named = [one for one in campaigns if self._wanted and self._wanted in (one.id, one.name)]
        if len(named) == 1:
            campaigns = named
        if len(campaigns) == 1:
            await self.gonogo.navigator.open_campaign(self._signed, campaigns[0].id)
        elif campaigns:
            self.options.add_options([Option(describe(one), id=f"c{n}") for n, one in enumerate(campaigns)])
            self._ids = [one.id for one in campaigns]
            self.options.focus()
            self.message.update(Content.styled("Enter opens it.", "$quiet"))
        else:
            invited = "Ask the person who invited you."
            own = "`gonogo import` makes one; `gonogo campaign list` shows the closed ones, too."
            self._say("There is no open campaign for you.", f"{invited if self._invited else own} Ctrl+Q leaves.")

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        await self.gonogo.navigator.open_campaign(self._signed, self._ids[event.option_index])

    def _say(self, what: str, next_step: str) -> None:
        self.message.update(Content("\n").join([content(what, 600), content(next_step, 400)]))


def is_open(campaign: Any) -> bool:
    """Unknown statuses of another server count as open."""
    return (campaign.status or "open") not in ("closed", "promoted", "archived")


def describe(campaign: Any) -> Content:
    """Name, and how far it is."""
    counts = ""
    if campaign.task_count is not None:
        counts = f"{campaign.resolved_count or 0} of {campaign.task_count} settled"
    return Content.assemble((one_line(campaign.name or campaign.id, 40), "$foreground"), "   ", (counts, "$quiet"))
