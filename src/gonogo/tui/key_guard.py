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
        """Another task is being painted: no verdict key counts until `painted`."""
        self._armed_at = math.inf

    def painted(self) -> None:
        """The task is on the screen from now on."""
        self._armed_at = self._clock() + self._guard

    def pressed(self) -> bool:
        """Records a key; returns whether the verdict of the key before it must be taken back."""
        now = self._clock()
        self.burst = now - self._last_key < self._quiet
        self._last_key = now
        take_back = self.burst and self._decided
        self._decided = False
        return take_back

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
