"""Texts and decisions of a group's sheet: what its page key does on each tile, and why it leaves one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from rich.cells import cell_len
from textual.content import Content

from gonogo.desk.review.example import Example, proposed
from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.verdicts import Verdict
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.format import paragraphs, styled_answer, value_text, verdict_sign
from gonogo.tui.presenters.expert.review_queue import answers_text
from gonogo.tui.text import styled

STRUCK_WORD = "struck out"
_INDENT = 2


class Mark(StrEnum):
    """What a key for one tile alone said."""

    NONE = ""
    STRUCK = "struck"
    PUT_IN = "put in"


@dataclass(frozen=True, slots=True)
class TileOutcome:
    """Effect of the page key on a tile: a ruling, or the reason why it waits. `possible` is what Space would put in."""

    ruling: Ruling | None
    waits: str = ""
    possible: Ruling | None = None

    @property
    def by_hand(self) -> bool:
        return self.ruling is not None and not self.ruling.by_page


def tile_outcome(row: QueueRow, example: Example, mark: str, unseen: str) -> TileOutcome:
    """Returns what the page key does on a row. `unseen` says what of the tile cannot be seen; then it always waits."""
    proposal = proposed(row, example)
    if unseen or proposal.ruling is None:
        return TileOutcome(None, unseen or proposal.waits)
    if mark == Mark.STRUCK:
        return TileOutcome(None, STRUCK_WORD, proposal.ruling)
    if mark == Mark.PUT_IN:
        return TileOutcome(replace(proposal.ruling, by_page=False))
    if proposal.waits:
        return TileOutcome(None, proposal.waits, proposal.ruling)
    return TileOutcome(proposal.ruling)


def toggled(mark: str, outcome: TileOutcome) -> Mark:
    """Returns the mark after Space: out where it was in, in where it was out; again: as it was."""
    if mark != Mark.NONE:
        return Mark.NONE
    return Mark.STRUCK if outcome.ruling is not None else Mark.PUT_IN


def outcome_line(outcome: TileOutcome) -> Content:
    """First line below a tile's value: `✗ wrong → 16,5`, in capitals where Space put it in, or why it waits."""
    if outcome.ruling is not None:
        return _ruling_words(outcome.ruling, capitals=outcome.by_hand)
    if outcome.waits == STRUCK_WORD:
        return Content.styled(f"– {STRUCK_WORD}", "bold $quiet")
    line = Content.styled(f"! waits: {outcome.waits}", "bold $warning")
    if outcome.possible is None:
        return line
    return Content.assemble(line, ("  Space: ", "$quiet"), _ruling_words(outcome.possible, capitals=False))


def _ruling_words(ruling: Ruling, *, capitals: bool) -> Content:
    sign, color = verdict_sign(ruling.verdict)
    word = "right" if ruling.verdict == Verdict.CORRECT else "wrong"
    verdict = Content.styled(f"{sign} {word.upper() if capitals else word}", f"bold {color}")
    if ruling.value is None:
        return verdict
    return Content.assemble(verdict, (" → ", "$quiet"), styled(value_text(ruling.value, 200), "bold $strong"))


def votes_line(row: QueueRow) -> Content:
    """Second line below a tile's value: its votes."""
    return Content.assemble((" " * _INDENT + "votes ", "$quiet"), styled(answers_text(row), "$foreground"))


def lines_fit(row: QueueRow, first: Content, width: int) -> bool:
    """Whether the ruling and every vote with its whole value can be read in `width` cells."""
    whole = all(value_text(given.value, 40) == value_text(given.value) for given in row.answers)
    return whole and max(_INDENT + first.cell_length, cell_len(votes_line(row).plain)) <= width


def page_result(n_ruled: int, reasons: Iterable[str]) -> str:
    """Result of a page: `8 ruled, 1 left: outvoted (1)`."""
    left = list(reasons)
    return f"{n_ruled} ruled" + (f", {len(left)} left: {reasons_text(left)}" if left else "")


def about_line(name: str, example: Example, n_waiting: int, result: str) -> Content:
    """Line above the page: the group, how many items wait, the result of the page before, and the example."""
    parts = [
        Content.styled(name, "bold $strong"),
        Content.styled(f"{counted(n_waiting, 'item')} to look at", "$quiet"),
        *([Content.styled(result, "$accent")] if result else []),
        _example_words(example),
    ]
    return Content.styled(" · ", "$quiet").join(parts)


def _example_words(example: Example) -> Content:
    if example.row is None:
        return Content.styled("is each of them read right?", "$quiet")
    read = value_text(example.row.task.predicted_value, 40)
    answer = styled_answer(example.ruling.verdict, example.ruling.value)
    return Content.assemble(("you ruled ", "$quiet"), styled(read, "$foreground"), "  ", answer)


def reasons_text(reasons: Iterable[str]) -> str:
    """Why items wait, with how many of each: `outvoted (2), struck out (1)`."""
    return ", ".join(f"{reason} ({count})" for reason, count in Counter(reasons).most_common())


def done_card(n_ruled: int, n_refused: int, reasons: Iterable[str]) -> Content:
    """Card behind the last page: how many were ruled, how many the server refused, how many wait and why."""
    waiting = list(reasons)
    words = f"{n_ruled} ruled on this sheet."
    if n_refused:
        words += f" {n_refused} refused: the list marks {'it' if n_refused == 1 else 'them'} !."
    if waiting:
        wait = "waits" if len(waiting) == 1 else "wait"
        words += f" {len(waiting)} still {wait} in the list: {reasons_text(waiting)}."
    step = "u takes the last page back, Esc goes back."
    return paragraphs(
        empty_state.heading("✓", "$correct", "The group was looked at"),
        Content(words),
        Content.styled(step, "$foreground"),
    )
