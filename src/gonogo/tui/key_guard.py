"""Key guard: refuses answer keys before the task was painted, in a burst of keys, and while a key is held down."""

from __future__ import annotations

import math
from collections.abc import Callable

LOADING, WAIT, HELD, TOO_SMALL, COVERED = "loading", "wait", "held", "too small", "dialog"
"""Words for a refused key: the task is not painted yet; painted just now, or a burst; the key is held down; question or
drawing cannot be seen at this size; a dialog is above them."""
FASTEST_TAP = 0.15
"""Least seconds between two taps of a person on one key; the terminal's repeats are 25 to 125 ms apart."""
SLOWEST_REPEAT = 0.22
"""Most seconds between two repeats that are told by their regular beat."""
JITTER = 0.015
"""Most difference of two gaps, in seconds, that still are one beat."""
LONGEST_DELAY = 1.0
"""Most seconds from a press to its first repeat; terminals wait for 250 to 660 ms."""
LONGEST_FIRST = 0.7
"""Seconds within which a second press of a key may be its first repeat, where no answer can be taken back."""
RELEASED = 0.4
"""Silence of a held key, in seconds, after which it counts as released."""
_MODIFIERS = ("left_", "right_", "iso_level", "caps_lock", "num_lock", "scroll_lock")


class KeyGuard:
    """Guard of the answer keys. They count from `guard` seconds after the task was painted.

    A paste, or bytes that the terminal sends by itself, arrive faster than a person types: a key within `quiet`
    seconds of the one before belongs to a burst. Its later keys do not count; the answer of its first key, which could
    not be recognised yet, is taken back.

    A key held down is one key: its press counts, its repeats do not. The first repeat looks like a second press; the
    repeat after it gives it away by its gap (under `FASTEST_TAP`) or its beat (two equal gaps under `SLOWEST_REPEAT`),
    and then the answer of the first repeat is taken back. The key counts again after `RELEASED` seconds of silence.
    Where the terminal says which keys are repeats (`repeated`), no gap is measured. `final`: an answer cannot be taken
    back, so a second press within `LONGEST_FIRST` seconds does not count either.
    """

    def __init__(
        self, clock: Callable[[], float], guard: float = 0.2, quiet: float = 0.08, *, final: bool = False
    ) -> None:
        self._final = final
        self._clock = clock
        self.seconds = guard
        self._quiet = quiet
        self._armed_at = math.inf
        self.key = ""
        """The key that was pressed last."""
        self._last_press = -math.inf
        self._gap = math.inf
        """Seconds between the last two presses of the same key; infinite after another key."""
        self._answered = False
        """Whether the last key made an answer."""
        self._doubtful = False
        """Whether the last answer may have been made by a first repeat."""
        self.burst = False
        self.held = False

    def hold(self) -> None:
        """Refuses answer keys until `painted`, while another task is being painted."""
        self._armed_at = math.inf

    def painted(self) -> None:
        """Records that the task is on the screen."""
        self._armed_at = self._clock() + self.seconds

    def pressed(self, key: str = "", *, repeated: bool | None = None) -> bool:
        """Records a key; returns whether the answer before it must be taken back.

        `repeated`: whether the terminal reports a repeat of a key that is held down; `None` where it does not report.
        """
        if key.startswith(_MODIFIERS):  # Kitty's keyboard protocol reports them; they type nothing
            return False
        now, same = self._clock(), key == self.key
        gap = now - self._last_press
        self.burst = gap < self._quiet and not repeated
        repeat = same and self._is_repeat(gap) if repeated is None else repeated
        take_back = (self._answered and self.burst) or (self._doubtful and repeat and repeated is None)
        self.held = same and (repeat or (self.held and gap < RELEASED and repeated is None))
        if take_back and not self._doubtful:
            self.held = False  # the answer was a press of its own: a burst, and no repeat
        self._doubtful = self._doubtful and same and gap < SLOWEST_REPEAT and not take_back
        self._answered = False
        self.key, self._last_press, self._gap = key, now, gap if same else math.inf
        return take_back

    def answered(self) -> None:
        """Records that the last key made an answer."""
        self._answered = True
        self._doubtful = self._gap < LONGEST_DELAY

    def _is_repeat(self, gap: float) -> bool:
        if self._final and gap < LONGEST_FIRST:
            return True
        return gap < FASTEST_TAP or (gap < SLOWEST_REPEAT and abs(gap - self._gap) < JITTER)

    @property
    def waiting(self) -> bool:
        """Whether the task has not been painted yet."""
        return math.isinf(self._armed_at)

    @property
    def armed(self) -> bool:
        return self._clock() >= self._armed_at

    @property
    def refusal(self) -> str:
        """Word for the reason why an answer key does not count now; empty when it counts."""
        if self.held:
            return HELD
        if self.waiting:
            return LOADING
        return "" if self.armed and not self.burst else WAIT

    @property
    def counts(self) -> bool:
        """Whether an answer key counts now."""
        return not self.refusal
