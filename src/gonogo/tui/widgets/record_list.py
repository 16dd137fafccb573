"""Record list: option list of typed records that keeps its cursor on a record over reloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

T = TypeVar("T")


class RecordList(OptionList, Generic[T]):
    """List of `records`. `entry` renders one, `key` returns its identity."""

    def __init__(self, entry: Callable[[T], Content], key: Callable[[T], object], *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self.records: list[T] = []
        self._entry = entry
        self._key = key

    @property
    def current(self) -> T | None:
        """The record under the cursor."""
        index = self.highlighted
        return self.records[index] if index is not None and index < len(self.records) else None

    def show(self, records: Sequence[T], select: object = None) -> None:
        """Replaces the records. The cursor keeps its record, else moves to the key `select`, else keeps its index."""
        current, place = self.current, self.highlighted or 0
        key = select if current is None else self._key(current)
        self.records = list(records)
        self.clear_options()
        self.add_options([Option(self._entry(record)) for record in self.records])
        if self.records:
            keys = [self._key(record) for record in self.records]
            self.highlighted = keys.index(key) if key in keys else min(place, len(keys) - 1)

    def replace(self, record: T) -> None:
        """Replaces the record of the same key, where it is in the list and differs."""
        for index, current in enumerate(self.records):
            if self._key(current) == self._key(record) and current != record:
                self.records[index] = record
                self.replace_option_prompt_at_index(index, self._entry(record))
