"""Answer timer: measures how long a person looks at a task, and how long they type.

The rule: `duration_ms` runs from the first paint of prompt and crop to the verdict, less idle time (beyond 60 s
without a key) and less time out of focus. Waiting for the system is not counted, editing is.
A terminal that never reports its focus leaves it unknown; that is recorded, never taken for attention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gonogo.desk.core.models import Times


def split_times(times: Times, n: int) -> list[Times]:
    """Returns the time of a page of `n` questions as one share each; the shares add up to it, to the millisecond."""

    def share(whole: int, place: int) -> int:
        return whole // n + (place < whole % n)

    return [
        Times(
            looking=share(times.looking, place),
            editing=share(times.editing, place),
            idle=share(times.idle, place),
            waiting=share(times.waiting, place),
            focus_known=times.focus_known,
        )
        for place in range(n)
    ]


def sum_times(shares: Sequence[Times]) -> Times:
    """Returns the time of a page from the shares of its questions."""
    return Times(
        looking=sum(times.looking for times in shares),
        editing=sum(times.editing for times in shares),
        idle=sum(times.idle for times in shares),
        waiting=sum(times.waiting for times in shares),
        focus_known=any(times.focus_known for times in shares),
    )


class AnswerTimer:
    """Timer that splits the time of one task into looking, editing, idle and waiting.

    `now` is a monotonic clock in seconds. Calls may come in any order and any number; time never runs backwards.
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
        """`True` or `False` as the terminal reported, `None` if it never reported its focus."""
        return self._focused

    @property
    def last_key(self) -> float:
        """Time of the last key or mouse event, on the clock given."""
        return self._last_key

    def start(self, carried: Times | None = None) -> None:
        """Starts with a new current task; until `shown` its time is waiting. `carried`: its time from before."""
        earlier = carried or Times(0)
        self._spent = {
            "looking": earlier.looking / 1000,
            "editing": earlier.editing / 1000,
            "idle": earlier.idle / 1000,
            "waiting": earlier.waiting / 1000,
        }
        self._running, self._painted, self._editing = True, False, False
        self._since = self._last_key = self._now()

    def shown(self) -> None:
        """Starts the person's time: prompt and crop are painted. Later calls change nothing."""
        if self._running and not self._painted:
            self._book()
            self._painted = True
            self._last_key = self._since

    def key(self) -> None:
        """Records a key or mouse event: the person is there, whatever the terminal reported about its focus."""
        self._book()
        self._last_key = self._since
        if self._focused is False:
            self._focused = True

    def edit(self, editing: bool) -> None:
        """Records that the text field was opened or left."""
        self._book()
        self._editing = editing

    def focused(self, focused: bool) -> None:
        """Records that the terminal gained or lost the focus."""
        self._book()
        if focused and self._focused is False:
            self._last_key = self._since
        self._focused = focused

    def read(self) -> Times:
        """Returns the split up to now, in whole milliseconds."""
        self._book()
        whole = {name: round(seconds * 1000) for name, seconds in self._spent.items()}
        return Times(**whole, focus_known=self._focused is not None)

    def stop(self) -> Times:
        """Returns the split up to now; the timer stands still until the next `start`."""
        times = self.read()
        self._running = False
        return times

    def _book(self) -> None:
        """Books the time since the last event to what the person was doing."""
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
