"""Honest time: how long a person really looked at a question, and how long they typed.

The rule: `duration_ms` runs from the first paint of prompt and crop to the verdict, less idle time (beyond 60 s
without a key) and less time out of focus. Waiting for the system is not counted, editing is.
A terminal that never reports its focus leaves it unknown; that is recorded, never taken for attention.
"""

from __future__ import annotations

from collections.abc import Callable

from gonogo.desk.core.models import Times


class AnswerTimer:
    """Splits the time of one task into looking, editing, idle and waiting. All input is in seconds of one clock.

    `now` is a monotonic clock. Calls may come in any order and any number; time never runs backwards.
    """

    def __init__(self, now: Callable[[], float], idle_seconds: float = 60.0) -> None:
        self._now = now
        self._idle_after = idle_seconds
        self._spent = {"looking": 0.0, "editing": 0.0, "idle": 0.0, "waiting": 0.0}
        self._running = False
        self._painted = False
        self._editing = False
        self._focused: bool | None = None
        self._since = 0.0
        self._last_key = 0.0

    @property
    def focus(self) -> bool | None:
        """`True` or `False` as the terminal said, `None` if it never said anything."""
        return self._focused

    @property
    def last_key(self) -> float:
        """When the last key or mouse event came, on the clock handed in."""
        return self._last_key

    def begin(self, carried: Times | None = None) -> None:
        """A task became current; until `shown` its time is waiting. `carried`: it was on the desk before."""
        past = carried or Times(0)
        self._spent = {
            "looking": past.looking / 1000,
            "editing": past.editing / 1000,
            "idle": past.idle / 1000,
            "waiting": past.waiting / 1000,
        }
        self._running, self._painted, self._editing = True, False, False
        self._since = self._last_key = self._now()

    def shown(self) -> None:
        """Prompt and crop are painted: the person's time begins. Later calls change nothing."""
        if self._running and not self._painted:
            self._settle()
            self._painted = True
            self._last_key = self._since

    def key(self) -> None:
        """A key or mouse event: the person is there, whatever the terminal said about its focus."""
        self._settle()
        self._last_key = self._since
        if self._focused is False:
            self._focused = True

    def edit(self, editing: bool) -> None:
        """The text field was opened or left."""
        self._settle()
        self._editing = editing

    def focused(self, focused: bool) -> None:
        """The terminal reported that it gained or lost the focus."""
        self._settle()
        if focused and self._focused is False:
            self._last_key = self._since
        self._focused = focused

    def read(self) -> Times:
        """The split up to now, in whole milliseconds."""
        self._settle()
        whole = {name: round(seconds * 1000) for name, seconds in self._spent.items()}
        return Times(**whole, focus_known=self._focused is not None)

    def stop(self) -> Times:
        """The split up to now; the watch stands still until the next `begin`."""
        times = self.read()
        self._running = False
        return times

    def _settle(self) -> None:
        """Book the time since the last event to what the person was doing in it."""
        now = max(self._now(), self._since)
        start, self._since = self._since, now
        if not self._running:
            return
        if not self._painted:
            self._spent["waiting"] += now - start
        elif self._focused is False:
            self._spent["idle"] += now - start
        else:
            attentive = min(max(self._last_key + self._idle_after - start, 0.0), now - start)
            self._spent["editing" if self._editing else "looking"] += attentive
            self._spent["idle"] += now - start - attentive
