"""Case list of a results API: holds one short record for each case, and filters and sorts them. No terminal in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gonogo.json_types import JsonValue

if TYPE_CHECKING:
    from gonogo.schemas.results_api import CaseResult

SORTS = ("read", "case", "state", "agreement", "difficulty")
"""Orders of the list; `read` is the server's."""
_DESCENDING = frozenset({"difficulty"})
"""Orders that start with the largest: the hardest case is first, as is the one with the least agreement."""


@dataclass(frozen=True, slots=True)
class CaseListItem:
    """Line of the list. Shares are 0…1, `None` where the server gives none, or something else than a share."""

    case_id: int
    state: str
    agreement: float | None
    difficulty: float | None
    n_reads: int | None
    label: str
    about: str

    def matches(self, words: list[str]) -> bool:
        """Returns whether the line contains all of `words`."""
        text = f"{self.case_id} {self.state} {self.label} {self.about}".casefold()
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class CaseListFilter:
    """Filter and order of the list."""

    state: str = ""
    text: str = ""
    sort: str = "read"
    reverse: bool = False

    @property
    def filtering(self) -> bool:
        return bool(self.state or self.text)

    def next_sort(self) -> CaseListFilter:
        return replace(self, sort=SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)], reverse=False)


class CaseList:
    """List of all cases read so far. A case that is read again replaces the earlier one."""

    def __init__(self) -> None:
        self.filters = CaseListFilter()
        self._rows: list[CaseListItem] = []
        self._place: dict[int, int] = {}
        self._shown: list[int] = []
        self._stale = False

    @property
    def total(self) -> int:
        return len(self._rows)

    @property
    def count(self) -> int:
        """Number of lines shown."""
        return len(self._shown)

    def row(self, index: int) -> CaseListItem | None:
        return self._rows[self._shown[index]] if 0 <= index < len(self._shown) else None

    def index_of(self, case_id: int) -> int | None:
        """Returns the index of a case among the lines shown; `None` when it is not shown."""
        place = self._place.get(case_id)
        try:
            return None if place is None else self._shown.index(place)
        except ValueError:
            return None

    def n_in_state(self, state: str) -> int:
        """Returns the number of cases in a labeling state."""
        return sum(row.state == state for row in self._rows)

    def states(self) -> list[str]:
        """Returns the states of the cases, in alphabetical order."""
        return sorted({row.state for row in self._rows})

    def add(self, cases: Iterable[CaseResult]) -> None:
        """Adds cases. With a filter or an order, `arrange` puts them in their places."""
        for case in cases:
            if case.case_id is None:
                continue
            row = row_of(case, case.case_id)
            known = self._place.get(row.case_id)
            if known is not None:
                self._rows[known] = row
                self._stale = True
                continue
            self._place[row.case_id] = len(self._rows)
            self._rows.append(row)
            if self.filters == CaseListFilter():
                self._shown.append(len(self._rows) - 1)
            else:
                self._stale = True

    def show(self, filters: CaseListFilter) -> None:
        """Sets filter and order."""
        self.filters = filters
        self._stale = True
        self.arrange()

    def arrange(self) -> bool:
        """Applies filter and order; false when nothing had changed."""
        if not self._stale:
            return False
        filters, words = self.filters, self.filters.text.casefold().split()
        places = [
            place
            for place, row in enumerate(self._rows)
            if (not filters.state or row.state == filters.state) and (not words or row.matches(words))
        ]
        self._shown = self._sorted(places)
        self._stale = False
        return True

    def _sorted(self, places: list[int]) -> list[int]:
        filters, rows = self.filters, self._rows
        if filters.sort == "read":
            return places[::-1] if filters.reverse else places
        field = {"case": "case_id"}.get(filters.sort, filters.sort)
        known = [place for place in places if getattr(rows[place], field) is not None]
        unknown = [place for place in places if getattr(rows[place], field) is None]
        known.sort(
            key=lambda place: getattr(rows[place], field), reverse=filters.reverse != (filters.sort in _DESCENDING)
        )
        return known + unknown  # cases without a number are last in either order


def row_of(case: CaseResult, case_id: int) -> CaseListItem:
    """Returns the line of a case; the rest is fetched again when the case is opened."""
    ours = case.gonogo or {}
    label = case.correct_label if case.correct_label is not None else case.majority_label
    stats = case.read_stats if isinstance(case.read_stats, dict) else {}
    n_reads = stats.get("n_reads", case.qualified_reads)
    return CaseListItem(
        case_id,
        case.labeling_state or "–",
        _share(case.agreement),
        _share(case.difficulty),
        n_reads if isinstance(n_reads, int) and not isinstance(n_reads, bool) else None,
        _words(label),
        _words(_value(ours.get("predicted_value")) or ours.get("part") or _origin(case)),
    )


def _share(value: JsonValue) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None


def _words(value: JsonValue) -> str:
    return "" if value is None else str(value)[:200]


def _value(value: JsonValue) -> JsonValue:
    return value.get("text") if isinstance(value, dict) else None


def _origin(case: CaseResult) -> JsonValue:
    first = (case.content_metadata or [None])[0]
    return first.get("origin") if isinstance(first, dict) else None
