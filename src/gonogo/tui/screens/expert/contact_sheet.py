"""Contact sheet screen: a page of crops with their values and votes.

Enter rules on those whose votes all say the same, and on each that a key has marked. It overrules nobody: an item whose
votes differ keeps waiting until a key for this one item rules on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content

from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.schemas.verdicts import Verdict
from gonogo.tui import actions
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.format import verdict_sign
from gonogo.tui.presenters.expert.review_queue import answers_text, left_reason, too_small_hint
from gonogo.tui.screens.expert.tile_page import RuledPage, TilePageScreen
from gonogo.tui.text import styled
from gonogo.tui.widgets.drawing.review_tile import NO_MARK, ReviewTile

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession

RIGHT, STRUCK, LEFT_OUT = "right", "struck", "left out"
_MARKS = {RIGHT: ("✓ RIGHT", "$correct"), STRUCK: ("✗ WRONG", "$incorrect"), LEFT_OUT: ("– left out", "$quiet")}
_AGREED: dict[str, str] = {Verdict.CORRECT: "right", Verdict.INCORRECT: "wrong", Verdict.UNSURE: "undecidable"}


class ContactSheetScreen(TilePageScreen):
    """Contact sheet of the review queue, page by page from the row `start` on; of a grouped list a group a page."""

    SCOPE = actions.CONTACT
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CONTACT.bindings()]
    ACTION_SCOPES = (actions.CONTACT,)

    def __init__(self, session: ReviewSession, start: int, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__(session, clock, profile)
        self._start = start

    def next_rows(self, most: int) -> list[QueueRow]:
        return self.session.queue.together(self.session.waiting(self._start, most))

    def ruling_of(self, tile: ReviewTile) -> Ruling | None:
        """The mark, else what all votes say; `None` where they differ."""
        if tile.mark == RIGHT:
            return Ruling("correct")
        if tile.mark == STRUCK:
            return Ruling("incorrect")
        return tile.row.agreed_ruling() if tile.mark == NO_MARK else None

    def caption(self, tile: ReviewTile, start: Content, open_key: str) -> Content:
        """Mark or votes, each by a sign or word; or that the crop can't be read here."""
        word, color = _outcome(tile)
        facts = styled(answers_text(tile.row), "$quiet")
        start = Content.assemble(start, (word, f"bold {color}"), "   ")
        if tile.too_small:
            room = tile.caption_width - start.cell_length
            facts = Content.styled(too_small_hint(open_key, room), "$warning")
        return Content.assemble(start, facts)

    def empty_card(self) -> Content:
        heading = empty_state.heading("✓", "$correct", "Nothing waits in this list")
        step = "u takes the last page back, Esc goes back to the list."
        return Content("\n\n").join([heading, Content.styled(step, "$foreground")])

    # --- keys ------------------------------------------------------------------------------------------

    def action_accept(self) -> None:
        self._toggle(RIGHT)

    def action_strike(self) -> None:
        self._toggle(STRUCK)

    def action_leave_out(self) -> None:
        self._toggle(LEFT_OUT)

    def _toggle(self, mark: str) -> None:
        tile = self.current
        if tile is not None and self.gate.accepts():
            tile.mark = NO_MARK if tile.mark == mark else mark
            self.show_captions()

    def page_ruled(self, saved: list[ReviewTile], left: list[ReviewTile]) -> None:
        """Those left come first on the next page, unless nothing else was on this one."""
        undecided = [tile for tile in left if tile.mark == NO_MARK]
        if undecided:
            reasons = ", ".join(dict.fromkeys(left_reason(tile.row) for tile in undecided))
            keys = "a or s rules one" if saved else "a or s rules one; they come again at the end of the list"
            self.gonogo.show_notice(f"{len(saved)} ruled, {len(undecided)} left: {reasons}. {keys}.", seconds=6)
        at = self.session.queue.find(undecided[0].row.task.id) if saved and undecided else None
        self._start = self._next_start() if at is None else at

    def _next_start(self) -> int:
        """Returns the row after this page, so that tiles left out do not return at once."""
        indices = [self.session.queue.find(tile.row.task.id) for tile in self.tiles]
        start = max((index for index in indices if index is not None), default=-1) + 1
        return start if start < self.session.queue.loaded else 0

    def page_undone(self, page: RuledPage, task_id: str) -> None:
        self._start = self.session.queue.find(task_id) or 0


def _outcome(tile: ReviewTile) -> tuple[str, str]:
    """Word and colour of what Enter does here. Capitals: a key for this tile alone was pressed."""
    if tile.mark != NO_MARK:
        return _MARKS[tile.mark]
    agreed = tile.row.agreed_ruling()
    if agreed is None:
        likely = tile.row.likely
        sign = f", {verdict_sign(likely.verdict)[0]}?" if likely is not None else ""
        return f"! {left_reason(tile.row)}{sign}", "$warning"
    sign, color = verdict_sign(agreed.verdict)
    return f"{sign} {_AGREED.get(agreed.verdict, agreed.verdict)}", color
