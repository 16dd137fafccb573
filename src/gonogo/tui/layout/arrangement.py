"""Arrangement of a task: panel beside the drawing or below it, whichever shows the text of the box larger. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.picture_modes import PICTURE_MODES
from gonogo.tui.layout.text_size import PAGE, Ink, TextSize, is_readable, text_size
from gonogo.tui.viewport import Viewport

CLEAR_GAIN = 1.2
"""Gain in the size of the text that is worth a change of the arrangement."""
LARGE_GAIN = 2.0
"""Gain that is worth a change back after fewer than `STEADY_TASKS`."""
STEADY_TASKS = 6
SMALL_WIDTH, SMALL_HEIGHT = 96, 26
"""Room below which the frame of the drawing is left away where the panel parts the two anyway."""
COMFORTABLE_ROWS = 9
"""Rows of a panel with the value in letters and its exact reading below, where the drawing has enough without them."""
NARROW = 64
"""Width of a terminal below which nothing fits beside a drawing."""


class Arrangement(StrEnum):
    """Place of the panel."""

    BESIDE = "beside"
    BELOW = "below"


class Edges(NamedTuple):
    """Edges of a drawing's frame beside the upper one, which holds the title."""

    sides: bool = True
    bottom: bool = True

    def inside(self, width: int, height: int) -> tuple[int, int]:
        """Returns the columns and rows inside the frame of a drawing of `width` × `height` cells."""
        return max(width - 2 * self.sides, 0), max(height - 1 - self.bottom, 0)


@dataclass(frozen=True, slots=True)
class Panel:
    """Size of a panel: its share of the width (beside) or of the height (below), between two limits, in cells.

    `narrow` is its width in a small terminal, where the panel has more rows than it needs.
    """

    width: tuple[float, int, int]
    height: tuple[float, int, int]
    narrow: tuple[float, int, int] | None = None


SMALL_PANEL = Panel(width=(0.36, 34, 76), height=(0.28, 6, 16), narrow=(0.325, 26, 34))
"""Panel with prompt, value and a few lines."""
EVIDENCE_PANEL = Panel(width=(0.48, 40, 84), height=(0.42, 10, 24))
"""Panel that holds the votes on a case, too."""
FEEDBACK_PANEL = Panel(width=(0.4, 36, 76), height=(0.36, 9, 20))
"""Panel that shows the right answer after a practice item."""


@dataclass(frozen=True, slots=True)
class TaskRoom:
    """Room of drawing and panel together, in cells."""

    width: int
    height: int
    panel: Panel = SMALL_PANEL

    @property
    def panel_width(self) -> int:
        """Returns the width of a panel beside the drawing, its border included."""
        return _part(self.width, (self.is_small and self.panel.narrow) or self.panel.width)

    @property
    def panel_height(self) -> int:
        """Returns the height of a panel below the drawing."""
        rows = _part(self.height, self.panel.height)
        return rows if self.is_small else max(rows, COMFORTABLE_ROWS)

    def cells(self, arrangement: Arrangement) -> tuple[int, int]:
        """Returns the columns and rows of the drawing."""
        width, height = self.width, self.height
        if arrangement is Arrangement.BESIDE:
            width -= self.panel_width
        else:
            height -= self.panel_height
        return self.edges(arrangement).inside(width, height)

    @property
    def is_small(self) -> bool:
        """Whether the text needs all the room that there is."""
        return self.width < SMALL_WIDTH or self.height < SMALL_HEIGHT

    def edges(self, arrangement: Arrangement) -> Edges:
        """Returns the edges of the drawing's frame: in a small terminal its room is the text's."""
        return Edges(sides=not self.is_small, bottom=not self.is_small or arrangement is Arrangement.BELOW)


@dataclass(frozen=True, slots=True)
class SteadyArrangement:
    """Arrangement with the number of tasks that it has been in use for."""

    arrangement: Arrangement = Arrangement.BESIDE
    n_tasks: int = STEADY_TASKS

    def after(
        self,
        task: DeskTask,
        view: Viewport,
        room: TaskRoom,
        page: tuple[float, float] = PAGE,
        ink: Ink | None = None,
    ) -> SteadyArrangement:
        """Returns the arrangement of the next task, `task`, shown in `view`; its `ink` where that was measured.

        It changes at once where text that can't be read can be read after it; otherwise where text that takes effort
        gets clearly larger, and soon after a change only where it gets much larger, so that a mixed run of tasks does
        not make the parts jump.
        """
        if room.width < NARROW:
            return SteadyArrangement(Arrangement.BELOW, self.n_tasks + 1)
        other = Arrangement.BELOW if self.arrangement is Arrangement.BESIDE else Arrangement.BESIDE
        now, then = (text_size(task, view, room.cells(each), page, ink) for each in (self.arrangement, other))
        if self._is_worth_it(now, then, view):
            return SteadyArrangement(other, 1)
        return SteadyArrangement(self.arrangement, self.n_tasks + 1)

    def _is_worth_it(self, now: TextSize, then: TextSize, view: Viewport) -> bool:
        if is_readable(now, view) != is_readable(then, view):
            return is_readable(then, view)
        gain = CLEAR_GAIN if self.n_tasks >= STEADY_TASKS else LARGE_GAIN
        return now.worth < PICTURE_MODES[view.mode].text_rows and then.worth > gain * now.worth


def _part(whole: int, limits: tuple[float, int, int]) -> int:
    share, least, most = limits
    return min(max(round(whole * share), least), most, whole)
