"""What the labels of a campaign are worth: each number with its doubt, what it means, and what to do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.report.quality import report_lines
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters import empty_state
from gonogo.tui.text import one_line, plain
from gonogo.tui.widgets import status
from gonogo.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.desk.account.sign_in import SignedIn
    from gonogo.schemas.labeling import QualityReport


class QualityScreen(Screen[None]):
    """Asks for the report, which may take seconds on a large campaign, and lays it out for the width there is."""

    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.QUALITY)]
    ACTION_SCOPES = (actions.QUALITY,)
    AUTO_FOCUS = "VerticalScroll"

    top = getters.query_one("#top", StatusLine)
    report = getters.query_one("#report", Static)
    keys = getters.query_one("#keys", StatusLine)

    def __init__(self, signed: SignedIn, campaign_id: str, name: str = "") -> None:
        super().__init__()
        self._signed = signed
        self._campaign_id = campaign_id
        self._campaign_name = name
        self._found: QualityReport | None = None
        self._names: dict[str, str] = {}
        self._said: Content | None = None

    gonogo = AppGetter()

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        with VerticalScroll(id="body"):
            yield Static(id="report", markup=False)
        yield StatusLine(id="keys")

    def on_mount(self) -> None:
        said = ("quality  ", "bold $accent"), (one_line(self._campaign_name, 60), "$foreground")
        self.top.show(Content.assemble(*said))
        self.action_refresh()

    def on_resize(self) -> None:
        self.call_after_refresh(self._lay_out)

    def action_refresh(self) -> None:
        self._said = empty_state.waiting("Measuring")
        self._lay_out()
        workers.begin(self, self._load, group="quality")

    def action_annotators(self) -> None:
        self.gonogo.navigator.show_annotators(self._signed, self._campaign_id, self._campaign_name)

    def action_candidates(self) -> None:
        self.gonogo.navigator.show_candidates(self._signed, self._campaign_id, self._campaign_name)

    def action_back(self) -> None:
        self.dismiss()

    async def _load(self) -> None:
        try:
            async with await self.gonogo.services.client(self._signed) as client:
                self._found = await client.campaign_quality(self._campaign_id)
                self._names = await names_of(client, self._campaign_id)
        except (GonogoClientError, DeskError) as error:
            self._said = empty_state.problem("The quality could not be read", error)
        else:
            self._said = None
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(self.query_one("#body").content_region.width - 2, 20)
        if self._said is not None:
            self.report.update(Content.assemble(self._said))
        elif self._found is not None:
            found = report_lines(self._found.model_dump(), self._names, width)
            self.report.update(Content("\n").join([styled_line(line) for line in found]))
        status.show_keys(self.keys, actions.QUALITY)


def styled_line(line: str) -> Content:
    """Numbers strong, what they mean quiet, what to do in the accent; the words are the same without colours."""
    text = plain(line.replace("\n", " "), 400)
    if text.startswith("       →") or text.startswith("         "):
        return Content.styled(text, "$accent")
    if text.startswith("       ! "):
        return Content.styled(text, "$warning")
    if text.startswith("       ") and "├" not in text:
        return Content.styled(text, "$quiet")
    if text.startswith("alpha "):
        return Content.styled(text, "bold $strong")
    return Content.styled(text, "$foreground")


async def names_of(client: GonogoClient, campaign_id: str) -> dict[str, str]:
    """E-mail or name by annotator id, as far as this credential may know them."""
    with contextlib.suppress(GonogoClientError):
        found = (await client.annotators(campaign_id)).data
        return {one.voter_id: one.email or one.name or one.voter_id for one in found}
    with contextlib.suppress(GonogoClientError):
        people = (await client.list_assignments(campaign_id)).data
        return {one.annotator_account_id or one.id: one.annotator_email or one.id for one in people}
    return {}
