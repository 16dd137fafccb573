"""Model screen: how far the predictions of a campaign's project can be trusted alone, and the surest errors."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static

from gonogo.client.lead_client import model_report_of
from gonogo.desk.core.errors import DeskError
from gonogo.tui import actions, workers
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.lead import gold, model
from gonogo.tui.presenters.work import annotate
from gonogo.tui.screens.common.list_detail import ListDetailScreen
from gonogo.tui.screens.common.server_calls import ServerCalls, ServerError
from gonogo.tui.terminal.drawing_mode import TURNED_OFF, DrawingMode
from gonogo.tui.text import one_line
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.case_preview import PAUSE_SECONDS
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.record_list import RecordList

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.session.campaign_access import CampaignAccess
    from gonogo.schemas.model_report import ModelError, ModelReport
    from gonogo.sheets.models import NoPicture, Picture


class ModelScreen(ListDetailScreen):
    """Model report, and its surest errors with their place on the drawing. Closes `browser` on leaving."""

    CSS_PATH = ["../common/list_detail.tcss", "model.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*actions.MODEL.bindings()]
    ACTION_SCOPES = (actions.MODEL,)
    SCOPE = actions.MODEL

    sheet = getters.query_one("#sheet", SheetView)

    def __init__(self, browser: CampaignAccess, name: str, profile: Settings) -> None:
        super().__init__()
        self.browser = browser
        self.view = Viewport()
        self.calls = ServerCalls(self, self._connect, self._on_error)
        self._picture_mode = profile.picture_mode
        self._campaign_name = name
        self._pause: Timer | None = None
        self._report: ModelReport | None = None
        self._card: Content | None = empty_state.waiting("Reading the predictions")

    def compose(self) -> ComposeResult:
        records = RecordList(model.entry, lambda page: page.key, id="records")
        about = VerticalScroll(Static(id="about", markup=False), id="scroll")
        return self.compose_list_detail(records, Vertical(SheetView(id="sheet"), about, id="pane"))

    def on_mount(self) -> None:
        self.mode = DrawingMode(self.gonogo.terminal, self._picture_mode, color=not self.app.no_color)
        name = one_line(self._campaign_name, 60)
        self.top.show(Content.assemble(("model  ", "bold $accent"), (name, "$foreground")))
        self.action_refresh()

    async def on_unmount(self) -> None:
        await self.browser.aclose()

    # --- the server ------------------------------------------------------------------------------------

    async def _connect(self) -> AbstractAsyncContextManager[GonogoClient]:
        return nullcontext(await self.browser.client())  # the browser keeps its client open for the drawings

    async def _load(self, client: GonogoClient) -> None:
        campaign = await client.get_campaign(self.browser.campaign_id)
        if campaign.project_id is None:
            raise DeskError(model.NO_PROJECT, "Import predictions into a project.")
        self._report = await model_report_of(client, campaign.project_id)
        self._card = None
        self.records.show(model.pages(self._report))
        self.show()
        self.call_after_refresh(self.records.focus)  # a hidden widget cannot take the focus

    def _on_error(self, error: ServerError) -> None:
        if self._report is not None:
            self.gonogo.show_error(error)
        else:
            self._card = empty_state.problem("The model report could not be read", error)
            self.show()

    # --- showing ---------------------------------------------------------------------------------------

    def show(self) -> None:
        page = self.records.current
        self.set_class(self._report is None, "-empty")
        self.set_class(page is None or page.error is None, "-report")
        if self._report is None:
            self.details.update(Content.assemble(self._card or Content("")))
        elif page is None or page.error is None:
            self.details.update(model.report_text(self._report))
        else:
            self.details.update(model.error_text(page.error))
            self._draw_soon(page.error)
        self.show_keys()

    @on(OptionList.OptionHighlighted)
    def _choose(self) -> None:
        self.view = self.view.reset()
        self.query_one("#scroll", VerticalScroll).scroll_home(animate=False)
        self.call_after_refresh(self.show)

    def _draw_soon(self, error: ModelError) -> None:
        """Draws when the cursor has stayed a moment; by then a sheet that was hidden has its size."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(
            PAUSE_SECONDS, lambda: workers.start_exclusive(self, self._draw, error, group="picture")
        )

    async def _draw(self, error: ModelError) -> None:
        task = model.task_of(error, self.browser.campaign_id)
        picture: Picture | NoPicture = TURNED_OFF if self.mode.turned_off else gold.NO_ROOM
        if min(self.sheet.cells) > 0 and not self.mode.turned_off:
            request = self.mode.apply(self.view).request(task, self.sheet.cells)
            picture = await self.browser.pictures.picture(task, request)
        page = self.records.current
        if page is not None and page.error is error:
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view))

    # --- actions ---------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        self.calls.read(self._load, "model")

    def action_context(self) -> None:
        """Shows more of the sheet around the wrong prediction."""
        self.view = self.view.next_level()
        self.show()

    def action_scroll(self, direction: int) -> None:
        scroll = self.query_one("#scroll", VerticalScroll)
        scroll.scroll_page_down(animate=False) if direction > 0 else scroll.scroll_page_up(animate=False)
