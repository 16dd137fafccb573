"""Gold candidates screen: rulings proposed as gold, accepted or declined by the lead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.widgets import OptionList, Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.serialize import task_from_served
from gonogo.schemas.review import GoldCandidate, GoldDecision
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui import actions, workers
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.lead import gold
from gonogo.tui.presenters.lead.campaigns import check_yes
from gonogo.tui.presenters.work import annotate
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.screens.common.list_detail import ListDetailScreen
from gonogo.tui.screens.common.server_calls import ServerCall, ServerCalls, ServerError
from gonogo.tui.terminal.drawing_mode import TURNED_OFF, DrawingMode
from gonogo.tui.text import one_line
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.record_list import RecordList
from gonogo.tui.widgets.task.answer_gate import LEAST_DRAWING, AnswerGate, Least
from gonogo.tui.widgets.task.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.session.campaign_access import CampaignAccess

MAX_CANDIDATES = 500


class GoldCandidatesScreen(ListDetailScreen):
    """Gold candidates in one status, with the drawing of each. Closes `browser` on leaving."""

    CSS_PATH = ["../common/list_detail.tcss", "gold_candidates.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CANDIDATES.bindings()]
    ACTION_SCOPES = (actions.CANDIDATES,)
    SCOPE = actions.CANDIDATES

    sheet = getters.query_one("#sheet", SheetView)

    def __init__(self, browser: CampaignAccess, name: str, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()
        self.browser = browser
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000, final=True)
        self.gate = AnswerGate(self, self.guard, self._must_be_seen)
        self.view = Viewport()
        self.calls = ServerCalls(self, self._connect, self._on_error)
        self._mode = profile.picture_mode
        self._campaign_name = name
        self._status = gold.STATUSES[0]
        self._count = 0
        self._card: Content | None = gold.LOADING
        self._changing = False
        self._shown_candidate: GoldCandidate | None = None

    def _must_be_seen(self) -> list[Least]:
        return [] if self.mode.turned_off else [(self.sheet, LEAST_DRAWING)]

    def show_keys(self) -> None:
        chosen = actions.in_scope(actions.CANDIDATES, actions.EVERYWHERE)
        self.keys.show_actions(chosen, dimmed=self.candidate is not None and self.gate.dimmed)

    @property
    def candidate(self) -> GoldCandidate | None:
        """The candidate under the cursor."""
        return self.records.current

    def compose(self) -> ComposeResult:
        records = RecordList(gold.entry, lambda candidate: candidate.ruling.id, id="records")
        pane = Vertical(SheetView(id="sheet"), ValueView(id="value"), Static(id="about", markup=False), id="pane")
        return self.compose_list_detail(records, pane)

    def on_mount(self) -> None:
        self.mode = DrawingMode(self.gonogo.terminal, self._mode, color=not self.app.no_color)
        self.action_refresh()

    async def on_unmount(self) -> None:
        await self.browser.aclose()

    # --- the server ------------------------------------------------------------------------------------

    async def _connect(self) -> AbstractAsyncContextManager[GonogoClient]:
        return nullcontext(await self.browser.client())  # the browser keeps its client open for the drawings

    def _on_error(self, error: ServerError) -> None:
        if self.records.records:
            self.gonogo.show_error(error)
        else:
            self._card = empty_state.problem("The gold candidates could not be read", error)
            self.show()

    def _change(self, call: ServerCall) -> None:
        """Starts a change and then reads the list, unless one is running: keys pressed meanwhile do nothing."""

        async def change() -> None:
            error = await self._run(call)
            self._changing = False
            if error is None:
                self.action_refresh()

        if not self._changing:
            self._changing = True
            workers.start_exclusive(self, change, group="change")

    async def _run(self, call: ServerCall) -> ServerError | None:
        try:
            return await self.calls.run(call)
        finally:
            self.show()

    def action_refresh(self) -> None:
        if not self._changing:
            workers.start_reading(self, self._run, self._load, group="gold")

    async def _load(self, client: GonogoClient) -> None:
        page = await client.gold_candidates(self.browser.campaign_id, status=self._status, limit=MAX_CANDIDATES)
        self._count, self._card = page.count, None
        self.records.show(page.data)

    # --- showing ---------------------------------------------------------------------------------------

    def show(self) -> None:
        if not self.is_attached:
            return
        loaded, total = len(self.records.records), self._count
        counts = f"{loaded} of {total}, the others come as these are decided" if total > loaded else f"{total}"
        self.top.show(
            Content.assemble(
                ("gold  ", "bold $accent"), (one_line(self._campaign_name, 40), "$foreground"),
                (f"   {gold.STATUS_NAMES[self._status]}: {counts}", "$quiet"),
            )
        )  # fmt: skip
        self.set_class(not loaded, "-empty")
        if loaded:
            self._show_candidate()
            self.call_after_refresh(self.records.focus)  # a hidden widget cannot take the focus
        else:
            self.details.update(Content.assemble(self._card or gold.EMPTY[self._status]))
        self.show_keys()

    @on(OptionList.OptionHighlighted)
    def _choose(self) -> None:
        if self.candidate is not self._shown_candidate:
            self.view = self.view.reset()
            self._show_candidate()

    def _show_candidate(self) -> None:
        candidate = self.candidate
        if candidate is None:
            return
        if candidate is not self._shown_candidate:
            self.gate.hold()
            self._shown_candidate = candidate
        self.query_one("#value", ValueView).show(candidate.task.predicted_value)
        self.details.update(gold.details(candidate))
        self.show_keys()
        # the pane may have been hidden until now: it has a size after the next layout
        self.call_after_refresh(lambda: workers.start_exclusive(self, self._draw, candidate, group="picture"))

    async def _draw(self, candidate: GoldCandidate) -> None:
        task = task_from_served(candidate.task.model_dump(), self.browser.campaign_id)
        picture: Picture | NoPicture = TURNED_OFF if self.mode.turned_off else gold.NO_ROOM
        if min(self.sheet.cells) > 0 and not self.mode.turned_off:
            request = self.mode.apply(self.view).request(task, self.sheet.cells)
            picture = await self.browser.pictures.picture(task, request)
        if candidate is self.candidate:
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view))
            if self.guard.waiting:
                self.call_after_refresh(self.gate.painted)

    # --- actions ---------------------------------------------------------------------------------------

    @on(Key)
    def _guard_key(self, event: Key) -> None:
        self.gate.pressed(event)

    @on(Paste)
    def _drop_paste(self, event: Paste) -> None:
        event.stop()

    def action_accept(self) -> None:
        self._decide(True)

    def action_decline(self) -> None:
        self._decide(False)

    def _decide(self, accept: bool) -> None:
        candidate = self.candidate
        if candidate is None or not self.gate.accepts():
            return

        async def decide(client: GonogoClient) -> None:
            await self._send_decision(client, candidate, accept)
            self.gonogo.show_notice(gold.decision_message(candidate, accept), seconds=4)

        self._change(decide)

    async def _send_decision(self, client: GonogoClient, candidate: GoldCandidate, accept: bool) -> None:
        """Decides on a candidate and takes it off the list, which is read again later."""
        await client.decide_gold(candidate.ruling.id or "", GoldDecision(accept=accept))
        self.records.show([each for each in self.records.records if each is not candidate])
        self._count = max(0, self._count - 1)

    def action_accept_all(self) -> None:
        if not self.records.records or self._status == "accepted":
            self.gonogo.show_notice("There is nothing in this list to accept.")
            return
        candidates: list[GoldCandidate] = list(self.records.records)

        async def accept(client: GonogoClient) -> None:
            accepted, refused = 0, ""
            for candidate in candidates:
                try:
                    await self._send_decision(client, candidate, True)
                    accepted += 1
                except GonogoClientError as error:
                    refused = f" {len(candidates) - accepted} were not accepted: {error} {error.next_step}"
                    break
            self.gonogo.show_notice(f"{accepted} accepted as gold.{refused}", error=bool(refused), seconds=8)

        def act(text: str | None) -> None:
            if text is not None:
                self._change(accept)

        self.app.push_screen(ConfirmScreen(gold.accept_all_card(candidates), check_yes), act)

    def action_next_status(self) -> None:
        if not self._changing:
            index = gold.STATUSES.index(self._status)
            self._status = gold.STATUSES[(index + 1) % len(gold.STATUSES)]
            self._card = gold.LOADING
            self.records.show([])
            self.action_refresh()

    def action_context(self) -> None:
        self._change_view(self.view.next_level())

    @on(SheetView.Zoomed)
    def _wheel_turned(self, event: SheetView.Zoomed) -> None:
        self._change_view(self.view.zoomed(event.direction))

    @on(SheetView.Dragged)
    def _drawing_dragged(self, event: SheetView.Dragged) -> None:
        self._change_view(self.view.dragged(event.x, event.y))

    def _change_view(self, view: Viewport) -> None:
        self.view = view
        self._show_candidate()
