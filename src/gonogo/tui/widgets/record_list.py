"""Record list: option list of typed records that keeps its cursor on a record over reloads, and is searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

T = TypeVar("T")


class RecordList(OptionList, Generic[T]):
    """List of `records`, those shown of all that were given. `entry` renders one, `key` returns its identity."""

    def __init__(self, entry: Callable[[T], Content], key: Callable[[T], object], *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self.records: list[T] = []
        self._all: list[T] = []
        self._words: list[str] = []
        self._entry = entry
        self._key = key

    @property
    def current(self) -> T | None:
        """The record under the cursor."""
        index = self.highlighted
        return self.records[index] if index is not None and index < len(self.records) else None

    def show(self, records: Sequence[T], select: object = None) -> None:
        """Replaces the records. The cursor keeps its record, else moves to the key `select`, else keeps its index."""
        self._all = list(records)
        self._show(select)

    def find(self, text: str) -> None:
        """Shows only the records with all words of `text` in their entries; all for an empty text."""
        self._words = text.casefold().split()
        self._show(None)

    @property
    def total(self) -> int:
        """Number of records, those that are not shown, too."""
        return len(self._all)

    def _fits(self, record: T) -> bool:
        text = self._entry(record).plain.casefold() if self._words else ""
        return all(word in text for word in self._words)

    def _show(self, select: object) -> None:
        current, place = self.current, self.highlighted or 0
        key = select if current is None else self._key(current)
        self.records = [record for record in self._all if self._fits(record)]
        self.clear_options()
        self.add_options([Option(self._entry(record)) for record in self.records])
        if self.records:
            keys = [self._key(record) for record in self.records]
            self.highlighted = keys.index(key) if key in keys else min(place, len(keys) - 1)

    def replace(self, record: T) -> None:
        """Replaces the record of the same key, where it is in the list and differs."""
        for index, current in enumerate(self.records):
            if self._key(current) == self._key(record) and current != record:
                self._all[self._all.index(current)] = self.records[index] = record
                self.replace_option_prompt_at_index(index, self._entry(record))


class FindLine(Input):
    """Input line that searches a record list; hidden until `open`. Enter goes to the list, Esc shows all of it again.

    `records` returns the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down", "leave", show=False),
    ]

    def __init__(self, records: Callable[[], RecordList[Any]]) -> None:
        super().__init__(id="find", placeholder="words of its name", max_length=200)
        self._records = records
        self.display = False

    def open(self) -> None:
        self.display = True
        self.focus()

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        event.stop()
        self._records().find(self.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """Goes to the first record that was found."""
        self._records().focus()
        if self._records().records:
            self._records().highlighted = 0

    def action_close(self) -> None:
        self.value = ""
        self.display = False
        self._records().focus()
