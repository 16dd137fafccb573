"""Arrangement of a task: panel beside the drawing or below it, whichever shows the text of the box larger. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.picture_modes import PICTURE_MODES
from gonogo.tui.layout.text_size import PAGE, text_size
from gonogo.tui.viewport import Viewport

CLEAR_GAIN = 1.2
"""Gain in the size of the text that is worth a change of the arrangement."""
LARGE_GAIN = 2.0
"""Gain that is worth a change back after fewer than `STEADY_TASKS`."""
STEADY_TASKS = 6
FRAME = 2
"""Columns, and rows, that the frame of the drawing takes."""
NARROW = 64
"""Width of a terminal below which nothing fits beside a drawing."""


class Arrangement(StrEnum):
    """Place of the panel."""

    BESIDE = "beside"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Panel:
    """Size of a panel: its share of the width (beside) or of the height (below), between two limits, in cells."""

    width: tuple[float, int, int]
    height: tuple[float, int, int]


SMALL_PANEL = Panel(width=(0.36, 34, 76), height=(0.28, 7, 16))
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
        return _part(self.width, self.panel.width)

    @property
    def panel_height(self) -> int:
        """Returns the height of a panel below the drawing."""
        return _part(self.height, self.panel.height)

    def cells(self, arrangement: Arrangement) -> tuple[int, int]:
        """Returns the columns and rows of the drawing."""
        width, height = self.width, self.height
        if arrangement is Arrangement.BESIDE:
            width -= self.panel_width
        else:
            height -= self.panel_height
        return max(width - FRAME, 0), max(height - FRAME, 0)


@dataclass(frozen=True, slots=True)
class SteadyArrangement:
    """Arrangement with the number of tasks that it has been in use for."""

    arrangement: Arrangement = Arrangement.BESIDE
    n_tasks: int = STEADY_TASKS

    def after(
        self, task: DeskTask, view: Viewport, room: TaskRoom, page: tuple[float, float] = PAGE
    ) -> SteadyArrangement:
        """Returns the arrangement of the next task, `task`, shown in `view`.

        It changes where text that can't be read without effort gets clearly larger, and changes back at once only
        where it gets much larger, so that a mixed run of tasks does not make the parts jump.
        """
        if room.width < NARROW:
            return SteadyArrangement(Arrangement.BELOW, self.n_tasks + 1)
        other = Arrangement.BELOW if self.arrangement is Arrangement.BESIDE else Arrangement.BESIDE
        size, other_size = (text_size(task, view, room.cells(each), page).worth for each in (self.arrangement, other))
        gain = CLEAR_GAIN if self.n_tasks >= STEADY_TASKS else LARGE_GAIN
        if size < PICTURE_MODES[view.mode].text_rows and other_size > gain * size:
            return SteadyArrangement(other, 1)
        return SteadyArrangement(self.arrangement, self.n_tasks + 1)


def _part(whole: int, limits: tuple[float, int, int]) -> int:
    share, least, most = limits
    return min(max(round(whole * share), least), most, whole)
