"""Group sheet screen: the items like one that was just ruled, each with the ruling that the example proposes.

Enter rules on those that could be looked at: crop, value and every vote are on the page and can be read, and no fewer
votes are for the ruling than for any other. All others wait: Space puts one in, `o` opens one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content

from gonogo.desk.review.example import Example
from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.tui import actions
from gonogo.tui.presenters.expert.cluster_sheet import (
    TileOutcome,
    about_line,
    done_card,
    lines_fit,
    outcome_line,
    page_result,
    tile_outcome,
    toggled,
    votes_line,
)
from gonogo.tui.screens.expert.tile_page import RuledPage, TilePageScreen
from gonogo.tui.widgets.drawing.review_tile import ReviewTile

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession

LOOK_SECONDS = 0.3
"""Least time for each tile that the page key rules on: nobody has looked at a page that is confirmed sooner."""
TOO_SOON = "look first"


class ClusterSheetScreen(TilePageScreen):
    """Sheet of a group: every waiting item comes once, page by page; what Enter leaves stays in the queue."""

    SCOPE = actions.CLUSTER
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CLUSTER.bindings()]
    ACTION_SCOPES = (actions.CLUSTER,)
    LINES_AROUND = 3
    CAPTION_LINES = 2

    def __init__(
        self, session: ReviewSession, example: Example, name: str, clock: Callable[[], float], profile: Settings
    ) -> None:
        super().__init__(session, clock, profile)
        self._example = example
        self._group_name = name
        self._painted_at = 0.0
        self._left: dict[str, str] = {}
        """Items that were looked at and wait, with the reason."""
        self._alone: set[str] = set()
        """Items that were too small on their page; at the end each has one of its own."""
        self._result = ""
        self._seen: set[str] = set()
        """Items of the pages that were confirmed."""

    def next_rows(self, most: int) -> list[QueueRow]:
        rows = [row for row in self.session.waiting_like(self._example) if row.task.id not in self._left]
        self.about.show(about_line(self._group_name, self._example, len(rows), self._result))
        together = [row for row in rows if row.task.id not in self._alone]
        return together[:most] or rows[:1]

    def page_painted(self) -> None:
        super().page_painted()
        self._painted_at = self.clock()

    def outcome_of(self, tile: ReviewTile) -> TileOutcome:
        """Effect of the page key on a tile."""
        outcome = tile_outcome(tile.row, self._example, tile.mark, tile.unseen)
        if not lines_fit(tile.row, outcome_line(outcome), tile.caption_width):
            return tile_outcome(tile.row, self._example, tile.mark, "votes don't fit")
        return outcome

    def ruling_of(self, tile: ReviewTile) -> Ruling | None:
        return self.outcome_of(tile).ruling

    def caption(self, tile: ReviewTile, start: Content, open_key: str) -> Content:
        return Content("\n").join([Content.assemble(start, outcome_line(self.outcome_of(tile))), votes_line(tile.row)])

    def empty_card(self) -> Content:
        ruled = [self.session.ruled[task_id] for task_id in self._seen & self.session.ruled.keys()]
        n_refused = sum(each.refused for each in ruled)
        return done_card(len(ruled) - n_refused, n_refused, self._left.values())

    # --- keys ------------------------------------------------------------------------------------------

    def action_strike(self) -> None:
        tile = self.current
        if tile is None or not self.gate.accepts():
            return
        outcome = self.outcome_of(tile)
        if outcome.ruling is None and outcome.possible is None and not tile.mark:
            self.gonogo.show_notice(f"This one can't be ruled here: {outcome.waits}. o opens it.")
            return
        tile.mark = toggled(tile.mark, outcome)
        self.show_captions()

    def action_confirm(self) -> None:
        n_rulings = sum(self.ruling_of(tile) is not None for tile in self.tiles)
        if self.tiles and self.clock() - self._painted_at < LOOK_SECONDS * n_rulings:
            self.keys.refuse(TOO_SOON)
            return
        super().action_confirm()

    def page_ruled(self, saved: list[ReviewTile], left: list[ReviewTile]) -> None:
        small = {tile.row.task.id for tile in left if tile.too_small} - self._alone if len(self.tiles) > 1 else set()
        reasons = {tile.row.task.id: self.outcome_of(tile).waits for tile in left}
        self._left |= {task_id: reason for task_id, reason in reasons.items() if task_id not in small}
        self._alone |= small
        self._seen |= {tile.row.task.id for tile in saved}
        self._result = page_result(len(saved), reasons.values())

    def page_undone(self, page: RuledPage, task_id: str) -> None:
        for task in page.task_ids:
            self._left.pop(task, None)
            self._alone.discard(task)
        self._result = ""
