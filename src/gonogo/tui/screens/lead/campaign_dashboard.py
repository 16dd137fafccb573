"""Campaign dashboard for leads: all campaigns with their progress, and what can be done about one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList

from gonogo.client import progress_stream
from gonogo.desk.lead.campaign_snapshot import (
    CampaignSnapshot,
    fetch_campaigns,
    fetch_snapshot,
    refresh_snapshot,
)
from gonogo.desk.results.results_login import of_login
from gonogo.schemas.labeling import LabelingCampaignPublic
from gonogo.tui import actions
from gonogo.tui.presenters.common.empty_state import again
from gonogo.tui.presenters.common.format import paragraphs
from gonogo.tui.presenters.lead import campaigns
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.list_detail import ListDetailScreen
from gonogo.tui.screens.common.server_calls import ServerCalls, ServerError
from gonogo.tui.screens.lead.annotators import AnnotatorsScreen
from gonogo.tui.screens.lead.campaign_settings import CampaignSettingsScreen
from gonogo.tui.screens.lead.invitation_dialog import InvitationDialog
from gonogo.tui.screens.lead.quality import QualityScreen
from gonogo.tui.screens.results.cases import ResultsScreen
from gonogo.tui.text import content, one_line
from gonogo.tui.widgets.record_list import FindLine, RecordList

if TYPE_CHECKING:
    from gonogo.client.errors import GonogoClientError
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.account.identity import SignedIn
    from gonogo.schemas.lead import CampaignProgress

POLL_SECONDS = 10.0
"""Time between two refreshes of the chosen campaign, where the server has no progress stream. Quality is measured only
when a campaign is chosen, or by r, because it may take seconds."""


class CampaignDashboardScreen(ListDetailScreen):
    """Campaign dashboard of one login. Every action on a campaign asks for confirmation first."""

    CSS_PATH = "../common/list_detail.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.LEAD.bindings()]
    ACTION_SCOPES = (actions.LEAD,)
    SCOPE = actions.LEAD

    def __init__(self, signed: SignedIn) -> None:
        super().__init__()
        self._signed = signed
        self._snapshot: CampaignSnapshot | None = None
        self._problem: Content | None = None
        self._streamed_id = ""  # id of the campaign whose progress stream is open
        self._stream_problem = ""

    @property
    def campaign(self) -> LabelingCampaignPublic | None:
        """The campaign under the cursor."""
        return self.records.current

    def compose(self) -> ComposeResult:
        yield FindLine(lambda: self.records)
        yield from self.compose_list_detail(RecordList(campaigns.entry, lambda campaign: campaign.id, id="records"))

    def on_mount(self) -> None:
        self.calls = ServerCalls(self, partial(self.gonogo.services.client, self._signed), self._on_error)
        self.set_interval(POLL_SECONDS, self._poll)
        self.action_refresh()

    # --- the server ------------------------------------------------------------------------------------

    def _on_error(self, error: ServerError) -> None:
        self._problem = paragraphs(content(f"! {error}", 600), content(f"{error.next_step} {again(error)}", 500))
        self.show()

    def action_refresh(self) -> None:
        self._problem = None
        self.calls.read(self._load, "list")

    async def _load(self, client: GonogoClient) -> None:
        fetched = await fetch_campaigns(client)
        self._problem = None
        self.records.show(fetched, select=self._signed.campaign_id)
        self.show()

    @on(OptionList.OptionHighlighted)
    def _choose(self) -> None:
        campaign = self.campaign
        if campaign is not None and (self._snapshot is None or self._snapshot.campaign.id != campaign.id):
            self._snapshot = CampaignSnapshot(campaign)
            self.show()
        self._read_snapshot()

    def _read_snapshot(self) -> None:
        self.calls.read(self._load_snapshot, "about")

    def _read_anew(self) -> None:
        """Reads list and chosen campaign again, after something was changed."""
        self.calls.read(self._load, "list")
        self._read_snapshot()

    async def _load_snapshot(self, client: GonogoClient) -> None:
        if self.campaign is None:
            return
        self._snapshot = await fetch_snapshot(client, self.campaign.id)
        self._problem = None
        self.show()
        if self._snapshot.progress is not None and self._streamed_id != self._snapshot.campaign.id:
            self.calls.start(self._stream, "stream")

    async def _stream(self, client: GonogoClient) -> None:
        """Shows progress events of the chosen campaign until it is closed or another one is chosen."""
        campaign = self.campaign
        if campaign is None or not progress_stream.has_stream(await client.capabilities()):
            return
        self._streamed_id = campaign.id
        try:
            async with aclosing(
                progress_stream.stream_progress(client, campaign.id, heard=self._on_connection)
            ) as events:
                async for progress in events:
                    self._apply(progress)
        except progress_stream.StreamUnavailableError:
            pass  # polling goes on
        finally:
            if self._streamed_id == campaign.id:
                self._streamed_id = self._stream_problem = ""

    def _on_connection(self, error: GonogoClientError | None, seconds: float) -> None:
        self._stream_problem = "" if error is None else f"! {error} Trying again in {seconds:.0f} s."
        self.show()

    def _apply(self, progress: CampaignProgress) -> None:
        snapshot = self._snapshot
        if snapshot is not None and snapshot.campaign.id == progress.campaign_id:
            self._set_snapshot(snapshot.with_progress(progress))

    def _set_snapshot(self, snapshot: CampaignSnapshot) -> None:
        self._snapshot, self._problem = snapshot, None
        self.records.replace(snapshot.campaign)
        self.show()

    def _poll(self) -> None:
        snapshot = self._snapshot
        if not self.is_current or snapshot is None or snapshot.progress is None:
            return
        if self._streamed_id != snapshot.campaign.id:
            self.calls.start(self._refresh_snapshot, "poll")

    async def _refresh_snapshot(self, client: GonogoClient) -> None:
        snapshot = self._snapshot
        if snapshot is not None:
            refreshed = await refresh_snapshot(client, snapshot)
            if self._snapshot is snapshot:  # another one may have been chosen meanwhile
                self._set_snapshot(refreshed)

    # --- showing ---------------------------------------------------------------------------------------

    def show(self) -> None:
        problem = self._stream_problem
        note = (one_line(problem, 200), "$foreground") if problem else ("for leads", "$quiet")
        self.top.show(Content.assemble(("campaigns", "bold $accent"), "   ", note))
        width = max(self.query_one("#pane").content_region.width - 1, 20)
        if self._problem is not None:
            self.details.update(Content.assemble(self._problem))
        elif self._snapshot is not None:
            self.details.update(campaigns.details(self._snapshot, width))
        elif not self.records.records:
            self.details.update(Content.styled("No campaign yet. `gonogo import` makes one.", "$foreground"))
        self.show_keys()

    # --- actions ---------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected)
    def action_quality(self) -> None:
        if self.campaign is not None:
            self.app.push_screen(QualityScreen(self._signed, self.campaign.id, self.campaign.name or ""))

    def action_model(self) -> None:
        if self.campaign is not None:
            self.gonogo.navigator.show_model(self._signed, self.campaign.id, self.campaign.name or "")

    def action_find(self) -> None:
        self.query_one(FindLine).open()

    def action_settings(self) -> None:
        if self.campaign is not None:
            screen = CampaignSettingsScreen(self._signed, self.campaign.id, self.campaign.name or "")
            self.app.push_screen(screen, lambda _: self.action_refresh())

    async def action_review(self) -> None:
        if self.campaign is not None:
            await self.gonogo.navigator.open_review(self._signed, self.campaign.id)

    def action_results(self) -> None:
        campaign = self.campaign
        if campaign is None:
            return

        async def open_results(client: GonogoClient) -> None:
            if await client.capabilities() is None:
                notice = "This server has no results API; `gonogo export` writes the results of its campaigns."
                self.gonogo.show_notice(notice, warning=True, seconds=8)
                return
            number = (await client.campaign_detail(campaign.id)).number
            source = of_login(self.gonogo.services, self._signed)
            self.app.push_screen(ResultsScreen(source, number, name=campaign.name or ""))

        self.calls.act(open_results, "action")

    def action_invite(self) -> None:
        if self.campaign is not None:
            InvitationDialog(self, self.calls, self._read_snapshot).invite(self.campaign.id)

    def action_people(self) -> None:
        if self.campaign is not None:
            self.app.push_screen(
                AnnotatorsScreen(self._signed, self.campaign.id, self.campaign.name or ""), lambda _: self._choose()
            )

    def action_close(self) -> None:
        campaign = self.campaign
        if campaign is None:
            return

        async def close(client: GonogoClient, _: str) -> None:
            await client.close_campaign(campaign.id)
            self.gonogo.show_notice("The campaign is closed.", seconds=4)

        self._confirm(campaigns.closing_card(campaign), close, check=campaigns.check_yes)

    def action_promote(self) -> None:
        campaign, snapshot = self.campaign, self._snapshot
        if campaign is None or snapshot is None:
            return

        async def promote(client: GonogoClient, text: str) -> None:
            result = await client.promote_campaign(campaign.id, force=text == "force")
            self.gonogo.show_notice(campaigns.promotion_message(result), seconds=8)

        self._confirm(campaigns.promotion_card(snapshot), promote, check=campaigns.promotion_check(snapshot))

    def _confirm(
        self, card: Content, action: Callable[[GonogoClient, str], Awaitable[None]], check: Callable[[str], str]
    ) -> None:
        """Shows `card` with an input line; runs `action` with what was typed, unless Esc left the card."""

        def act(text: str | None) -> None:
            if text is not None:
                self.calls.change(lambda client: action(client, text), "action", then=self._read_anew)

        self.app.push_screen(ConfirmScreen(card, check), act)
