"""Tour screen: the annotate screen with one line that says which key to press."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.binding import BindingType
from textual.content import Content

from gonogo.desk.core.models import Decision, DeskTask, Stage
from gonogo.tui import actions
from gonogo.tui.presenters.work import tour
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.text import content
from gonogo.tui.widgets.status_bar import StatusLine

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.practice.tour import Lesson

_TAUGHT = ("correct", "incorrect", "fix", "undo", "context")


class TourScreen(AnnotateScreen):
    """Annotate screen that takes only the key that a question teaches. `then` opens what follows, with a notice."""

    CSS_PATH = "tour.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.TOUR.bindings()]
    ACTION_SCOPES: ClassVar[tuple[actions.Scope, ...]] = (actions.TOUR, actions.ANNOTATE)

    lesson = getters.query_one("#lesson", StatusLine)

    def __init__(
        self,
        session: AnnotateSession,
        lessons: Sequence[Lesson],
        *,
        clock: Callable[[], float],
        profile: Settings,
        then: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(session, clock=clock, profile=profile)
        self._lessons = lessons
        self._then = then
        self._left = False

    async def on_mount(self) -> None:
        own = self.gonogo.own_keys
        taught = {name: actions.keys_of(actions.BY_ID[f"annotate.{name}"], own) for name in _TAUGHT}
        self._tour = tour.Tour(
            self._lessons, {name: actions.key_name((*keys, "?")[0]) for name, keys in taught.items()}
        )
        await self.mount(StatusLine(id="lesson"), before="#keys")

    def _update(self) -> None:
        super()._update()
        self._show_lesson()
        if self.session.state.stage is Stage.DRAINED:
            self.call_later(self._leave, tour.END)

    def _show_lesson(self) -> None:
        if not self.is_mounted or not self.query("#lesson"):
            return
        skip = actions.key_name((*actions.keys_of(actions.BY_ID["tour.skip"], self.gonogo.own_keys), "Ctrl+P")[0])
        line = content(self._tour.line(self.session.current))
        self.lesson.show(Content.assemble((line.plain, "bold $accent"), (f"   {skip} skips", "$quiet")))

    def decide(self, decision: Decision) -> bool:
        task = self.pane.current
        taken = task is not None and self._tour.takes(task, decision) and super().decide(decision)
        self._show_lesson()
        return taken

    def action_notes(self, name: str) -> None:
        self.gonogo.show_notice("Notes come after the tour.")

    def _undo(self) -> DeskTask | None:
        undone = super()._undo() if self._tour.undo() else None
        self._show_lesson()
        return undone

    async def action_pane(self, action: str) -> None:
        await super().action_pane(action)
        if action == "context":
            self._tour.show_context()
            self._show_lesson()

    async def action_skip_tour(self) -> None:
        await self._leave(tour.SKIPPED)

    async def _leave(self, notice: str) -> None:
        if not self._left:
            self._left = True
            await self._then(notice)
