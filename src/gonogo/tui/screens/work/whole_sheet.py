"""Whole drawing screen: the sheet as large as the terminal, its pages, a search in its text, and bookmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.screen import Screen
from textual.widgets import Input

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import Box, Level, NoPicture, Picture, PictureRequest
from gonogo.sheets.sheet_text import QUERY_MOST, PlaceKind, SheetText
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.layout.arrangement import SMALL_HEIGHT, SMALL_WIDTH, Edges
from gonogo.tui.presenters.common.subject import page_of
from gonogo.tui.presenters.work import annotate, whole_sheet
from gonogo.tui.terminal.drawing_mode import TURNED_OFF
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusLine
from gonogo.tui.widgets.task.task_pane import TaskPane

BACK_FIRST = "Esc first"
"""Word for the key of an answer, which does not count here."""


class SearchLine(Input):
    """Input of the search. `on_key` is called with each key and paste, so that the time of the question goes on."""

    def __init__(self, on_key: Callable[[Key | Paste], None]) -> None:
        super().__init__(id="search", placeholder="text on the drawing", max_length=QUERY_MOST, disabled=True)
        self._notify_key = on_key

    async def _on_key(self, event: Key) -> None:
        self._notify_key(event)
        await super()._on_key(event)

    def _on_paste(self, event: Paste) -> None:
        self._notify_key(event)
        super()._on_paste(event)


@dataclass(frozen=True, slots=True)
class Place:
    """Place that is shown: a page, and a box on it in the form of a task's; without one, the page alone."""

    page: int
    box: tuple[float, ...] | None = None

    @classmethod
    def of(cls, box: Box) -> Place:
        return cls(box.page, (box.x0, box.y0, box.x1, box.y1, float(box.page)))


