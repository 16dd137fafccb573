"""Page above: opens the screen of equal values above the annotate screen while its session has a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.desk.core.models import Decided

if TYPE_CHECKING:
    from gonogo.tui.screens.work.annotate import AnnotateScreen


class PageAbove:
    """Page of `screen`'s session; one at a time, and only where no other screen is above it."""

    def __init__(self, screen: AnnotateScreen) -> None:
        self._screen = screen
        self._is_open = False

    def open(self) -> bool:
        """Opens the session's page, if it has one; returns whether it has."""
        screen = self._screen
        if not screen.session.page.tasks:
            return False
        from gonogo.tui.screens.work.equal_values import EqualValuesScreen  # deferred: few campaigns have pages

        screen.pane.clear()
        if screen.is_current and not self._is_open:
            self._is_open = True  # it is the current screen only when messages before are done
            page = EqualValuesScreen(screen.session, clock=screen.clock, profile=screen.profile)
            screen.app.push_screen(page, self._left)
        return True

    def _left(self, again: Decided | None) -> None:
        self._is_open = False
        self._screen.earlier.answer_again(again)
