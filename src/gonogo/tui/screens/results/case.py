"""Case screen of a results API: every field, with drawing and votes if the case is a task of this login's server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.serialize import task_from_served
from gonogo.desk.session.campaign_access import CampaignAccess
from gonogo.json_types import JsonObject
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.results import cases
from gonogo.tui.presenters.work import annotate
from gonogo.tui.terminal.drawing_mode import DrawingMode
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusLine

if TYPE_CHECKING:
    from gonogo.desk.core.models import DeskTask
    from gonogo.desk.results.results_login import Source

IN_REVIEW = "Flagged"
"""The labeling state of a case that waits for an expert."""
MIN_DRAWING_HEIGHT = 14
"""Least height of the screen, in cells, that leaves room for the drawing."""


class CaseScreen(Screen[None]):
    """Case of a results API, fetched when it is opened. `step(by)` returns the number of another case of the table."""

    CSS_PATH = "cases.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CASE.bindings()]
    ACTION_SCOPES = (actions.CASE,)
    AUTO_FOCUS = "VerticalScroll"

    gonogo = AppGetter()
    top = getters.query_one("#top", StatusLine)
    sheet = getters.query_one("#sheet", SheetView)
    body = getters.query_one("#body", VerticalScroll)
    fields = getters.query_one("#fields", Static)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, source: Source, task: int, case_id: int, step: Callable[[int], int | None]) -> None:
        super().__init__()
        self._source, self._task_number, self.case_id, self._step = source, task, case_id, step
        self._case: JsonObject | None = None
        self._card: Content = Content("")
        self._ids = False
        self._browser: CampaignAccess | None = None
        self._case_task: DeskTask | None = None
        self.view = Viewport()

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        with Horizontal(id="work"):
            yield SheetView(id="sheet")
            with VerticalScroll(id="body"):
                yield Static(id="fields", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        setting = self.gonogo.services.profile.picture_mode
        self.mode = DrawingMode(self.gonogo.terminal, setting, color=not self.app.no_color)
        self.action_refresh()

    async def on_unmount(self) -> None:
        if self._browser is not None:
            await self._browser.aclose()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # --- the server ------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        self._case = None
        self._card = empty_state.waiting("Asking the server")
        self.call_after_refresh(self._show)
        workers.start_reading(self, self._load, self.case_id, group="case")

    async def _load(self, case_id: int) -> Exception | None:
        """Reads the case; returns the error, if any."""
        problem: Exception | None = None
        try:
            async with await self._source.connect() as client:
                self._case = (await client.case(self._task_number, case_id, verbose=True)).model_dump()
            self._case_task = self._task_of(self._case)
        except (GonogoClientError, DeskError) as error:
            problem = error
            self._card, self._case_task = empty_state.problem("The case could not be read", error), None
        self._show()
        return problem

    def _task_of(self, case: JsonObject) -> DeskTask | None:
        """Task behind a case of the server that this login is for; `None` for a case without a drawing here."""
        task, signed = case.get("gonogo"), self._source.signed
        if signed is None or not isinstance(task, dict) or not task.get("task_id") or not task.get("campaign_id"):
            return None
        if self._browser is None:
            self._browser = CampaignAccess(self.gonogo.services.visiting(signed, str(task["campaign_id"])))
        return task_from_served({**task, "id": str(task["task_id"])}, self._browser.campaign_id)

    # --- showing ---------------------------------------------------------------------------------------

    @property
    def _can_show(self) -> bool:
        """True while the widgets are mounted; on leaving, they are removed before the last worker ends."""
        return self.is_attached and bool(self.query("#sheet")) and bool(self.query("#keys"))

    def _show(self) -> None:
        if not self._can_show:
            return
        has_drawing = (
            self._case_task is not None and not self.mode.turned_off and self.size.height >= MIN_DRAWING_HEIGHT
        )
        self.set_class(has_drawing, "-drawn")
        title = (f"case {self.case_id}", "bold $accent"), (f"   task {self._task_number}", "$quiet")
        self.top.show(Content.assemble(*title))
        self.keys.show_scope(actions.CASE)
        self.call_after_refresh(self._show_case)  # with the drawing beside them the fields have less room

    def _show_case(self) -> None:
        if not self._can_show:
            return
        width = max(self.body.content_region.width - 1, 20)
        fields = self._card if self._case is None else cases.details(self._case, width, ids=self._ids)
        self.fields.update(Content.assemble(fields))
        if self._case_task is not None and self.has_class("-drawn"):
            workers.start_exclusive(self, self._draw, self._case_task, group="picture")

    async def _draw(self, task: DeskTask) -> None:
        if self._browser is None or not self._can_show or min(self.sheet.cells) <= 0:
            return
        request = self.mode.apply(self.view).request(task, self.sheet.cells)
        picture = await self._browser.pictures.picture(task, request)
        if task is self._case_task and self._can_show:
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view))

    # --- actions ---------------------------------------------------------------------------------------

    def action_ids(self) -> None:
        self._ids = not self._ids
        self._show()

    def action_step(self, by: int) -> None:
        case_id = self._step(by)
        if case_id is None:
            self.gonogo.show_notice("This is the end of the list.", seconds=2)
            return
        self.case_id = case_id
        self.view = self.view.reset()
        self.body.scroll_home(animate=False)
        self.action_refresh()

    def action_context(self) -> None:
        if self._case_task is None:
            self.gonogo.show_notice("This case has no drawing here.", seconds=3)
            return
        self._change_view(self.view.next_level())

    @on(SheetView.Zoomed)
    def _wheel_turned(self, event: SheetView.Zoomed) -> None:
        self._change_view(self.view.zoomed(event.direction))

    @on(SheetView.Dragged)
    def _drawing_dragged(self, event: SheetView.Dragged) -> None:
        self._change_view(self.view.dragged(event.x, event.y))

    def _change_view(self, view: Viewport) -> None:
        self.view = view
        self._show()

    async def action_review(self) -> None:
        """Opens the review queue at this case."""
        task, signed, state = self._case_task, self._source.signed, (self._case or {}).get("labeling_state")
        if task is None or signed is None:
            self.gonogo.show_notice("Review is on the server that you are signed in to; this case is of another one.")
        elif state != IN_REVIEW:
            self.gonogo.show_notice(f"This case needs no expert: its state is {state}.")
        else:
            await self.gonogo.navigator.open_review(signed, task.campaign_id, task.id)

    def action_back(self) -> None:
        self.dismiss()
