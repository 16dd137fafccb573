"""The drawing's half of the annotate screen: which view of which sheet is shown, and the keys that change it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import getters
from textual.events import Resize
from textual.screen import Screen
from textual.timer import Timer

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PIXEL_MODES
from gonogo.tui import workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters import annotate
from gonogo.tui.terminal import capabilities
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.sheet_view import SheetView

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession

SLOW_PICTURE_SECONDS = 4.0
"""After so long without its drawing a question may be answered all the same."""
STEADY_SECONDS = 0.4
"""A view that stays this long is one to prepare the next tasks in."""
TURNED_OFF = NoPicture("Drawings are turned off in the settings (picture_mode).", "Press m to turn them on.")


class DrawingScreen(Screen[None]):
    """A screen with a sheet on it. `_question` is the task that is shown."""

    sheet = getters.query_one("#sheet", SheetView)

    def __init__(self, desk: AnnotateSession) -> None:
        super().__init__(classes="-card")
        self.desk = desk
        self.view = Viewport()
        self._question: DeskTask | None = None
        self._mode_setting = capabilities.AUTO
        self._mode_why = ""
        self._told_later: Callable[[], None] | None = None
        self._prepared: PictureRequest | None = None
        self._steady: Timer | None = None

    gonogo = AppGetter()

    def _painted(self, task: DeskTask) -> None:
        """Question and drawing of `task` can be seen."""

    def _other(self, task: DeskTask) -> bool:
        """Whether the screen has gone on to another question."""
        return self._question is None or self._question.id != task.id

    # --- showing ---------------------------------------------------------------------------------------

    def _use_mode(self, setting: str) -> None:
        """Draw as `setting` says, or as was chosen for this terminal, or as it answers, now or later."""
        here = self.gonogo.terminal
        self._mode_setting = setting
        mode, self._mode_why = here.chosen(setting, color=not self.app.no_color)
        self.view = replace(self.view, mode=mode, cell_pixels=here.cell if mode in PIXEL_MODES else (0, 0))
        if self._told_later is None:
            self._told_later = here.subscribe(self._terminal_told)

    def _terminal_told(self) -> None:
        """The terminal has answered, or its cells have changed: draw as it can."""
        before = self.view
        self._use_mode(self._mode_setting)
        if self.view != before:
            self._look(self.view)

    def on_resize(self, event: Resize) -> None:
        if self.view.mode in PIXEL_MODES:
            self.call_after_refresh(self._terminal_told)

    def on_unmount(self) -> None:
        if self._told_later is not None:
            self._told_later()

    @property
    def _turned_off(self) -> bool:
        return self._mode_setting == capabilities.NO_PICTURES and not self.gonogo.terminal.remembered

    def _view_for(self, task: DeskTask, before: DeskTask | None) -> Viewport:
        """Level and enlargement stay on the same sheet; place and turn begin anew."""
        return self.view.kept() if before is not None and _sheet(task) == _sheet(before) else self.view.reset()

    def _show_picture(self, task: DeskTask) -> None:
        """The drawing at once when it is there; otherwise the question now and the drawing when it comes."""
        if not self._drawing_visible():
            self.call_after_refresh(self._painted, task)
            return
        request = self.view.request(task, self.sheet.cells)
        ready = self._ready(task, request)
        self.sheet.show(ready, annotate.sheet_title(task, ready, self.view), task.bbox)
        if ready is not None:
            self.call_after_refresh(self._painted, task)
        else:
            workers.begin(self, self._fetch, task, group="picture")
            self.set_timer(SLOW_PICTURE_SECONDS, lambda: self._painted(task))

    def _ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        return TURNED_OFF if self._turned_off else self.desk.pictures.ready(task, request)

    async def _fetch(self, task: DeskTask) -> None:
        request = self.view.request(task, self.sheet.cells)
        picture = self._ready(task, request) or await self.desk.pictures.picture(task, request)
        if not self._other(task):
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view), task.bbox)
            self.call_after_refresh(self._painted, task)

    def _prepare(self) -> None:
        """Make the drawings ahead as this one is shown."""
        if not self._drawing_visible() or self._turned_off:
            return
        form = self.view.kept().form(self.sheet.cells)
        if form != self._prepared:
            self._prepared = form
            self.desk.pictures.prepare(form)

    def _drawing_visible(self) -> bool:
        return not self.has_class("-no-drawing") and min(self.sheet.cells) > 0

    # --- keys ------------------------------------------------------------------------------------------

    def _look(self, view: Viewport) -> None:
        """Show the same task's drawing in another view; the old one stays until the new one is there."""
        self.view = view
        if self._question is not None and self._drawing_visible():
            workers.begin(self, self._fetch, self._question, group="picture")
            if self._steady is not None:
                self._steady.stop()
            self._steady = self.set_timer(STEADY_SECONDS, self._prepare)

    def action_context(self) -> None:
        self._look(self.view.next_level())

    def action_pan(self, x: int, y: int) -> None:
        self._look(self.view.panned(x, y))

    def action_zoom(self, direction: int) -> None:
        self._look(self.view.zoomed(direction))

    def action_home(self) -> None:
        self._look(self.view.reset())

    def action_rotate(self) -> None:
        shown = self.sheet.shown
        self._look(self.view.turned(shown.rotation if isinstance(shown, Picture) else 0))

    def action_invert(self) -> None:
        self.sheet.toggle_inverted()

    def action_mode(self) -> None:
        """The next way to draw in this terminal, now and at the next start."""
        here = self.gonogo.terminal
        choice = here.next_choice(self._mode_setting)
        try:
            here.remember(choice)
        except OSError as error:
            self.gonogo.say(f"The choice holds until you leave; it was not written ({error.strerror}).", warning=True)
        self._use_mode(self._mode_setting)
        self.gonogo.say(f"Drawing in: {self.view.mode.value} ({self._mode_why})", seconds=2)
        self._look(self.view)

    def action_about(self) -> None:
        if self._question is not None:
            from gonogo.tui.screens.work.full_question import FullQuestionScreen

            drawn = (
                f"{self.view.mode.value}: {self._mode_why}. m goes through the others; gonogo doctor shows them all."
            )
            self.app.push_screen(FullQuestionScreen(self._question, self.desk.guideline, drawn))

    def action_view_outside(self) -> None:
        if self._question is not None:
            workers.begin(self, self._open_outside, self._question, group="viewer")

    async def _open_outside(self, task: DeskTask) -> None:
        """The crop in the system's viewer; where there is none, the place of its file."""
        from gonogo.tui.external_viewer import run_viewer, viewer_command

        cells = self.sheet.cells if self._drawing_visible() else (80, 24)
        try:
            made = await self.desk.pictures.export(task, self.view.request(task, cells))
        except (OSError, DeskError) as error:
            self.gonogo.say(f"The crop could not be written: {error}", warning=True)
            return
        if isinstance(made, NoPicture):
            self.gonogo.say(f"{made.reason} {made.next_step}", warning=True)
            return
        command = viewer_command(made, os.environ)
        if command is None or not await run_viewer(command):
            why = "The viewer could not be started." if command else "There is no picture viewer on this terminal."
            self.gonogo.say(f"{why} The crop is {made}", warning=True, seconds=15)


def _sheet(task: DeskTask) -> tuple[str, str, float]:
    """What tells one sheet from another: revision, part, page."""
    page = task.bbox[4] if task.bbox is not None and len(task.bbox) > 4 else 1.0
    return task.part_revision_id or "", dict(task.links).get("part", ""), page
