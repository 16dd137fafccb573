"""Texts of the review queue: columns of its table, the state of a row, filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from gonogo.desk.core.models import Stage
from gonogo.desk.review.models import QueueRow, Ruled
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.note_reasons import reason_in_words
from gonogo.schemas.verdicts import CLASS_OF
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.columns import MEDIUM, WIDE, Column
from gonogo.tui.presenters.common.format import harm_bar, paragraphs, percent, short_id, value_text, verdict_sign
from gonogo.tui.presenters.common.subject import kind_text, sheet_text
from gonogo.tui.presenters.work import annotate
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.desk.review.session import ReviewSession

SHORT_REASONS = {
    "tie": "tie", "verdicts": "verdicts differ", "values": "values differ", "unsafe": "not safe", "sample": "sample",
    "help": "asks the lead",
    "listed": "listed", "ruled": "ruled", "plain": "not settled",
}  # fmt: skip
MOST_SIGNS = 5
_STATUSES = {"open": "open", "resolved": "resolved", "in_review": "review"}


def queue_columns(ruling_of: Callable[[str], Ruled | None], *, plain: bool = False) -> list[Column[QueueRow]]:
    """Columns of the queue. `ruling_of` returns the ruling on a task in this session.

    A `plain` ARCNM server tells no harm and no votes, but how many votes there are and how far they agree.
    """

    def state(row: QueueRow) -> tuple[str, str]:
        return row_state(row, ruling_of(row.task.id))

    doubt: list[Column[QueueRow]]
    if plain:
        doubt = [
            Column("votes", 7, lambda row: str(row.n_votes)),
            Column("agree", 7, lambda row: percent(row.agreement)),
        ]
    else:
        doubt = [Column("harm", 10, lambda row: harm_bar(row.harm)), Column("votes", 10, votes_text)]
    return [
        Column("state", 10, lambda row: state(row)[0], lambda row: state(row)[1]),
        *doubt,
        Column("read value", 4, _reading, "strong", grows=True),
        Column("drawing", 16, drawing_text),
        Column("why", 16, why_text, "quiet", least_width=MEDIUM),
        Column("kind", 16, lambda row: kind_text(row.task), "quiet", least_width=WIDE),
    ]


def row_state(row: QueueRow, ruled: Ruled | None) -> tuple[str, str]:
    """Returns word and colour of a row's state: the ruling of this session, else its status."""
    if ruled is not None:
        return ("! refused", "warning") if ruled.refused else ("✓ ruled", "correct")
    if row.adjudicated:
        return "✓ settled", "quiet"
    return _STATUSES.get(row.status, one_line(row.status, 9) or "review"), "foreground"


def votes_text(row: QueueRow) -> str:
    """Votes by verdict, `✓2 ✗1 ?1`; `–` for none."""
    votes = sorted(row.verdicts, key=lambda vote: CLASS_OF.get(vote[0], len(CLASS_OF)))
    return " ".join(f"{verdict_sign(verdict)[0]}{count}" for verdict, count in votes) or "–"


def answers_text(row: QueueRow) -> str:
    """The answers given, `✓✓ ✗✗✗ Ra 6,3`: a sign for each vote, many as `✗×9`; without them the votes by verdict."""
    if not row.answers:
        return votes_text(row)
    parts = []
    for answer in row.answers:
        sign = verdict_sign(answer.verdict)[0]
        signs = sign * answer.count if answer.count <= MOST_SIGNS else f"{sign}×{answer.count}"
        parts.append(f"{signs} {value_text(answer.value, 40)}".rstrip())
    return "  ".join(parts)


def why_text(row: QueueRow) -> str:
    """Why a task is in the queue, in at most 15 characters: an annotator's note says more than how the votes lie."""
    if row.reasons and row.why != "help":
        return one_line(f"note: {reason_in_words(row.reasons[0][0]) or 'own words'}", 15)
    return SHORT_REASONS.get(row.why, one_line(row.why, 15))


def too_small_hint(open_key: str, room: int) -> str:
    """Hint that a crop can't be read in its tile: the longest that fits in `room` cells, at least the key."""
    texts = (f"too small here: {open_key} opens it", f"too small: {open_key} opens it", f"too small: {open_key}")
    return next((text for text in texts if cell_len(text) <= room), open_key)


def left_reason(row: QueueRow) -> str:
    """Why the key for a whole page makes no ruling on the row."""
    if row.why == "plain":
        return "votes not listed"
    return "votes differ" if row.likely is not None else "no votes"


def _reading(row: QueueRow) -> str:
    return value_text(row.task.predicted_value, 200) or one_line(row.task.prompt, 200)


def drawing_text(row: QueueRow) -> str:
    """Name of the drawing, `LIU0010, sheet 2`; of a part that nobody named, as much of the id as tells it apart."""
    return sheet_text(row.task, row.part) or short_id(row.task.part_revision_id or "")


def no_case_card(session: ReviewSession) -> Content:
    """Card in place of a missing case: the reason and the next step."""
    state = session.state
    if state.stage not in (Stage.DRAINED, Stage.LOADING, Stage.TASK):
        return annotate.state_card(state)
    if state.stage is not Stage.DRAINED:
        return empty_state.waiting("Fetching the case")
    n_rulings = sum(not ruled.refused for ruled in session.ruled.values())
    notes = [f"{counted(n_rulings, 'ruling')} made here."] if n_rulings else []
    if state.parked:
        notes.append(f"{state.parked} refused: they are marked ! in the list.")
    if session.queue.hidden_own:
        wait = f"{session.queue.hidden_own} more {'waits' if session.queue.hidden_own == 1 else 'wait'}"
        notes.append(f"{wait} with a vote of yours: another expert must rule.")
    heading = empty_state.heading("✓", "$correct", "No conflict is left in this list")
    message = [content(one_line(" ".join(notes), 400))] if notes else []
    return paragraphs(heading, *message, Content.styled("Esc goes back to the list.", "$foreground"))
