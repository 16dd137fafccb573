"""Claim limits: how many tasks one person may hold at once, as the server states it or as it was observed."""

from __future__ import annotations

from dataclasses import dataclass

GROW_EVERY = 10
"""Deliveries after which a limit learned from a repeated task is tried again."""


@dataclass(slots=True)
class ClaimLimits:
    """Limits on claims held at once: `most` as the server states, `learned` as it was observed."""

    most: int = 5
    stated: bool = False
    learned: int | None = None
    since: int = 0

    @property
    def held(self) -> int:
        return min(self.most, self.learned) if self.learned else self.most

    @property
    def one_at_a_time(self) -> bool:
        return self.held <= 1

    def repeated(self, held: int) -> None:
        """Lowers the limit: the server handed out a task that is held already, while `held` were held."""
        if not self.stated:
            self.learned, self.since = max(1, min(held, self.most)), 0

    def delivered(self) -> None:
        """Counts a delivery; after `GROW_EVERY` a learned limit is raised by one."""
        self.since += 1
        if self.learned and self.since >= GROW_EVERY:
            self.learned, self.since = (self.learned + 1 if self.learned < self.most else None), 0
