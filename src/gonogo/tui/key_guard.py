"""Key guard: ignores verdict keys before a task was painted, and takes back the verdict of a burst of keys."""

from __future__ import annotations

import math
from collections.abc import Callable


class KeyGuard:
    """Guard of the verdict keys. They count from `guard` seconds after the task was painted, and not in a burst.

    A paste, a held key, or bytes that the terminal sends by itself arrive faster than a person types: a key within
    `quiet` seconds of the one before belongs to a burst. Its later keys do not count; the verdict of its first key,
    which could not be recognised yet, is taken back.
    """

    def __init__(self, clock: Callable[[], float], guard: float = 0.2, quiet: float = 0.08) -> None:
        self._clock = clock
        self._guard = guard
        self._quiet = quiet
        self._armed_at = math.inf
        self._last_key = -math.inf
        self._decided = False
        self.burst = False

    def hold(self) -> None:
        """Ignores verdict keys until `painted`, while another task is being painted."""
        self._armed_at = math.inf

    def painted(self) -> None:
        """Records that the task is on the screen."""
        self._armed_at = self._clock() + self._guard

    def pressed(self) -> bool:
        """Records a key; returns whether the verdict of the previous key must be undone."""
        now = self._clock()
        self.burst = now - self._last_key < self._quiet
        self._last_key = now
        undo_previous = self.burst and self._decided
        self._decided = False
        return undo_previous

    def decided(self) -> None:
        """Records that the last key made a verdict."""
        self._decided = True

    @property
    def waiting(self) -> bool:
        """Whether the task has not been painted yet."""
        return math.isinf(self._armed_at)

    @property
    def armed(self) -> bool:
        return self._clock() >= self._armed_at

    @property
    def counts(self) -> bool:
        """Whether a verdict key counts now."""
        return self.armed and not self.burst
