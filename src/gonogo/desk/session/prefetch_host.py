"""Prefetch host: declares what the task prefetcher asks and tells the session that it works for."""

from __future__ import annotations

from typing import Protocol

from gonogo.desk.core.models import ClaimedTask


class PrefetchHost(Protocol):
    """Protocol of the session that the prefetcher works for."""

    def in_hand(self) -> list[ClaimedTask]:
        """Returns the current task and those whose answers can still be taken back."""
        ...

    def occupied(self) -> int:
        """Returns how many claims the server counts beside the tasks ahead: the current one and all unsent answers."""
        ...

    def answered(self, task_id: str) -> bool:
        """Returns whether an answer to the task is in the outbox, or was delivered a moment ago."""
        ...

    def last_key(self) -> float:
        """Returns when the person last pressed a key, on the monotonic clock."""
        ...

    def on_prefetched(self, held: ClaimedTask) -> None:
        """Called when a task was put ahead: its picture can be made."""
        ...

    def on_renewed(self, old: ClaimedTask, new: ClaimedTask) -> None:
        """Called when a held task has a new lease."""
        ...

    def on_lost(self, held: ClaimedTask) -> None:
        """Called when the server no longer holds the claim on a held task."""
        ...

    def changed(self) -> None:
        """Called when something that is shown may differ."""
        ...
