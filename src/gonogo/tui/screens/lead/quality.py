"""Quality screen: report of a campaign's quality, each number with its interval, meaning and advice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from gonogo.desk.lead.annotator_names import fetch_annotator_names
from gonogo.report.quality import report_lines
from gonogo.tui import actions
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.empty_state import again
from gonogo.tui.presenters.lead.quality_line_style import styled_line
from gonogo.tui.screens.common.server_calls import ServerCalls, ServerError
from gonogo.tui.text import one_line
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusLine

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.account.identity import SignedIn
    from gonogo.schemas.labeling import QualityReport


class QualityScreen(Screen[None]):
    """Quality report laid out for the width of the terminal. Measuring may take seconds on a large campaign."""

    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.QUALITY.bindings()]
    ACTION_SCOPES = (actions.QUALITY,)
    AUTO_FOCUS = "VerticalScroll"

    top = getters.query_one("#top", StatusLine)
    body = getters.query_one("#body", VerticalScroll)
    report = getters.query_one("#report", Static)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, signed: SignedIn, campaign_id: str, name: str = "") -> None:
        super().__init__()
        self._signed = signed
        self._campaign_id = campaign_id
        self._campaign_name = name
        self._quality: QualityReport | None = None
        self._names: dict[str, str] = {}
        self._card: Content | None = None

    gonogo = AppGetter()

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        with VerticalScroll(id="body"):
            yield Static(id="report", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.calls = ServerCalls(self, partial(self.gonogo.services.client, self._signed), self._on_error)
        campaign = one_line(self._campaign_name, 60)
        self.top.show(Content.assemble(("quality  ", "bold $accent"), (campaign, "$foreground")))
        self.action_refresh()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    # --- the server ------------------------------------------------------------------------------------

    async def _load(self, client: GonogoClient) -> None:
        self._quality = await client.campaign_quality(self._campaign_id)
        self._card = None
        self.show()
        self._names = await fetch_annotator_names(client, self._campaign_id)
        self.show()

    def _on_error(self, error: ServerError) -> None:
        if self._card is None:  # the report is shown, with ids for names
            words = f"The people's names could not be read: {error} {again(error)}"
            self.gonogo.show_notice(words, error=True, seconds=15)
            return
        self._card = empty_state.problem("The quality could not be read", error)
        self.show()

    # --- showing ---------------------------------------------------------------------------------------

    def show(self) -> None:
        """Lays the report out for the current width."""
        width = max(self.body.content_region.width - 2, 20)
        if self._card is not None:
            self.report.update(Content.assemble(self._card))
        elif self._quality is not None:
            lines = report_lines(self._quality.model_dump(), self._names, width)
            self.report.update(Content("\n").join([styled_line(line) for line in lines]))
        self.keys.show_scope(actions.QUALITY)

    # --- actions ---------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        self._card = empty_state.waiting("Measuring")
        self.show()
        self.calls.read(self._load, "quality")

    def action_annotators(self) -> None:
        self.gonogo.navigator.show_annotators(self._signed, self._campaign_id, self._campaign_name)

    def action_candidates(self) -> None:
        self.gonogo.navigator.show_candidates(self._signed, self._campaign_id, self._campaign_name)

    def action_back(self) -> None:
        self.dismiss()
