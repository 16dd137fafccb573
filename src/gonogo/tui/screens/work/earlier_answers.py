"""Earlier answers: the history of the annotate screen, and an answer of it that is given again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decided, SendState
from gonogo.tui.presenters.work import annotate

if TYPE_CHECKING:
    from gonogo.tui.screens.work.annotate import AnnotateScreen


class EarlierAnswers:
    """Earlier answers of `screen`'s session."""

    def __init__(self, screen: AnnotateScreen) -> None:
        self._screen = screen

    def open_history(self) -> None:
        """Opens the history; an answer chosen there is asked again."""
        from gonogo.tui.screens.work.history import HistoryScreen  # deferred: 3 ms, not needed for the first frame

        try:
            self._screen.app.push_screen(HistoryScreen(self._screen.session), self.answer_again)
        except DeskError as error:
            self._screen.gonogo.show_error(error)

    def answer_again(self, item: Decided | None) -> None:
        """Asks the task of an earlier answer again, with its typed correction; `item` was chosen in the history."""
        screen = self._screen
        if item is None:
            return
        earlier = screen.session.rejected
        try:
            decision = (earlier.answer_again if item.state is SendState.PARKED else earlier.amend)(item.number)
        except DeskError as error:
            screen.gonogo.show_error(error)
            return
        if decision is None or (task := screen.session.current) is None:
            screen.gonogo.show_notice("This answer was sent meanwhile.")
            return
        screen.restore(task, decision)
        screen.gonogo.show_notice(annotate.answer_again_message(item), warning=True, seconds=12)
        if decision.corrected_value is not None:
            screen.open_editor(task)
