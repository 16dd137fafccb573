"""A terminal driver that takes over the first frame: what was painted before Textual came stays until there is better.

Textual clears the screen, then paints the panes, then the drawing. All of that is held back until question and
drawing are there (`let_go`), and reaches the terminal as one update.
"""

from __future__ import annotations

from typing import Any

from gonogo.tui.terminal.driver import TerminalDriver
from gonogo.tui.terminal.first_frame import ALTERNATE_SCREEN, END_SYNC, SYNC, FirstFrame


class HandOver:
    """Makes the driver that shows `first`, and tells it when the program's own frame is whole."""

    def __init__(self, first: FirstFrame) -> None:
        self._first = first
        self._held: list[str] | None = []
        self._driver: Any = None

    def let_go(self) -> None:
        """From now on what the program paints is shown. Idempotent."""
        held, self._held = self._held, None
        if held and self._driver is not None:
            self._driver.write("".join([SYNC, *held, END_SYNC]))

    def driver_class(self) -> type[TerminalDriver]:
        """The class for `App(driver_class=…)`."""
        over = self

        class Driver(TerminalDriver):
            _starting = False

            def start_application_mode(self) -> None:
                over._first.handed_over()
                over._driver, self._starting = self, True
                super().start_application_mode()
                self._starting = False

            def write(self, data: str) -> None:
                if over._held is None:
                    super().write(data)
                elif data == ALTERNATE_SCREEN:  # clears it, even where it is the screen already
                    super().write(f"{SYNC}{data}{over._first.frame}{END_SYNC}")
                elif self._starting:
                    super().write(data)
                else:
                    over._held.append(data)

            def stop_application_mode(self) -> None:
                over.let_go()
                super().stop_application_mode()

        return Driver
