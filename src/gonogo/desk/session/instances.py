"""The open desks of one person on one home, so that two windows never show the same question at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from gonogo.desk.core.state_db import StateStore
from gonogo.desk.outbox.outbox import Address
from gonogo.desk.outbox.owner import is_running


class RunningInstances:
    """This window (`mark`) among those that work in the same campaign under the same login.

    Each writes the ids of the tasks it holds into one document; what a window that is gone had written counts no
    more. A convenience: when the disk refuses, each window goes on alone, and outbox and server still see to it that
    no answer counts twice.
    """

    def __init__(
        self, memory: StateStore, address: Address, mark: str, *, alive: Callable[[str], bool] = is_running
    ) -> None:
        self.others = 0
        self._memory = memory
        self._key = f"windows {address.base_url} {address.annotator} {address.campaign_id}"
        self._mark = mark
        self._alive = alive
        self._mine: list[str] | None = None

    def take(self, task_id: str) -> bool:
        """Make the task this window's, unless another has it."""
        free = True

        def change(open_: dict[str, list[str]]) -> None:
            nonlocal free
            free = not any(task_id in tasks for mark, tasks in open_.items() if mark != self._mark)
            if free:
                open_[self._mark] = [*open_.get(self._mark, []), task_id]

        self._mine = None
        self._change(change)
        return free

    def keep(self, task_ids: Collection[str]) -> None:
        """This window holds these and no others; counts the other windows anew."""
        mine = sorted(task_ids)
        if mine != self._mine and self._change(lambda open_: open_.__setitem__(self._mark, mine)):
            self._mine = mine
            return
        found = self._memory.get(self._key) or {}
        self.others = sum(mark != self._mark and self._alive(mark) for mark in found)

    def leave(self) -> None:
        """The window closes."""
        self._change(lambda open_: open_.pop(self._mark, None))

    def _change(self, change: Callable[[dict[str, list[str]]], Any]) -> bool:
        def document(old: dict[str, Any] | None) -> dict[str, Any] | None:
            there = {mark: tasks for mark, tasks in (old or {}).items() if isinstance(tasks, list)}
            open_ = {mark: there[mark] for mark in self._open(there)}
            change(open_)
            self.others = len(open_) - (self._mark in open_)
            return open_ or None

        try:
            self._memory.change(self._key, document)
        except OSError:
            return False
        return True

    def _open(self, marks: Iterable[str]) -> list[str]:
        return [mark for mark in marks if mark == self._mark or self._alive(mark)]
