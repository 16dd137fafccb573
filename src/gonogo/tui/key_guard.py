"""Keys that cannot misfire: when a verdict key counts, and when a burst takes itself back."""

from __future__ import annotations

import math
from collections.abc import Callable


class KeyGuard:
    """Verdict keys are deaf until `guard` seconds after a task was painted, and in a burst they undo themselves.

    A paste, a held key, or bytes the terminal sends by itself arrive faster than a person types: a key within
    `quiet` seconds of the one before belongs to a burst. Its later keys do not count, and its first one, which
    could not be known for a burst yet, is taken back.
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
        """Another task is being painted: deaf until `painted`."""
        self._armed_at = math.inf

    def painted(self) -> None:
        """The task can be seen from now on."""
        self._armed_at = self._clock() + self._guard

    def pressed(self) -> bool:
        """Note a key; true when the verdict that the key before it made must be taken back."""
        now = self._clock()
        self.burst = now - self._last_key < self._quiet
        self._last_key = now
        take_back = self.burst and self._decided
        self._decided = False
        return take_back

    def decided(self) -> None:
        """The key just noted made a verdict."""
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
