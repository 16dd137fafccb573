"""Terminal watchdog: ends the program within two seconds of a signal, or of the loss of its terminal.

The event loop cannot promise that: a terminal that takes no more output blocks it, and no handler of it runs. So a
thread of its own waits for signals (they write to a pipe as they arrive) and for the terminal to hang up.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
"""Signals that end the program in order; Windows has one of them."""
LIMIT_SECONDS = 1.7
"""Time for an orderly end; then the program ends as it is. Answers are on the disk, and the next start sends them."""
_STOP = 0


class TerminalWatchdog:
    """Watchdog of the terminal at file descriptor `terminal`. `start` and `stop` belong to the main thread.

    `end` asks the loop for an orderly end with an exit code, from the watchdog's thread; its second argument says
    whether the terminal has hung up. `restore` sets the terminal back for the shell, in case the loop does not get to
    it.
    """

    def __init__(self, terminal: int, end: Callable[[int, bool], None], restore: Callable[[], None]) -> None:
        self._terminal = terminal
        self._end, self._restore = end, restore
        self._ending = False
        self._inbox, self._outbox = os.pipe()
        os.set_blocking(self._outbox, False)

    def start(self) -> None:
        for number in SIGNALS:
            signal.signal(number, _leave_to_watchdog)
        signal.set_wakeup_fd(self._outbox, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="gonogo-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stops to watch; not once the end has begun, as closing may hang, too."""
        if not self._ending:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            self._tell(_STOP)

    def terminal_gone(self) -> None:
        """Ends the program: the terminal refuses what is written to it. For any thread."""
        self._tell(signal.SIGHUP)

    def _tell(self, number: int) -> None:
        with contextlib.suppress(BlockingIOError):  # it has enough to read
            os.write(self._outbox, bytes([number]))

    def _watch(self) -> None:
        waiting = select.poll()
        waiting.register(self._inbox, select.POLLIN)
        waiting.register(self._terminal, 0)  # no input; a hang-up is always reported
        while True:
            ready = dict(waiting.poll())
            numbers = os.read(self._inbox, 4096) if self._inbox in ready else b""
            if _STOP in numbers:
                return
            ending = [number for number in SIGNALS if number in numbers]
            events = ready.get(self._terminal, 0)
            if events & select.POLLNVAL:  # macOS polls no terminal; SIGHUP comes there, too
                waiting.unregister(self._terminal)
            hung_up = bool(events & (select.POLLHUP | select.POLLERR))
            if ending or hung_up:
                number = ending[0] if ending else signal.SIGHUP
                self._end_within_limit(128 + number, hung_up=hung_up)

    def _end_within_limit(self, code: int, *, hung_up: bool) -> None:
        self._ending = True
        self._end(code, hung_up)
        time.sleep(LIMIT_SECONDS)  # no event to wait for: the process ends meanwhile, and this thread with it
        self._restore()
        os._exit(code)


def _leave_to_watchdog(number: int, frame: FrameType | None) -> None:
    """Handler that keeps a signal from its default action; the watchdog has read it from the pipe."""
