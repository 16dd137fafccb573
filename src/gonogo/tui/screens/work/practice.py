"""Practice: the annotate screen on known items, with the answer told at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import getters
from textual.binding import BindingType
from textual.events import Resize

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision
from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui import actions, workers
from gonogo.tui.presenters import practice as practice_words
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.widgets import status
from gonogo.tui.widgets.scroll_lines import ScrollLines
from gonogo.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.practice.session import PracticeSession

_SAME = frozenset(
    "annotate." + name
    for name in (
        *(*VERDICTS, "fix", "context", "guideline", "left", "right", "up", "down", "closer"),
        *("away", "home", "rotate", "invert", "mode", "outside"),
    )
)
"""What works as on the annotate screen; the rest of its keys have no sense here."""


class PracticeScreen(AnnotateScreen):
    """`then` opens what comes after (the queue); without it leaving goes back to the screen underneath."""

    CSS_PATH = ["annotate.tcss", "practice.tcss"]  # type: ignore[assignment]  # Textual takes a list as well
    BINDINGS: ClassVar[list[BindingType]] = [*actions.PRACTICE.bindings()]  # beside those of the annotate screen
    ACTION_SCOPES = (actions.PRACTICE,)

    told = getters.query_one("#told", ScrollLines)
    top = getters.query_one("#practising", StatusLine)

    def __init__(
        self,
        practice: PracticeSession,
        *,
        clock: Callable[[], float],
        profile: Settings,
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(
            cast("AnnotateSession", practice), clock=clock, profile=profile
        )  # what the screen asks, it has
        self.practice = practice
        self._then = then
        self._asking = False

    async def on_mount(self) -> None:
        await self.mount(StatusLine(id="practising"), before="#work")
        await self.query_one("#panel").mount(ScrollLines(id="told"), before="#facts")

    async def on_unmount(self) -> None:  # type: ignore[override]  # Textual awaits it, and calls those above, too
        await self.practice.aclose()

    # --- showing ---------------------------------------------------------------------------------------

    def _tell_status(self) -> None:
        self.top.show(practice_words.top(self.practice))

    def _desk_changed(self) -> None:
        super()._desk_changed()
        self._tell_status()
        self._show_told()

    def _show_card(self) -> None:
        super()._show_card()
        self.words.update(practice_words.card(self.practice))

    def _show_told(self) -> None:
        told = self.practice.told
        self.set_class(told is not None, "-told")
        if told is not None:
            self.told.to_top()
            self.told.show(practice_words.feedback(told))
        self._show_keys()

    def _show_keys(self) -> None:
        if self.editing:
            super()._show_keys()
            return
        wanted = ("practice.end", "practice.more") if self.practice.current is None else ("practice.end",)
        wanted = ("practice.on", "practice.end") if self.practice.told is not None else wanted
        chosen = [a for a in actions.in_scope(actions.PRACTICE, actions.EVERYWHERE) if a.id in (*wanted, "app.help")]
        if self.practice.told is None and self._question is not None:
            chosen = [*(a for a in actions.in_scope(actions.ANNOTATE) if a.id in _SAME), *chosen]
        self.keys.show(status.key_line(chosen, self.gonogo.own_keys, self.keys.size.width or self.app.size.width))

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._show_told)

    # --- keys ------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("decide", "fix") and (self.practice.told is not None or self._asking):
            return False
        return super().check_action(action, parameters)

    def _take_back(self) -> None:
        """Keys in a burst: the answer is told already, so nothing is taken back; it counts for nothing."""

    def _decide(self, decision: Decision) -> None:
        if not self._asking:
            self._asking = True
            workers.begin(self, self._answer, decision, group="practice")

    async def _answer(self, decision: Decision) -> None:
        try:
            await self.practice.answer(decision)
        except (GonogoClientError, DeskError) as error:
            self.gonogo.say(f"{error} {error.next_step} Then answer again.", error=True, seconds=15)
        else:
            self._stop_typing()
            self._show_told()
        finally:
            self._asking = False

    def action_go_on(self) -> None:
        self.practice.go_on()

    def action_more(self) -> None:
        self.practice.retry_now()

    def action_history(self) -> None:
        """Practice is not in the history."""

    def action_practice(self) -> None:
        """This is it."""

    def action_sure(self, level: int) -> None:
        """Practice asks for no confidence."""

    async def action_end(self) -> None:
        if self._then is not None:
            await self._then()
        else:
            self.dismiss()
