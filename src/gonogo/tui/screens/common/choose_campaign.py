"""Campaign choice screen: lists the open campaigns of the signed-in person, and opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.schemas.statuses import takes_answers
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.common.empty_state import again
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets.record_list import FindLine, RecordList

if TYPE_CHECKING:
    from gonogo.desk.account.identity import CampaignChoice, SignedIn

MANY = 15
"""Number of campaigns from which the hint says that the list can be searched."""


class ChooseCampaignScreen(Screen[None]):
    """Campaign list of a login, the open ones; a single campaign is opened at once."""

    CSS_PATH = "choose_campaign.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CHOOSE.bindings()]
    ACTION_SCOPES = (actions.CHOOSE,)

    campaigns: getters.query_one[RecordList[CampaignChoice]] = getters.query_one("#campaigns", RecordList)
    message = getters.query_one("#message", Static)

    def __init__(self, signed: SignedIn, preferred: str = "") -> None:
        """`preferred` is the id or name of a campaign that is opened at once, if exactly one matches."""
        super().__init__()
        self._signed = signed
        self._preferred = preferred

    gonogo = AppGetter()

    @property
    def _invited(self) -> bool:
        """Whether this login came by an invitation; an API key and the workspace on this computer make campaigns."""
        return self._signed.kind == "session"

    def compose(self) -> ComposeResult:
        with Vertical(id="choice"):
            yield Static(Content.styled("Which campaign?", "bold $strong"), id="title", markup=False)
            yield RecordList(entry, lambda campaign: campaign.id, id="campaigns")
            yield FindLine(lambda: self.campaigns)
            yield Static(id="message", markup=False)

    def on_mount(self) -> None:
        self.action_retry()

    def action_retry(self) -> None:
        """Asks the server for the list, at once; by itself again while it does not answer (key `r`)."""
        self.message.update(Content.styled("Asking the server …", "$quiet"))
        workers.start_reading(self, self._read, group="campaigns")

    async def _read(self) -> Exception | None:
        """Reads the list; returns the error, if any."""
        try:
            campaigns = await self.gonogo.services.campaigns(self._signed)
            matching = [campaign for campaign in campaigns if self._preferred in (campaign.id, campaign.name)]
            if self._preferred and not matching and await self.gonogo.navigator.look_in_workspace(self._preferred):
                return None
        except (GonogoClientError, DeskError) as error:
            self._show_message(str(error), f"{error.next_step} {again(error)}".strip() + "\nCtrl+Q leaves.")
            return error
        await self._show(campaigns, matching)
        return None

    async def _show(self, campaigns: list[CampaignChoice], matching: list[CampaignChoice]) -> None:
        """Shows the open campaigns, those of `matching` if there are; a single one is opened at once."""
        if not self.gonogo.navigator.reviewing:  # a closed campaign takes no answers, but rulings
            campaigns = [campaign for campaign in campaigns if takes_answers(campaign.status)]
        matching = [campaign for campaign in matching if campaign in campaigns]
        if self._preferred and matching:
            campaigns = matching
        missing = bool(self._preferred) and not matching
        if len(campaigns) == 1 and not missing:
            await self.gonogo.navigator.open_campaign(self._signed, campaigns[0].id)
        elif campaigns:
            self.campaigns.show(campaigns)
            self.campaigns.highlighted = None  # Enter opens nothing before one is chosen
            self.campaigns.focus()
            hint = "Enter opens it." if len(campaigns) < MANY else f"Enter opens it. / finds one of {len(campaigns)}."
            if missing:
                hint = f"There is no open campaign “{one_line(self._preferred, 40)}” for you; these are open. {hint}"
            self.message.update(Content.styled(hint, "$quiet"))
        else:
            invited = "Ask the person who invited you."
            own = "`gonogo import` makes one; `gonogo campaigns list` shows the closed ones, too."
            step = f"{invited if self._invited else own} r looks again. Ctrl+O goes elsewhere, Ctrl+Q leaves."
            self._show_message("There is no open campaign for you.", step)

    def action_find(self) -> None:
        """Opens the line that searches the list (key `/`)."""
        if self.campaigns.total:
            self.query_one(FindLine).open()

    @on(OptionList.OptionSelected)
    async def _open(self) -> None:
        campaign = self.campaigns.current
        if campaign is not None:
            await self.gonogo.navigator.open_campaign(self._signed, campaign.id)

    def _show_message(self, message: str, next_step: str) -> None:
        self.message.update(Content("\n").join([content(message, 600), content(next_step, 400)]))


def entry(campaign: CampaignChoice) -> Content:
    """Entry of the list: name and progress."""
    progress = ""
    if campaign.task_count is not None:
        progress = f"{campaign.resolved_count or 0} of {campaign.task_count} settled"
    return Content.assemble((one_line(campaign.name or campaign.id, 40), "$foreground"), "   ", (progress, "$quiet"))
