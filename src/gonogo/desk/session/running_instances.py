"""Running instances: records which tasks each open window of one person has, so that two never show the same task at
once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.owner import is_running
from gonogo.desk.outbox.rows import Address


class RunningInstances:
    """Registry of the windows that work in the same campaign under the same login; `owner` is this one.

    Each writes the ids of the tasks it holds into one document; entries of ended windows are ignored. A convenience:
    when the disk refuses, each window goes on by itself, and outbox and server still ensure that no answer counts
    twice.
    """

    def __init__(
        self, memory: StateStore, address: Address, owner: str, *, alive: Callable[[str], bool] = is_running
    ) -> None:
        self.others = 0
        self._memory = memory
        self._key = f"windows {address.base_url} {address.annotator} {address.campaign_id}"
        self._owner = owner
        self._alive = alive
        self._written: list[str] | None = None

    def reserve(self, task_id: str) -> bool:
        """Makes the task this window's; false when another has it."""
        free = True

        def change(windows: dict[str, list[str]]) -> None:
            nonlocal free
            free = not any(task_id in tasks for owner, tasks in windows.items() if owner != self._owner)
            if free:
                windows[self._owner] = [*windows.get(self._owner, []), task_id]

        self._written = None
        self._change(change)
        return free

    def update(self, task_ids: Collection[str]) -> None:
        """Writes the tasks that this window holds, and counts the other windows."""
        task_list = sorted(task_ids)
        if task_list != self._written and self._change(lambda windows: windows.__setitem__(self._owner, task_list)):
            self._written = task_list
            return
        entries = self._memory.get(self._key) or {}
        self.others = sum(owner != self._owner and self._alive(owner) for owner in entries)

    def remove(self) -> None:
        """Removes this window's entry."""
        self._change(lambda windows: windows.pop(self._owner, None))

    def _change(self, change: Callable[[dict[str, list[str]]], object]) -> bool:
        def document(old: dict[str, Any] | None) -> Mapping[str, object] | None:
            entries = {owner: tasks for owner, tasks in (old or {}).items() if isinstance(tasks, list)}
            windows = {owner: entries[owner] for owner in self._running(entries)}
            change(windows)
            self.others = len(windows) - (self._owner in windows)
            return windows or None

        try:
            self._memory.change(self._key, document)
        except OSError:
            return False
        return True

    def _running(self, owners: Iterable[str]) -> list[str]:
        return [owner for owner in owners if owner == self._owner or self._alive(owner)]