class WholeSheetScreen(Screen[None]):
    """Whole drawing of `task`, the question that `pane` shows. Nothing can be answered here.

    Keys are reported to the pane's screen: looking here is looking at the question, and counts as its time.
    """

    CSS_PATH = "whole_sheet.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.SHEET.bindings()]
    ACTION_SCOPES = (actions.SHEET,)
    AUTO_FOCUS = ""

    gonogo = AppGetter()
    sheet = getters.query_one("#whole", SheetView)
    status_line = getters.query_one("#sheet-status", StatusLine)
    search = getters.query_one("#search", SearchLine)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, pane: TaskPane, task: DeskTask) -> None:
        super().__init__()
        self._pane, self._asked, self._pictures = pane, task, pane.pictures
        self._question = Place(page_of(task), task.bbox)
        self._place = self._question
        self._others = self._pictures.others(task)
        self._view = replace(pane.mode.apply(pane.view).reset(), level=Level.SHEET)
        self._n_pages: int | None = None
        self._query = ""
        self._hits: SheetText | None = None
        self._at = 0
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield SheetView(id="whole")
        yield StatusLine(id="sheet-status")
        yield SearchLine(self._pane.notify_key)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._unsubscribe = self.gonogo.terminal.subscribe(self._draw_soon)
        self.status_line.show(whole_sheet.question_line(self._asked))
        self._show_keys()

    def on_unmount(self) -> None:
        self._unsubscribe()

    # --- showing ---------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        small = event.size.width < SMALL_WIDTH or event.size.height < SMALL_HEIGHT
        self.sheet.edges = Edges(sides=not small, bottom=not small)
        if event.pixel_size is not None:
            self._view = self._view.with_window(event.size, event.pixel_size)
        self.call_after_refresh(self._draw_soon)

    def _show_keys(self) -> None:
        """Shows the keys that count now; those of pages only where there is more than one."""
        if not self.search.disabled:
            self.keys.show_text(whole_sheet.SEARCH_KEYS)
            return
        chosen = actions.in_scope(actions.SHEET, actions.EVERYWHERE)
        single = self._n_pages in (None, 1)
        self.keys.show_actions(action for action in chosen if not (single and action.id.startswith("sheet.page_")))

    def _draw_soon(self) -> None:
        self._view = self._pane.mode.apply(self._view)
        if min(self.sheet.cells) > 0:
            workers.start_exclusive(self, self._draw, group="picture")

    def _request(self) -> PictureRequest:
        view, place = self._view, self._place
        others = self._others
        if self._asked.bbox is not None and place.box != self._asked.bbox:
            others = (*others, self._asked.bbox)
        return replace(
            view.base_request(self.sheet.cells),
            bbox=place.box, page=place.page, pan_x=view.pan_x, pan_y=view.pan_y, rotation=view.rotation, others=others,
        )  # fmt: skip

    async def _draw(self) -> None:
        request = self._request()
        picture = TURNED_OFF if self._pane.mode.turned_off else self._pictures.ready(self._asked, request)
        if picture is None:
            picture = await self._pictures.picture(self._asked, request)
        if isinstance(picture, Picture) and picture.n_pages != self._n_pages:
            self._n_pages = picture.n_pages
            self._show_keys()
        if request == self._request():
            self.sheet.show(picture, annotate.sheet_title(self._asked, picture, self._view), self._asked.bbox)

    def _show_place(self, place: Place, level: Level) -> None:
        self._place, self._view = place, replace(self._view.reset(), level=level)
        self._draw_soon()

    # --- events ----------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        if self.search.has_focus:
            return  # the line reports its keys itself
        self._pane.notify_key(event)
        below: tuple[actions.Scope, ...] = getattr(self._pane.screen, "ACTION_SCOPES", ())
        own = self.gonogo.own_keys
        answers = (action for action in actions.in_scope(*below, actions.ANNOTATE) if action.verdict)
        here = {key for action in actions.SHEET.actions for key in actions.keys_of(action, own)}
        if event.key not in here and any(event.key in actions.keys_of(action, own) for action in answers):
            self.keys.refuse(BACK_FIRST)

    def on_paste(self, event: Paste) -> None:
        event.stop()

    @on(SheetView.Zoomed)
    def _wheel_turned(self, event: SheetView.Zoomed) -> None:
        self.action_zoom(event.direction)

    @on(SheetView.Dragged)
    def _drawing_dragged(self, event: SheetView.Dragged) -> None:
        self._view = self._view.dragged(event.x, event.y)
        self._draw_soon()

    # --- search ----------------------------------------------------------------------------------------

    def action_find(self) -> None:
        self.set_class(True, "-finding")
        self.search.disabled = False
        self.search.focus()
        self._show_keys()

    def _close_search(self) -> None:
        self.set_class(False, "-finding")
        self.search.disabled = True
        self.set_focus(None)
        self._show_keys()

    @on(Input.Submitted)
    def _search_submitted(self, event: Input.Submitted) -> None:
        self._close_search()
        query = event.value.strip()
        if query:
            self.status_line.show(Content.styled("Searching …", "$quiet"))
            workers.start_exclusive(self, self._search, query, group="text")

    async def _search(self, query: str) -> None:
        text = await self._pictures.text(self._asked, self._place.page, query)
        self._query, self._hits = query, text if isinstance(text, SheetText) and text.hits else None
        if self._hits is None:
            self.status_line.show(whole_sheet.no_hits(query, text))
            return
        pages = [hit.box.page for hit in self._hits.hits]
        self._show_hit(next((at for at, page in enumerate(pages) if page >= self._place.page), 0))

    def _show_hit(self, at: int) -> None:
        if self._hits is not None:
            self._at = at
            self.status_line.show(whole_sheet.hit_line(self._query, self._hits, at))
            self._show_place(Place.of(self._hits.hits[at].box), Level.PLACE)

    def action_hit(self, step: int) -> None:
        if self._hits is not None:
            self._show_hit((self._at + step) % len(self._hits.hits))
        elif self._query:
            workers.start_exclusive(self, self._search, self._query, group="text")
        else:
            self.status_line.show(Content.styled(whole_sheet.NO_SEARCH, "$warning"))

    # --- places ----------------------------------------------------------------------------------------

    def action_bookmark(self, kind: str) -> None:
        workers.start_exclusive(self, self._show_bookmark, PlaceKind(kind), group="text")

    async def _show_bookmark(self, kind: PlaceKind) -> None:
        text = await self._pictures.text(self._asked, self._place.page)
        place = None if isinstance(text, NoPicture) else text.bookmark(kind, self._place.page)
        if place is not None and place.box.page != self._place.page:  # its class and unit are those of its own page
            text = await self._pictures.text(self._asked, place.box.page)
        self.status_line.show(whole_sheet.bookmark_line(kind, place, text))
        if place is not None:
            self._show_place(Place.of(place.box), Level.PLACE)

    def action_question(self) -> None:
        self.status_line.show(whole_sheet.question_line(self._asked))
        self._show_place(self._question, Level.PLACE)

    def action_page(self, step: int) -> None:
        n_pages = self._n_pages or 1
        page = min(max(self._place.page + step, 1), n_pages)
        self.status_line.show(whole_sheet.page_line(page, n_pages))
        if page != self._place.page:
            on_question = page == self._question.page
            self._show_place(self._question if on_question else Place(page), Level.SHEET)

    def action_context(self) -> None:
        """Shows all of the page, or the place on it again."""
        whole = self._view.level is Level.SHEET and self._view == replace(self._view.reset(), level=Level.SHEET)
        self._show_place(self._place, Level.PLACE if whole and self._place.box else Level.SHEET)

    # --- the view --------------------------------------------------------------------------------------

    def action_pan(self, x: int, y: int) -> None:
        self._view = self._view.panned(x, y)
        self._draw_soon()

    def action_zoom(self, direction: int) -> None:
        self._view = self._view.zoomed(direction)
        self._draw_soon()

    def action_rotate(self) -> None:
        shown = self.sheet.shown
        self._view = self._view.turned(shown.rotation if isinstance(shown, Picture) else 0)
        self._draw_soon()

    def action_mode(self) -> None:
        """Switches to the next picture mode, for the question, too."""
        self._pane.action_mode()
        self._draw_soon()

    def action_retry(self) -> None:
        """Asks for a missing drawing again."""
        self._draw_soon()

    def action_invert(self) -> None:
        self.sheet.toggle_inverted()

    def action_back(self) -> None:
        if self.search.has_focus:
            self._close_search()
        else:
            self.dismiss(None)
