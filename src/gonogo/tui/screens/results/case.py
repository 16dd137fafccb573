"""One case of a results API: its drawing and votes where it is of our own server, and every field the server told."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.serialize import task_from_served
from gonogo.desk.practice.browse import CampaignBrowser
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters import annotate, cases, empty_state
from gonogo.tui.terminal import capabilities
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets import status
from gonogo.tui.widgets.sheet_view import SheetView
from gonogo.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from gonogo.desk.core.models import DeskTask
    from gonogo.desk.results.source import Source

IN_REVIEW = "Flagged"


class CaseScreen(Screen[None]):
    """Asks for the case when it is opened, so it shows what is true now. `step` goes on in the list."""

    CSS_PATH = "cases.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CASE.bindings()]
    ACTION_SCOPES = (actions.CASE,)
    AUTO_FOCUS = "VerticalScroll"

    top = getters.query_one("#top", StatusLine)
    sheet = getters.query_one("#sheet", SheetView)
    fields = getters.query_one("#fields", Static)
    keys = getters.query_one("#keys", StatusLine)

    def __init__(self, source: Source, task: int, case_id: int, step: Callable[[int], int | None]) -> None:
        super().__init__()
        self._source, self._number, self.case_id, self._step = source, task, case_id, step
        self._found: dict[str, Any] | None = None
        self._said: Content = Content("")
        self._visit: CampaignBrowser | None = None
        self._asked: DeskTask | None = None
        self.view = Viewport()
        self._pictures = True

    gonogo = AppGetter()

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        with Horizontal(id="work"):
            yield SheetView(id="sheet")
            with VerticalScroll(id="body"):
                yield Static(id="fields", markup=False)
        yield StatusLine(id="keys")

    def on_mount(self) -> None:
        mode = self.gonogo.services.profile.picture_mode
        self._pictures = mode != capabilities.NO_PICTURES
        self.view = Viewport(mode=capabilities.mode_of(mode, os.environ, color=not self.app.no_color))
        self.action_refresh()

    async def on_unmount(self) -> None:
        if self._visit is not None:
            await self._visit.aclose()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_refresh(self) -> None:
        self._found = None
        self._said = empty_state.waiting("Asking the server")
        self.call_after_refresh(self._show)
        self.run_worker(self._load(self.case_id), group="case", exclusive=True)

    async def _load(self, case_id: int) -> None:
        try:
            async with await self._source.connect() as client:
                self._found = (await client.case(self._number, case_id, verbose=True)).model_dump()
            self._asked = self._ours(self._found)
        except (GonogoClientError, DeskError) as error:
            self._said, self._asked = empty_state.problem("The case could not be read", error), None
        self._show()

    def _ours(self, case: dict[str, Any]) -> DeskTask | None:
        """The task behind the case, where it lies on the server one is signed in to; else there is no drawing."""
        ours, signed = case.get("gonogo"), self._source.signed
        if signed is None or not isinstance(ours, dict) or not ours.get("task_id") or not ours.get("campaign_id"):
            return None
        if self._visit is None:
            self._visit = CampaignBrowser(self.gonogo.services.visiting(signed, str(ours["campaign_id"])))
        return task_from_served({**ours, "id": str(ours["task_id"])}, self._visit.campaign_id)

    # --- showing ---------------------------------------------------------------------------------------

    @property
    def _there(self) -> bool:
        """Whether the parts of the screen are there still: when it is left, they go before it, and work ends last."""
        return self.is_attached and bool(self.query("#sheet")) and bool(self.query("#keys"))

    def _show(self) -> None:
        if not self._there:
            return
        self.set_class(self._asked is not None and self._pictures and self.size.height >= 14, "-drawn")
        told = f"   task {self._number}"
        self.top.show(Content.assemble((f"case {self.case_id}", "bold $accent"), (told, "$quiet")))
        status.show_keys(self.keys, actions.CASE)
        self.call_after_refresh(self._show_case)  # with the drawing beside them the fields have less room

    def _show_case(self) -> None:
        if not self._there:
            return
        width = max(self.query_one("#body").content_region.width - 1, 20)
        said = self._said if self._found is None else cases.told(self._found, width)
        self.fields.update(Content.assemble(said))
        if self._asked is not None and self.has_class("-drawn"):
            workers.begin(self, self._draw, self._asked, group="picture")

    async def _draw(self, task: DeskTask) -> None:
        if self._visit is None or not self._there or min(self.sheet.cells) <= 0:
            return
        picture = await self._visit.pictures.picture(task, self.view.request(task, self.sheet.cells))
        if task is self._asked and self._there:
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view))

    # --- keys ------------------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        case_id = self._step(by)
        if case_id is None:
            self.gonogo.say("There is no other case in the list.", seconds=2)
            return
        self.case_id = case_id
        self.view = self.view.reset()
        self.query_one("#body", VerticalScroll).scroll_home(animate=False)
        self.action_refresh()

    def action_context(self) -> None:
        if self._asked is None:
            self.gonogo.say("There is no drawing of this case here.", seconds=3)
            return
        self.view = self.view.next_level()
        self._show()

    async def action_review(self) -> None:
        """On to the expert's queue, at this case; the results are left."""
        task, signed, state = self._asked, self._source.signed, (self._found or {}).get("labeling_state")
        if task is None or signed is None:
            self.gonogo.say("Review is on the server that you are signed in to; this case is of another one.")
        elif state != IN_REVIEW:
            self.gonogo.say(f"This case does not wait for an expert: its state is {state}.")
        else:
            await self.gonogo.navigator.open_review(signed, task.campaign_id, task.id)

    def action_back(self) -> None:
        self.dismiss()
