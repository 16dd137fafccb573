"""The cases of a results API as a list of any length: only the lines that are seen are made."""

from __future__ import annotations

from rich.cells import cell_len

from gonogo.desk.results.cases import CaseList, CaseListFilter, CaseListItem
from gonogo.tui.presenters.format import fit, share_bar
from gonogo.tui.text import one_line
from gonogo.tui.widgets.virtual_list import VirtualList

_COLORS = {"Flagged": "warning", "Labeled": "correct", "Gold Standard": "accent", "Canceled": "quiet"}
_CASE, _STATE, _BAR, _READS, _LABEL, _BLOCKS = 10, 14, 11, 7, 14, 5


class CaseLines(VirtualList):
    """`cases` gives the rows."""

    def __init__(self, cases: CaseList, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cases = cases

    @property
    def n_rows(self) -> int:
        return self.cases.count

    def cells_of(self, index: int, here: bool, width: int) -> list[tuple[str, str]]:
        row = self.cases.row(index)
        return cells(row, here, width) if row is not None else []


def cells(row: CaseListItem, here: bool, width: int) -> list[tuple[str, str]]:
    """The texts of a line with their colours. What a case is about gives way first in a narrow terminal."""
    start = [("▸ " if here else "  ", "accent"), (fit(str(row.case_id), _CASE), "strong")]
    start += [(fit(one_line(row.state, 40), _STATE), _COLORS.get(row.state, "foreground"))]
    start += [
        (fit(share_bar(row.agreement), _BAR), "foreground"),
        (fit(share_bar(row.difficulty), _BAR), "foreground"),
    ]
    if width >= 100:
        start += [(fit("–" if row.n_reads is None else str(row.n_reads), _READS), "quiet")]
    start += [(fit(one_line(row.label, 60) or "–", _LABEL), "strong")]
    used = sum(cell_len(text) for text, _ in start)
    return [*start, (fit(one_line(row.about, 200), max(width - used, 2)), "quiet")]


def head(width: int, look: CaseListFilter) -> str:
    """The titles above the columns; the one that orders the list is marked."""
    usual = {"difficulty": "▼"}

    def title(name: str, size: int, shown: str | None = None) -> str:
        mark = usual.get(name, "▲")
        if look.reverse:
            mark = "▲" if mark == "▼" else "▼"
        return fit((shown or name) + (f" {mark}" if look.sort == name else ""), size)

    told = "  " + title("case", _CASE) + title("state", _STATE) + title("agreement", _BAR, "agree")
    told += title("difficulty", _BAR, "difficult" if look.sort != "difficulty" else "diffic.")
    told += (fit("reads", _READS) if width >= 100 else "") + fit("label", _LABEL)
    return told + fit("about", max(width - cell_len(told), 2))
