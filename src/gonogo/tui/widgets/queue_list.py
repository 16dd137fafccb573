"""The review queue as a list of any length: only the lines that are seen are made, from rows fetched by pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rich.cells import cell_len

from gonogo.desk.review.models import QueueRow, Ruled
from gonogo.tui.presenters.format import SIGNS, fit, harm_bar, short_id, value_text, verdict_sign
from gonogo.tui.text import one_line
from gonogo.tui.widgets.virtual_list import VirtualList

SHORT_WHY = {
    "tie": "tie", "verdicts": "verdicts differ", "values": "values differ", "unsafe": "not safe", "sample": "sample",
    "listed": "listed", "ruled": "ruled", "plain": "in review",
}  # fmt: skip
_STATUS = {"open": "open", "resolved": "resolved", "in_review": "waits"}
_WHY_WIDTH, _STATE_WIDTH, _HARM_WIDTH, _VOTES_WIDTH, _KIND_WIDTH, _SHEET_WIDTH = 16, 10, 10, 12, 16, 12


class Rows(Protocol):
    """What the list shows; `gonogo.desk.review.queue.ReviewQueue` is one."""

    count: int | None

    def row(self, index: int | None) -> QueueRow | None: ...
    def want(self, index: int) -> None: ...


class QueueList(VirtualList):
    """`rows` gives the rows, `ruled` what became of a task in this session."""

    def __init__(self, rows: Rows, ruled: Callable[[str], Ruled | None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = rows
        self._ruled = ruled

    @property
    def n_rows(self) -> int:
        return self._rows.count or 0

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self._rows.want(self.cursor + self.size.height)

    def cells_of(self, index: int, here: bool, width: int) -> list[tuple[str, str]]:
        row = self._rows.row(index)
        if row is None:
            self._rows.want(index)
            return [(f"  {index + 1}  …  fetching", "quiet")]
        return self._cells(row, here, width)

    def _cells(self, row: QueueRow, here: bool, width: int) -> list[tuple[str, str]]:
        state, color = state_of(row, self._ruled(row.task.id))
        cells = [("▸ " if here else "  ", "accent"), (fit(state, _STATE_WIDTH), color)]
        cells += [(fit(harm_bar(row.harm), _HARM_WIDTH), "foreground")]
        tail = [(fit(votes_text(row), _VOTES_WIDTH), "foreground"), (fit(_why(row), _WHY_WIDTH), "quiet")]
        if width >= 100:
            kind = row.task.detail_kind or row.task.target_kind
            tail += [(fit(one_line(kind, 40), _KIND_WIDTH), "quiet"), (fit(_sheet(row), _SHEET_WIDTH), "quiet")]
        used = sum(cell_len(text) for text, _ in (*cells, *tail))
        shown = value_text(row.task.predicted_value, 200) or one_line(row.task.prompt, 200)
        return [*cells, (fit(shown, max(width - used, 4)), "strong"), *tail]


def head(width: int) -> str:
    """The titles above the columns."""
    fixed = fit("  state", _STATE_WIDTH + 2) + fit("harm", _HARM_WIDTH)
    tail = fit("votes", _VOTES_WIDTH) + fit("why", _WHY_WIDTH)
    if width >= 100:
        tail += fit("kind", _KIND_WIDTH) + fit("drawing", _SHEET_WIDTH)
    return fixed + fit("read value", max(width - len(fixed) - len(tail), 4)) + tail


def state_of(row: QueueRow, ruled: Ruled | None) -> tuple[str, str]:
    """A word and a colour: what became of the task here, else its status."""
    if ruled is not None:
        return ("! refused", "warning") if ruled.refused else ("✓ ruled", "correct")
    if row.adjudicated:
        return "✓ settled", "quiet"
    return _STATUS.get(row.status, one_line(row.status, 9) or "waits"), "foreground"


def votes_text(row: QueueRow) -> str:
    """`✓2 ✗1 ?1`."""
    usual = list(SIGNS)
    ordered = sorted(row.verdicts, key=lambda vote: usual.index(vote[0]) if vote[0] in usual else len(usual))
    return " ".join(f"{verdict_sign(word)[0]}{count}" for word, count in ordered) or "–"


def _why(row: QueueRow) -> str:
    return SHORT_WHY.get(row.why, one_line(row.why, 15))


def _sheet(row: QueueRow) -> str:
    part = dict(row.task.links).get("part") or row.task.part_revision_id or ""
    return short_id(part)
