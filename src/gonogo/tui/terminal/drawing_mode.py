"""Drawing mode of a screen: the mode chosen for this terminal, else the setting's, else the best one that the terminal
reports it can draw."""

from __future__ import annotations

from dataclasses import replace

from gonogo.sheets.models import NoPicture
from gonogo.sheets.picture_modes import PIXEL_MODES, PictureMode
from gonogo.tui.terminal.capabilities import NO_PICTURES, TerminalCapabilities
from gonogo.tui.viewport import Viewport

XTERM_MOST = 1_000
"""Pixels across and down above which xterm draws nothing of a Sixel picture: its `maxGraphicSize`."""
TURNED_OFF = NoPicture("Drawings are turned off in the settings (picture_mode).", "Press m to turn them on.")


class DrawingMode:
    """Mode with the reason for it. `setting` is the profile's `picture_mode`."""

    def __init__(self, terminal: TerminalCapabilities, setting: str, *, color: bool) -> None:
        self._terminal, self._setting, self._color = terminal, setting, color

    @property
    def turned_off(self) -> bool:
        return self._setting == NO_PICTURES and not self._terminal.remembered

    @property
    def description(self) -> str:
        """Mode and reason in words, `octant (kitty draws these characters itself)`."""
        mode, reason = self._terminal.chosen(self._setting, color=self._color)
        return f"{mode.value} ({reason})"

    def apply(self, view: Viewport) -> Viewport:
        """Returns `view` in this mode, with the size of a cell where pixels are drawn, and the most of them."""
        mode, _ = self._terminal.chosen(self._setting, color=self._color)
        cell = self._terminal.cell if mode in PIXEL_MODES else (0, 0)
        is_xterm = self._terminal.answers.name.startswith("XTerm")
        most = XTERM_MOST if mode is PictureMode.SIXEL and is_xterm else 0
        return replace(view, mode=mode, cell_pixels=cell, pixels_most=most)

    def next(self) -> str:
        """Takes the terminal's next mode, now and at the next start; returns the notice to show if it was not kept."""
        try:
            self._terminal.remember(self._terminal.next_choice(self._setting))
        except OSError as error:
            return f"The choice holds until you leave; it was not written ({error.strerror})."
        return ""
