"""Rulings that experts proposed as gold: the lead accepts or declines each by one key, or accepts all."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.serialize import task_from_served
from gonogo.schemas.review import GoldCandidate, GoldDecision
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.presenters import annotate, gold
from gonogo.tui.presenters.campaigns import not_yes
from gonogo.tui.screens.common.confirm import ConfirmScreen
from gonogo.tui.terminal import capabilities
from gonogo.tui.text import one_line
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets import status
from gonogo.tui.widgets.sheet_view import SheetView
from gonogo.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.practice.browse import CampaignBrowser

MOST = 500


class GoldCandidatesScreen(Screen[None]):
    """One list. `visit` is this screen's own and is closed with it."""

    CSS_PATH = "gold_candidates.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.CANDIDATES)]
    ACTION_SCOPES = (actions.CANDIDATES,)
    AUTO_FOCUS = "OptionList"

    top = getters.query_one("#top", StatusLine)
    options = getters.query_one(OptionList)
    sheet = getters.query_one("#sheet", SheetView)
    about = getters.query_one("#about", Static)
    keys = getters.query_one("#keys", StatusLine)

    def __init__(self, visit: CampaignBrowser, name: str, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()
        self.visit = visit
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000)
        self.view = Viewport()
        self._mode = profile.picture_mode
        self._campaign_name = name
        self._status = gold.STATUSES[0]
        self._found: list[GoldCandidate] = []
        self._count = 0
        self._said: Content | None = gold.ASKING
        self._busy = False
        self._drawn: GoldCandidate | None = None

    gonogo = AppGetter()

    @property
    def candidate(self) -> GoldCandidate | None:
        """The one under the cursor."""
        at = self.options.highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    def compose(self) -> ComposeResult:
        yield StatusLine(id="top")
        with Horizontal(id="work"):
            yield OptionList(markup=False)
            with Vertical(id="pane"):
                yield SheetView(id="sheet")
                yield Static(id="about", markup=False)
        yield StatusLine(id="keys")

    def on_mount(self) -> None:
        self.view = Viewport(mode=capabilities.mode_of(self._mode, os.environ, color=not self.app.no_color))
        self.action_refresh()

    async def on_unmount(self) -> None:
        await self.visit.aclose()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # --- asking the server -----------------------------------------------------------------------------

    def _work(self, what: Callable[[GonogoClient], Awaitable[None]]) -> None:
        """One thing at a time: a key pressed while the server is asked counts for nothing."""
        if not self._busy:
            self._busy = True
            workers.begin(self, self._do, what, group="gold")

    async def _do(self, what: Callable[[GonogoClient], Awaitable[None]]) -> None:
        try:
            await what(await self.visit.client())
        except (GonogoClientError, DeskError) as error:
            if self._found:
                self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
            else:
                self._said = gold.problem(error)
        finally:
            self._busy = False
            self._show()

    def action_refresh(self) -> None:
        self._work(self._load)

    async def _load(self, client: GonogoClient) -> None:
        page = await client.gold_candidates(self.visit.campaign_id, status=self._status, limit=MOST)
        self._found, self._count, self._said = list(page.data), page.count, None
        at = self.options.highlighted or 0
        self.options.clear_options()
        self.options.add_options([Option(gold.entry(one)) for one in self._found])
        if self._found:
            self.options.highlighted = min(at, len(self._found) - 1)

    # --- showing ---------------------------------------------------------------------------------------

    def _show(self) -> None:
        if not self.is_attached:
            return
        shown, total = len(self._found), self._count
        of_all = f"{shown} of {total}, the others come as these are decided" if total > shown else f"{total}"
        self.top.show(
            Content.assemble(
                ("gold  ", "bold $accent"), (one_line(self._campaign_name, 40), "$foreground"),
                (f"   {gold.LISTED[self._status]}: {of_all}", "$quiet"),
            )
        )  # fmt: skip
        self.set_class(not self._found, "-empty")
        if self._found:
            self._show_one()
            self.call_after_refresh(self.options.focus)  # it could not take it while it was hidden
        else:
            self.about.update(Content.assemble(self._said or gold.EMPTY[self._status]))
        status.show_keys(self.keys, actions.CANDIDATES)

    def on_option_list_option_highlighted(self) -> None:
        if self.candidate is not self._drawn:
            self.view = self.view.reset()
            self._show_one()

    def _show_one(self) -> None:
        one = self.candidate
        if one is not None:
            if one is not self._drawn:
                self.guard.hold()
                self._drawn = one
            self.about.update(gold.about(one, max(self.about.content_region.width, 20)))
            # the pane may just have come into being: it has a size after the next layout
            self.call_after_refresh(lambda: workers.begin(self, self._draw, one, group="picture"))

    async def _draw(self, one: GoldCandidate) -> None:
        task = task_from_served(one.task.model_dump(), self.visit.campaign_id)
        picture: Picture | NoPicture = gold.NO_ROOM
        if min(self.sheet.cells) > 0 and self._mode != capabilities.NO_PICTURES:
            picture = await self.visit.pictures.picture(task, self.view.request(task, self.sheet.cells))
        if one is self.candidate:
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view))
            if self.guard.waiting:
                self.call_after_refresh(self.guard.painted)

    # --- keys ------------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        self.guard.pressed()

    def on_paste(self, event: Paste) -> None:
        event.stop()

    def action_accept(self) -> None:
        self._decide(True)

    def action_decline(self) -> None:
        self._decide(False)

    def _decide(self, accept: bool) -> None:
        one = self.candidate
        if one is None or not self.guard.counts:
            return

        async def decide(client: GonogoClient) -> None:
            self.gonogo.say(await self._decided(client, one, accept), seconds=4)
            await self._load(client)

        self._work(decide)

    async def _decided(self, client: GonogoClient, one: GoldCandidate, accept: bool) -> str:
        await client.decide_gold(one.ruling.id or "", GoldDecision(accept=accept))
        return gold.decided(one, accept)

    def action_accept_all(self) -> None:
        if not self._found or self._status == "accepted":
            self.gonogo.say("There is nothing in this list to accept.")
            return
        chosen = list(self._found)

        async def accept(client: GonogoClient) -> None:
            done, refused = 0, ""
            for one in chosen:
                try:
                    await self._decided(client, one, True)
                    done += 1
                except GonogoClientError as error:
                    refused = f" {len(chosen) - done} were not accepted: {error} {error.next_step}"
                    break
            await self._load(client)
            self.gonogo.say(f"{done} accepted as gold.{refused}", error=bool(refused), seconds=8)

        def answered(text: str | None) -> None:
            if text is not None:
                self._work(accept)

        self.app.push_screen(ConfirmScreen(gold.accepting_all(chosen), not_yes), answered)

    def action_next_status(self) -> None:
        if not self._busy:
            at = gold.STATUSES.index(self._status)
            self._status = gold.STATUSES[(at + 1) % len(gold.STATUSES)]
            self._found, self._said = [], gold.ASKING
            self.options.clear_options()
            self.action_refresh()

    def action_context(self) -> None:
        self.view = self.view.next_level()
        self._show_one()

    def action_back(self) -> None:
        self.dismiss()
