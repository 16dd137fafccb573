"""For leads: all campaigns with their progress, and what can be done about the one under the cursor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets.option_list import Option

from gonogo.schemas.labeling import CampaignAssignmentCreate, LabelingCampaignPublic
from gonogo.tui import actions
from gonogo.tui.presenters import campaigns
from gonogo.tui.presenters.campaigns import CampaignSnapshot
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.list_detail import ListDetailScreen
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets import status

if TYPE_CHECKING:
    from gonogo.client.errors import GonogoClientError
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.desk.account.sign_in import SignedIn
    from gonogo.desk.core.errors import DeskError
    from gonogo.schemas.lead import CampaignProgress

FOLLOW_SECONDS = 10.0
"""Between two looks at the chosen campaign, where the server does not tell how it goes on. Its quality is measured when
it is chosen, or by r."""


class CampaignDashboardScreen(ListDetailScreen):
    """Asks the server for what it shows; nothing is done about a campaign without a confirmation in words."""

    CSS_PATH = "campaign_dashboard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.LEAD)]
    ACTION_SCOPES = (actions.LEAD,)

    def __init__(self, signed: SignedIn) -> None:
        super().__init__(signed)
        self._campaigns: list[LabelingCampaignPublic] = []
        self._seen: CampaignSnapshot | None = None
        self._problem: Content | None = None
        self._told_of = ""  # id of the campaign whose changes the server tells
        self._line = ""  # what there is to say of the line it tells them on

    @property
    def campaign(self) -> LabelingCampaignPublic | None:
        """The campaign under the cursor."""
        at = self.options.highlighted
        return self._campaigns[at] if at is not None and at < len(self._campaigns) else None

    def on_mount(self) -> None:
        self.set_interval(FOLLOW_SECONDS, self._follow)
        self.action_refresh()

    # --- asking the server -----------------------------------------------------------------------------

    def _failed(self, error: GonogoClientError | DeskError) -> None:
        self._problem = Content("\n\n").join([content(f"! {error}", 600), content(error.next_step, 400)])
        self._show()

    def action_refresh(self) -> None:
        self._problem = None
        self._work(self._load, "list")

    async def _load(self, client: GonogoClient) -> None:
        chosen = self.campaign
        self._campaigns = await campaigns.all_campaigns(client)
        self.options.clear_options()
        self.options.add_options([Option(campaigns.entry(one)) for one in self._campaigns])
        ids = [one.id for one in self._campaigns]
        wanted = chosen.id if chosen is not None else self._signed.campaign_id
        if ids:
            self.options.highlighted = ids.index(wanted) if wanted in ids else 0
        self._show()

    def on_option_list_option_highlighted(self) -> None:
        campaign = self.campaign
        if campaign is not None and (self._seen is None or self._seen.campaign.id != campaign.id):
            self._seen = CampaignSnapshot(campaign)
            self._show()
        self._work(self._look, "about")

    async def _look(self, client: GonogoClient) -> None:
        if self.campaign is not None:
            self._seen = await campaigns.look(client, self.campaign)
            self._problem = None
            self._show()
            if self._seen.progress is not None and self._told_of != self._seen.campaign.id:
                self._work(self._listen, "listen")

    async def _listen(self, client: GonogoClient) -> None:
        """Shows what the server tells of the chosen campaign, until another one is chosen or it is closed."""
        from gonogo.client import progress_stream

        campaign = self.campaign
        if campaign is None or not progress_stream.told_by(await client.capabilities()):
            return
        self._told_of = campaign.id
        try:
            async with aclosing(progress_stream.stream_progress(client, campaign.id, heard=self._heard)) as told:
                async for progress in told:
                    self._tell(progress)
        except progress_stream.StreamUnavailableError:
            pass  # it is looked at every few seconds
        finally:
            if self._told_of == campaign.id:
                self._told_of = self._line = ""

    def _heard(self, why: GonogoClientError | None, seconds: float) -> None:
        self._line = "" if why is None else f"! {why} Trying again in {seconds:.0f} s."
        self._show()

    def _tell(self, progress: CampaignProgress) -> None:
        before = self._seen
        if before is not None and before.campaign.id == progress.campaign_id:
            self._seen, self._problem = campaigns.told(before, progress), None
            self._relist(self._seen.campaign)
            self._show()

    def _relist(self, campaign: LabelingCampaignPublic) -> None:
        """How far it is in the list as well."""
        for at, one in enumerate(self._campaigns):
            if one.id == campaign.id and one != campaign:
                self._campaigns[at] = campaign
                self.options.replace_option_prompt_at_index(at, campaigns.entry(campaign))

    def _follow(self) -> None:
        seen = self._seen
        if self.is_current and seen is not None and seen.progress is not None and self._told_of != seen.campaign.id:
            self._work(self._look_again, "follow")

    async def _look_again(self, client: GonogoClient) -> None:
        before = self._seen
        if before is not None:
            found = await campaigns.look_again(client, before)
            if self._seen is before:  # else another one was chosen meanwhile
                self._seen, self._problem = found, None
                self._relist(found.campaign)
                self._show()

    def _show(self) -> None:
        said = (one_line(self._line, 200), "$foreground") if self._line else ("for leads", "$quiet")
        self.top.show(Content.assemble(("campaigns", "bold $accent"), "   ", said))
        width = max(self.query_one("#pane").content_region.width - 1, 20)
        if self._problem is not None:
            self.about.update(Content.assemble(self._problem))
        elif self._seen is not None:
            self.about.update(campaigns.about(self._seen, width))
        elif not self._campaigns:
            self.about.update(Content.styled("No campaign yet. `gonogo import` makes one.", "$foreground"))
        status.show_keys(self.keys, actions.LEAD)

    # --- keys ------------------------------------------------------------------------------------------

    def action_quality(self) -> None:
        from gonogo.tui.screens.lead.quality import QualityScreen

        if self.campaign is not None:
            self.app.push_screen(QualityScreen(self._signed, self.campaign.id, self.campaign.name or ""))

    async def action_review(self) -> None:
        if self.campaign is not None:
            await self.gonogo.navigator.open_review(self._signed, self.campaign.id)

    def action_results(self) -> None:
        campaign = self.campaign
        if campaign is None:
            return

        async def open_results(client: GonogoClient) -> None:
            from gonogo.desk.results.source import of_login
            from gonogo.tui.screens.results.cases import ResultsScreen

            number = (await client.campaign_detail(campaign.id)).number
            source = of_login(self.gonogo.services, self._signed)
            self.app.push_screen(ResultsScreen(source, number, name=campaign.name or ""))

        self._work(open_results, "do")

    def on_option_list_option_selected(self) -> None:
        self.action_quality()

    def action_invite(self) -> None:
        campaign = self.campaign
        if campaign is None:
            return

        async def invite(client: GonogoClient, text: str) -> None:
            address, _, role = text.partition(" ")
            wanted = CampaignAssignmentCreate(email=address, role=role.strip() or None)
            made = await client.create_assignment(campaign.id, wanted)
            self.gonogo.say(f"{address} is invited.", seconds=4)
            self.app.push_screen(ConfirmScreen(campaigns.invitation(made, address)))
            await self._look(client)

        self._ask(campaigns.INVITE, invite, check=campaigns.bad_address)

    def action_revoke(self) -> None:
        campaign, seen = self.campaign, self._seen
        if campaign is None or seen is None or seen.campaign.id != campaign.id:
            return

        async def revoke(client: GonogoClient, text: str) -> None:
            who = campaigns.assignment_of(seen, text)
            assert who is not None  # checked before
            await client.revoke_assignment(campaign.id, who.id)
            self.gonogo.say(f"{one_line(text, 60)} has no part in this campaign any more.", seconds=4)
            await self._look(client)

        self._ask(campaigns.REVOKE, revoke, check=lambda text: campaigns.nobody(seen, text))

    def action_close(self) -> None:
        campaign = self.campaign
        if campaign is None:
            return

        async def close(client: GonogoClient, _: str) -> None:
            await client.close_campaign(campaign.id)
            self.gonogo.say("The campaign is closed.", seconds=4)
            await self._load(client)
            await self._look(client)

        self._ask(campaigns.closing(campaign), close, check=campaigns.not_yes)

    def action_promote(self) -> None:
        campaign, seen = self.campaign, self._seen
        if campaign is None or seen is None:
            return

        async def promote(client: GonogoClient, text: str) -> None:
            made = await client.promote_campaign(campaign.id, force=text == "force")
            self.gonogo.say(campaigns.promoted(made), seconds=8)
            await self._load(client)
            await self._look(client)

        said = campaigns.promoting(seen)
        self._ask(said, promote, check=campaigns.not_yes_or_force(seen))

    def _ask(
        self, said: Content, then: Callable[[GonogoClient, str], Awaitable[None]], check: Callable[[str], str]
    ) -> None:
        """Words, a line to type on, and what to do with what was typed; Esc does nothing."""

        def answered(text: str | None) -> None:
            if text is not None:
                self._work(lambda client: then(client, text), "do")

        self.app.push_screen(ConfirmScreen(said, check), answered)
